import { describe, expect, test } from 'vitest';
import type { Actor, UserCommand } from './commands.ts';
import { decide } from './decide.ts';
import type { CallEventBody } from './events.ts';
import { legOfDevice } from './facts.ts';
import type { EndCause, EndReason } from './facts.ts';
import type { Refusal } from './refusals.ts';
import { checkCallInvariants, sampleActors, sampleCall } from './testing/index.ts';
import type { SampleCall, SamplePoint } from './testing/index.ts';

const { alice, bob1, bob2 } = sampleActors;
const bob3: Actor = { orgId: 'acme', userId: 'bob', deviceId: 'b3' };
const mallory: Actor = { orgId: 'acme', userId: 'mallory', deviceId: 'm1' };
const otherOrg: Actor = { orgId: 'other', userId: 'alice', deviceId: 'a1' };
const who = { alice, bob1, bob2, bob3, mallory, otherOrg };
type Who = keyof typeof who;

const start = 1_700_000_000_000;
/** When the command of a table line falls, after the start. */
const nowMs = 70_000;

const dial = {
  type: 'call.dial',
  to: 'user:bob',
  media: { audio: true, video: true },
  reach: { deviceIds: ['b1', 'b2'], busy: false, callerBusy: false },
} as const satisfies UserCommand;
const media = (connected: boolean, mediaEpoch = 1): UserCommand => ({
  type: 'call.media',
  mediaEpoch,
  connected,
});

const left = (participantId: string, reason: EndReason): CallEventBody => ({
  type: 'participant.left',
  participantId,
  reason,
});
const ended = (reason: EndReason, by: string | null, cause: EndCause | null = null) =>
  ({ type: 'call.ended', reason, cause, by }) as const;
const endOf = (reason: EndReason, by: string | null, cause: EndCause | null = null) => [
  left('p1', reason),
  left('p2', reason),
  ended(reason, by, cause),
];
const lost = (legId: string, reason: 'canceled' | 'declined'): CallEventBody => ({
  type: 'leg.lost',
  legId,
  reason,
});
const joinB1 = (at: number): CallEventBody[] => [
  { type: 'participant.joined', participantId: 'p2', legId: 'l2' },
  { type: 'leg.lost', legId: 'l3', reason: 'answered-elsewhere', toLegId: 'l2' },
  { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: at + 20_000 },
];
const cancelRinging = (reason: EndReason, cause: EndCause | null): CallEventBody[] => [
  left('p1', reason),
  lost('l2', 'canceled'),
  lost('l3', 'canceled'),
  left('p2', reason),
  ended(reason, 'p1', cause),
];
const declineB1: CallEventBody[] = [
  lost('l2', 'declined'),
  { type: 'leg.lost', legId: 'l3', reason: 'declined-elsewhere', toLegId: 'l2' },
  ...endOf('declined', 'p2'),
];
const failB1: CallEventBody[] = [
  left('p1', 'failed'),
  lost('l2', 'canceled'),
  lost('l3', 'canceled'),
  left('p2', 'failed'),
  ended('failed', 'p2', 'permission_denied'),
];
const updated = (legId: string, change: { held?: boolean; muted?: boolean; camera?: boolean }) =>
  ({
    type: 'leg.updated',
    legId,
    held: false,
    muted: false,
    camera: legId === 'l1',
    ...change,
  }) as const;

const notFound: Refusal = { code: 'call_not_found' };
const wrongState: Refusal = { code: 'wrong_state' };
const endedByAlice: Refusal = {
  code: 'call_ended',
  endReason: 'completed',
  at: start + 60_000,
};
const endedForB2: Refusal = { ...endedByAlice, lostReason: 'answered-elsewhere' };
const tombstoned: Refusal = { code: 'call_ended', endReason: 'canceled', at: start };
const bob1Won: Refusal = {
  code: 'answered_elsewhere',
  lostReason: 'answered-elsewhere',
  byUserId: 'bob',
  at: start + 3_000,
};

type Outcome = readonly CallEventBody[] | Refusal;
type Line = readonly [point: SamplePoint, who: Who, outcome: Outcome];

/** Rings that fall within the ring time, for the points before an answer. */
const timeOf = (point: SamplePoint): number =>
  point === 'offered' || point === 'ringing' ? 1_000 : nowMs;

const tables: Record<string, { command: UserCommand; lines: readonly Line[] }> = {
  'call.dial': {
    command: dial,
    lines: [
      ['offered', 'alice', wrongState],
      ['offered', 'bob1', notFound],
      ['offered', 'mallory', notFound],
      ['offered', 'otherOrg', notFound],
      ['ringing', 'alice', wrongState],
      ['connecting', 'alice', wrongState],
      ['active', 'alice', wrongState],
      ['ended', 'alice', []],
      ['ended', 'bob1', notFound],
      ['tombstone', 'alice', []],
      ['tombstone', 'mallory', notFound],
    ],
  },
  'call.ring': {
    command: { type: 'call.ring' },
    lines: [
      ['offered', 'alice', wrongState],
      ['offered', 'bob1', [{ type: 'leg.ringing', legId: 'l2' }]],
      ['offered', 'bob3', wrongState],
      ['offered', 'mallory', notFound],
      ['ringing', 'bob1', []],
      ['ringing', 'bob2', [{ type: 'leg.ringing', legId: 'l3' }]],
      ['connecting', 'bob1', []],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob1', []],
      ['active', 'bob2', bob1Won],
      ['ended', 'bob1', endedByAlice],
      ['ended', 'bob2', endedForB2],
      ['ended', 'mallory', notFound],
      ['tombstone', 'alice', tombstoned],
    ],
  },
  'call.accept': {
    command: { type: 'call.accept' },
    lines: [
      ['offered', 'alice', wrongState],
      ['offered', 'bob1', [{ type: 'leg.ringing', legId: 'l2' }, ...joinB1(start + 1_000)]],
      ['offered', 'otherOrg', notFound],
      ['ringing', 'bob1', joinB1(start + 1_000)],
      ['connecting', 'alice', wrongState],
      ['connecting', 'bob1', []],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob1', []],
      ['active', 'bob2', bob1Won],
      ['ended', 'bob1', endedByAlice],
      ['ended', 'bob2', endedForB2],
    ],
  },
  'call.decline (P-809)': {
    command: { type: 'call.decline' },
    lines: [
      ['offered', 'alice', wrongState],
      ['offered', 'bob1', declineB1],
      ['ringing', 'bob1', declineB1],
      ['ringing', 'mallory', notFound],
      ['connecting', 'alice', wrongState],
      ['connecting', 'bob1', wrongState],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob2', bob1Won],
      ['ended', 'bob1', []],
      ['ended', 'bob2', []],
      ['tombstone', 'alice', []],
    ],
  },
  'call.hang-up (P-810)': {
    command: { type: 'call.hang-up' },
    lines: [
      ['offered', 'alice', cancelRinging('canceled', null)],
      ['offered', 'bob1', declineB1],
      ['offered', 'bob3', wrongState],
      ['ringing', 'alice', cancelRinging('canceled', null)],
      ['ringing', 'bob1', declineB1],
      ['connecting', 'alice', endOf('completed', 'p1')],
      ['connecting', 'bob1', endOf('completed', 'p2')],
      ['connecting', 'bob2', bob1Won],
      ['active', 'alice', endOf('completed', 'p1')],
      ['active', 'bob1', endOf('completed', 'p2')],
      ['active', 'bob2', bob1Won],
      ['active', 'mallory', notFound],
      ['ended', 'alice', []],
      ['ended', 'bob2', []],
      ['tombstone', 'alice', []],
    ],
  },
  'call.hang-up with a cause (P-810)': {
    command: { type: 'call.hang-up', cause: 'permission_denied' },
    lines: [
      ['offered', 'alice', cancelRinging('failed', 'permission_denied')],
      ['offered', 'bob1', failB1],
      ['ringing', 'alice', cancelRinging('failed', 'permission_denied')],
      ['ringing', 'bob1', failB1],
      ['connecting', 'alice', endOf('failed', 'p1', 'permission_denied')],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob1', endOf('failed', 'p2', 'permission_denied')],
      ['ended', 'alice', []],
    ],
  },
  'call.media': {
    command: media(true),
    lines: [
      ['offered', 'alice', wrongState],
      ['offered', 'bob1', wrongState],
      ['ringing', 'alice', wrongState],
      ['connecting', 'alice', [{ type: 'leg.media', legId: 'l1', connectedEpoch: 1 }]],
      ['connecting', 'bob1', [{ type: 'leg.media', legId: 'l2', connectedEpoch: 1 }]],
      ['connecting', 'bob2', bob1Won],
      ['active', 'alice', []],
      ['active', 'bob1', []],
      ['active', 'bob3', wrongState],
      ['ended', 'alice', endedByAlice],
    ],
  },
  'call.media lost': {
    command: media(false),
    lines: [
      ['connecting', 'alice', []],
      ['active', 'alice', [{ type: 'leg.media', legId: 'l1', connectedEpoch: null }]],
      ['active', 'bob1', [{ type: 'leg.media', legId: 'l2', connectedEpoch: null }]],
      ['ended', 'bob1', endedByAlice],
    ],
  },
  'call.media of an epoch before': {
    command: media(true, 0),
    lines: [
      ['connecting', 'alice', []],
      ['active', 'bob1', []],
    ],
  },
  'call.media of an epoch to come': {
    command: media(true, 2),
    lines: [
      ['connecting', 'alice', []],
      ['active', 'bob1', []],
    ],
  },
  'call.update (P-815)': {
    command: { type: 'call.update', held: true },
    lines: [
      ['offered', 'alice', [updated('l1', { held: true })]],
      ['offered', 'bob1', wrongState],
      ['ringing', 'bob1', wrongState],
      ['connecting', 'bob1', [updated('l2', { held: true })]],
      ['connecting', 'bob2', bob1Won],
      ['active', 'alice', [updated('l1', { held: true })]],
      ['active', 'bob1', [updated('l2', { held: true })]],
      ['ended', 'alice', endedByAlice],
    ],
  },
  'call.update of nothing': {
    command: { type: 'call.update' },
    lines: [
      ['active', 'alice', []],
      ['active', 'bob1', []],
    ],
  },
};

/** What a decision came to, in the form of the tables. */
function outcomeOf(call: SampleCall, actor: Actor, command: UserCommand, afterMs: number): Outcome {
  const decision = decide(call.facts, actor, command, call.at(afterMs));
  if (decision.refusal !== undefined) return decision.refusal;
  checkCallInvariants({
    callId: call.callId,
    events: [...call.events, ...decision.events],
    facts: decision.facts,
  });
  decision.events.forEach((event, index) => {
    expect(event.seq).toBe(call.facts.call.seq + index + 1);
    expect(event.at).toBe(start + afterMs);
  });
  return decision.events.map(({ seq: _seq, at: _at, ...body }) => body);
}

describe.each(Object.entries(tables))('%s', (_name, { command, lines }) => {
  test.each(lines)('when %s, by %s (P-816, P-817, P-818)', (point, name, outcome) => {
    expect(outcomeOf(sampleCall(point), who[name], command, timeOf(point))).toEqual(outcome);
  });
});

describe('a command on a call that does not exist', () => {
  const commands: readonly UserCommand[] = [
    { type: 'call.ring' },
    { type: 'call.accept' },
    { type: 'call.decline' },
    { type: 'call.hang-up' },
    media(true),
    { type: 'call.update', muted: true },
  ];
  test.each(commands)('$type is refused as for a foreign call (P-411)', (command) => {
    const { at } = sampleCall('offered');
    expect(decide(null, alice, command, at(0))).toEqual({ refusal: notFound });
  });
});

describe('dial', () => {
  const { callId, at } = sampleCall('offered');
  const run = (change: Partial<typeof dial> | { reach: object }) =>
    decide(null, alice, { ...dial, ...change } as UserCommand, at(0));

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
      connectedEpoch: null,
      held: false,
      muted: false,
      camera: false,
    };
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
      },
      participants: [
        {
          id: 'p1',
          address: 'user:alice',
          userId: 'alice',
          role: 'caller',
          state: 'joined',
          leftReason: null,
          ringDeadlineAt: null,
          wonLegId: 'l1',
        },
        {
          id: 'p2',
          address: 'user:bob',
          userId: 'bob',
          role: 'callee',
          state: 'invited',
          leftReason: null,
          ringDeadlineAt: start + 45_000,
          wonLegId: null,
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
    [{ reach: { deviceIds: ['b1'], busy: false, callerBusy: true } }, 'already_in_call'],
  ])('%j is refused (P-802, P-804)', (change, code) => {
    expect(run(change as object)).toEqual({ refusal: { code } });
  });

  test.each([
    ['busy', { deviceIds: ['b1'], busy: true, callerBusy: false }],
    ['unreachable', { deviceIds: [], busy: false, callerBusy: false }],
  ] as const)('of who is %s ends at once (P-803, P-805)', (reason, reach) => {
    const decision = run({ reach });
    if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
    checkCallInvariants({ callId, events: decision.events, facts: decision.facts });
    expect(decision.events.slice(1)).toEqual([
      { ...left('p1', reason), seq: 2, at: start },
      { ...left('p2', reason), seq: 3, at: start },
      { ...ended(reason, null), seq: 4, at: start },
    ]);
  });

  test('rings at most 32 devices, those that came last', () => {
    const deviceIds = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const decision = run({ reach: { deviceIds, busy: false, callerBusy: false } });
    if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
    expect(decision.facts!.legs.slice(1).map(({ deviceId }) => deviceId)).toEqual(
      deviceIds.slice(8),
    );
  });
});

describe('a tombstone (P-811)', () => {
  test('is left by a cancel that comes before its dial', () => {
    const { events, facts, callId } = sampleCall('tombstone');
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
    const { facts, at } = sampleCall('tombstone');
    expect(decide(facts, alice, dial, at(50))).toEqual({ events: [], facts, before: null });
  });
});

describe('accept', () => {
  test('one millisecond before the ring deadline wins, and must be written before it', () => {
    const { facts, at } = sampleCall('ringing');
    expect(decide(facts, bob1, { type: 'call.accept' }, at(44_999))).toMatchObject({
      before: start + 45_000,
    });
  });

  test('on the very deadline is refused', () => {
    const { facts, at } = sampleCall('ringing');
    expect(decide(facts, bob1, { type: 'call.accept' }, at(45_000))).toEqual({
      refusal: { code: 'deadline_passed' },
    });
  });

  test('racing a cancel: the first that is written counts (P-812)', () => {
    const call = sampleCall('ringing');
    const cancel = { actor: alice, command: { type: 'call.hang-up' } } as const;
    const accept = { actor: bob1, command: { type: 'call.accept' } } as const;
    const answered = call.after(accept, 1_000).after(cancel, 1_001);
    expect(answered.facts.call.endReason).toBe('completed');
    const canceled = call.after(cancel, 1_000);
    expect(decide(canceled.facts, bob1, accept.command, call.at(1_001))).toEqual({
      refusal: {
        code: 'call_ended',
        endReason: 'canceled',
        lostReason: 'canceled',
        at: start + 1_000,
      },
    });
  });
});

describe('a leg that was unreachable', () => {
  /** b2 did not acknowledge; b1 rings. */
  const call = sampleCall('ringing').after({ system: { type: 'deadline.passed' } }, 2_000);

  test('rings again by a late acknowledgement (P-806)', () => {
    expect(legOfDevice(call.facts, 'bob', 'b2')).toMatchObject({
      state: 'lost',
      lostReason: 'unreachable',
    });
    const back = call.after({ actor: bob2, command: { type: 'call.ring' } }, 5_000);
    expect(legOfDevice(back.facts, 'bob', 'b2')).toMatchObject({
      state: 'ringing',
      lostReason: null,
      silent: false,
      graceDeadlineAt: null,
    });
  });

  test('may accept: what it says shows that it is there', () => {
    expect(outcomeOf(call, bob2, { type: 'call.accept' }, 5_000)).toEqual([
      { type: 'leg.ringing', legId: 'l3' },
      { type: 'participant.joined', participantId: 'p2', legId: 'l3' },
      { type: 'leg.lost', legId: 'l2', reason: 'answered-elsewhere', toLegId: 'l3' },
      { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 25_000 },
    ]);
  });

  test('may decline', () => {
    expect(outcomeOf(call, bob2, { type: 'call.decline' }, 5_000)).toEqual([
      { type: 'leg.ringing', legId: 'l3' },
      { type: 'leg.lost', legId: 'l3', reason: 'declined' },
      { type: 'leg.lost', legId: 'l2', reason: 'declined-elsewhere', toLegId: 'l3' },
      ...endOf('declined', 'p2'),
    ]);
  });

  test('is too late once another device answered', () => {
    const taken = call.after({ actor: bob1, command: { type: 'call.accept' } }, 3_000);
    expect(outcomeOf(taken, bob2, { type: 'call.ring' }, 5_000)).toEqual({
      code: 'answered_elsewhere',
      lostReason: 'unreachable',
      byUserId: 'bob',
      at: start + 3_000,
    });
  });
});

describe('a silent leg', () => {
  const silence = { system: { type: 'device.silent', userId: 'bob', deviceId: 'b1' } } as const;

  test('is back by its acknowledgement, and its lease with it', () => {
    const call = sampleCall('offered').after(silence, 100);
    const back = call.after({ actor: bob1, command: { type: 'call.ring' } }, 200);
    expect(legOfDevice(back.facts, 'bob', 'b1')).toMatchObject({
      state: 'ringing',
      silent: false,
      graceDeadlineAt: null,
    });
    const later = back.after({ system: { type: 'deadline.passed' } }, 10_100);
    expect(legOfDevice(later.facts, 'bob', 'b1')!.state).toBe('ringing');
  });

  test.each([
    ['ringing', { type: 'call.ring' }, []],
    ['ringing', { type: 'call.accept' }, joinB1(start + 5_000)],
    ['active', { type: 'call.ring' }, []],
    ['active', { type: 'call.accept' }, []],
    ['active', media(true), []],
    ['active', { type: 'call.update', muted: true }, [updated('l2', { muted: true })]],
  ] as const)('when %s, is back by %j', (point, command, more) => {
    const call = sampleCall(point).after(silence, 4_000);
    expect(outcomeOf(call, bob1, command, 5_000)).toEqual([
      { type: 'leg.resumed', legId: 'l2' },
      ...more,
    ]);
  });
});

test('the second report of media makes the call active', () => {
  const call = sampleCall('connecting').after({ actor: bob1, command: media(true) }, 3_100);
  expect(outcomeOf(call, alice, media(true), 3_200)).toEqual([
    { type: 'leg.media', legId: 'l1', connectedEpoch: 1 },
    { type: 'call.active' },
  ]);
});

test('grace starts with `active` for a device that fell silent before it', () => {
  const call = sampleCall('connecting')
    .after({ actor: bob1, command: media(true) }, 3_100)
    .after({ system: { type: 'device.silent', userId: 'bob', deviceId: 'b1' } }, 3_150);
  expect(outcomeOf(call, alice, media(true), 3_200)).toEqual([
    { type: 'leg.media', legId: 'l1', connectedEpoch: 1 },
    { type: 'call.active' },
    { type: 'leg.graced', legId: 'l2', graceDeadlineAt: start + 33_200 },
  ]);
});

test('media lost in the call does not end it, and it stays active when media is back', () => {
  const call = sampleCall('active').after({ actor: alice, command: media(false) }, 5_000);
  expect(call.facts.call.state).toBe('active');
  expect(outcomeOf(call, alice, media(true), 6_000)).toEqual([
    { type: 'leg.media', legId: 'l1', connectedEpoch: 1 },
  ]);
});
