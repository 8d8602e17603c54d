import type { Call } from '@ringfence/phone';
import { expect, test } from 'vitest';
import { arrange } from './lines.ts';

const line = (id: string, given: Partial<Call> = {}) => ({
  call: {
    id,
    direction: 'outgoing',
    state: 'active',
    holding: 'none',
    answeredAt: 1,
    ...given,
  } as Call,
  talkingSince: null,
});
const asking = (id: string) =>
  line(id, { direction: 'incoming', state: 'ringing', answeredAt: null });

/** The ids of what is shown large, small, and asking. */
const shown = (lines: readonly ReturnType<typeof line>[], before: Call | null = null) => {
  const { front, others, asking: askers } = arrange(lines, before);
  return [front?.call.id ?? null, others.map(({ call }) => call.id), askers.map(({ id }) => id)];
};

test('nothing runs', () => {
  expect(shown([])).toEqual([null, [], []]);
});

test('the call that is not held is large', () => {
  const bob = line('bob');
  const carol = line('carol', { holding: 'local' });
  expect(shown([bob, carol], carol.call)).toEqual(['bob', ['carol'], []]);
});

test('a call that rings here takes the place of none, and they stay in the order they came', () => {
  const bob = line('bob');
  expect(shown([asking('carol'), bob, asking('dave')], bob.call)).toEqual([
    'bob',
    [],
    ['carol', 'dave'],
  ]);
});

test('a call put on hold stays where it is until another is talked on', () => {
  const bob = line('bob', { holding: 'local' });
  const carol = line('carol', { holding: 'both' });
  expect(shown([bob, carol], bob.call)).toEqual(['bob', ['carol'], []]);
  expect(shown([bob, carol])).toEqual(['carol', ['bob'], []]);
});

test('a call held by the other side is not held here', () => {
  const bob = line('bob', { holding: 'remote' });
  const carol = line('carol', { holding: 'local' });
  expect(shown([bob, carol], carol.call)).toEqual(['bob', ['carol'], []]);
});

test('of two that are heard for a moment, what was large stays so', () => {
  const bob = line('bob');
  const carol = line('carol');
  expect(shown([bob, carol], bob.call)).toEqual(['bob', ['carol'], []]);
  expect(shown([bob, carol])).toEqual(['carol', ['bob'], []]);
});

test('who waits after a transfer has taken the call', () => {
  const waiting = line('bob', { direction: 'incoming', state: 'ringing', answeredAt: 1 });
  expect(shown([waiting])).toEqual(['bob', [], []]);
});
