import { expect, test } from 'vitest';
import { ways } from './tube-life.ts';
import { runWorld } from './tube-world.ts';

test('calls that fail in every way change nothing for the others, and leave nothing', async () => {
  const tubes = ways.length * 10;
  const calm = await runWorld(tubes, 20_000, false);
  const faulty = await runWorld(tubes, 20_000, true);
  expect(faulty.byWay.size).toBe(ways.length);
  expect([calm.told.size, faulty.told.size > 8]).toEqual([0, true]);
  expect(faulty.logs).toEqual(calm.logs);
  expect(calm.logs.every((log) => log === null || log.length > 20)).toBe(true);
  expect(faulty.faultsElsewhere).toBe(0);
  expect(faulty.left).toEqual({ tubes: 0, timers: 0, listeners: 0, connections: 0, stuck: 0 });
});

test('the same world is the same every time', async () => {
  const one = await runWorld(20, 5_000, true);
  expect(await runWorld(20, 5_000, true)).toEqual(one);
});
