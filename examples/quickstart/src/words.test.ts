import type { Call, ParticipantView } from '@ringfence/phone';
import { expect, test } from 'vitest';
import {
  callerInWords,
  createWords,
  endInWords,
  heldInWords,
  noteInWords,
  preferredLanguage,
  stateInWords,
  stateWord,
} from './words.ts';
import type { SpokenCall } from './words.ts';

const english = createWords('en');
const german = createWords('de');

const person = (
  id: string,
  userId: string,
  given: Partial<ParticipantView> = {},
): ParticipantView => ({
  id,
  address: `user:${userId}`,
  userId,
  role: 'member',
  invitedBy: null,
  self: false,
  state: 'active',
  leftReason: null,
  legId: `l${id.slice(1)}`,
  held: false,
  muted: false,
  camera: false,
  ...given,
});
const me = person('p1', 'me', { self: true, role: 'moderator' });

const call = (given: Partial<SpokenCall>): SpokenCall => ({
  state: 'active',
  direction: 'outgoing',
  via: 'dial',
  peer: { address: 'user:bob', userId: 'bob' },
  participants: [me, person('p2', 'bob')],
  requests: [],
  media: { audio: true, video: false },
  holding: 'none',
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
const early = { participants: [me, person('p2', 'bob', { state: 'ringing' })], answeredAt: null };

test('every state is said in words', () => {
  expect(states.map((state) => stateInWords(english, call({ ...early, state })))).toEqual([
    'Waiting for your microphone. Your browser may ask.',
    'Calling Bob',
    'Ringing for Bob',
    'Waiting for your microphone. Your browser may ask.',
    'Connecting sound and picture',
    'You are talking to Bob',
    'The connection was lost. It is being restored.',
  ]);
  expect(states.map((state) => stateWord(english, call({ ...early, state })))).toEqual([
    'Getting ready',
    'Calling',
    'Ringing',
    'Getting ready',
    'Connecting',
    'Talking',
    'Reconnecting',
  ]);
});

test('in a room all are named, without those who did not come', () => {
  const participants = [
    me,
    person('p2', 'bob'),
    person('p3', 'carol'),
    person('p4', 'dave', { state: 'left', leftReason: 'declined' }),
  ];
  expect(stateInWords(english, call({ participants }))).toBe('You are talking to Bob and Carol');
  expect(stateInWords(german, call({ participants }))).toBe('Sie sprechen mit Bob und Carol');
});

test('who is left behind by a transfer waits for the other', () => {
  const waiting = call({
    state: 'ringing',
    direction: 'incoming',
    participants: [me, person('p3', 'carol', { state: 'ringing' })],
  });
  expect(stateInWords(english, waiting)).toBe('Waiting for Carol');
  expect(stateWord(english, waiting)).toBe('Waiting');
});

test('a transfer that is asked for shows at once', () => {
  const requests = [{ ticket: 't', request: { type: 'call.transfer', to: 'user:carol' } }] as const;
  expect(stateInWords(english, call({ requests }))).toBe('Passing Bob on');
});

test('a call that comes in says how it came', () => {
  const incoming = (given: Partial<SpokenCall>) =>
    callerInWords(
      english,
      call({ state: 'ringing', direction: 'incoming', answeredAt: null, ...given }),
    );
  const video = { audio: true, video: true };
  expect(incoming({ media: video })).toEqual({ title: 'Bob is calling', about: 'Video call' });
  expect(incoming({ via: 'forward' })).toEqual({
    title: 'Bob is calling',
    about: 'Audio call · Forwarded to you',
  });
  expect(incoming({ via: 'transfer' }).about).toBe('Audio call · Passed on to you');
  expect(incoming({ via: 'return' })).toEqual({
    title: 'Bob is back',
    about: 'Nobody took the call you passed on',
  });
  expect(
    incoming({ via: 'invite', participants: [me, person('p1', 'bob'), person('p2', 'carol')] }),
  ).toEqual({ title: 'Bob asks you to join', about: 'Audio call · With Carol' });
  // Whom the call is with first need not be who asks.
  const asked = [{ ...me, invitedBy: 'carol' }, person('p1', 'bob'), person('p2', 'carol')];
  expect(incoming({ via: 'invite', participants: asked }).title).toBe('Carol asks you to join');
});

test('hold says who holds', () => {
  expect(
    (['none', 'local', 'remote', 'both'] as const).map((holding) =>
      heldInWords(english, call({ holding })),
    ),
  ).toEqual([null, 'You put Bob on hold', 'Bob put you on hold', 'Both of you are on hold']);
});

const ended = { reason: 'completed', cause: null, by: 'remote' } as const;
const over = { ...call({ state: 'ended' }), end: ended } as Call;

test('an end is said in the language of the page, with the name as it is shown', () => {
  expect(endInWords(english, over)).toEqual({
    title: 'Call ended',
    what: 'Bob hung up.',
    advice: null,
  });
  expect(endInWords(german, over).what).toBe('Bob hat aufgelegt.');
});

test('notes are said in one line', () => {
  const name = 'Carol';
  expect(noteInWords(english, { kind: 'refused', error: 'already_there', name })).toBe(
    'Carol is in the call already, or on the way.',
  );
  const { what, advice } = german.texts.ofError('call_full');
  expect(noteInWords(german, { kind: 'refused', error: 'call_full' })).toBe(`${what} ${advice}`);
  expect(noteInWords(english, { kind: 'refused', error: 'device_missing' })).toBe(
    'There is no camera to use. The call goes on without.',
  );
  expect(noteInWords(english, { kind: 'mute-requested', name })).toBe(
    'Carol asked you to mute. You are muted.',
  );
  expect(noteInWords(english, { kind: 'over', call: over })).toBe('Bob: Bob hung up.');
});

test("the page speaks the first of the user's languages that it knows", () => {
  expect(preferredLanguage(['', 'de-AT', 'en'])).toBe('de');
  expect(preferredLanguage(['fr', 'en-GB', 'de'])).toBe('en');
  expect(preferredLanguage(['', 'fr'])).toBe('en');
});
