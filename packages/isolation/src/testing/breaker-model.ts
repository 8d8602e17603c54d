/*
 * What a circuit breaker must do, written as plainly as possible and beside the real one: every
 * entry an object with its generation, nothing saved, nothing fast. `checkBreaker` does the same to
 * both and compares all that can be seen.
 */
import { randomFraction } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { CircuitBreaker, refused } from '../breaker/breaker.ts';
import { breakerPolicy } from '../breaker/policy.ts';
import type { BreakerOptions, BreakerPolicy } from '../breaker/policy.ts';
import type { BreakerState, BreakerStatistics } from '../breaker/statistics.ts';

/** A step by two numbers: what to do, 0 to 99, and to which, or how much, 0 to 999. */
export type BreakerStep = readonly [act: number, pick: number];

interface Entry {
  readonly token: number;
  readonly generation: number;
  /** Infinity when it has no limit. */
  readonly dueMs: number;
  /** Until when it keeps others out while it is a probe. */
  readonly placedUntilMs: number;
}

const eventNames = [
  'breaker.opened',
  'breaker.half-opened',
  'breaker.closed',
  'breaker.succeeded',
  'breaker.failed',
  'breaker.refused',
] as const;

const errorTypes = ['timeout', 'refused', 'broken'];
/** As many failed entries a breaker remembers. */
const remembered = 32;

function add(counts: Map<string, number>, type: string): number {
  const count = (counts.get(type) ?? 0) + 1;
  counts.set(type, count);
  return count;
}

class Model {
  readonly log: string[] = [];
  readonly #policy: BreakerPolicy;
  readonly #clock: FakeClock;
  readonly #random = seededRandom(1);
  #state: BreakerState = 'closed';
  #generation = 0;
  #openedMs = 0;
  #rampUntilMs: number | undefined;
  #probes: Entry[] = [];
  #probesSucceeded = 0;
  #row = 0;
  #rowByType = new Map<string, number>();
  #failedTokens: number[] = [];
  readonly #byType = new Map<string, number>();
  readonly #opensByType = new Map<string, number>();
  #requests = 0;
  #successes = 0;
  #failures = 0;
  #refusals = 0;
  #opens = 0;
  #closes = 0;
  #timeouts = 0;

  constructor(policy: BreakerPolicy, clock: FakeClock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  get #now(): number {
    return this.#clock.monotonic();
  }

  get #overdue(): Entry | undefined {
    const overdue = this.#probes.filter(({ dueMs }) => dueMs <= this.#now);
    return overdue.sort((a, b) => a.dueMs - b.dueMs || a.token - b.token)[0];
  }

  get openForMs(): number {
    let sinceMs = -Infinity;
    if (this.#state === 'open') sinceMs = this.#openedMs;
    if (this.#state === 'half-open') sinceMs = this.#overdue?.dueMs ?? -Infinity;
    return Math.max(0, sinceMs + this.#policy.openMs - this.#now);
  }

  get state(): BreakerState {
    if (this.#state === 'closed' || this.#state === 'isolated') return this.#state;
    return this.openForMs > 0 ? 'open' : 'half-open';
  }

  /** Whether the one who asks may enter; `token` is what the real one called it. */
  enter(token: number, timeoutMs = this.#policy.timeoutMs): Entry | undefined {
    if (this.#state === 'half-open' && this.#overdue !== undefined) {
      this.#tellFailed(this.#overdue, 'timeout', true, this.#overdue.dueMs);
    }
    if (this.#state === 'open' && this.openForMs === 0) {
      this.#begin('half-open');
      this.log.push('breaker.half-opened');
    }
    if (!this.#mayEnter()) {
      this.#refusals += 1;
      this.log.push('breaker.refused');
      return undefined;
    }
    this.#requests += 1;
    const entry = {
      token,
      generation: this.#generation,
      dueMs: timeoutMs === 0 ? Infinity : this.#now + timeoutMs,
      placedUntilMs: timeoutMs === 0 ? this.#now + this.#policy.openMs : Infinity,
    };
    if (this.#state === 'half-open') this.#probes.push(entry);
    return entry;
  }

  #mayEnter(): boolean {
    if (this.#state === 'half-open') {
      const placed = this.#probes.filter(({ placedUntilMs }) => placedUntilMs > this.#now);
      return placed.length < this.#policy.probeLimit;
    }
    if (this.#state !== 'closed') return false;
    if (this.#rampUntilMs === undefined) return true;
    const share = 1 - (this.#rampUntilMs - this.#now) / this.#policy.rampMs;
    if (share < 1) return randomFraction(this.#random) < share;
    this.#rampUntilMs = undefined;
    return true;
  }

  succeeded(entry: Entry): void {
    if (this.#failedTokens.includes(entry.token)) return;
    this.#successes += 1;
    if (entry.generation === this.#generation) {
      if (this.#state === 'closed') {
        this.#row = 0;
        this.#rowByType.clear();
      } else if (this.#takeProbe(entry)) {
        this.#probesSucceeded += 1;
        if (this.#probesSucceeded >= this.#policy.successThreshold) this.#close(true);
      }
    }
    this.log.push('breaker.succeeded');
  }

  failed(entry: Entry, type: string): void {
    this.#tellFailed(entry, type, false, this.#now);
  }

  timedOut(entry: Entry): void {
    this.#tellFailed(entry, 'timeout', true, this.#now);
  }

  abandoned(entry: Entry): void {
    if (entry.generation === this.#generation) this.#takeProbe(entry);
  }

  reset(): void {
    if (this.#state === 'closed') this.#begin('closed');
    else this.#close(false);
  }

  isolate(): void {
    if (this.#state === 'isolated') return;
    this.#begin('isolated');
    this.#opens += 1;
    this.log.push('breaker.opened isolated');
  }

  /** It is exported, and imported again. */
  move(): void {
    const { state, openForMs } = this;
    const row = this.#row;
    const rowByType = new Map(this.#rowByType);
    this.#begin(state === 'half-open' ? 'open' : state);
    this.#openedMs = this.#now + openForMs - this.#policy.openMs;
    this.#row = row;
    this.#rowByType = rowByType;
  }

  statistics(name: string): BreakerStatistics {
    return {
      name,
      state: this.state,
      totalRequests: this.#requests,
      successfulRequests: this.#successes,
      failedRequests: this.#failures,
      refusedRequests: this.#refusals,
      circuitOpens: this.#opens,
      circuitCloses: this.#closes,
      timeouts: this.#timeouts,
      errorTypeCounts: Object.fromEntries(this.#byType),
      errorTypeTriggeredOpens: Object.fromEntries(this.#opensByType),
      currentErrorTypeFailures: Object.fromEntries(this.#rowByType),
    };
  }

  #tellFailed(entry: Entry, type: string, isTimeout: boolean, atMs: number): void {
    if (this.#failedTokens.includes(entry.token)) return;
    this.#failedTokens = [...this.#failedTokens, entry.token].slice(-remembered);
    this.#failures += 1;
    if (isTimeout) this.#timeouts += 1;
    add(this.#byType, type);
    this.log.push(`breaker.failed ${type}`);
    if (entry.generation !== this.#generation) return;
    if (this.#state === 'half-open') {
      if (this.#takeProbe(entry)) this.#open(type, atMs);
      return;
    }
    this.#row += 1;
    const ofType = add(this.#rowByType, type);
    const threshold = this.#policy.typeThresholds.get(type) ?? Infinity;
    if (this.#row >= this.#policy.failureThreshold || ofType >= threshold) this.#open(type, atMs);
  }

  #takeProbe(entry: Entry): boolean {
    const isOne = this.#probes.includes(entry);
    this.#probes = this.#probes.filter((probe) => probe !== entry);
    return isOne;
  }

  #begin(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
    this.#probes = [];
    this.#probesSucceeded = 0;
    this.#rampUntilMs = undefined;
    this.#row = 0;
    this.#rowByType.clear();
  }

  #open(type: string, atMs: number): void {
    this.#state = 'open';
    this.#generation += 1;
    this.#probes = [];
    this.#rampUntilMs = undefined;
    this.#openedMs = atMs;
    this.#opens += 1;
    add(this.#opensByType, type);
    this.log.push(`breaker.opened ${type}`);
  }

  #close(ramps: boolean): void {
    this.#begin('closed');
    this.#closes += 1;
    const { rampMs } = this.#policy;
    if (ramps && rampMs > 0) this.#rampUntilMs = this.#now + rampMs;
    this.log.push('breaker.closed');
  }
}

/** What can be seen of both. */
interface Seen {
  readonly retryAfterMs: number;
  readonly isHealthy: boolean;
  readonly statistics: BreakerStatistics;
  readonly log: readonly string[];
}

/**
 * Does the same steps to a breaker and to its model. Returns what differs after the first step
 * that makes a difference; undefined when none does. `strategy` is not known to the model.
 */
export function checkBreaker(
  options: Omit<BreakerOptions, 'strategy'>,
  steps: readonly BreakerStep[],
): { readonly step: number; readonly breaker: unknown; readonly model: unknown } | undefined {
  const clock = new FakeClock();
  const policy = breakerPolicy(options);
  const model = new Model(policy, clock);
  const breaker = new CircuitBreaker('checked', policy, { clock, random: seededRandom(1) });
  const log: string[] = [];
  for (const name of eventNames) {
    breaker.on(name, (event) =>
      log.push('errorType' in event ? `${name} ${event.errorType}` : name),
    );
  }
  const entries: Entry[] = [];

  const enter = (timeoutMs?: number): boolean => {
    const token = breaker.tryEnter(timeoutMs);
    const entry = model.enter(token, timeoutMs);
    if (entry !== undefined) entries.push(entry);
    return (token === refused) === (entry === undefined);
  };
  const tell = (act: number, entry: Entry, type: string): void => {
    const { token } = entry;
    if (act < 14) {
      breaker.succeeded(token);
      model.succeeded(entry);
    } else if (act < 44) {
      breaker.failed(token, type);
      model.failed(entry, type);
    } else if (act < 47) {
      breaker.abandoned(token);
      model.abandoned(entry);
    } else {
      breaker.timedOut(token);
      model.timedOut(entry);
    }
  };
  const doStep = ([act, pick]: BreakerStep): boolean => {
    if (act >= 50 && act < 80) return enter(pick < 900 ? undefined : (pick - 900) * 3);
    if (act >= 80 && act < 93) clock.advance(pick / 2);
    else if (act === 93) breaker.succeeded(refused);
    else if (act === 94) breaker.failed(refused);
    else if (act === 95) clock.stepWallClock((pick - 500) * 10_000);
    else if (act === 96) {
      breaker.reset();
      model.reset();
    } else if (act === 97 && pick < 200) {
      breaker.isolate();
      model.isolate();
    } else if (act >= 98) {
      breaker.import(JSON.parse(JSON.stringify(breaker.export())));
      model.move();
    } else {
      // Mostly the newest, as callers do; sometimes one that is long over.
      const back = pick < 700 ? pick % 4 : pick % Math.max(1, entries.length);
      const entry = entries[entries.length - 1 - back];
      if (entry !== undefined) tell(act, entry, errorTypes[pick % errorTypes.length]!);
    }
    return true;
  };

  for (const [index, step] of steps.entries()) {
    const isSame = doStep(step);
    const ofBreaker: Seen = {
      retryAfterMs: breaker.retryAfterMs,
      isHealthy: breaker.isHealthy,
      statistics: breaker.statistics(),
      log,
    };
    const ofModel: Seen = {
      retryAfterMs: model.state === 'isolated' ? Infinity : model.openForMs,
      isHealthy: model.state === 'closed',
      statistics: model.statistics('checked'),
      log: model.log,
    };
    if (!isSame || !isAlike(ofBreaker, ofModel)) {
      return { step: index, breaker: ofBreaker, model: ofModel };
    }
  }
  return undefined;
}

/** Plain data, the order of fields aside. A moment may differ by what adding up numbers loses. */
function isAlike(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') {
    return one === other || Math.abs(one - other) < 1e-6;
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other;
  }
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) =>
      isAlike((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  );
}
