export {
  createWebSocketAdapter,
  refuseUpgrade,
  resolveWebSocketOptions,
} from './web-socket-adapter.ts';

export type {
  ResolvedWebSocketOptions,
  WebSocketAdapter,
  WebSocketAdapterOptions,
} from './web-socket-adapter.ts';
