import { describe, expect, test } from 'vitest';
import {
  isEngaged,
  isParty,
  joinedLegs,
  legOfDevice,
  nextDeadlineAt,
  participantOfLeg,
} from './facts.ts';
import { sampleCall } from './testing/index.ts';
import type { SamplePoint } from './testing/index.ts';

const start = 1_700_000_000_000;

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
