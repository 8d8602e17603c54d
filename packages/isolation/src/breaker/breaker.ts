/*
 * A circuit breaker: whether to try, or to refuse at once.
 *
 *   breaker.ts    the states, and what moves between them
 *   policy.ts     its options              strategies.ts   other rules of when to open
 *   probes.ts     who tries half-open      counts.ts       what it counts
 *   execution.ts  a call that it watches   time-limits.ts, aborts.ts   what cuts one off
 *   snapshot.ts   going on elsewhere       events.ts, refused.ts       what others hear
 *
 *   1. Every entry has a token of its own, a number that only grows. Each change of state begins a
 *      new generation: an answer to an older token is counted and changes nothing, however late.
 *   2. There is no timer. Open turns half-open when somebody asks; a hung probe is reclaimed by who
 *      asks next, as of the moment its time was over, or by its own time limit.
 *   3. Only monotonic time is read; and none at all while it is closed, nothing fails and no
 *      strategy wants it.
 *   4. What a listener, a classifier or a strategy throws breaks nobody's call.
 */
import {
  numberOption,
  optionError,
  randomFraction,
  systemClock,
  systemRandom,
} from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import { BreakerCounts } from './counts.ts';
import { Listeners, tell } from './events.ts';
import type { EventsOf } from './events.ts';
import { executePlainly, Execution } from './execution.ts';
import type { ExecuteOptions, Work } from './execution.ts';
import { breakerPolicy, dayMs, isPolicy } from './policy.ts';
import type { BreakerOptions, BreakerPolicy } from './policy.ts';
import { Probes } from './probes.ts';
import { refusedError } from './refused.ts';
import type { BreakerRefusedError } from './refused.ts';
import { checkSnapshot, stateNames } from './snapshot.ts';
import type { BreakerSnapshot } from './snapshot.ts';
import type { BreakerState, BreakerStatistics } from './statistics.ts';
import { checkStrategy } from './strategies.ts';
import type { TripStrategy } from './strategies.ts';

/** What a breaker's listeners hear. */
export type BreakerEvents = EventsOf<CircuitBreaker>;

/** What a breaker works with. Each has the real thing as its default. */
export interface BreakerCollaborators {
  readonly clock?: Clock;
  /** For the share that is let through after closing. */
  readonly random?: Random;
  /** Hears what a listener threw, and a strategy as event `strategy`. Default: it is dropped. */
  readonly onListenerError?: (thrown: unknown, event: string) => void;
}

/** What {@link CircuitBreaker.tryEnter} gives when it refuses. */
export const refused = -1;

const closed = 0;
const open = 1;
const halfOpen = 2;
const isolated = 3;
/** Closed, but only a share is let through. */
const ramping = 4;

/**
 * Keeps calls away from a dependency that fails, and lets a few through now and then to see whether
 * it recovered.
 *
 * @example
 * const breaker = new CircuitBreaker('turn', { openMs: 10_000 });
 * const servers = await breaker.execute(({ signal }) => fetchServers({ signal }));
 *
 * @example
 * const entry = breaker.tryEnter();
 * if (entry === refused) return null;
 * breaker.succeeded(entry); // or breaker.failed(entry, 'timeout')
 */
export class CircuitBreaker {
  readonly name: string;
  readonly policy: BreakerPolicy;
  readonly #collaborators: BreakerCollaborators;
  #state = closed;
  #lastToken = 0;
  /** The tokens of this generation are greater. */
  #oldToken = 0;
  #inARow = 0;
  readonly #counts = new BreakerCounts();
  /** Since when it is open, or until when it lets only a share through. */
  #sinceMs = 0;
  #probes: Probes | undefined;
  readonly #strategy: TripStrategy | undefined;
  #listeners: Listeners<BreakerEvents> | undefined;
  #refusal: BreakerRefusedError | undefined;

  /**
   * `policy` may be options, or a policy made once by `breakerPolicy` for many breakers.
   *
   * @throws {RingfenceError} `invalid_option`.
   */
  constructor(
    name: string,
    policy: BreakerOptions | BreakerPolicy = defaultPolicy,
    collaborators: BreakerCollaborators = noCollaborators,
  ) {
    this.name = name;
    this.policy = isPolicy(policy) ? policy : breakerPolicy(policy);
    this.#collaborators = collaborators;
    const { strategy } = this.policy;
    if (strategy !== undefined) this.#strategy = checkStrategy(strategy());
  }

  get clock(): Clock {
    return this.#collaborators.clock ?? systemClock;
  }

  /** Ends everything that runs through it. Of a tube's breaker only. */
  get signal(): AbortSignal | undefined {
    return undefined;
  }

  /** As somebody who asks now would find it. */
  get state(): BreakerState {
    if (this.#state !== open && this.#state !== halfOpen) return stateNames[this.#state]!;
    return this.#openForMs() > 0 ? 'open' : 'half-open';
  }

  /** True while it is closed. */
  get isHealthy(): boolean {
    return this.#state === closed || this.#state === ramping;
  }

  /** How long it still refuses, milliseconds. 0 unless it is open; Infinity while isolated. */
  get retryAfterMs(): number {
    return this.#state === isolated ? Infinity : this.#openForMs();
  }

  /**
   * Asks whether to try. Gives a token for {@link succeeded}, {@link failed} or {@link abandoned},
   * or {@link refused}. Exactly one of the three must follow. `timeoutMs` says how long the entry
   * may take when it is a probe, 0 for any time; default as in the policy.
   */
  tryEnter(timeoutMs?: number): number {
    if (this.#state === closed) return (this.#lastToken += 1);
    // Asked often, by whoever is refused.
    if (this.#state === open && this.clock.monotonic() - this.#sinceMs < this.policy.openMs) {
      return this.#refuse();
    }
    return this.#tryEnterSlowly(timeoutMs ?? this.policy.timeoutMs);
  }

  /** What was entered with this token succeeded. Once it was told to have failed, it has no effect. */
  succeeded(token: number): void {
    if (this.#isOver(token)) return;
    this.#counts.successes += 1;
    if (token > this.#oldToken) this.#succeededNow(token);
    this.#listeners?.emit('breaker.succeeded', { breaker: this });
  }

  /** What was entered with this token failed. Told again, it has no effect. */
  failed(token: number, errorType = 'unknown'): void {
    this.#fail(token, errorType);
  }

  /** What was entered with this token came to no outcome that says something of the dependency. */
  abandoned(token: number): void {
    if (token > this.#oldToken && this.#state === halfOpen) this.#probes!.end(token);
  }

  /** Counts a timeout and fails the entry. For who measures the time of an entry itself. */
  timedOut(token: number): void {
    this.#fail(token, 'timeout', 1);
  }

  /**
   * Does the work, unless the breaker refuses. The work is given a signal that aborts at the time
   * limit, or when `options.signal` does; it is made when it is read.
   *
   * @throws as a rejection: what the work throws; {@link BreakerRefusedError} `breaker_open`;
   * `operation_timeout`; the reason of `options.signal`; `invalid_option`.
   */
  execute<Result>(work: Work<Result>, options: ExecuteOptions = noOptions): Promise<Result> {
    if (typeof work !== 'function' || options === null) {
      return Promise.reject(
        typeof work === 'function'
          ? optionError('options', options, 'an object')
          : optionError('work', work, 'a function'),
      );
    }
    const { signal, timeoutMs = this.policy.timeoutMs } = options;
    if (options.timeoutMs !== undefined) {
      try {
        numberOption('timeoutMs', timeoutMs, 0, dayMs);
      } catch (thrown) {
        return Promise.reject(thrown);
      }
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    const isClosed = this.#state === closed;
    const token = this.tryEnter(timeoutMs);
    if (token === refused) return Promise.reject(this.refusal());
    // Who heard that it turned half-open may have aborted it.
    if (!isClosed && signal?.aborted) {
      this.abandoned(token);
      return Promise.reject(signal.reason);
    }
    return timeoutMs === 0
      ? executePlainly(this, token, work, signal)
      : new Execution<Result>(this, token, timeoutMs, signal).run(work);
  }

  /** The error of a refused call: one for all that are refused in this state. */
  refusal(): BreakerRefusedError {
    this.#refusal ??= refusedError(this);
    return this.#refusal;
  }

  /** Closes it and forgets what failed in a row. The totals stay. */
  reset(): void {
    if (this.isHealthy) this.#begin(closed);
    else this.#close(closed);
  }

  /** Opens it by hand, until {@link reset}. */
  isolate(): void {
    if (this.#state === isolated) return;
    this.#begin(isolated);
    this.#counts.opens += 1;
    this.#listeners?.emit('breaker.opened', { breaker: this, errorType: 'isolated' });
  }

  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof BreakerEvents>(
    name: Name,
    listener: (payload: BreakerEvents[Name]) => unknown,
  ): () => void {
    this.#listeners ??= new Listeners(this.#collaborators.onListenerError);
    return this.#listeners.on(name, listener);
  }

  statistics(): BreakerStatistics {
    return { name: this.name, state: this.state, ...this.#counts.read(this.#lastToken) };
  }

  /** What {@link import} takes, in this process or another. A strategy's window is not in it. */
  export(): BreakerSnapshot {
    return {
      version: 1,
      statistics: this.statistics(),
      consecutiveFailures: this.#inARow,
      openForMs: this.#state === isolated ? 0 : this.#openForMs(),
    };
  }

  /**
   * Goes on where another breaker was when it was exported: what was half-open begins with new
   * probes, and what was open stays so for its rest, at most `openMs`. Tells no event. What is
   * under way here is counted and changes nothing.
   *
   * @throws {RingfenceError} `invalid_snapshot`; nothing has changed then.
   */
  import(snapshot: BreakerSnapshot): void {
    checkSnapshot(snapshot, this.statistics());
    const { consecutiveFailures, openForMs } = snapshot;
    const { openMs, typeThresholds } = this.policy;
    const state = stateNames.indexOf(snapshot.statistics.state);
    this.#begin(state === halfOpen ? open : state);
    this.#sinceMs = this.clock.monotonic() + Math.min(openForMs, openMs) - openMs;
    this.#inARow = consecutiveFailures;
    this.#counts.load(snapshot, this.#lastToken, typeThresholds);
  }

  #tryEnterSlowly(timeoutMs: number): number {
    const now = this.clock.monotonic();
    if (this.#state === ramping) {
      const share = 1 - (this.#sinceMs - now) / this.policy.rampMs;
      if (share >= 1) this.#state = closed;
      else if (randomFraction(this.#collaborators.random ?? systemRandom) >= share) {
        return this.#refuse();
      }
      return (this.#lastToken += 1);
    }
    if (this.#state === halfOpen) {
      const overdue = this.#probes!.overdue(now);
      if (overdue !== undefined) this.#fail(overdue.token, 'timeout', 1, overdue.dueMs);
    }
    if (this.#state === open && now - this.#sinceMs >= this.policy.openMs) this.#halfOpen();
    // A listener that heard of this may have closed it.
    if (this.isHealthy) return this.tryEnter(timeoutMs);
    if (this.#state !== halfOpen || !this.#probes!.hasRoom(now)) return this.#refuse();
    this.#lastToken += 1;
    this.#probes!.add(this.#lastToken, now, timeoutMs, this.policy.openMs);
    return this.#lastToken;
  }

  #refuse(): number {
    this.#counts.refusals += 1;
    this.#listeners?.emit('breaker.refused', { breaker: this });
    return refused;
  }

  #succeededNow(token: number): void {
    if (this.#state === halfOpen) {
      const probes = this.#probes!;
      if (!probes.end(token)) return;
      probes.succeeded += 1;
      if (probes.succeeded >= this.policy.successThreshold) {
        this.#close(this.policy.rampMs > 0 ? ramping : closed);
      }
      return;
    }
    if (this.#inARow > 0) this.#restart();
    if (this.#strategy !== undefined) this.#ask((strategy, now) => strategy.succeeded(now));
  }

  #fail(token: number, errorType: string, timeouts = 0, atMs?: number): void {
    if (this.#isOver(token)) return;
    const { typeThresholds, failureThreshold } = this.policy;
    this.#counts.timeouts += timeouts;
    this.#counts.failed(token, errorType, typeThresholds);
    this.#listeners?.emit('breaker.failed', { breaker: this, errorType });
    if (token <= this.#oldToken) return;
    if (this.#state === halfOpen) {
      if (this.#probes!.end(token)) this.#open(errorType, atMs);
      return;
    }
    this.#inARow += 1;
    const ofType = this.#counts.addToRow(errorType);
    const isTripped =
      this.#strategy === undefined
        ? this.#inARow >= failureThreshold
        : this.#ask((strategy, now) => strategy.failed(now));
    const threshold = typeThresholds.get(errorType) ?? Infinity;
    if (isTripped || ofType >= threshold) this.#open(errorType);
  }

  #ask(question: (strategy: TripStrategy, nowMs: number) => boolean | void): boolean {
    try {
      return question(this.#strategy!, this.clock.monotonic()) === true;
    } catch (thrown) {
      tell(this.#collaborators.onListenerError, thrown, 'strategy');
      return false;
    }
  }

  /** What is no token, or one that is known to have had its outcome. */
  #isOver(token: number): boolean {
    return !(token >= 1 && token <= this.#lastToken) || this.#counts.hasFailed(token);
  }

  /** A half-open breaker with a probe that ran out of time is open from that moment on. */
  #openForMs(): number {
    const now = this.clock.monotonic();
    let sinceMs: number | undefined;
    if (this.#state === open) sinceMs = this.#sinceMs;
    else if (this.#state === halfOpen) sinceMs = this.#probes!.overdue(now)?.dueMs;
    return sinceMs === undefined ? 0 : Math.max(0, this.policy.openMs - (now - sinceMs));
  }

  #enter(state: number): void {
    this.#state = state;
    this.#oldToken = this.#lastToken;
    this.#refusal = undefined;
    this.#probes = undefined;
  }

  #begin(state: number): void {
    this.#enter(state);
    this.#restart();
    if (this.#strategy !== undefined) this.#ask((strategy) => strategy.reset());
  }

  #restart(): void {
    this.#inARow = 0;
    this.#counts.restart();
  }

  #open(errorType: string, atMs = this.clock.monotonic()): void {
    this.#enter(open);
    this.#sinceMs = atMs;
    this.#counts.opened(errorType);
    this.#listeners?.emit('breaker.opened', { breaker: this, errorType });
  }

  #halfOpen(): void {
    this.#begin(halfOpen);
    this.#probes = new Probes(this.policy.probeLimit);
    this.#listeners?.emit('breaker.half-opened', { breaker: this });
  }

  #close(state: typeof closed | typeof ramping): void {
    this.#begin(state);
    this.#counts.closes += 1;
    if (state === ramping) this.#sinceMs = this.clock.monotonic() + this.policy.rampMs;
    this.#listeners?.emit('breaker.closed', { breaker: this });
  }
}

const noCollaborators: BreakerCollaborators = {};
const noOptions: ExecuteOptions = {};
const defaultPolicy = /* @__PURE__ */ breakerPolicy();
