import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { CircuitBreaker, refused } from './breaker.ts';
import type { BreakerSnapshot } from './snapshot.ts';

function make(openMs = 30_000) {
  const clock = new FakeClock();
  return { clock, breaker: new CircuitBreaker('turn', { openMs }, { clock }) };
}

/** As it comes in another process. */
function exported(breaker: CircuitBreaker): BreakerSnapshot {
  return JSON.parse(JSON.stringify(breaker.export()));
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let time = 0; time < times; time += 1) breaker.failed(breaker.tryEnter(), 'timeout');
}

test('a breaker goes on in another process where it was', () => {
  const { breaker, clock } = make();
  breaker.tryEnter();
  fail(breaker, 5);
  clock.advance(10_000);
  breaker.tryEnter();
  const other = make();
  other.clock.advance(123_456);
  other.breaker.import(exported(breaker));
  expect(other.breaker.statistics()).toEqual(breaker.statistics());
  expect([other.breaker.state, other.breaker.retryAfterMs]).toEqual(['open', 20_000]);
  other.clock.advance(20_000);
  expect(other.breaker.tryEnter()).not.toBe(refused);
  expect(other.breaker.statistics().totalRequests).toBe(7);
});

test('a row goes on, and so does isolation', () => {
  const { breaker } = make();
  fail(breaker, 4);
  const other = make();
  other.breaker.import(exported(breaker));
  fail(other.breaker, 1);
  expect(other.breaker.state).toBe('open');
  other.breaker.isolate();
  const third = make();
  third.breaker.import(exported(other.breaker));
  expect([third.breaker.state, third.breaker.tryEnter()]).toEqual(['isolated', refused]);
});

test('what was half-open begins with new probes', () => {
  const { breaker, clock } = make();
  fail(breaker, 5);
  clock.advance(30_000);
  breaker.tryEnter();
  const other = make();
  other.breaker.import(exported(breaker));
  expect(other.breaker.state).toBe('half-open');
  const probes = [1, 2, 3].map(() => other.breaker.tryEnter());
  expect(probes).not.toContain(refused);
  expect(other.breaker.tryEnter()).toBe(refused);
});

test('a breaker does not stay open longer than its own policy says', () => {
  const { breaker } = make(3_600_000);
  fail(breaker, 5);
  const other = make(1_000);
  other.breaker.import(exported(breaker));
  expect(other.breaker.retryAfterMs).toBe(1_000);
});

test('what is under way during an import changes nothing', () => {
  const { breaker } = make();
  const before = [1, 2, 3, 4, 5, 6].map(() => breaker.tryEnter());
  breaker.import(exported(make().breaker));
  for (const entry of before) breaker.failed(entry);
  expect(breaker.state).toBe('closed');
  fail(breaker, 4);
  expect(breaker.state).toBe('closed');
  fail(breaker, 1);
  expect(breaker.state).toBe('open');
});

test.for<[field: string, change: (snapshot: BreakerSnapshot) => unknown]>([
  ['version', () => null],
  ['version', () => 'a snapshot'],
  ['version', (snapshot) => ({ ...snapshot, version: 2 })],
  ['statistics', (snapshot) => ({ ...snapshot, statistics: undefined })],
  ['consecutiveFailures', (snapshot) => ({ ...snapshot, consecutiveFailures: -1 })],
  ['openForMs', (snapshot) => ({ ...snapshot, openForMs: NaN })],
  ['openForMs', (snapshot) => ({ ...snapshot, openForMs: -1 })],
  ['openForMs', (snapshot) => ({ ...snapshot, openForMs: '10' })],
  ['statistics.state', (snapshot) => withStatistics(snapshot, { state: 'ajar' })],
  ['statistics.timeouts', (snapshot) => withStatistics(snapshot, { timeouts: 1.5 })],
  ['statistics.totalRequests', (snapshot) => withStatistics(snapshot, { totalRequests: '7' })],
  ['statistics.circuitOpens', (snapshot) => withStatistics(snapshot, { circuitOpens: undefined })],
  ['statistics.errorTypeCounts', (snapshot) => withStatistics(snapshot, { errorTypeCounts: 3 })],
  [
    'statistics.errorTypeCounts.timeout',
    (snapshot) => withStatistics(snapshot, { errorTypeCounts: { timeout: null } }),
  ],
])('a snapshot with a wrong %s is refused, and nothing has changed', ([field, change]) => {
  const { breaker } = make();
  fail(breaker, 5);
  const before = breaker.statistics();
  const snapshot = change(JSON.parse(JSON.stringify(breaker.export()))) as BreakerSnapshot;
  expect(() => breaker.import(snapshot)).toThrow(
    expect.objectContaining({ code: 'invalid_snapshot', details: { field } }),
  );
  expect(breaker.statistics()).toEqual(before);
});

function withStatistics(snapshot: BreakerSnapshot, change: object): object {
  return { ...snapshot, statistics: { ...snapshot.statistics, ...change } };
}
