import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '@ringfence/base';
import { guardAmbient } from './ambient-guard.ts';

test('what a package uses of real time and chance is noted, and works as before', () => {
  const guard = guardAmbient();
  try {
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
    expect(guard.uses).toEqual([]);
    expect(systemClock.now()).toBeGreaterThan(1_600_000_000_000);
    expect(systemClock.monotonic()).toBeGreaterThan(0);
    systemClock.clearTimeout(systemClock.setTimeout(() => {}, 0));
    expect(systemRandom.uint32()).toBeLessThan(2 ** 32);
    expect(guard.uses.map(({ name }) => name)).toEqual([
      'Date.now',
      'performance.now',
      'setTimeout',
      'crypto.getRandomValues',
    ]);
    expect(guard.uses[0]!.stack).toContain('clock.ts');
  } finally {
    guard.release();
  }
});

test('released, the globals are what they were', () => {
  const before = [Date, Date.now, Math.random, setTimeout, crypto.randomUUID, fetch];
  guardAmbient().release();
  expect([Date, Date.now, Math.random, setTimeout, crypto.randomUUID, fetch]).toEqual(before);
  expect(Object.hasOwn(performance, 'now')).toBe(false);
});
