import type { ChildError } from './child-errors.ts';
import type { ChildCheck, ChildState, ChildStatus } from './slot.ts';

/**
 * `idle` before the first start. `ready` while every child is; `error` while one waits for its
 * restart, and after the supervisor gave up (`isFatal`).
 *
 *     idle ─▶ starting ⇄ error      any ─▶ stopped ─▶ starting
 *                 └▶ ready ⇄ ▲
 */
export type SupervisorState = 'idle' | 'starting' | 'ready' | 'error' | 'stopped';

/** What a supervisor's listeners hear. */
export interface SupervisorEvents {
  'state.changed': { readonly state: SupervisorState; readonly previous: SupervisorState };
  'child.changed': { readonly name: string; readonly state: ChildState };
  /** `restartInMs` is undefined when there is no restart any more. */
  'child.failed': {
    readonly name: string;
    readonly error: ChildError;
    /** Restarts in a row, this one included. */
    readonly restart: number;
    readonly restartInMs: number | undefined;
  };
  /** It gave up: everything is ended. */
  fatal_error: { readonly error: ChildError<'fatal_error'> };
}

/** What is known of a supervisor. Plain data. */
export interface SupervisorStatus {
  readonly state: SupervisorState;
  /** It gave up, and stays so until it is started again. */
  readonly isFatal: boolean;
  /** Since every child is ready, milliseconds; 0 when one is not. */
  readonly upMs: number;
  /** Restarts of all children, since it was made. */
  readonly restarts: number;
  readonly children: readonly ChildStatus[];
}

/** How the children answered when they were asked. Plain data. */
export interface SupervisorCheck {
  /** Every child answered in time that it is well. */
  readonly isHealthy: boolean;
  /** How long the slowest took, milliseconds. */
  readonly roundTripMs: number;
  readonly children: readonly ChildCheck[];
}
