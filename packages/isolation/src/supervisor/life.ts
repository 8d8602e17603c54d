import { toError } from '@ringfence/base';
import type { Clock, TimerHandle } from '@ringfence/base';
import type { ChildExit, SignalOption, StopOptions } from './child.ts';
import { childError } from './child-errors.ts';
import type { ChildError } from './child-errors.ts';
import { ExitListeners } from './exit-listeners.ts';

/** What lives: the part of an adapter that touches a thread or a process. */
export interface Body {
  /** Begins. What it throws is a failed start. It then reports through {@link Life.gone}. */
  launch(): void;
  /** Asks it to end by itself. */
  askToStop(): void;
  /** Ends it by force. Called again harmlessly. */
  kill(): void;
  /** It is over: whoever waits for an answer is told `error`. May come before it is gone. */
  abandon(error: ChildError): void;
  /** It is gone, or given up: lets go of everything. Called once. */
  release(): void;
}

export interface LifeOptions {
  /** What it is called in errors. */
  readonly name: string;
  readonly clock: Clock;
  /** How long it has to end when it is asked to, milliseconds. */
  readonly stopMs: number;
}

/** How a thread or a process ended, by its own account or its host's. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal?: string | null;
  /** What it threw, when that is known. */
  readonly error?: unknown;
}

/** What the system needs at most to end something by force. After it we stop waiting. */
const forceMs = 5_000;

/**
 * The course of one life, the same for every adapter:
 *
 *     new ─▶ starting ─▶ ready ─▶ ending ─▶ gone
 *
 * Its end is told when it is known, at the beginning of `ending` unless it was asked to end. The
 * first thing that goes wrong is why it failed; what comes after is its consequence.
 */
export class Life {
  readonly #options: LifeOptions;
  readonly #body: Body;
  readonly #exits = new ExitListeners();
  #phase: 'new' | 'starting' | 'ready' | 'ending' | 'gone' = 'new';
  #isForced = false;
  #timer: TimerHandle;
  #started: { resolve(): void; reject(thrown: unknown): void } | undefined;
  #stopped: { readonly promise: Promise<void>; resolve(): void } | undefined;

  constructor(options: LifeOptions, body: Body) {
    this.#options = options;
    this.#body = body;
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  /** See `Child.start`. */
  start({ signal }: SignalOption = {}): Promise<void> {
    if (this.#phase !== 'new') {
      const message = `unable to start ${this.#options.name}; it was started or stopped before`;
      return Promise.reject(childError('child_reused', message));
    }
    if (signal?.aborted) {
      void this.stop();
      return Promise.reject(signal.reason);
    }
    const aborted = (): void => {
      if (this.#phase !== 'starting') return;
      this.#end({ reason: 'stopped' }, signal?.reason);
      this.#force();
    };
    signal?.addEventListener('abort', aborted);
    const isOver = (): void => signal?.removeEventListener('abort', aborted);
    this.#phase = 'starting';
    return new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
      try {
        this.#body.launch();
      } catch (thrown) {
        this.gone({ exitCode: null, error: thrown });
      }
    }).finally(isOver);
  }

  /** It is ready for work. */
  ready(): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'ready';
    this.#settleStart();
  }

  /** It went wrong, and is ended by force. */
  fail(error: ChildError): void {
    if (!this.#isAlive) return;
    this.#end({ reason: 'failed', error });
    this.#force();
  }

  /** It says that it is about to be gone. */
  leaving(ending: Ending): void {
    if (!this.#isAlive) return;
    this.#end(this.#exitBy(ending));
    this.#after(this.#options.stopMs, () => this.#force());
  }

  /** It is gone, by the account of its host. */
  gone(ending: Ending): void {
    if (this.#phase === 'gone') return;
    if (this.#isAlive) this.#end(this.#exitBy(ending));
    this.#release();
  }

  /** See `Child.stop`. */
  stop({ isForced = false, error }: StopOptions = {}): Promise<void> {
    if (this.#phase === 'new') {
      this.#end({ reason: 'stopped' });
      this.#release();
    } else if (this.#isAlive) {
      this.#phase = 'ending';
      const why = error ?? childStopped(this.#options.name);
      this.#settleStart(why);
      this.#body.abandon(why);
      if (!isForced) {
        this.#body.askToStop();
        this.#after(this.#options.stopMs, () => this.#force());
      }
    }
    if (isForced && this.#phase === 'ending' && !this.#isForced) this.#force();
    if (this.#phase === 'gone') return Promise.resolve();
    if (this.#stopped === undefined) {
      let resolve!: () => void;
      const promise = new Promise<void>((done) => (resolve = done));
      this.#stopped = { promise, resolve };
    }
    return this.#stopped.promise;
  }

  /** See `Child.onExit`. */
  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.#exits.on(listener);
  }

  get #isAlive(): boolean {
    return this.#phase === 'starting' || this.#phase === 'ready';
  }

  /** Tells everybody that it is over. */
  #end(exit: ChildExit, startError?: unknown): void {
    const { name } = this.#options;
    this.#phase = 'ending';
    const error = exit.reason === 'failed' ? exit.error : childGone(name, exit);
    this.#settleStart(startError ?? error);
    this.#body.abandon(error);
    this.#exits.tell(exit);
  }

  #force(): void {
    this.#isForced = true;
    // Not even force helped: nothing is gained by more waiting.
    this.#after(forceMs, () => this.#release());
    this.#body.kill();
  }

  #exitBy({ exitCode, signal = null, error: cause }: Ending): ChildExit {
    if (exitCode === 0 && cause === undefined && this.#phase === 'ready')
      return { reason: 'ended' };
    const { name } = this.#options;
    let why = cause === undefined ? '' : toError(cause).message;
    if (exitCode !== null) why ||= `it ended with code ${exitCode}`;
    if (signal !== null) why ||= `it was ended by ${signal}`;
    const more = { cause, details: { child: name, exitCode, signal } };
    const error =
      this.#phase === 'starting'
        ? childError('child_start_failed', `unable to start ${name}; ${why}`, more)
        : childError('child_exited', `unable to go on in ${name}; ${why}`, more);
    return { reason: 'failed', error };
  }

  #release(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#options.clock.clearTimeout(this.#timer);
    this.#body.release();
    if (this.#exits.exit === undefined) this.#exits.tell({ reason: 'stopped' });
    this.#stopped?.resolve();
  }

  /** Resolves the start, or rejects it with `error`. The first one counts. */
  #settleStart(error?: unknown): void {
    const started = this.#started;
    this.#started = undefined;
    if (error === undefined) started?.resolve();
    else started?.reject(error);
  }

  #after(delayMs: number, run: () => void): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(run, delayMs);
  }
}

function childStopped(name: string) {
  return childError('child_stopped', `unable to go on in ${name}; it was told to end`);
}

function childGone(name: string, exit: ChildExit) {
  if (exit.reason === 'stopped') return childStopped(name);
  return childError('child_exited', `unable to go on in ${name}; it ended by itself`);
}
