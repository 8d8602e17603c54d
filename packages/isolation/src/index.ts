export { CircuitBreaker, refused } from './breaker/breaker.ts';
export { guardClient } from './breaker/guard-client.ts';
export { breakerPolicy } from './breaker/policy.ts';
export { BreakerRefusedError } from './breaker/refused.ts';
export { slidingCount, slidingTime } from './breaker/strategies.ts';
export { Health } from './health/health.ts';
export { TubeRegistry } from './tube/registry.ts';
export { tubePolicy } from './tube/tube-policy.ts';
export { Tube } from './tube/tube.ts';

export type { BreakerCollaborators, BreakerEvents } from './breaker/breaker.ts';
export type { ExecuteOptions, Work, WorkContext } from './breaker/execution.ts';
export type { AsyncMethodOf, GuardOptions } from './breaker/guard-client.ts';
export type { BreakerOptions, BreakerPolicy } from './breaker/policy.ts';
export type { BreakerSnapshot } from './breaker/snapshot.ts';
export type { BreakerState, BreakerStatistics } from './breaker/statistics.ts';
export type { SlidingOptions, TripStrategy } from './breaker/strategies.ts';
export type {
  CheckAnswer,
  CheckOptions,
  CheckReport,
  HealthCheck,
  HealthState,
} from './health/check.ts';
export type {
  HealthChange,
  HealthCollaborators,
  HealthEvents,
  HealthOptions,
  HealthReport,
} from './health/health.ts';
export type { AlertOptions, TubeAlert, TubeAlertKind } from './tube/alerts.ts';
export type {
  AnyIceServer,
  FetchIceServers,
  IceServers,
  IceServersOptions,
  TurnStatistics,
} from './tube/ice-servers.ts';
export type {
  TubeRegistryCollaborators,
  TubeRegistryEvents,
  TubeRegistryOptions,
  TubeRegistryStatus,
} from './tube/registry.ts';
export type { TubeOptions, TubePolicy } from './tube/tube-policy.ts';
export type {
  Dependency,
  TubeCollaborators,
  TubeEvent,
  TubeHealth,
  TubeStatistics,
} from './tube/tube.ts';
