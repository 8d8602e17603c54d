import { expect, test } from 'vitest';
import { randomInteger } from '../random.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { seededRandom } from './seeded-random.ts';

const start = 1_700_000_000_000;

test('stands still until it is told to move', () => {
  const clock = new FakeClock();
  expect([clock.now(), clock.monotonic()]).toEqual([start, 0]);
  clock.advance(1_500);
  expect([clock.now(), clock.monotonic()]).toEqual([start + 1_500, 1_500]);
});

test('fires timers in the order of their due time, then of their making', () => {
  const clock = new FakeClock();
  const fired: [string, number][] = [];
  const after = (name: string, delayMs: number): unknown =>
    clock.setTimeout(() => fired.push([name, clock.monotonic()]), delayMs);
  after('c', 30);
  after('a', 10);
  after('b', 10);
  after('now', 0);
  after('past', -5);
  after('no number', Number.NaN);
  clock.advance(29);
  expect(fired).toEqual([
    ['now', 0],
    ['past', 0],
    ['no number', 0],
    ['a', 10],
    ['b', 10],
  ]);
  expect([clock.pending, clock.nextDueMs]).toEqual([1, 30]);
  clock.advance(1);
  expect(fired.at(-1)).toEqual(['c', 30]);
  expect([clock.pending, clock.nextDueMs]).toEqual([0, undefined]);
});

test('a timer that is cleared never fires, also when another one clears it', () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const cleared = clock.setTimeout(() => fired.push('cleared'), 5);
  clock.setTimeout(() => clock.clearTimeout(second), 10);
  const second = clock.setTimeout(() => fired.push('second'), 10);
  clock.clearTimeout(cleared);
  clock.clearTimeout(cleared);
  clock.clearTimeout('unknown');
  expect(clock.nextDueMs).toBe(10);
  clock.advance(20);
  expect(fired).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('a timer made by a timer fires in the same advance when it falls due', () => {
  const clock = new FakeClock();
  const fired: number[] = [];
  const again = (): void => {
    fired.push(clock.monotonic());
    clock.setTimeout(again, 10);
  };
  clock.setTimeout(again, 10);
  clock.advance(35);
  expect(fired).toEqual([10, 20, 30]);
});

test('a step of the wall clock moves neither timers nor durations', () => {
  const clock = new FakeClock();
  let fired = 0;
  clock.setTimeout(() => (fired += 1), 1_000);
  clock.stepWallClock(-3_600_000);
  clock.advance(999);
  expect([fired, clock.now(), clock.monotonic()]).toEqual([0, start - 3_600_000 + 999, 999]);
  clock.advance(1);
  expect(fired).toBe(1);
});

test('runNext moves to the next timer and runs that one alone', () => {
  const clock = new FakeClock();
  const fired: number[] = [];
  clock.setTimeout(() => fired.push(2), 20);
  clock.setTimeout(() => fired.push(1), 10);
  expect([clock.runNext(), clock.monotonic(), fired]).toEqual([true, 10, [1]]);
  expect([clock.runNext(), clock.monotonic(), fired]).toEqual([true, 20, [1, 2]]);
  expect([clock.runNext(), clock.monotonic()]).toEqual([false, 20]);
});

test('what a timer throws comes through, and the timer is gone', () => {
  const clock = new FakeClock();
  clock.setTimeout(() => {
    throw new Error('broken');
  }, 10);
  expect(() => clock.advance(20)).toThrow('broken');
  expect([clock.pending, clock.monotonic()]).toEqual([0, 10]);
});

test('advanceAsync lets chains of promises settle between timers', async () => {
  const clock = new FakeClock();
  const seen: [string, number][] = [];
  const chain = async (): Promise<void> => {
    for (let link = 0; link < 50; link += 1) await Promise.resolve();
    seen.push(['chain', clock.monotonic()]);
    clock.setTimeout(() => seen.push(['from the chain', clock.monotonic()]), 5);
  };
  clock.setTimeout(() => void chain(), 10);
  clock.setTimeout(() => seen.push(['later', clock.monotonic()]), 20);
  await clock.advanceAsync(30);
  expect(seen).toEqual([
    ['chain', 10],
    ['from the chain', 15],
    ['later', 20],
  ]);
  expect(clock.monotonic()).toBe(30);
});

test('settle waits for every promise that is ready, without time', async () => {
  let done = false;
  void (async () => {
    for (let link = 0; link < 1_000; link += 1) await Promise.resolve();
    done = true;
  })();
  await settle();
  expect(done).toBe(true);
});

test('many timers, set and cleared at random, fire in order', () => {
  const random = seededRandom(7);
  const clock = new FakeClock();
  const expected: number[] = [];
  const fired: number[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    const dueMs = randomInteger(random, 500);
    const handle = clock.setTimeout(() => fired.push(dueMs), dueMs);
    if (randomInteger(random, 3) === 0) clock.clearTimeout(handle);
    else expected.push(dueMs);
  }
  expect(clock.pending).toBe(expected.length);
  clock.advance(500);
  expect(fired).toEqual([...expected].sort((a, b) => a - b));
});
