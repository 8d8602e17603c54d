import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { Meter, Rate } from './telephony-metrics.ts';

const noChildren = { state: 'ready', isFatal: false, upMs: 0, restarts: 0, children: [] } as const;

function child(pingsAnswered: number, pingsFailed: number) {
  return {
    name: 'telephony-1',
    state: 'ready',
    upMs: 0,
    startMs: 0,
    restarts: 0,
    pingsAnswered,
    pingsFailed,
    pingMs: 1,
    lastError: undefined,
  } as const;
}

test('it counts what the worker answered', () => {
  const meter = new Meter(new FakeClock(), ['a', 'b', 'telnyx']);
  const states = [{ name: 'telnyx', breaker: 'open', hasCalls: true }] as const;
  for (let tookMs = 1; tookMs <= 100; tookMs += 1) {
    meter.answered([{ provider: 'telnyx', tookMs, code: null }], [...states]);
  }
  meter.answered([{ provider: 'telnyx', tookMs: 7, code: 'provider_failed' }], [...states]);
  meter.answered([{ provider: 'telnyx', tookMs: 0, code: 'breaker_open' }], [...states]);
  meter.credential(true);
  meter.credential(false);
  const status = {
    ...noChildren,
    upMs: 5,
    restarts: 2,
    children: [child(8, 1), child(1, 0)],
  };
  expect(meter.read(status, 3)).toEqual({
    uptimeMs: 5,
    restarts: 2,
    checks: { answered: 9, failed: 1, successRate: 0.9 },
    providers: [
      {
        name: 'telnyx',
        breaker: 'open',
        requests: 101,
        failures: 1,
        skipped: 1,
        latencyMs: { last: 7, median: 50, p95: 95 },
      },
    ],
    activeCalls: 3,
    credentials: { issued: 1, failed: 1, lastHour: 1, perMinute: 0 },
  });
  meter.restarted();
  expect(meter.states).toEqual([{ name: 'telnyx', breaker: 'closed', hasCalls: true }]);
});

test('nothing was checked yet: nothing failed', () => {
  const metrics = new Meter(new FakeClock(), ['a', 'b', 'telnyx']).read(noChildren, 0);
  expect(metrics.checks).toEqual({ answered: 0, failed: 0, successRate: 1 });
});

test('latency is that of the last 256', () => {
  const meter = new Meter(new FakeClock(), ['a', 'b', 'telnyx']);
  for (let count = 0; count < 600; count += 1) {
    meter.answered([{ provider: 'a', tookMs: count < 344 ? 1_000 : 2, code: null }], []);
  }
  expect(meter.read(noChildren, 0).providers[0]!.latencyMs).toEqual({ last: 2, median: 2, p95: 2 });
});

test('a rate covers an hour and the minute before this one', () => {
  const clock = new FakeClock();
  const rate = new Rate(clock);
  const read = () => [rate.lastHour, rate.lastMinute];
  rate.count();
  rate.count();
  expect(read()).toEqual([2, 0]);
  clock.advance(60_000);
  rate.count();
  expect(read()).toEqual([3, 2]);
  clock.advance(58 * 60_000);
  expect(read()).toEqual([3, 0]);
  clock.advance(60_000);
  expect(read()).toEqual([1, 0]);
  clock.advance(60_000);
  expect(read()).toEqual([0, 0]);
  rate.count();
  clock.advance(86_400_000);
  expect(read()).toEqual([0, 0]);
});

test('providers that a worker makes up are not counted', () => {
  const meter = new Meter(new FakeClock(), ['a']);
  for (let made = 0; made < 100; made += 1) {
    meter.answered([{ provider: `p${made}`, tookMs: 1, code: null }], []);
  }
  meter.answered([{ provider: 'a', tookMs: 1, code: null }], []);
  expect(meter.read(noChildren, 0).providers.map(({ name }) => name)).toEqual(['a']);
});
