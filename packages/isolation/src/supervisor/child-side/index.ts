export { serve } from './serve.ts';

export type { CallContext, Handlers, ServiceContract } from '../contract.ts';
export type { HealthCheck } from './responder.ts';
export type { Served, ServeOptions } from './serve.ts';
