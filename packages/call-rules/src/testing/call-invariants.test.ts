import { describe, expect, test } from 'vitest';
import type { CallEvent } from '../events.ts';
import { checkCallInvariants } from './call-invariants.ts';
import { sampleCall } from './sample-call.ts';

const { callId, events, facts } = sampleCall('ended');

test('a true history passes and comes back as facts', () => {
  expect(checkCallInvariants({ callId, events, facts })).toEqual(facts);
  expect(checkCallInvariants({ callId, events: [] })).toBeNull();
});

/** Puts one more event at the end of a sample, or breaks the sample otherwise. */
const after = (point: 'ringing' | 'active' | 'ended', body: object): readonly CallEvent[] => {
  const call = sampleCall(point);
  const { seq } = call.facts.call;
  return [...call.events, { ...body, seq: seq + 1, at: 1_700_000_090_000 } as CallEvent];
};

describe('what breaks an invariant is named', () => {
  test.each<readonly [string, readonly CallEvent[]]>([
    ['I1: seq 3 where 2 is due', [events[0]!, events[2]!]],
    ['I1: time runs back', events.map((event) => ({ ...event, at: 2e12 - event.seq }))],
    ['I2', [{ ...events[1]!, seq: 1 }]],
    ['I2', after('active', { ...events[0]! })],
    [
      'I4: p2 has the winners l2 l3',
      after('active', { type: 'participant.joined', participantId: 'p2', legId: 'l3' }),
    ],
    [
      'I5: l1 from won to lost',
      after('active', { type: 'leg.lost', legId: 'l1', reason: 'canceled' }),
    ],
    ['I5: l3 from lost to ringing', after('active', { type: 'leg.ringing', legId: 'l3' })],
    [
      'I6: active to connecting',
      after('active', { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: 0 }),
    ],
    ['I7', after('ended', { type: 'leg.resumed', legId: 'l1' })],
    [
      'I8: l2 still rings',
      after('ringing', { type: 'call.ended', reason: 'canceled', cause: null, by: 'p1' }),
    ],
    ['I9', after('ringing', { type: 'call.active' })],
  ])('%s', (text, history) => {
    expect(() => checkCallInvariants({ callId, events: history })).toThrow(text);
  });

  test('I3: facts that are not the fold', () => {
    const wrong = { ...facts, call: { ...facts.call, endReason: 'failed' as const } };
    expect(() => checkCallInvariants({ callId, events, facts: wrong })).toThrow('I3');
  });
});
