export { ChannelChild } from './callable-child.ts';
export { ChildError } from './child-errors.ts';
export { Failover } from './failover.ts';
export { foreignChild } from './foreign-child.ts';
export { processChild } from './process-child.ts';
export { Service } from './service.ts';
export { Supervisor } from './supervisor.ts';
export { threadChild } from './thread-child.ts';

export type {
  CallableChild,
  Channel,
  ChannelChildOptions,
  ChannelOwner,
} from './callable-child.ts';
export type { ChildEvent } from './caller.ts';
export type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
export type { ChildErrorCode } from './child-errors.ts';
export type { CallableChildOptions, ChildCollaborators } from './child-options.ts';
export type {
  Callable,
  CallArguments,
  CallContext,
  CallName,
  CallOptions,
  CallResult,
  Handlers,
  ServiceContract,
} from './contract.ts';
export type { FailoverMember, FailoverOptions, Switched } from './failover.ts';
export type { ForeignChildOptions, ForeignProgram, OutputLine } from './foreign-child.ts';
export type { Ending } from './life.ts';
export type { ProcessChildOptions } from './process-child.ts';
export type { DrainOutcome } from './running-calls.ts';
export type { DrainOptions, ServiceOptions, ServiceStatus, StateChange } from './service.ts';
export type { ChildCheck, ChildState, ChildStatus } from './slot.ts';
export type {
  ChildSpec,
  Intensity,
  RestartKind,
  Strategy,
  SupervisorCollaborators,
  SupervisorOptions,
} from './supervisor-options.ts';
export type {
  SupervisorCheck,
  SupervisorEvents,
  SupervisorState,
  SupervisorStatus,
} from './supervisor-status.ts';
export type { ThreadChildOptions } from './thread-child.ts';
