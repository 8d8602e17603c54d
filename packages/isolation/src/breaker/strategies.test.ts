import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slidingCount, slidingTime } from './strategies.ts';

const outcomes = fc.array(
  fc.record({
    isFailure: fc.boolean(),
    passMs: fc.nat(300),
    isReset: fc.nat(40).map((n) => n === 0),
  }),
  { maxLength: 120 },
);

test('slidingCount opens by the share of failures among the last calls', () => {
  const options = fc.record({
    size: fc.integer({ min: 1, max: 20 }),
    minimumCalls: fc.integer({ min: 1, max: 25 }),
    failureRate: fc.constantFrom(0.1, 0.5, 1),
  });
  fc.assert(
    fc.property(options, outcomes, (given, done) => {
      const strategy = slidingCount(given)();
      let calls: boolean[] = [];
      for (const { isFailure, isReset } of done) {
        if (isReset) {
          strategy.reset();
          calls = [];
        }
        calls = [...calls, isFailure].slice(-given.size);
        if (!isFailure) {
          strategy.succeeded(0);
          continue;
        }
        const isEnough = calls.length >= Math.min(given.minimumCalls, given.size);
        const share = calls.filter(Boolean).length / calls.length;
        expect(strategy.failed(0)).toBe(isEnough && share >= given.failureRate);
      }
    }),
  );
});

test('slidingTime opens by the share of failures among the calls of the last tenths', () => {
  const options = fc.record({
    minimumCalls: fc.integer({ min: 1, max: 8 }),
    failureRate: fc.constantFrom(0.3, 0.5, 1),
  });
  fc.assert(
    fc.property(options, outcomes, fc.nat(1e9), (given, done, startMs) => {
      const strategy = slidingTime({ ...given, windowMs: 1_000 })();
      let calls: { tenth: number; isFailure: boolean }[] = [];
      let nowMs = startMs;
      for (const { isFailure, isReset, passMs } of done) {
        nowMs += passMs;
        if (isReset) {
          strategy.reset();
          calls = [];
        }
        const tenth = Math.floor(nowMs / 100);
        calls = [...calls, { tenth, isFailure }].filter((call) => call.tenth > tenth - 10);
        if (!isFailure) {
          strategy.succeeded(nowMs);
          continue;
        }
        const share = calls.filter((call) => call.isFailure).length / calls.length;
        const isTripped = calls.length >= given.minimumCalls && share >= given.failureRate;
        expect(strategy.failed(nowMs)).toBe(isTripped);
      }
    }),
  );
});

test('each breaker has a window of its own', () => {
  const make = slidingCount({ minimumCalls: 2, size: 2 });
  const [one, two] = [make(), make()];
  one.failed(0);
  expect(two.failed(0)).toBe(false);
  expect(one.failed(0)).toBe(true);
});

test.for<[field: string, make: () => unknown]>([
  ['failureRate', () => slidingCount({ failureRate: 0 })],
  ['failureRate', () => slidingTime({ failureRate: 1.1 })],
  ['failureRate', () => slidingTime({ failureRate: NaN })],
  ['size', () => slidingCount({ size: 10.5 })],
  ['size', () => slidingCount({ size: 0 })],
  ['minimumCalls', () => slidingCount({ minimumCalls: 0 })],
  ['minimumCalls', () => slidingTime({ minimumCalls: 1.5 })],
  ['windowMs', () => slidingTime({ windowMs: 99 })],
])('a %s out of range is refused', ([field, make]) => {
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_option', details: { field } }));
});
