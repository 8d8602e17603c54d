export { createInProcessBus } from './in-process-bus.ts';
export { createJwtAuth } from './jwt-auth.ts';
export { resolveServerOptions } from './options.ts';
export { createSignalingServer } from './server.ts';

export type { JwtAuthOptions, JwtKey } from './jwt-auth.ts';
export type { ResolvedServerOptions, SignalingServerOptions } from './options.ts';
export type {
  Auth,
  Bus,
  BusMessage,
  CallChange,
  ChangeSet,
  CommitResult,
  Guard,
  IceServers,
  Identity,
  OutboxEntry,
  ServerSocket,
  SocketEvents,
  Store,
  StoredAnswer,
  StoredSettings,
} from './ports.ts';
export type { SignalingServer, SignalingServerCounts, SignalingServerParts } from './server.ts';
export type { SocketInfo } from './session.ts';
