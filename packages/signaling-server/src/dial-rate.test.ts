import { expect, it } from 'vitest';
import { FakeClock } from '@ringfence/base/testing';
import { DialRate } from './dial-rate.ts';

it('bounds each user alone, and forgets who dials no more (P-412)', () => {
  const clock = new FakeClock();
  const rate = new DialRate({ dialBurst: 2, dialsPerSecond: 2 }, clock);
  const take = (userId: string, orgId = 'acme'): number => rate.take(orgId, userId);
  expect([take('alice'), take('alice'), take('alice')]).toEqual([0, 0, 500]);
  expect([take('bob'), take('alice', 'other')]).toEqual([0, 0]);
  clock.advance(500);
  expect([take('alice'), take('alice')]).toEqual([0, 500]);
  expect(rate.size).toBe(3);
  clock.advance(500);
  rate.purge(clock.monotonic());
  expect(rate.size).toBe(1);
  clock.advance(500);
  rate.purge(clock.monotonic());
  expect(rate.size).toBe(0);
});
