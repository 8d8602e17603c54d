export { createSignalingClient } from './client.ts';
export { webSocketTransport } from './web-socket-transport.ts';

export type { CallChannel, CallChannelEvents, CommandBody, IncomingSignal } from './channel.ts';
export type {
  ClientIdentity,
  SignalingClient,
  SignalingClientEvents,
  SignalingClientPorts,
} from './client.ts';
export type { ClientErrorCode } from './errors.ts';
export type { LinkState } from './link.ts';
export type { SignalingClientOptions, SignalingClientTuning, TokenSource } from './options.ts';
export type { Connection, ConnectionEvents, Transport } from './transport.ts';
