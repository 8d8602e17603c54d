import { describe, expect, test } from 'vitest';
import type { UserCommand } from './commands.ts';
import { decide } from './decide.ts';
import { directRinging, joinedLegs } from './facts.ts';
import { checked, joinB1, lost, start, taken } from '../test/expected-events.ts';
import { checkCallInvariants, sampleActors, sampleCall } from './testing/index.ts';
import type { SampleCall, SamplePoint, SampleReach } from './testing/index.ts';

/* Two who dial each other at the same moment mean one call (rule 11). */

const { alice, bob1, bob2 } = sampleActors;
const bob3 = { ...bob1, deviceId: 'b3' };
const callId = '018bcfe5-6800-7000-8000-000000000002';
const toAlice: UserCommand = {
  type: 'call.dial',
  to: 'user:alice',
  media: { audio: true, video: false },
};

/** Bob dials Alice while her call stands at some point. */
function dialBack(
  crossing: SampleCall,
  actor: { orgId: string; userId: string; deviceId: string },
  afterMs: number,
  reach: SampleReach = {},
) {
  const met = { alice: { crossing: crossing.facts }, ...reach };
  return taken(decide(null, actor, toAlice, { ...crossing.at(afterMs, met), callId }));
}

describe.each<readonly [SamplePoint, boolean]>([
  ['offered', true],
  ['ringing', false],
])('a dial to who rings here, when %s', (point, isOffered) => {
  const crossing = sampleCall(point);
  const { events, facts, other, before } = dialBack(crossing, bob1, 1_000);

  test('ends where it began, and says where it goes on', () => {
    expect(checkCallInvariants({ callId, events, facts })).toEqual(facts);
    expect(facts!.call).toMatchObject({
      state: 'ended',
      endReason: 'transferred',
      endedBy: 'p1',
      movedTo: crossing.callId,
    });
  });

  test('is the accept of the call that rings, by the device that dialed', () => {
    const bodies = checked(
      crossing,
      { events: other!.events, facts: other!.facts, before: null },
      1_000,
    );
    expect(bodies).toEqual([
      ...(isOffered ? [{ type: 'leg.ringing', legId: 'l2' }] : []),
      ...joinB1(start + 1_000),
    ]);
  });

  test('must be written before the ring deadline of that call', () => {
    expect(before).toBe(start + 45_000);
  });
});

test('by a device that was not offered the call gives it a leg, and the others lose', () => {
  const crossing = sampleCall('ringing');
  const { other } = dialBack(crossing, bob3, 1_000);
  const bodies = checked(
    crossing,
    { events: other!.events, facts: other!.facts, before: null },
    1_000,
  );
  expect(bodies).toEqual([
    {
      type: 'leg.offered',
      legId: 'l4',
      participantId: 'p2',
      userId: 'bob',
      deviceId: 'b3',
      acknowledgeDeadlineAt: start + 3_000,
    },
    { type: 'leg.ringing', legId: 'l4' },
    { type: 'participant.joined', participantId: 'p2', legId: 'l4', connectDeadlineAt: null },
    lost('l2', 'answered-elsewhere', 'l4'),
    lost('l3', 'answered-elsewhere', 'l4'),
    { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 21_000 },
  ]);
});

test('by a device that was out of reach brings it back', () => {
  const crossing = sampleCall('ringing').after({ system: { type: 'deadline.passed' } }, 2_000);
  const { other } = dialBack(crossing, bob2, 3_000);
  expect(joinedLegs(other!.facts).map(({ deviceId }) => deviceId)).toEqual(['a1', 'b2']);
});

test('counts as no further call: also by who may have none', () => {
  const { other } = dialBack(sampleCall('ringing'), bob1, 1_000, { bob: { busy: true } });
  expect(other!.facts.call.state).toBe('connecting');
});

describe('a crossing call that can no longer be accepted: the dial is like any other (P-843)', () => {
  test.each<readonly [string, SampleCall, number]>([
    ['its ring time is over', sampleCall('ringing'), 45_000],
    ['it was answered', sampleCall('connecting'), 5_000],
    ['it has ended', sampleCall('ended'), 61_000],
    ['somebody else rings in it too', sampleCall('inviting'), 12_000],
  ])('%s', (_why, crossing, afterMs) => {
    const { events, facts, other } = dialBack(crossing, bob1, afterMs);
    expect(other).toBeUndefined();
    expect(checkCallInvariants({ callId, events, facts })).toEqual(facts);
    expect(facts!.call.state).toBe('ringing');
    expect(facts!.participants[1]).toMatchObject({ userId: 'alice', state: 'invited' });
    const full = {
      ...crossing.at(afterMs, { alice: { crossing: crossing.facts }, bob: { busy: true } }),
      callId,
    };
    expect(decide(null, bob1, toAlice, full)).toEqual({ refusal: { code: 'already_in_call' } });
  });
});

test('a second dial of the same user to the same is a call of its own, not glare', () => {
  const { at } = sampleCall('ringing');
  const toBob: UserCommand = { ...toAlice, to: 'user:bob' } as UserCommand;
  const { facts, other } = taken(decide(null, alice, toBob, { ...at(1_000), callId }));
  expect(other).toBeUndefined();
  expect(facts!.call.state).toBe('ringing');
});

test.each<readonly [SamplePoint, ReturnType<typeof directRinging>]>([
  ['offered', { fromUserId: 'alice', toUserId: 'bob' }],
  ['ringing', { fromUserId: 'alice', toUserId: 'bob' }],
  ['connecting', null],
  ['active', null],
  ['ended', null],
  ['tombstone', null],
  ['inviting', null],
  ['waiting', null],
])('who rings whom directly, when %s', (point, pair) => {
  expect(directRinging(sampleCall(point).facts)).toEqual(pair);
});
