import { expect, test } from 'vitest';
import { endInWords, heldInWords, stateInWords, stateWord } from './words.ts';
import type { SpokenCall } from './words.ts';

const call = (given: Partial<SpokenCall>): SpokenCall => ({
  state: 'active',
  direction: 'outgoing',
  peer: { address: 'user:bob', userId: 'bob' },
  media: { audio: true, video: false },
  holding: 'none',
  end: null,
  answeredAt: 1,
  ...given,
});

const states = [
  'preparing',
  'dialing',
  'ringing',
  'accepting',
  'connecting',
  'active',
  'reconnecting',
] as const;

test('every state is said in words', () => {
  expect(states.map((state) => stateInWords(call({ state })))).toEqual([
    'Waiting for your microphone. Your browser may ask.',
    'Calling Bob',
    'Ringing for Bob',
    'Waiting for your microphone. Your browser may ask.',
    'Connecting sound and picture',
    'You are talking to Bob',
    'The connection was lost. It is being restored.',
  ]);
  expect(stateInWords(call({ state: 'ringing', direction: 'incoming' }))).toBe('Bob is calling');
  expect(states.map((state) => stateWord(call({ state })))).toEqual([
    'Getting ready',
    'Calling',
    'Ringing',
    'Getting ready',
    'Connecting',
    'Talking',
    'Reconnecting',
  ]);
});

test('hold says who holds', () => {
  expect(
    (['none', 'local', 'remote', 'both'] as const).map((holding) => heldInWords(call({ holding }))),
  ).toEqual([null, 'You put Bob on hold', 'Bob put you on hold', 'Both of you are on hold']);
});

const ended = (end: SpokenCall['end'], given: Partial<SpokenCall> = {}) =>
  endInWords(call({ state: 'ended', end, ...given }));

test('an end by one side names that side', () => {
  expect(ended({ reason: 'completed', cause: null, by: 'remote' })).toEqual({
    title: 'Call ended',
    why: 'Bob hung up.',
    advice: null,
    isFault: false,
  });
  expect(
    ended({ reason: 'canceled', cause: null, by: 'remote' }, { direction: 'incoming' }),
  ).toEqual({
    title: 'Missed call',
    why: 'Bob hung up before you answered.',
    advice: 'Call Bob back.',
    isFault: false,
  });
});

test('a refused microphone tells its owner what to do, and the peer whose it is', () => {
  const end = { reason: 'failed', cause: 'permission_denied' } as const;
  expect(ended({ ...end, by: 'local' })).toEqual({
    title: 'No permission',
    why: 'Your browser may not use the microphone.',
    advice: 'Select the icon beside the address of this page, allow it, and call again.',
    isFault: true,
  });
  expect(ended({ ...end, by: 'remote' }, { media: { audio: true, video: true } })).toEqual({
    title: 'Call failed',
    why: "Bob's browser may not use the camera and microphone.",
    advice: 'Ask Bob to allow it and call again.',
    isFault: true,
  });
});

test('who was lost is told from either side', () => {
  const end = { reason: 'failed', cause: 'callee_lost', by: null } as const;
  expect(ended(end).why).toBe('Bob went offline and did not come back.');
  expect(ended(end, { direction: 'incoming' }).why).toBe('You were offline for too long.');
});

test('what the server refused is said by its code', () => {
  const end = { reason: 'failed', cause: null, by: null } as const;
  expect(ended({ ...end, code: 'cannot_dial_self' }).why).toBe('You cannot call your own name.');
  expect(ended({ ...end, code: 'strange' }).why).toBe('The server refused the call (strange).');
  expect(ended(end, { answeredAt: null }).why).toBe('The server could not be reached in time.');
});
