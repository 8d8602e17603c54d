import { toError, unrefTimer } from '@ringfence/base';
import type { Clock, TimerHandle } from '@ringfence/base';
import type { Child, ChildExit, StopOptions } from './child.ts';
import { ChildError, childError } from './child-errors.ts';
import type { ChildSpec, ResolvedSupervisorOptions } from './supervisor-options.ts';
import { untilAborted } from './until-aborted.ts';

/**
 *     idle ─▶ starting ─▶ ready ─▶ stopped
 *                ▲  └──▶ error ◀──┘  │
 *                └─────────┴─────────┘
 */
export type ChildState = 'idle' | 'starting' | 'ready' | 'error' | 'stopped';

/** What is known of one child. Plain data. */
export interface ChildStatus {
  readonly name: string;
  readonly state: ChildState;
  /** Since it is ready, milliseconds; 0 when it is not. */
  readonly upMs: number;
  /** How long the last start took until it was ready, milliseconds; 0 before the first. */
  readonly startMs: number;
  /** Restarts in all. */
  readonly restarts: number;
  readonly pingsAnswered: number;
  readonly pingsFailed: number;
  /** How long the last answered ping took, milliseconds; 0 before the first. */
  readonly pingMs: number;
  /** Why it failed last. */
  readonly lastError: { readonly code: string; readonly message: string } | undefined;
}

/** How a child answered when it was asked. Plain data. */
export interface ChildCheck {
  readonly name: string;
  readonly isHealthy: boolean;
  /** How long the answer took, or the waiting for it, milliseconds. */
  readonly roundTripMs: number;
}

/** Whom a slot reports to. */
export interface SlotOwner<C extends Child> {
  readonly clock: Clock;
  readonly options: ResolvedSupervisorOptions;
  changed(slot: Slot<C>): void;
  failed(slot: Slot<C>, error: ChildError): void;
}

/** What each state owns, and frees when it is left. */
type Phase<C extends Child> =
  | { readonly state: 'idle' | 'stopped' | 'error' }
  | { readonly state: 'starting'; readonly child: C; readonly life: Life }
  | { readonly state: 'ready'; readonly child: C; readonly life: Life; readonly sinceMs: number };

/** What ends with one life of the child. */
interface Life {
  readonly abort: AbortController;
  offExit(): void;
  timer: TimerHandle;
}

/** The place of one child: it starts, watches and ends one life after another. */
export class Slot<C extends Child> {
  readonly spec: ChildSpec<C>;
  readonly #owner: SlotOwner<C>;
  #phase: Phase<C> = { state: 'idle' };
  /** Resolves when the life before is gone: what it held is free then. */
  #leaving: Promise<void> = Promise.resolve();
  #lastChild: C | undefined;
  /** How long the last life was ready; 0 when it never was. */
  #wasUpMs = 0;
  /** Restarts since it was last well. */
  #row = 0;
  #isOver = false;
  #hasLived = false;
  #restarts = 0;
  #startMs = 0;
  #pings = { answered: 0, failed: 0, ms: 0 };
  #lastError: ChildError | undefined;

  constructor(spec: ChildSpec<C>, owner: SlotOwner<C>) {
    this.spec = spec;
    this.#owner = owner;
  }

  get state(): ChildState {
    return this.#phase.state;
  }

  /** The child, while it is ready. */
  get child(): C | undefined {
    return this.#phase.state === 'ready' ? this.#phase.child : undefined;
  }

  /** When it got ready, monotonic; Infinity while it is not. */
  get readySinceMs(): number {
    return this.#phase.state === 'ready' ? this.#phase.sinceMs : Infinity;
  }

  /** True once it ended and, by its kind, is not to come back. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many restarts in a row one more would be: one, after the child was well for long. */
  nextInRow(): number {
    if (this.#wasUpMs >= this.#owner.options.healthyMs) this.#row = 0;
    return this.#row + 1;
  }

  countRestart(): void {
    this.#row += 1;
    this.#restarts += 1;
  }

  /** The supervisor starts anew: nothing counts. */
  beginAnew(): void {
    this.#row = 0;
    this.#isOver = false;
    this.#hasLived = false;
  }

  /**
   * Begins a life, unless `dropped` aborts before. Resolves with true once it is ready, or ended and
   * is not to come back; with false when it failed, which the owner was told, or was ended.
   */
  async start(dropped: AbortSignal): Promise<boolean> {
    await this.#leaving;
    if (dropped.aborted) return false;
    // One of this kind is not even restarted when it was ended because of another.
    this.#isOver ||= this.#hasLived && this.spec.restart === 'temporary';
    if (this.#isOver) return true;
    this.#hasLived = true;
    const { clock, options } = this.#owner;
    const beganMs = clock.monotonic();
    let child: C;
    try {
      child = this.spec.create();
    } catch (thrown) {
      this.#over(this.#startError(thrown), {});
      return this.#isOver;
    }
    const timer = clock.setTimeout(() => this.#neverReady(child), options.startTimeoutMs);
    const life: Life = { abort: new AbortController(), offExit: () => {}, timer };
    this.#enter({ state: 'starting', child, life });
    // Who heard that it starts may have ended it.
    if (!this.#isLiving(child)) return this.#isOver;
    const { signal } = life.abort;
    try {
      const ready = untilAborted(signal, () => child.start({ signal }));
      // After the start: a supervisor that is started again still knows how it ended before.
      life.offExit = child.onExit((exit) => this.#exited(child, exit));
      await ready;
    } catch (thrown) {
      this.#fail(child, this.#startError(thrown));
    }
    if (!this.#isLiving(child)) return this.#isOver;
    clock.clearTimeout(life.timer);
    const sinceMs = clock.monotonic();
    this.#startMs = sinceMs - beganMs;
    this.#enter({ state: 'ready', child, life, sinceMs });
    if (!this.#isLiving(child)) return this.#isOver;
    this.#waitToPing(child, life, options.heartbeatMs);
    return true;
  }

  /** Ends the life there is. Resolves when it is gone. */
  async end(options: StopOptions = {}): Promise<void> {
    const { state } = this.#phase;
    const last = state === 'starting' || state === 'ready' ? undefined : this.#lastChild;
    if (state !== 'stopped') this.#leave({ state: 'stopped' }, options);
    // It may be on its way out for long.
    if (options.isForced && last !== undefined) void gone(last, options);
    await this.#leaving;
  }

  status(): ChildStatus {
    const phase = this.#phase;
    const now = this.#owner.clock.monotonic();
    const error = this.#lastError;
    return {
      name: this.spec.name,
      state: phase.state,
      upMs: phase.state === 'ready' ? now - phase.sinceMs : 0,
      startMs: this.#startMs,
      restarts: this.#restarts,
      pingsAnswered: this.#pings.answered,
      pingsFailed: this.#pings.failed,
      pingMs: this.#pings.ms,
      lastError: error && { code: error.code, message: error.message },
    };
  }

  /** Asks for a sign of life now. Never rejects. A child that gives none is not ended for it. */
  async check(): Promise<ChildCheck> {
    const { name } = this.spec;
    const phase = this.#phase;
    if (phase.state !== 'ready') return { name, isHealthy: false, roundTripMs: 0 };
    const { clock } = this.#owner;
    const beganMs = clock.monotonic();
    const isHealthy = await this.#ping(phase.child, phase.life.abort.signal).then(
      () => true,
      () => false,
    );
    return { name, isHealthy, roundTripMs: clock.monotonic() - beganMs };
  }

  #isLiving(child: C): boolean {
    const phase = this.#phase;
    return (phase.state === 'starting' || phase.state === 'ready') && phase.child === child;
  }

  #enter(phase: Phase<C>): void {
    this.#phase = phase;
    this.#owner.changed(this);
  }

  /** Frees what the phase owns and goes to one that owns nothing. */
  #leave(next: Phase<C>, options: StopOptions): void {
    const phase = this.#phase;
    this.#wasUpMs = 0;
    if (phase.state === 'starting' || phase.state === 'ready') {
      const { child, life } = phase;
      if (phase.state === 'ready') this.#wasUpMs = this.#owner.clock.monotonic() - phase.sinceMs;
      life.offExit();
      this.#owner.clock.clearTimeout(life.timer);
      this.#lastChild = child;
      this.#leaving = gone(child, options);
      life.abort.abort(childError('child_stopped', `unable to go on in ${this.spec.name}; ended`));
    }
    this.#enter(next);
  }

  #fail(child: C, error: ChildError): void {
    if (this.#isLiving(child)) this.#over(error, { isForced: true, error });
  }

  /** A life is over before its time. Whether there is to be another depends on its kind. */
  #over(error: ChildError, options: StopOptions, isWell = false): void {
    const { restart = 'permanent' } = this.spec;
    this.#isOver = restart === 'temporary' || (restart === 'transient' && isWell);
    if (!isWell) this.#lastError = error;
    this.#leave({ state: this.#isOver ? 'stopped' : 'error' }, options);
    if (!this.#isOver) this.#owner.failed(this, error);
  }

  #exited(child: C, exit: ChildExit): void {
    if (!this.#isLiving(child)) return;
    const isWell = exit.reason !== 'failed';
    const message = `unable to go on in ${this.spec.name}; it ended by itself`;
    const error = isWell ? childError('child_exited', message) : exit.error;
    // It is on its way out: what it still does on it, it may finish.
    this.#over(error, {}, isWell);
  }

  #neverReady(child: C): void {
    const { startTimeoutMs } = this.#owner.options;
    const message = `unable to start ${this.spec.name}; it was not ready after ${startTimeoutMs} ms`;
    this.#fail(child, childError('child_never_ready', message, { details: { startTimeoutMs } }));
  }

  #startError(thrown: unknown): ChildError {
    if (thrown instanceof ChildError) return thrown;
    const cause = toError(thrown);
    const message = `unable to start ${this.spec.name}; ${cause.message}`;
    return childError('child_start_failed', message, { cause });
  }

  #waitToPing(child: C, life: Life, delayMs: number): void {
    const { clock } = this.#owner;
    life.timer = clock.setTimeout(() => void this.#beat(child, life), delayMs);
    // The child keeps the process, its watch need not.
    unrefTimer(life.timer);
  }

  async #beat(child: C, life: Life): Promise<void> {
    const beganMs = this.#owner.clock.monotonic();
    try {
      await this.#ping(child, life.abort.signal);
    } catch (thrown) {
      if (!this.#isLiving(child)) return;
      this.#pings.failed += 1;
      return this.#fail(child, thrown instanceof ChildError ? thrown : this.#unhealthy(thrown));
    }
    if (!this.#isLiving(child)) return;
    const tookMs = this.#owner.clock.monotonic() - beganMs;
    this.#pings.answered += 1;
    this.#pings.ms = tookMs;
    this.#waitToPing(child, life, Math.max(0, this.#owner.options.heartbeatMs - tookMs));
  }

  /** Pings within the time there is for it. */
  async #ping(child: C, over: AbortSignal): Promise<void> {
    const { clock, options } = this.#owner;
    const abort = new AbortController();
    let timer = clock.setTimeout(() => {
      // When our own loop stood still, the answer lies there unread: one more turn reads it.
      timer = clock.setTimeout(() => abort.abort(this.#hung()), 0);
    }, options.heartbeatTimeoutMs);
    const stop = (): void => abort.abort(over.reason);
    over.addEventListener('abort', stop);
    const { signal } = abort;
    try {
      await untilAborted(signal, () => child.ping({ signal }));
    } finally {
      over.removeEventListener('abort', stop);
      clock.clearTimeout(timer);
    }
  }

  #hung(): ChildError {
    const { heartbeatTimeoutMs } = this.#owner.options;
    const message = `unable to hear ${this.spec.name}; no answer to a ping in ${heartbeatTimeoutMs} ms`;
    return childError('child_hung', message, { details: { heartbeatTimeoutMs } });
  }

  #unhealthy(thrown: unknown): ChildError {
    const cause = toError(thrown);
    const message = `unable to rely on ${this.spec.name}; its ping failed: ${cause.message}`;
    return childError('child_unhealthy', message, { cause });
  }
}

/** Resolves when it is gone. One that breaks the rules and rejects must not end its host. */
async function gone(child: Child, options: StopOptions): Promise<void> {
  try {
    await child.stop(options);
  } catch {
    // It is of no use any more, whatever it says.
  }
}
