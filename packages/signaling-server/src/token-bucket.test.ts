import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

it('gives its burst at once, then its rate', () => {
  const bucket = new TokenBucket(3, 10, 0);
  const takes = (atMs: number, count: number): boolean[] =>
    Array.from({ length: count }, () => bucket.take(1, atMs));
  expect(takes(0, 4)).toEqual([true, true, true, false]);
  expect(takes(99, 1)).toEqual([false]);
  expect(takes(100, 2)).toEqual([true, false]);
  expect(takes(100_000, 4)).toEqual([true, true, true, false]);
});

it('takes nothing when it refuses', () => {
  const bucket = new TokenBucket(5, 1, 0);
  expect(bucket.take(6, 0)).toBe(false);
  expect(bucket.take(5, 0)).toBe(true);
});
