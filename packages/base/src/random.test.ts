import { describe, expect, test } from 'vitest';
import {
  fullJitterMs,
  randomFraction,
  randomId,
  randomInteger,
  systemRandom,
  uuidV7,
} from './random.ts';
import type { Random } from './random.ts';
import { FakeClock, seededRandom } from './testing/index.ts';

/** Gives these numbers, then starts again. */
function fixed(...values: readonly number[]): Random {
  let index = 0;
  return { uint32: () => values[index++ % values.length]! };
}
const least = fixed(0);
const most = fixed(0xffff_ffff);

test('a fraction reaches 0 and stays below 1', () => {
  expect([randomFraction(least), randomFraction(fixed(2 ** 31))]).toEqual([0, 0.5]);
  expect(randomFraction(most)).toBeLessThan(1);
});

test('an integer reaches 0 and stays below its bound', () => {
  expect([randomInteger(least, 6), randomInteger(most, 6), randomInteger(most, 1)]).toEqual([
    0, 5, 0,
  ]);
});

test('the system random draws 32 bits', () => {
  const values = Array.from({ length: 200 }, () => systemRandom.uint32());
  expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(
    true,
  );
  expect(new Set(values).size).toBeGreaterThan(190);
});

describe('full jitter', () => {
  test.each([
    [0, 500],
    [1, 1_000],
    [2, 2_000],
    [6, 30_000],
    [2_000, 30_000],
  ])('attempt %i waits from 0 to %i ms', (attempt, mostMs) => {
    expect(fullJitterMs(least, attempt, 500, 30_000)).toBe(0);
    expect(fullJitterMs(most, attempt, 500, 30_000)).toBeCloseTo(mostMs, 3);
    expect(fullJitterMs(fixed(2 ** 31), attempt, 500, 30_000)).toBe(mostMs / 2);
  });
});

describe('randomId', () => {
  test('is made of four draws', () => {
    expect(randomId(fixed(35, 36, 0, 2 ** 32 - 1))).toBe('z1001z141z3');
  });

  test('fits the ids of the wire, and does not repeat', () => {
    const random = seededRandom(1);
    const ids = Array.from({ length: 1_000 }, () => randomId(random));
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every((id) => /^[0-9a-z]{4,28}$/.test(id))).toBe(true);
  });
});

describe('uuidV7 (RFC 9562 section 5.7)', () => {
  test('has time, version and variant in their places', () => {
    const clock = { now: () => 0x0123_4567_89ab };
    expect(uuidV7(clock, fixed(0xffff_ffff))).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
    expect(uuidV7(clock, least)).toBe('01234567-89ab-7000-8000-000000000000');
    // 12 + 14 bits of the first number, all of the second, the upper half of the third.
    expect(uuidV7(clock, fixed(0x0200_0abc, 0x1234_5678, 0x9abc_def0))).toBe(
      '01234567-89ab-7abc-a000-123456789abc',
    );
  });

  test('takes a fraction of a millisecond', () => {
    expect(uuidV7({ now: () => 1.9 }, least)).toBe('00000000-0001-7000-8000-000000000000');
  });

  test('sorts by the millisecond it was made in, and does not repeat', () => {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const ids = Array.from({ length: 1_000 }, () => {
      clock.advance(1);
      return uuidV7(clock, random);
    });
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(1_000);
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(ids.every((id) => form.test(id))).toBe(true);
  });
});
