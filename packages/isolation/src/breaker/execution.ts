import { RingfenceError } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { AbortGroup } from './aborts.ts';
import type { Abortable } from './aborts.ts';
import type { BreakerPolicy } from './policy.ts';
import { Line } from './time-limits.ts';
import type { TimeLimited } from './time-limits.ts';

/** What the work of a breaker's `execute` is given. */
export interface WorkContext {
  /**
   * Aborts at the time limit, or when the caller's signal does. Without a limit it is the caller's
   * signal itself, and whoever reads it before the first `await` answers to it.
   */
  readonly signal: AbortSignal;
}

/** Something that a breaker watches over. */
export type Work<Result> = (context: WorkContext) => Result | PromiseLike<Result>;

export interface ExecuteOptions {
  /**
   * Ends the call: it rejects with the reason of this signal, at once, and counts as no failure, as
   * it says nothing of the dependency. Only work that has no time limit and reads the signal it is
   * given ends the call itself.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, in place of the policy's. 0 for no limit, up to a day. */
  readonly timeoutMs?: number | undefined;
}

/** What an execution needs of its breaker. */
export interface Watching {
  readonly name: string;
  readonly clock: Clock;
  readonly policy: BreakerPolicy;
  succeeded(token: number): void;
  failed(token: number, errorType?: string): void;
  abandoned(token: number): void;
  timedOut(token: number): void;
}

function timeout(breaker: string, timeoutMs: number): RingfenceError<'operation_timeout'> {
  return new RingfenceError(
    'operation_timeout',
    `unable to wait for ${breaker}; it took more than ${timeoutMs} ms`,
    {
      fault: 'server',
      retryable: true,
      hint: 'Try again later, or allow it more time.',
      details: { breaker, timeoutMs },
    },
  );
}

/** One call that may be cut off: its promise, its time limit, its signal. */
export class Execution<Result> implements TimeLimited, Abortable, WorkContext {
  dueMs = 0;
  previous: TimeLimited | null = null;
  next: TimeLimited | null = null;
  abortIndex = 0;
  readonly promise: Promise<Result>;
  readonly #breaker: Watching;
  readonly #token: number;
  readonly #timeoutMs: number;
  readonly #line: Line | undefined;
  readonly #group: AbortGroup | undefined;
  #resolve!: (result: Result) => void;
  #reject!: (thrown: unknown) => void;
  #isOver = false;
  #abort: AbortController | undefined;

  /** `outer`, when there is one, has not aborted yet. */
  constructor(breaker: Watching, token: number, timeoutMs: number, outer: AbortSignal | undefined) {
    this.#breaker = breaker;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
    this.promise = new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (outer !== undefined) {
      this.#group = AbortGroup.of(outer);
      this.#group.add(this);
    }
    if (timeoutMs > 0) {
      this.#line = Line.of(breaker.clock, timeoutMs);
      this.#line.add(this);
    }
  }

  get signal(): AbortSignal {
    return (this.#abort ??= new AbortController()).signal;
  }

  run(work: Work<Result>): Promise<Result> {
    try {
      return this.watch(work(this));
    } catch (thrown) {
      this.#failed(thrown);
      return this.promise;
    }
  }

  /** Watches over what has begun. */
  watch(result: Result | PromiseLike<Result>): Promise<Result> {
    Promise.resolve(result).then(this.#succeeded, this.#failed);
    return this.promise;
  }

  expired(): void {
    if (!this.#end()) return;
    this.#breaker.timedOut(this.#token);
    this.#cutOff(timeout(this.#breaker.name, this.#timeoutMs));
  }

  aborted(reason: unknown): void {
    if (!this.#end()) return;
    this.#breaker.abandoned(this.#token);
    this.#cutOff(reason);
  }

  #cutOff(reason: unknown): void {
    this.#reject(reason);
    // Also when nobody read the signal: who reads it when the time is over must learn so.
    this.#abort ??= new AbortController();
    this.#abort.abort(reason);
  }

  /** False when it was over before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#line?.remove(this);
    this.#group?.remove(this);
    return true;
  }

  readonly #succeeded = (result: Result): void => {
    if (!this.#end()) return;
    this.#breaker.succeeded(this.#token);
    this.#resolve(result);
  };

  readonly #failed = (thrown: unknown): void => {
    if (!this.#end()) return;
    tellFailure(this.#breaker, this.#token, thrown);
    this.#reject(thrown);
  };
}

const unclassified = 'unclassified';

/** Tells the breaker what was thrown, by the policy's classifier. */
function tellFailure(breaker: Watching, token: number, thrown: unknown): void {
  let type: string | null;
  try {
    const named: unknown = breaker.policy.classify(thrown);
    type = typeof named === 'string' || named === null ? named : unclassified;
  } catch {
    type = unclassified;
  }
  if (type === null) breaker.succeeded(token);
  else breaker.failed(token, type);
}

/** What work without a time limit is given. */
class PlainContext implements WorkContext {
  #signal: AbortSignal | undefined;
  /** Whether the work read the signal. */
  isTaken = false;

  constructor(outer: AbortSignal | undefined) {
    this.#signal = outer;
  }

  get signal(): AbortSignal {
    this.isTaken = true;
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

/** The short way, for work that nothing but itself ends: one promise less. */
export function executePlainly<Result>(
  breaker: Watching,
  token: number,
  work: Work<Result>,
  outer: AbortSignal | undefined,
): Promise<Result> {
  const context = new PlainContext(outer);
  const failed = (thrown: unknown): never => {
    if (outer?.aborted) breaker.abandoned(token);
    else tellFailure(breaker, token, thrown);
    throw thrown;
  };
  let result: Result | PromiseLike<Result>;
  try {
    result = work(context);
  } catch (thrown) {
    return new Promise(() => failed(thrown));
  }
  if (outer !== undefined && !context.isTaken && !outer.aborted) {
    return new Execution<Result>(breaker, token, 0, outer).watch(result);
  }
  return Promise.resolve(result).then((value) => {
    breaker.succeeded(token);
    return value;
  }, failed);
}
