import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { MemoryWatch, residentBytes } from './resident-memory.ts';

test('reads what this process holds', async () => {
  const bytes = await residentBytes(process.pid);
  const own = process.memoryUsage.rss();
  expect(bytes! / own).toBeGreaterThan(0.5);
  expect(bytes! / own).toBeLessThan(2);
});

test('knows nothing of a process that is not there', async () => {
  expect(await residentBytes(2 ** 30)).toBe(undefined);
});

test('tells once when there is more than the limit', async () => {
  const clock = new FakeClock();
  const readings = [100, undefined, new Error('unreadable'), 200, 201, 202];
  const told: unknown[] = [];
  new MemoryWatch({
    name: 'mixer',
    clock,
    limitBytes: 200,
    everyMs: 1_000,
    async read() {
      const reading = readings.shift();
      if (reading instanceof Error) throw reading;
      return reading;
    },
    onOver: ({ code, message, details }) => told.push([clock.monotonic(), code, message, details]),
  });
  await clock.advanceAsync(60_000);
  expect(told).toEqual([
    [
      5_000,
      'child_out_of_memory',
      'unable to let mixer go on; it holds 201 bytes, more than 200',
      { heldBytes: 201, limitBytes: 200 },
    ],
  ]);
  expect(clock.pending).toBe(0);
});

test('stopped while it reads, it tells nothing', async () => {
  const clock = new FakeClock();
  const told: unknown[] = [];
  let read: (bytes: number) => void = () => {};
  const watch = new MemoryWatch({
    name: 'mixer',
    clock,
    limitBytes: 200,
    everyMs: 1_000,
    read: () => new Promise((resolve) => (read = resolve)),
    onOver: (error) => told.push(error),
  });
  await clock.advanceAsync(1_000);
  watch.stop();
  read(500);
  await clock.advanceAsync(60_000);
  expect([told, clock.pending]).toEqual([[], 0]);
});
