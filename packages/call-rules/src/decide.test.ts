import { describe, expect, test } from 'vitest';
import type { Actor, UserCommand } from './commands.ts';
import { decide } from './decide.ts';
import type { CallEventBody } from './events.ts';
import type { EndReason } from './facts.ts';
import type { Refusal } from './refusals.ts';
import {
  endOf,
  endRinging,
  ended,
  heard,
  joinB1,
  left,
  lost,
  outcomeOf,
  start,
} from '../test/expected-events.ts';
import { sampleActors, sampleCall } from './testing/index.ts';
import type { SamplePoint } from './testing/index.ts';

/* Each command in each state of a call, of two and of three, by whoever may send it. */

const { alice } = sampleActors;
const bob3: Actor = { orgId: 'acme', userId: 'bob', deviceId: 'b3' };
const otherOrg: Actor = { orgId: 'other', userId: 'alice', deviceId: 'a1' };
const who = { ...sampleActors, bob3, otherOrg };
type Who = keyof typeof who;

/** When the command of a table line falls, after the start: within the ring time of its point. */
const timeOf: Readonly<Record<SamplePoint, number>> = {
  offered: 1_000,
  ringing: 1_000,
  connecting: 70_000,
  active: 70_000,
  ended: 70_000,
  tombstone: 70_000,
  inviting: 11_000,
  room: 70_000,
  full: 70_000,
  waiting: 11_000,
  transferred: 70_000,
};

const declineB1 = [
  lost('l2', 'declined'),
  lost('l3', 'declined-elsewhere', 'l2'),
  ...endOf('declined', 'p2'),
];
const media = (legId: string, fromLegId: string, connected = true): CallEventBody[] => [
  { type: 'leg.media', legId, fromLegId, connected },
];
const updated = (legId: string, change: { held?: boolean }): CallEventBody => ({
  type: 'leg.updated',
  legId,
  held: false,
  muted: false,
  camera: legId === 'l1',
  ...change,
});
const moderator = (participantId: string): CallEventBody => ({
  type: 'participant.role',
  participantId,
  role: 'moderator',
});
/** Alice rings again: Carol did not take the call that Alice transferred. */
const returned = (at: number): CallEventBody[] => [
  {
    type: 'participant.invited',
    participantId: 'p4',
    address: 'user:alice',
    userId: 'alice',
    role: 'member',
    via: 'return',
    by: 'p3',
    ringDeadlineAt: start + at + 45_000,
  },
  {
    type: 'leg.offered',
    legId: 'l5',
    participantId: 'p4',
    userId: 'alice',
    deviceId: 'a1',
    acknowledgeDeadlineAt: start + at + 2_000,
  },
];
const joinCarol = (at: number): CallEventBody[] => [
  { type: 'participant.joined', participantId: 'p3', legId: 'l4', connectDeadlineAt: at + 20_000 },
];

const notFound: Refusal = { code: 'call_not_found' };
const wrongState: Refusal = { code: 'wrong_state' };
const over = (endReason: EndReason, afterMs: number): Refusal => ({
  code: 'call_ended',
  endReason,
  at: start + afterMs,
});
const endedByAlice = over('completed', 60_000);
const transferredAway = over('transferred', 10_000);
const endedForB2: Refusal = { ...endedByAlice, lostReason: 'answered-elsewhere' };
const bob1Won: Refusal = {
  code: 'answered_elsewhere',
  lostReason: 'answered-elsewhere',
  byUserId: 'bob',
  at: start + 3_000,
};

type Outcome = readonly CallEventBody[] | Refusal;
type Line = readonly [point: SamplePoint, who: Who, outcome: Outcome];

const tables: Record<string, { command: UserCommand; lines: readonly Line[] }> = {
  'call.dial': {
    command: { type: 'call.dial', to: 'user:bob', media: { audio: true, video: true } },
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
      ['room', 'carol', notFound],
      ['waiting', 'alice', wrongState],
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
      ['tombstone', 'alice', over('canceled', 0)],
      ['inviting', 'carol', []],
      ['inviting', 'dave', notFound],
      ['room', 'carol', []],
      ['waiting', 'carol', []],
      ['waiting', 'alice', transferredAway],
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
      ['inviting', 'alice', wrongState],
      ['inviting', 'bob1', []],
      ['inviting', 'carol', joinCarol(start + 11_000)],
      ['room', 'carol', []],
      [
        'waiting',
        'carol',
        [
          { type: 'participant.joined', participantId: 'p3', legId: 'l4', connectDeadlineAt: null },
          { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 31_000 },
        ],
      ],
      ['waiting', 'alice', transferredAway],
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
      ['inviting', 'carol', [lost('l4', 'declined'), left('p3', 'declined', 'p3')]],
      ['inviting', 'bob1', wrongState],
      [
        'waiting',
        'carol',
        [lost('l4', 'declined'), left('p3', 'declined', 'p3'), ...returned(11_000)],
      ],
      ['waiting', 'alice', []],
      ['room', 'carol', wrongState],
    ],
  },
  'call.decline for this device alone': {
    command: { type: 'call.decline', busy: true },
    lines: [
      ['offered', 'bob1', [lost('l2', 'busy')]],
      ['ringing', 'bob1', [lost('l2', 'busy')]],
      ['ringing', 'bob2', [lost('l3', 'busy')]],
      ['active', 'bob1', wrongState],
      ['ended', 'bob1', []],
      ['inviting', 'carol', [lost('l4', 'busy'), left('p3', 'busy', null)]],
      ['waiting', 'carol', [lost('l4', 'busy'), left('p3', 'busy', null), ...returned(11_000)]],
    ],
  },
  'call.hang-up (P-810)': {
    command: { type: 'call.hang-up' },
    lines: [
      ['offered', 'alice', endRinging('canceled', 'canceled', 'p1')],
      ['offered', 'bob1', declineB1],
      ['offered', 'bob3', wrongState],
      ['ringing', 'alice', endRinging('canceled', 'canceled', 'p1')],
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
      [
        'inviting',
        'alice',
        [left('p1', 'completed', 'p1'), moderator('p2'), { type: 'call.ringing' }],
      ],
      ['inviting', 'bob1', [left('p2', 'completed', 'p2'), { type: 'call.ringing' }]],
      ['inviting', 'carol', [lost('l4', 'declined'), left('p3', 'declined', 'p3')]],
      ['room', 'alice', [left('p1', 'completed', 'p1'), moderator('p2')]],
      ['room', 'bob1', [left('p2', 'completed', 'p2')]],
      ['room', 'carol', [left('p3', 'completed', 'p3')]],
      [
        'waiting',
        'bob1',
        [
          left('p2', 'canceled', 'p2'),
          lost('l4', 'canceled'),
          left('p3', 'canceled', 'p2'),
          ended('canceled', 'p2'),
        ],
      ],
      ['waiting', 'alice', []],
      [
        'transferred',
        'carol',
        [left('p2', 'completed', 'p3'), left('p3', 'completed', 'p3'), ended('completed', 'p3')],
      ],
    ],
  },
  'call.hang-up with a cause (P-810)': {
    command: { type: 'call.hang-up', cause: 'permission_denied' },
    lines: [
      ['offered', 'alice', endRinging('failed', 'canceled', 'p1', 'permission_denied')],
      ['offered', 'bob1', endRinging('failed', 'canceled', 'p2', 'permission_denied')],
      ['ringing', 'alice', endRinging('failed', 'canceled', 'p1', 'permission_denied')],
      ['ringing', 'bob1', endRinging('failed', 'canceled', 'p2', 'permission_denied')],
      ['connecting', 'alice', endOf('failed', 'p1', 'permission_denied')],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob1', endOf('failed', 'p2', 'permission_denied')],
      ['ended', 'alice', []],
      [
        'inviting',
        'carol',
        [lost('l4', 'canceled'), left('p3', 'failed', 'p3', 'permission_denied')],
      ],
      ['room', 'bob1', [left('p2', 'failed', 'p2', 'permission_denied')]],
      [
        'waiting',
        'carol',
        [
          lost('l4', 'canceled'),
          left('p3', 'failed', 'p3', 'permission_denied'),
          ...returned(11_000),
        ],
      ],
    ],
  },
  'call.hang-up for everyone': {
    command: { type: 'call.hang-up', everyone: true },
    lines: [
      ['active', 'alice', endOf('completed', 'p1')],
      ['active', 'bob1', endOf('completed', 'p2')],
      [
        'room',
        'alice',
        [
          left('p1', 'completed', 'p1'),
          left('p2', 'completed', 'p1'),
          left('p3', 'completed', 'p1'),
          ended('completed', 'p1'),
        ],
      ],
      // Who may not end it for all leaves alone (P-828).
      ['room', 'bob1', [left('p2', 'completed', 'p2')]],
      ['room', 'carol', [left('p3', 'completed', 'p3')]],
      ['ended', 'alice', []],
    ],
  },
  'call.media of l1': {
    command: heard('l1'),
    lines: [
      ['offered', 'bob1', wrongState],
      ['connecting', 'alice', wrongState],
      ['connecting', 'bob1', media('l2', 'l1')],
      ['connecting', 'bob2', bob1Won],
      ['active', 'bob1', []],
      ['active', 'bob3', wrongState],
      ['ended', 'alice', endedByAlice],
      ['inviting', 'carol', wrongState],
      ['full', 'dave', media('l5', 'l1')],
      ['waiting', 'bob1', []],
      ['waiting', 'alice', transferredAway],
    ],
  },
  'call.media of l2': {
    command: heard('l2'),
    lines: [
      ['offered', 'alice', wrongState],
      ['ringing', 'alice', wrongState],
      ['connecting', 'alice', media('l1', 'l2')],
      ['connecting', 'bob1', wrongState],
      ['active', 'alice', []],
      ['room', 'carol', []],
      ['full', 'dave', media('l5', 'l2')],
    ],
  },
  'call.media of a leg that is not there': {
    command: heard('l9'),
    lines: [
      ['connecting', 'alice', wrongState],
      ['room', 'carol', wrongState],
    ],
  },
  'call.media lost': {
    command: heard('l1', false),
    lines: [
      ['connecting', 'bob1', []],
      ['active', 'bob1', media('l2', 'l1', false)],
      ['room', 'carol', media('l4', 'l1', false)],
      ['ended', 'bob1', endedByAlice],
    ],
  },
  'call.media of an epoch before': {
    command: heard('l1', true, 0),
    lines: [
      ['connecting', 'bob1', []],
      ['active', 'bob1', []],
    ],
  },
  'call.media of an epoch to come': {
    command: heard('l1', true, 2),
    lines: [
      ['connecting', 'bob1', []],
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
      ['inviting', 'carol', wrongState],
      ['room', 'carol', [updated('l4', { held: true })]],
      ['waiting', 'bob1', [updated('l2', { held: true })]],
      ['waiting', 'alice', transferredAway],
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

describe.each(Object.entries(tables))('%s', (_name, { command, lines }) => {
  test.each(lines)('when %s, by %s (P-816, P-817, P-818)', (point, name, outcome) => {
    expect(outcomeOf(sampleCall(point), who[name], command, timeOf[point])).toEqual(outcome);
  });
});

describe('a command on a call that does not exist', () => {
  const commands: readonly UserCommand[] = [
    { type: 'call.ring' },
    { type: 'call.accept' },
    { type: 'call.decline' },
    { type: 'call.hang-up' },
    heard('l1'),
    { type: 'call.update', muted: true },
    { type: 'call.invite', to: 'user:bob' },
    { type: 'call.remove', participantId: 'p2' },
    { type: 'call.request-mute', participantId: 'p2' },
    { type: 'call.transfer', to: 'user:bob' },
    { type: 'call.transfer', toCallId: sampleCall('active').callId, other: null },
    { type: 'call.merge', fromCallId: sampleCall('active').callId, other: null },
  ];
  test.each(commands)('$type is refused as for a foreign call (P-411)', (command) => {
    const { at } = sampleCall('offered');
    expect(decide(null, alice, command, at(0))).toEqual({ refusal: notFound });
  });
});
