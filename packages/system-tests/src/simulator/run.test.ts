import { expect, test } from 'vitest';
import { runSeed } from './run.ts';

const seeds = [1, 2, 3, 4, 5, 6];

async function digests(order: readonly number[]): Promise<Record<number, string>> {
  const found: Record<number, string> = {};
  for (const seed of order) {
    const { broken, digest } = await runSeed(seed);
    expect(broken, `seed ${seed}`).toEqual([]);
    found[seed] = digest;
  }
  return found;
}

test('a seed gives the same trace whatever ran before it, and no other seed gives it', async () => {
  const once = await digests(seeds);
  const again = await digests([...seeds].reverse());
  expect(again).toEqual(once);
  expect(new Set(Object.values(once)).size).toBe(seeds.length);
}, 60_000);
