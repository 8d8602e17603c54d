import { expect, test } from 'vitest';
import { FakeClock } from '@ringfence/base/testing';
import { Alerts } from './alerts.ts';
import type { AlertOptions } from './alerts.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function setUp(options: AlertOptions = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const line = (what: string) => (alert: Alerts['standing'][number]) =>
    told.push(`${what} ${alert.kind} ${alert.errorType} ${alert.value} over ${alert.limit}`);
  const hooks = { raised: line('raised'), cleared: line('cleared') };
  const alerts = new Alerts(options, hooks, clock);
  return { alerts, clock, told };
}

function times(count: number, act: () => void): void {
  for (let time = 0; time < count; time += 1) act();
}

test('more than five breakers that open within an hour: raised once, cleared when it is over', () => {
  const { alerts, clock, told } = setUp();
  times(5, () => {
    alerts.opened();
    clock.advance(10 * minuteMs);
  });
  expect(told).toEqual([]);
  times(3, () => alerts.opened());
  expect(told).toEqual(['raised breaker-opens null 6 over 5']);
  expect(alerts.standing).toEqual([
    {
      kind: 'breaker-opens',
      errorType: null,
      value: 6,
      limit: 5,
      raisedAt: 1_700_000_000_000 + 50 * minuteMs,
    },
  ]);
  // Eight in the hour; the first three have to grow old.
  clock.advance(29 * minuteMs);
  expect(alerts.standing).toHaveLength(1);
  clock.advance(minuteMs);
  expect(alerts.standing).toHaveLength(0);
  expect(told).toEqual([
    'raised breaker-opens null 6 over 5',
    'cleared breaker-opens null 6 over 5',
  ]);
  expect(clock.pending).toBe(0);
  times(1, () => alerts.opened());
  expect(told).toHaveLength(3);
});

test('TURN failures over 10 %, once there are ten uses', () => {
  const { alerts, clock, told } = setUp();
  times(2, () => alerts.turn(true));
  times(8, () => alerts.turn(false));
  expect(told).toEqual([]);
  alerts.turn(true);
  expect(told).toEqual([`raised turn-failure-rate null ${300 / 11} over 10`]);
  times(19, () => alerts.turn(false));
  // 10 % is not over 10 %; it is looked at once a minute.
  expect(alerts.standing).toHaveLength(1);
  clock.advance(minuteMs);
  expect(alerts.standing).toHaveLength(0);
  clock.advance(2 * hourMs);
  times(9, () => alerts.turn(true));
  expect(alerts.standing).toHaveLength(0);
  alerts.turn(true);
  expect(told.at(-1)).toBe('raised turn-failure-rate null 100 over 10');
});

test('a spike of one type of error', () => {
  const { alerts, clock, told } = setUp();
  times(19, () => alerts.failed('ice_701'));
  times(19, () => alerts.failed('timeout'));
  expect(told).toEqual([]);
  times(5, () => alerts.failed('timeout'));
  expect(told).toEqual(['raised error-spike timeout 20 over 19']);
  clock.advance(4 * minuteMs);
  expect(alerts.standing).toHaveLength(1);
  clock.advance(minuteMs);
  expect(told.at(-1)).toBe('cleared error-spike timeout 20 over 19');
  expect(clock.pending).toBe(0);
});

test('what is usual is no spike', () => {
  const { alerts, clock, told } = setUp();
  // Ten a minute, always: after five minutes they are fifty in five.
  times(120, () => {
    times(10, () => alerts.failed('timeout'));
    clock.advance(minuteMs);
  });
  const atFirst = told.length;
  expect(atFirst).toBeGreaterThan(0);
  expect(alerts.standing).toEqual([]);
  times(200, () => alerts.failed('timeout'));
  expect(told).toHaveLength(atFirst);
  times(40, () => alerts.failed('timeout'));
  expect(told).toHaveLength(atFirst + 1);
});

test('types of errors that come from outside are bounded; those long gone make room', () => {
  const { alerts, clock, told } = setUp();
  for (let type = 0; type < 100; type += 1) alerts.failed(`type ${type}`);
  expect(told).toEqual(['raised error-spike other 20 over 19']);
  clock.advance(2 * hourMs);
  times(20, () => alerts.failed('new'));
  expect(told.at(-1)).toBe('raised error-spike new 20 over 19');
  for (let type = 0; type < 20; type += 1) alerts.failed(`${type}${'x'.repeat(1_000)}`);
  expect(told.at(-1)).toBe('raised error-spike other 20 over 19');
});

test('stopped, nothing stands and no timer waits', () => {
  const { alerts, clock } = setUp({ opensPerHour: 0 });
  alerts.opened();
  expect(clock.pending).toBe(1);
  alerts.stop();
  expect([alerts.standing, clock.pending]).toEqual([[], 0]);
});

test('options out of range name the field and the value', () => {
  const of = (options: AlertOptions) => () => setUp(options);
  expect(of({ opensPerHour: -1 })).toThrow(/alerts\.opensPerHour; -1/);
  expect(of({ turnFailurePercent: 101 })).toThrow(/alerts\.turnFailurePercent; 101/);
  expect(of({ turnMinimum: 0 })).toThrow(/alerts\.turnMinimum; 0/);
  expect(of({ spikeMinimum: NaN })).toThrow(/alerts\.spikeMinimum; NaN/);
  expect(of({ spikeFactor: 0 })).toThrow(/alerts\.spikeFactor; 0/);
});
