import { describe, expect, test } from 'vitest';
import type { UserCommand } from './commands.ts';
import { decide } from './decide.ts';
import { defaultSettings } from './settings.ts';
import { ended, left, start, taken } from '../test/expected-events.ts';
import { checkCallInvariants, sampleActors, sampleCall } from './testing/index.ts';
import type { SampleReach } from './testing/index.ts';

const { alice } = sampleActors;
const dial = {
  type: 'call.dial',
  to: 'user:bob',
  media: { audio: true, video: true },
} as const satisfies UserCommand;

const { callId, at } = sampleCall('offered');
const run = (change: Partial<typeof dial>, reach?: SampleReach) =>
  decide(null, alice, { ...dial, ...change } as UserCommand, at(0, reach));

test('creates the call and offers it to each device', () => {
  const events = [
    {
      seq: 1,
      at: start,
      type: 'call.created',
      orgId: 'acme',
      mode: 'p2p',
      media: { audio: true, video: true },
      from: { userId: 'alice', deviceId: 'a1' },
      to: 'user:bob',
      toUserId: 'bob',
      ringDeadlineAt: start + 45_000,
      maximumDeadlineAt: start + 12 * 3_600_000,
    },
    ...['b1', 'b2'].map((deviceId, index) => ({
      seq: index + 2,
      at: start,
      type: 'leg.offered',
      legId: `l${index + 2}`,
      participantId: 'p2',
      userId: 'bob',
      deviceId,
      acknowledgeDeadlineAt: start + 2_000,
    })),
  ];
  expect(run({})).toEqual({ events, facts: sampleCall('offered').facts, before: null });
});

test('reads the facts that it makes', () => {
  const emptyLeg = {
    lostReason: null,
    acknowledgeDeadlineAt: null,
    graceDeadlineAt: null,
    silent: false,
    hears: [],
    connectDeadlineAt: null,
    muteRequest: null,
    held: false,
    muted: false,
    camera: false,
  };
  const notLeft = { leftReason: null, leftCause: null, leftBy: null, leftAt: null };
  expect(sampleCall('offered').facts).toEqual({
    call: {
      id: callId,
      orgId: 'acme',
      mode: 'p2p',
      state: 'ringing',
      seq: 3,
      mediaEpoch: 0,
      media: { audio: true, video: true },
      createdAt: start,
      answeredAt: null,
      activeAt: null,
      endedAt: null,
      connectDeadlineAt: null,
      maximumDeadlineAt: start + 12 * 3_600_000,
      endReason: null,
      endCause: null,
      endedBy: null,
      movedTo: null,
    },
    participants: [
      {
        id: 'p1',
        address: 'user:alice',
        userId: 'alice',
        role: 'moderator',
        via: 'dial',
        invitedBy: null,
        state: 'joined',
        ...notLeft,
        ringDeadlineAt: null,
        wonLegId: 'l1',
        connectedAt: null,
      },
      {
        id: 'p2',
        address: 'user:bob',
        userId: 'bob',
        role: 'member',
        via: 'dial',
        invitedBy: 'p1',
        state: 'invited',
        ...notLeft,
        ringDeadlineAt: start + 45_000,
        wonLegId: null,
        connectedAt: null,
      },
    ],
    legs: [
      {
        ...emptyLeg,
        id: 'l1',
        participantId: 'p1',
        userId: 'alice',
        deviceId: 'a1',
        state: 'won',
        camera: true,
      },
      ...['b1', 'b2'].map((deviceId, index) => ({
        ...emptyLeg,
        id: `l${index + 2}`,
        participantId: 'p2',
        userId: 'bob',
        deviceId,
        state: 'offered',
        acknowledgeDeadlineAt: start + 2_000,
      })),
    ],
  });
});

test.each([
  [{ to: 'bob' }, 'invalid_address'],
  [{ to: 'user:' }, 'invalid_address'],
  [{ to: 'queue:sales' }, 'address_unsupported'],
  [{ to: 'tel:+4930123456' }, 'address_unsupported'],
  [{ to: 'user:alice' }, 'cannot_dial_self'],
  [{ media: { audio: false, video: false } }, 'nothing_to_send'],
])('%j is refused (P-802, P-804)', (change, code) => {
  expect(run(change as object)).toEqual({ refusal: { code } });
});

test('by who is in as many calls as they may be is refused (P-804)', () => {
  expect(run({}, { alice: { busy: true } })).toEqual({ refusal: { code: 'already_in_call' } });
});

test('by who is not to be disturbed is as any other', () => {
  const settings = { ...defaultSettings, doNotDisturb: true };
  expect(run({}, { alice: { settings } })).toEqual(run({}));
});

test.each<readonly [string, 'busy' | 'unreachable', SampleReach]>([
  ['busy', 'busy', { bob: { busy: true } }],
  [
    'not to be disturbed',
    'busy',
    { bob: { settings: { ...defaultSettings, doNotDisturb: true } } },
  ],
  ['away', 'unreachable', { bob: { deviceIds: [] } }],
  ['both busy and away', 'busy', { bob: { deviceIds: [], busy: true } }],
])('of who is %s ends at once with %s (P-803, P-805)', (_what, reason, reach) => {
  const { events, facts } = taken(run({}, reach));
  checkCallInvariants({ callId, events, facts });
  expect(events.slice(1)).toEqual([
    { ...left('p1', reason, null), seq: 2, at: start },
    { ...left('p2', reason, null), seq: 3, at: start },
    { ...ended(reason, null), seq: 4, at: start },
  ]);
});

test('rings at most 32 devices, those that came last', () => {
  const deviceIds = Array.from({ length: 40 }, (_, index) => `d${index}`);
  const { facts } = taken(run({}, { bob: { deviceIds } }));
  expect(facts!.legs.slice(1).map(({ deviceId }) => deviceId)).toEqual(deviceIds.slice(8));
});

describe('a tombstone (P-811)', () => {
  test('is left by a cancel that comes before its dial', () => {
    const { events, facts } = sampleCall('tombstone');
    expect(events).toEqual([
      {
        type: 'call.tombstoned',
        orgId: 'acme',
        userId: 'alice',
        deviceId: 'a1',
        seq: 1,
        at: start,
      },
    ]);
    expect(checkCallInvariants({ callId, events, facts })).toEqual(facts);
    expect(facts.call).toMatchObject({ state: 'ended', endReason: 'canceled', endedBy: 'p1' });
  });

  test('answers the dial that comes after it with the end', () => {
    const { facts } = sampleCall('tombstone');
    expect(decide(facts, alice, dial, at(50))).toEqual({ events: [], facts, before: null });
  });
});
