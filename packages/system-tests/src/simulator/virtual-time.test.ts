import { expect, test } from 'vitest';
import { seededRandom } from '@ringfence/base/testing';
import { VirtualTime } from './virtual-time.ts';

function runAll(time: VirtualTime): void {
  while (time.runNext());
}

test('timers of one party fire by due time, then in the order of their making', () => {
  const time = new VirtualTime(seededRandom(1));
  const clock = time.clock('alice');
  const fired: string[] = [];
  clock.setTimeout(() => fired.push(`c at ${clock.monotonic()}`), 20);
  clock.setTimeout(() => fired.push(`a at ${clock.monotonic()}`), 10);
  clock.setTimeout(() => fired.push(`b at ${clock.monotonic()}`), 10);
  runAll(time);
  expect(fired).toEqual(['a at 10', 'b at 10', 'c at 20']);
  expect(time.pending()).toEqual({});
});

test('many timers come out in order', () => {
  const random = seededRandom(5);
  const time = new VirtualTime(random);
  const clock = time.clock('alice');
  const delays = Array.from({ length: 500 }, () => random.uint32() % 1_000);
  const fired: number[] = [];
  for (const delayMs of delays) clock.setTimeout(() => fired.push(clock.monotonic()), delayMs);
  runAll(time);
  expect(fired).toEqual([...delays].sort((a, b) => a - b));
});

test('a tie between parties is decided by the seed', () => {
  const order = (seed: number): string => {
    const time = new VirtualTime(seededRandom(seed));
    const alice = time.clock('alice');
    const bob = time.clock('bob');
    let fired = '';
    for (let n = 0; n < 20; n += 1) {
      alice.setTimeout(() => (fired += 'a'), n);
      bob.setTimeout(() => (fired += 'b'), n);
    }
    runAll(time);
    return fired;
  };
  expect(order(1)).toBe(order(1));
  expect(new Set([order(1), order(2), order(3)]).size).toBe(3);
  expect(order(1)).toMatch(/ab/);
  expect(order(1)).toMatch(/ba/);
});

test('a cleared timer does not fire, and clearing twice counts once', () => {
  const time = new VirtualTime(seededRandom(1));
  const clock = time.clock('alice');
  const handle = clock.setTimeout(() => expect.unreachable(), 5);
  clock.setTimeout(() => {}, 9);
  clock.clearTimeout(handle);
  clock.clearTimeout(handle);
  clock.clearTimeout(undefined);
  expect(time.pending()).toEqual({ alice: 1 });
  expect(time.nextDueMs).toBe(9);
});

test('a stopped party is silent and the others go on', () => {
  const time = new VirtualTime(seededRandom(1));
  const fired: string[] = [];
  time.clock('alice').setTimeout(() => fired.push('alice'), 5);
  time.clock('bob').setTimeout(() => fired.push('bob'), 6);
  time.stop('alice');
  expect(time.pending()).toEqual({ bob: 1 });
  runAll(time);
  expect(fired).toEqual(['bob']);
});

test('wall clocks are off by what they were given', () => {
  const time = new VirtualTime(seededRandom(1));
  const server = time.clock('server');
  const alice = time.clock('alice', -90_000);
  expect(server.now() - alice.now()).toBe(90_000);
  expect(server.monotonic()).toBe(alice.monotonic());
});
