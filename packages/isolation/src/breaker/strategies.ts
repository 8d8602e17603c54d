import { numberOption, optionError } from '@ringfence/base';
import { recordOption } from '../legal-options.ts';
import { wholeOption } from './whole-option.ts';

/** Decides when failures open a breaker. It hears every outcome while the breaker is closed. */
export interface TripStrategy {
  /** Takes in a success. `nowMs` is monotonic. */
  succeeded(nowMs: number): void;
  /** Takes in a failure. True opens the breaker. */
  failed(nowMs: number): boolean;
  /** Forgets everything: the breaker closed, or was reset. */
  reset(): void;
}

/** Returns it when it is one, else throws `invalid_option`. */
export function checkStrategy(strategy: TripStrategy): TripStrategy {
  const { succeeded, failed, reset } = (strategy ?? {}) as Partial<TripStrategy>;
  if ([succeeded, failed, reset].every((method) => typeof method === 'function')) return strategy;
  throw optionError('strategy', strategy, 'a function that gives succeeded, failed and reset');
}

/** Which share of which calls must fail. */
export interface SlidingOptions {
  /** The share of failures that opens the breaker, 0 to 1. Default 0.5; above 0. */
  readonly failureRate?: number;
  /** Below so many calls nothing opens it. Default 10; 1 to 10,000. */
  readonly minimumCalls?: number;
}

function resolve(options: SlidingOptions): { failureRate: number; minimumCalls: number } {
  const { failureRate = 0.5, minimumCalls = 10 } = recordOption('options', options);
  if (!(failureRate > 0 && failureRate <= 1)) {
    throw optionError('failureRate', failureRate, 'a number above 0, up to 1');
  }
  return { failureRate, minimumCalls: wholeOption('minimumCalls', minimumCalls, 1, 10_000) };
}

/**
 * Opens by the share of failures among the last `size` calls.
 *
 * @throws {RingfenceError} `invalid_option`.
 */
export function slidingCount(options: SlidingOptions & { readonly size?: number } = {}) {
  const { failureRate, minimumCalls } = resolve(options);
  const size = wholeOption('size', options.size ?? 100, 1, 10_000);
  return (): TripStrategy => {
    const failures = new Uint8Array(size);
    let calls = 0;
    let failed = 0;
    const take = (isFailure: 0 | 1): void => {
      const at = calls % size;
      failed += isFailure - failures[at]!;
      failures[at] = isFailure;
      calls += 1;
    };
    return {
      succeeded: () => take(0),
      failed() {
        take(1);
        const counted = Math.min(calls, size);
        return counted >= Math.min(minimumCalls, size) && failed / counted >= failureRate;
      },
      reset() {
        failures.fill(0);
        calls = 0;
        failed = 0;
      },
    };
  };
}

/** The window of {@link slidingTime} moves in this many steps. */
const buckets = 10;

/**
 * Opens by the share of failures among the calls of the last `windowMs`, counted in ten buckets.
 *
 * @throws {RingfenceError} `invalid_option`.
 */
export function slidingTime(options: SlidingOptions & { readonly windowMs?: number } = {}) {
  const { failureRate, minimumCalls } = resolve(options);
  const windowMs = numberOption('windowMs', options.windowMs ?? 60_000, 100, 86_400_000);
  const bucketMs = windowMs / buckets;
  return (): TripStrategy => {
    const calls = new Uint32Array(buckets);
    const failures = new Uint32Array(buckets);
    let newest = 0;
    const bucketAt = (nowMs: number): number => {
      const index = Math.floor(nowMs / bucketMs);
      // What lies a whole window back has nothing left to say.
      newest = Math.max(newest, index - buckets);
      while (newest < index) {
        newest += 1;
        calls[newest % buckets] = 0;
        failures[newest % buckets] = 0;
      }
      return index % buckets;
    };
    const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);
    return {
      succeeded(nowMs) {
        const at = bucketAt(nowMs);
        calls[at]! += 1;
      },
      failed(nowMs) {
        const at = bucketAt(nowMs);
        calls[at]! += 1;
        failures[at]! += 1;
        const counted = sum(calls);
        return counted >= minimumCalls && sum(failures) / counted >= failureRate;
      },
      reset() {
        calls.fill(0);
        failures.fill(0);
      },
    };
  };
}
