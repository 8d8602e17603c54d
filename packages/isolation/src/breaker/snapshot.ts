import { RingfenceError } from '@ringfence/base';
import type { BreakerState, BreakerStatistics } from './statistics.ts';

/** What `export` of a breaker gives: enough to go on in another process. Plain data. */
export interface BreakerSnapshot {
  readonly version: 1;
  readonly statistics: BreakerStatistics;
  readonly consecutiveFailures: number;
  /** How long it still refuses, milliseconds; 0 unless open. */
  readonly openForMs: number;
}

/** By the number a breaker keeps. The last one lets a growing share through. */
export const stateNames: readonly BreakerState[] = [
  'closed',
  'open',
  'half-open',
  'isolated',
  'closed',
];

function check(isRight: boolean, field: string, legal: string): asserts isRight {
  if (isRight) return;
  throw new RingfenceError('invalid_snapshot', `unable to import; ${field} is not ${legal}`, {
    fault: 'caller',
    retryable: false,
    hint: 'Pass what export() of a breaker gave.',
    details: { field },
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function checkCount(value: unknown, field: string): void {
  check(Number.isSafeInteger(value) && (value as number) >= 0, field, 'a whole number from 0');
}

/**
 * Believes nothing of a snapshot that comes from elsewhere. `own` are the statistics of the breaker
 * that takes it in: they say which fields there are.
 *
 * @throws {RingfenceError} `invalid_snapshot`, with the field in `details`.
 */
export function checkSnapshot(
  given: unknown,
  own: BreakerStatistics,
): asserts given is BreakerSnapshot {
  check(isObject(given) && given['version'] === 1, 'version', '1');
  const { statistics, consecutiveFailures, openForMs } = given;
  checkCount(consecutiveFailures, 'consecutiveFailures');
  check(Number.isFinite(openForMs) && (openForMs as number) >= 0, 'openForMs', 'a number from 0');
  check(isObject(statistics), 'statistics', 'an object');
  const isState = (stateNames as readonly unknown[]).includes(statistics['state']);
  check(isState, 'statistics.state', 'the name of a state');
  for (const [field, value] of Object.entries(own)) {
    const path = `statistics.${field}`;
    const taken = statistics[field];
    if (typeof value === 'number') checkCount(taken, path);
    if (typeof value !== 'object') continue;
    check(isObject(taken), path, 'an object');
    for (const [type, count] of Object.entries(taken)) checkCount(count, `${path}.${type}`);
  }
}
