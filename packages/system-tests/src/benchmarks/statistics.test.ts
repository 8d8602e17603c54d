import { expect, test } from 'vitest';
import { seededRandom } from '@ringfence/base/testing';
import { interleave, median, ratio, shuffled, slope } from './statistics.ts';

test('the median of an even number of values lies between the middle two', () => {
  expect(median([9, 1, 2, 4])).toBe(3);
  expect(median([3, 1, 2])).toBe(2);
  expect(() => median([])).toThrow('unable to take a median; there are no values');
});

test('a shuffle keeps every item, and the same seed gives the same order', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const once = shuffled(items, seededRandom(7));
  expect([...once].sort((a, b) => a - b)).toEqual(items);
  expect(shuffled(items, seededRandom(7))).toEqual(once);
});

test('each contestant is measured once a round', async () => {
  const order: string[] = [];
  const costs = await interleave(3, {
    ours: () => order.push('ours'),
    peer: () => order.push('peer'),
  });
  expect(costs.ours.length).toBe(3);
  expect(costs.peer.length).toBe(3);
  for (const round of [0, 2, 4]) {
    expect(order.slice(round, round + 2).sort()).toEqual(['ours', 'peer']);
  }
});

test('the interval of a ratio holds the true one, also when the machine drifts', () => {
  const random = seededRandom(3);
  const noise = (): number => 1 + random.uint32() / 2 ** 32 / 5;
  const theirs = Array.from({ length: 40 }, (_, round) => (100 + round * 5) * noise());
  const ours = Array.from({ length: 40 }, (_, round) => (150 + round * 7.5) * noise());
  const { estimate, low, high } = ratio(ours, theirs);
  expect(low).toBeLessThan(1.5);
  expect(high).toBeGreaterThan(1.5);
  expect(estimate).toBeGreaterThanOrEqual(low);
  expect(estimate).toBeLessThanOrEqual(high);
  expect(high - low).toBeLessThan(0.15);
});

test('two equal sides have the ratio 1', () => {
  expect(ratio([5, 6, 7], [5, 6, 7])).toEqual({ estimate: 1, low: 1, high: 1 });
});

test('sides of different length cannot be compared', () => {
  expect(() => ratio([1], [1, 2])).toThrow(
    'unable to compare; the rounds of both sides differ in number',
  );
});

test('a slope is what values rise by, whatever a few of them do', () => {
  expect(slope([1, 3, 5, 7])).toBe(2);
  expect(slope([100, 2, 3, 4, 5, 6, -50, 8, 9])).toBe(1);
  expect(slope([5, 5, 9, 5, 5])).toBe(0);
});
