import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { TurnBudget } from './turn-budget.ts';

function sample() {
  const clock = new FakeClock();
  const log: string[] = [];
  const budget = new TurnBudget({
    clock,
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    drained: () => log.push('drained'),
  });
  const take = (count: number): void => {
    for (let taken = 0; taken < count; taken += 1) budget.took();
  };
  return { clock, log, budget, take };
}

test('pauses after 512 messages, and goes on in a later turn', () => {
  const { clock, log, take } = sample();
  take(511);
  expect(log).toEqual([]);
  take(1);
  expect(log).toEqual(['pause']);
  clock.runNext();
  expect(log).toEqual(['pause', 'resume']);
  take(600);
  clock.runNext();
  expect(log.slice(2)).toEqual(['pause', 'resume']);
  // Nothing more came: all was read.
  clock.runNext();
  expect(log.slice(4)).toEqual(['drained']);
  expect(clock.pending).toBe(0);
});

test('pauses when reading took too long', () => {
  const { clock, log, take } = sample();
  take(15);
  clock.monotonic = () => 4;
  take(1);
  expect(log).toEqual(['pause']);
});

test('stopped, it does nothing more', () => {
  const { clock, log, budget, take } = sample();
  take(1);
  budget.stop();
  clock.advance(1_000);
  expect([log, clock.pending]).toEqual([[], 0]);
});
