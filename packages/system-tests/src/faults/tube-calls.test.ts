import { expect, test } from 'vitest';
import { callWayNames } from './tube-call-ways.ts';
import { runCalls } from './tube-calls.ts';

test('real calls that fail in every way change nothing for the others, and leave nothing', async () => {
  const calls = 2 * callWayNames.length;
  const calm = await runCalls({ calls, forMs: 36_000, faulty: false, failEvery: 2 });
  const faulty = await runCalls({ calls, forMs: 36_000, faulty: true, failEvery: 2 });
  const once = { made: 1, traced: 1 };
  expect(Object.fromEntries(faulty.byWay)).toEqual(
    Object.fromEntries(callWayNames.map((way) => [way, once])),
  );
  expect(faulty.logs).toEqual(calm.logs);
  expect(calm.logs.every((log) => log === null || log.length > 50)).toBe(true);
  expect([calm.faults, calm.faultsElsewhere, faulty.faultsElsewhere]).toEqual([0, 0, 0]);
  expect(faulty.faults).toBeGreaterThan(100);
  expect([...calm.escaped, ...faulty.escaped]).toEqual([]);
  for (const { left } of [calm, faulty]) {
    expect(Object.entries(left).filter(([, count]) => count > 0)).toEqual([]);
  }
}, 60_000);

test('the same calls are the same every time', async () => {
  const options = { calls: 10, forMs: 10_000, faulty: true, failEvery: 2 };
  expect(await runCalls(options)).toEqual(await runCalls(options));
});
