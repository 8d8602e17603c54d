import { describe, expect, test } from 'vitest';
import type { CallEvent } from '../events.ts';
import { checkCallInvariants } from './call-invariants.ts';
import { sampleCall } from './sample-call.ts';
import type { SamplePoint } from './sample-call.ts';

const { callId, events, facts } = sampleCall('ended');

test('a true history passes and comes back as facts', () => {
  expect(checkCallInvariants({ callId, events, facts })).toEqual(facts);
  expect(checkCallInvariants({ callId, events: [] })).toBeNull();
});

/** Puts one more event at the end of a sample, or breaks the sample otherwise. */
const after = (point: SamplePoint, body: object): readonly CallEvent[] => {
  const call = sampleCall(point);
  const { seq } = call.facts.call;
  return [...call.events, { ...body, seq: seq + 1, at: 1_700_000_090_000 } as CallEvent];
};

const connecting = { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: 2e12 };
const left = {
  type: 'participant.left',
  participantId: 'p2',
  reason: 'completed',
  cause: null,
  by: null,
};
const invited = {
  type: 'participant.invited',
  participantId: 'p4',
  address: 'user:erin',
  userId: 'erin',
  role: 'member',
  via: 'invite',
  by: 'p1',
  ringDeadlineAt: 2e12,
};
const offered = {
  type: 'leg.offered',
  legId: 'l5',
  participantId: 'p2',
  userId: 'bob',
  deviceId: 'b9',
  acknowledgeDeadlineAt: 2e12,
};
const end = { type: 'call.ended', reason: 'completed', cause: null, by: 'p1' };

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
    ['I6: the epoch falls', after('active', { ...connecting, mediaEpoch: 0 })],
    ['I6: ended to connecting', after('ended', connecting)],
    ['I7', after('ended', { type: 'leg.resumed', legId: 'l1' })],
    [
      'I8: l2 still rings',
      after('ringing', { type: 'call.ended', reason: 'canceled', cause: null, by: 'p1' }),
    ],
    ['I4: p1 changes after it left', after('waiting', { ...left, participantId: 'p1' })],
    ['I9', after('connecting', { type: 'call.active' })],
    ['I11: 1 joined of 1 present', after('active', left)],
    ['I12: active with 1 joined', after('inviting', left)],
    [
      'I12: connecting with connect deadline',
      after('active', { ...connecting, connectDeadlineAt: null }),
    ],
    ['I13', after('room', { ...left, participantId: 'p1' })],
    ['I14: alice bob carol alice are in it', after('room', { ...invited, userId: 'alice' })],
    [
      'I14: live legs',
      after('room', { ...offered, userId: 'carol', deviceId: 'c1', participantId: 'p2' }),
    ],
    ['I14: 5 present', after('full', { ...invited, participantId: 'p5' })],
    ['I15: p4 rings on no device', after('room', invited)],
    ['I15: p2 joined with 1 legs', after('active', offered)],
    ['I15: p2 left with 2 legs', after('offered', left)],
    [
      'I16: l1 hears l3',
      after('active', { type: 'leg.media', legId: 'l1', fromLegId: 'l3', connected: true }),
    ],
    [
      'I16: l3 hears',
      after('active', { type: 'leg.media', legId: 'l3', fromLegId: 'l1', connected: true }),
    ],
    ['I17: p9 is number 4', after('room', { ...invited, participantId: 'p9' })],
    ['I17: p4 was brought in by p7', after('room', { ...invited, by: 'p7' })],
    ['I17: l9 is number 5', after('room', { ...offered, legId: 'l9' })],
    ['I17: l5 is nobody', after('room', { ...offered, participantId: 'p7' })],
    ['I17: completed, goes on', after('active', { ...end, movedTo: 'x' })],
    ['I18', after('room', { type: 'participant.role', participantId: 'p2', role: 'guest' })],
    [
      'I18',
      after('inviting', { type: 'participant.role', participantId: 'p3', role: 'moderator' }),
    ],
    ['I19', after('active', { ...invited, participantId: 'p3', via: 'return' })],
    [
      'I20: l1 is silent',
      after('active', { type: 'leg.silent', legId: 'l1', graceDeadlineAt: null }),
    ],
    [
      'I20: l1 waits',
      after('ringing', {
        type: 'participant.joined',
        participantId: 'p1',
        legId: 'l1',
        connectDeadlineAt: 1_700_000_020_000,
      }),
    ],
  ])('%s', (text, history) => {
    expect(() => checkCallInvariants({ callId, events: history })).toThrow(text);
  });

  test('I3: facts that are not the fold', () => {
    const wrong = { ...facts, call: { ...facts.call, endReason: 'failed' as const } };
    expect(() => checkCallInvariants({ callId, events, facts: wrong })).toThrow('I3');
  });
});
