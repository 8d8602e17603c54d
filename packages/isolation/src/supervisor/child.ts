import type { ChildError } from './child-errors.ts';

/** How a child's life ended. */
export type ChildExit =
  /** It was told to. */
  | { readonly reason: 'stopped' }
  /** By itself, and it says that all is well: a process that ended with 0. */
  | { readonly reason: 'ended' }
  | { readonly reason: 'failed'; readonly error: ChildError };

/** What everything that waits takes. */
export interface SignalOption {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface StopOptions {
  /** True to end it by force at once. Default false. */
  readonly isForced?: boolean | undefined;
  /**
   * What is wrong with it: whoever waits for its start or an answer is told. Default:
   * `child_stopped`, it was told to end. How it ended is `stopped` all the same.
   */
  readonly error?: ChildError | undefined;
}

/**
 * The port to something that runs beside us and may die: a thread, a process, a group of them. One
 * object is one life:
 *
 *     new ─▶ starting ─▶ ready ─▶ gone
 *      │        │          │       ▲
 *      └────────┴──────────┴───────┘
 */
export interface Child {
  /**
   * Starts it. Resolves once it is ready for work. To be called once.
   *
   * @throws as a rejection: a `RingfenceError` when it could not start; the reason of the signal,
   * which ends it. It is on its way out then: {@link stop} resolves when it is gone.
   */
  start(options?: SignalOption): Promise<void>;

  /**
   * Asks for a sign of life, which only a child that still does its work can give.
   *
   * @throws as a rejection when it says that it is not well, is not ready or gone; the reason of
   * the signal.
   */
  ping(options?: SignalOption): Promise<void>;

  /**
   * Tells it to end, and ends it by force when it does not. Resolves when it is gone. Calls join;
   * one with `isForced` does not ask first. The first says by its `error` why. Never rejects.
   */
  stop(options?: StopOptions): Promise<void>;

  /**
   * Hears once how it ended, as soon as that is known; in a moment, when it is already. It may still
   * be on its way out: {@link stop} resolves when it is gone. What the listener throws is dropped.
   * Returns the function that unsubscribes.
   */
  onExit(listener: (exit: ChildExit) => void): () => void;
}
