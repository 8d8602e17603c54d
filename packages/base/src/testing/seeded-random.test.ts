import { expect, test } from 'vitest';
import { seededRandom } from './seeded-random.ts';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
};

test('the same seed gives the same numbers, on every machine', () => {
  expect(draw(1, 4)).toEqual([2693262067, 11749833, 2265367787, 4213581821]);
  expect(draw(1, 100)).toEqual(draw(1, 100));
});

test('another seed gives others', () => {
  expect(draw(2, 100)).not.toEqual(draw(1, 100));
});

test('numbers are spread over the whole range', () => {
  const buckets = Array.from({ length: 16 }, () => 0);
  for (const value of draw(3, 16_000)) {
    expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
    buckets[value >>> 28]! += 1;
  }
  for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
