import { describe, expect, test } from 'vitest';
import {
  areConnected,
  hasJoined,
  isEngaged,
  isLive,
  isParty,
  joinedLegs,
  legOfDevice,
  nextDeadlineAt,
  offersFirst,
  participantOfLeg,
  participantOfUser,
  seenUntil,
} from './facts.ts';
import { sampleActors, sampleCall } from './testing/index.ts';
import type { SamplePoint } from './testing/index.ts';

const start = 1_700_000_000_000;
const { alice, carol } = sampleActors;

test.each<readonly [SamplePoint, number | null]>([
  ['offered', start + 2_000],
  ['ringing', start + 2_000],
  ['connecting', start + 23_000],
  ['active', start + 12 * 3_600_000],
  ['ended', null],
  ['tombstone', null],
])('the next deadline when %s', (point, at) => {
  expect(nextDeadlineAt(sampleCall(point).facts)).toBe(at);
});

test.each<readonly [SamplePoint, boolean, boolean]>([
  ['offered', true, true],
  ['ringing', true, true],
  ['connecting', true, true],
  ['active', true, true],
  ['ended', false, false],
  ['tombstone', false, false],
])('who is engaged when %s', (point, isAlice, isBob) => {
  const { facts } = sampleCall(point);
  expect([isEngaged(facts, 'alice'), isEngaged(facts, 'bob'), isEngaged(facts, 'carol')]).toEqual([
    isAlice,
    isBob,
    false,
  ]);
});

describe('parties and legs', () => {
  const { facts } = sampleCall('active');
  test('a party stays one after the end', () => {
    const ended = sampleCall('ended').facts;
    expect([isParty(ended, 'alice'), isParty(ended, 'bob'), isParty(ended, 'carol')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('the joined legs are those who talk', () => {
    expect(joinedLegs(sampleCall('ringing').facts).map(({ id }) => id)).toEqual(['l1']);
    expect(joinedLegs(facts).map(({ id }) => id)).toEqual(['l1', 'l2']);
    expect(joinedLegs(sampleCall('ended').facts)).toEqual([]);
  });

  test('a leg is found by user and device together', () => {
    const leg = legOfDevice(facts, 'bob', 'b2')!;
    expect(leg.id).toBe('l3');
    expect(participantOfLeg(facts, leg).id).toBe('p2');
    expect(legOfDevice(facts, 'alice', 'b2')).toBeUndefined();
  });
});

test('who comes back has a new participant and a new leg, and those count', () => {
  const call = sampleCall('room')
    .after({ actor: carol, command: { type: 'call.hang-up' } }, 20_000)
    .after({ actor: alice, command: { type: 'call.invite', to: 'user:carol' } }, 21_000);
  expect(legOfDevice(call.facts, 'carol', 'c1')).toMatchObject({ id: 'l5', state: 'offered' });
  expect(participantOfUser(call.facts, 'carol')).toMatchObject({ id: 'p4', state: 'invited' });
  expect(call.facts.legs.map((leg) => isLive(call.facts, leg))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
  expect(call.facts.legs.map((leg) => hasJoined(call.facts, leg))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  // They ring again, so what happens concerns them again.
  expect(seenUntil(call.facts, 'carol')).toBeNull();
});

test('who left sees the call until then; who stayed to the end sees all of it', () => {
  const call = sampleCall('room').after(
    { actor: carol, command: { type: 'call.hang-up' } },
    20_000,
  );
  const over = call.after({ actor: alice, command: { type: 'call.hang-up' } }, 30_000);
  const seen = ['alice', 'bob', 'carol', 'mallory'].map((userId) => seenUntil(over.facts, userId));
  expect(seen).toEqual([null, null, start + 20_000, null]);
});

test('two are connected when each hears the other', () => {
  const [one, other] = sampleCall('active').facts.legs;
  expect(areConnected(one!, other!)).toBe(true);
  expect(areConnected(one!, { ...other!, hears: [] })).toBe(false);
});

test('the leg that came first offers, by number and not by letter', () => {
  expect(offersFirst('l2', 'l10')).toBe(true);
  expect(offersFirst('l10', 'l2')).toBe(false);
});
