import { expect, test } from 'vitest';
import { raceKinds } from './kinds.ts';
import { runBatch } from './rounds.ts';

test.each(Object.keys(raceKinds))(
  '%s: all agree in the end, every side comes out, and a batch repeats',
  async (kind) => {
    const batch = { kind, seed: 1, runs: 60 };
    const result = await runBatch(batch);
    expect(result.broken).toEqual([]);
    expect(Object.keys(result.outcomes)).toEqual(
      expect.arrayContaining([...raceKinds[kind]!.sides]),
    );
    expect(result.troubled).toBeGreaterThan(0);
    expect(await runBatch(batch)).toEqual(result);
  },
  60_000,
);

test('a group is followed without changing what happens', async () => {
  const batch = { kind: 'accept, cancel', seed: 2, runs: 10 };
  const { lines, ...rest } = await runBatch(batch, 3);
  expect(lines.length).toBeGreaterThan(10);
  expect(await runBatch(batch)).toEqual({ ...rest, lines: [] });
});
