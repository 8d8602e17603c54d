export { resolveServerConfig } from './config.ts';
export { startServer } from './start-server.ts';

export type { ResolvedServerConfig, ServerConfig } from './config.ts';
export type { RunningServer, ServerParts } from './start-server.ts';
