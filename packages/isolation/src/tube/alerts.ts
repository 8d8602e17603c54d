/*
 * What is wrong with many tubes at once.
 *
 *   1. An alert is raised once, at the event that takes it over its limit, and stands until it is
 *      cleared. It is raised again only after that.
 *   2. While one stands it is looked at once a minute, and cleared when it no longer holds. So one
 *      that goes up and down at its limit is told once a minute at most.
 *   3. There is a timer only while an alert stands.
 */
import { numberOptions } from '@ringfence/base';
import type { Clock, NumberRange, TimerHandle } from '@ringfence/base';
import { watchClock } from '../watch-clock.ts';
import { WindowCount } from './window-count.ts';

/** When an alert is raised. Every field is optional. */
export interface AlertOptions {
  /** More breakers opened within an hour. Default 5; 0 to 1,000,000. */
  readonly opensPerHour?: number;
  /** More of the uses of TURN servers failed within an hour, percent. Default 10; 0 to 100. */
  readonly turnFailurePercent?: number;
  /** With fewer uses of TURN servers within the hour the rate says nothing. Default 10; 1 to 1,000,000. */
  readonly turnMinimum?: number;
  /** So many errors of one type within five minutes, at least. Default 20; 1 to 1,000,000. */
  readonly spikeMinimum?: number;
  /**
   * And more than so many times what five minutes of the rest of the hour had. Default 5; 1 to
   * 1,000.
   */
  readonly spikeFactor?: number;
}

/** `breaker-opens`: too many; `turn-failure-rate`: too high; `error-spike`: much of one type. */
export type TubeAlertKind = 'breaker-opens' | 'turn-failure-rate' | 'error-spike';

/** Plain data. */
export interface TubeAlert {
  readonly kind: TubeAlertKind;
  /** The type of error of an `error-spike`; null for the others. */
  readonly errorType: string | null;
  /** When it was raised: opens or errors, or percent. */
  readonly value: number;
  /** What it went over, in the same unit. */
  readonly limit: number;
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly raisedAt: number;
}

export interface AlertHooks {
  raised(alert: TubeAlert): void;
  cleared(alert: TubeAlert): void;
}

/** What an alert goes by, read now. It holds when the value is over the limit. */
interface Reading {
  readonly value: number;
  readonly limit: number;
}

interface Standing {
  readonly alert: TubeAlert;
  readonly read: (nowMs: number) => Reading;
}

const ranges = {
  opensPerHour: [5, 0, 1e6],
  turnFailurePercent: [10, 0, 100],
  turnMinimum: [10, 1, 1e6],
  spikeMinimum: [20, 1, 1e6],
  spikeFactor: [5, 1, 1_000],
} as const satisfies Record<keyof AlertOptions, NumberRange>;

const minuteMs = 60_000;
const spikeMinutes = 5;
const restMinutes = 60 - spikeMinutes;
/** How many types of error are told apart; the rest is `other`. */
const mostTypes = 64;
/** Longer ones count as `other`. */
const longestType = 128;

export class Alerts {
  readonly #options: Required<AlertOptions>;
  readonly #hooks: AlertHooks;
  readonly #clock: Clock;
  readonly #bornMs: number;
  readonly #opens = new WindowCount();
  readonly #turnUses = new WindowCount();
  readonly #turnFailures = new WindowCount();
  readonly #types = new Map<string, WindowCount>();
  readonly #standing = new Map<string, Standing>();
  #timer: TimerHandle | undefined;

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(options: AlertOptions, hooks: AlertHooks, clock: Clock) {
    this.#options = numberOptions(ranges, options, 'alerts.');
    this.#hooks = hooks;
    this.#clock = watchClock(clock);
    this.#bornMs = clock.monotonic();
  }

  /** Those that stand, oldest first. */
  get standing(): readonly TubeAlert[] {
    return [...this.#standing.values()].map(({ alert }) => alert);
  }

  /** A breaker opened. */
  opened(): void {
    const now = this.#clock.monotonic();
    this.#opens.add(now);
    this.#consider('breaker-opens', null, now, (nowMs) => ({
      value: this.#opens.inHour(nowMs),
      limit: this.#options.opensPerHour,
    }));
  }

  /** A TURN server was used. */
  turn(isFailure: boolean): void {
    const now = this.#clock.monotonic();
    this.#turnUses.add(now);
    if (!isFailure) return;
    this.#turnFailures.add(now);
    this.#consider('turn-failure-rate', null, now, (nowMs) => {
      const uses = this.#turnUses.inHour(nowMs);
      const isKnown = uses >= this.#options.turnMinimum;
      return {
        value: isKnown ? (100 * this.#turnFailures.inHour(nowMs)) / uses : 0,
        limit: this.#options.turnFailurePercent,
      };
    });
  }

  /** Something failed, with a type of error. */
  failed(type: string): void {
    const now = this.#clock.monotonic();
    const [key, count] = this.#typeCount(type, now);
    count.add(now);
    this.#consider('error-spike', key, now, (nowMs) => this.#readSpike(count, nowMs));
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#standing.clear();
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #readSpike(count: WindowCount, nowMs: number): Reading {
    const { spikeFactor, spikeMinimum } = this.#options;
    const value = count.inMinutes(spikeMinutes, nowMs);
    const ageMinutes = (nowMs - this.#bornMs) / minuteMs - spikeMinutes;
    const rest = Math.min(restMinutes, Math.max(1, ageMinutes));
    const usual = ((count.inHour(nowMs) - value) / rest) * spikeMinutes;
    // At the minimum itself it is a spike already.
    return { value, limit: Math.max(spikeMinimum - 1, usual * spikeFactor) };
  }

  #typeCount(type: string, nowMs: number): readonly [string, WindowCount] {
    const known = this.#types.get(type);
    if (known !== undefined) return [type, known];
    if (this.#types.size >= mostTypes) {
      for (const [old, count] of this.#types)
        if (count.inHour(nowMs) === 0) this.#types.delete(old);
    }
    const isKept = this.#types.size < mostTypes && type.length <= longestType;
    const key = isKept ? type : 'other';
    const count = this.#types.get(key) ?? new WindowCount();
    this.#types.set(key, count);
    return [key, count];
  }

  #consider(
    kind: TubeAlertKind,
    errorType: string | null,
    nowMs: number,
    read: Standing['read'],
  ): void {
    const key = `${kind} ${errorType ?? ''}`;
    if (this.#standing.has(key)) return;
    const { value, limit } = read(nowMs);
    if (value <= limit) return;
    const alert = { kind, errorType, value, limit, raisedAt: this.#clock.now() };
    this.#standing.set(key, { alert, read });
    if (this.#timer === undefined) this.#lookLater();
    this.#hooks.raised(alert);
  }

  #lookLater(): void {
    this.#timer = this.#clock.setTimeout(() => this.#look(), minuteMs);
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    const cleared: TubeAlert[] = [];
    for (const [key, { alert, read }] of this.#standing) {
      const { value, limit } = read(now);
      if (value > limit) continue;
      this.#standing.delete(key);
      cleared.push(alert);
    }
    if (this.#standing.size > 0) this.#lookLater();
    for (const alert of cleared) this.#hooks.cleared(alert);
  }
}
