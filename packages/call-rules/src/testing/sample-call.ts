import { userAddress } from '../address.ts';
import type { Actor, Reach, UserCommand } from '../commands.ts';
import { resolveDeadlines } from '../deadlines.ts';
import type { Circumstances } from '../draft.ts';
import type { CallEvent } from '../events.ts';
import type { CallFacts } from '../facts.ts';
import { defaultSettings } from '../settings.ts';
import { takeStep } from './call-step.ts';
import type { CallStep } from './call-step.ts';

/** How far a {@link sampleCall} has come. Each follows from the one named in brackets. */
export type SamplePoint =
  /** Alice dialed; Bob's devices b1 and b2 are offered the call. */
  | 'offered'
  /** b1 rings, b2 does not yet [offered]. */
  | 'ringing'
  /** b1 accepted, b2 lost [ringing]. */
  | 'connecting'
  /** Media of both sides is connected [connecting]. */
  | 'active'
  /** Alice hung up [active]. */
  | 'ended'
  /** Alice's cancel came before her dial. */
  | 'tombstone'
  /** Alice invited Carol, whose c1 rings [active]. */
  | 'inviting'
  /** Carol joined, and each hears each [inviting]. */
  | 'room'
  /** Bob brought Dave in, whose d1 joined: four [room]. */
  | 'full'
  /** Alice transferred Bob to Carol, whose c1 rings; Bob waits [active]. */
  | 'waiting'
  /** Carol took it: she and Bob talk [waiting]. */
  | 'transferred';

export interface SampleCall {
  readonly callId: string;
  readonly facts: CallFacts;
  readonly events: readonly CallEvent[];
  /**
   * Circumstances at `afterMs` after the start, with the default deadlines. Everybody can be
   * reached, save as `reach` says otherwise.
   */
  at(afterMs: number, reach?: SampleReach): Circumstances;
  /** The same call after one more step. Throws when the rules refuse it. */
  after(step: CallStep, afterMs: number, reach?: SampleReach): SampleCall;
}

/** What is different about some users, by user id. */
export type SampleReach = Readonly<Record<string, Partial<Reach>>>;

/** The devices of a sample call. Erin is not in it, Mallory a stranger to all of them. */
export const sampleActors = {
  alice: { orgId: 'acme', userId: 'alice', deviceId: 'a1' },
  bob1: { orgId: 'acme', userId: 'bob', deviceId: 'b1' },
  bob2: { orgId: 'acme', userId: 'bob', deviceId: 'b2' },
  carol: { orgId: 'acme', userId: 'carol', deviceId: 'c1' },
  dave: { orgId: 'acme', userId: 'dave', deviceId: 'd1' },
  erin: { orgId: 'acme', userId: 'erin', deviceId: 'e1' },
  mallory: { orgId: 'acme', userId: 'mallory', deviceId: 'm1' },
} as const satisfies Record<string, Actor>;

const { alice, bob1, carol, dave } = sampleActors;
const sampleCallId = '018bcfe5-6800-7000-8000-000000000001';
const startAt = 1_700_000_000_000;
const deadlines = resolveDeadlines();

/** Who can be reached where: everybody on each device of theirs, unless `change` says otherwise. */
export function sampleReach(change: SampleReach = {}): Circumstances['reach'] {
  return (userId) => {
    const deviceIds = Object.values(sampleActors)
      .filter((actor) => actor.userId === userId)
      .map(({ deviceId }) => deviceId);
    return { deviceIds, busy: false, settings: defaultSettings, ...change[userId] };
  };
}

const hears = (actor: Actor, legId: string): readonly [Actor, UserCommand] => [
  actor,
  { type: 'call.media', mediaEpoch: 1, legId, connected: true },
];

type Steps = readonly (readonly [afterMs: number, actor: Actor, command: UserCommand])[];

/** Each point, the one it follows from, and the steps between. */
const points: Readonly<
  Record<Exclude<SamplePoint, 'tombstone'>, readonly [SamplePoint | null, Steps]>
> = {
  offered: [
    null,
    [[0, alice, { type: 'call.dial', to: 'user:bob', media: { audio: true, video: true } }]],
  ],
  ringing: ['offered', [[100, bob1, { type: 'call.ring' }]]],
  connecting: ['ringing', [[3_000, bob1, { type: 'call.accept' }]]],
  active: [
    'connecting',
    [
      [3_200, ...hears(bob1, 'l1')],
      [3_210, ...hears(alice, 'l2')],
    ],
  ],
  ended: ['active', [[60_000, alice, { type: 'call.hang-up' }]]],
  inviting: [
    'active',
    [
      [10_000, alice, { type: 'call.invite', to: 'user:carol' }],
      [10_100, carol, { type: 'call.ring' }],
    ],
  ],
  room: [
    'inviting',
    [
      [12_000, carol, { type: 'call.accept' }],
      [12_200, ...hears(carol, 'l1')],
      [12_210, ...hears(alice, 'l4')],
      [12_220, ...hears(carol, 'l2')],
      [12_230, ...hears(bob1, 'l4')],
    ],
  ],
  full: [
    'room',
    [
      [14_000, bob1, { type: 'call.invite', to: 'user:dave' }],
      [15_000, dave, { type: 'call.accept' }],
    ],
  ],
  waiting: [
    'active',
    [
      [10_000, alice, { type: 'call.transfer', to: 'user:carol' }],
      [10_100, carol, { type: 'call.ring' }],
    ],
  ],
  transferred: [
    'waiting',
    [
      [12_000, carol, { type: 'call.accept' }],
      [12_200, ...hears(carol, 'l2')],
      [12_210, ...hears(bob1, 'l4')],
    ],
  ],
};

/**
 * A video call of Alice (device a1) to Bob (devices b1 and b2), at a point of its life, made by the
 * rules with the default deadlines from the wall clock time 1,700,000,000,000. Bob answers on b1.
 */
export function sampleCall(point: SamplePoint): SampleCall {
  if (point === 'tombstone') {
    return begin(sampleCallId, alice, { type: 'call.hang-up', dialed: true }, 0);
  }
  const [from, steps] = points[point];
  if (from === null) return begin(sampleCallId, steps[0]![1], steps[0]![2], steps[0]![0]);
  return steps.reduce(
    (call, [afterMs, actor, command]) => call.after({ actor, command }, afterMs),
    sampleCall(from),
  );
}

/** As {@link sampleCall} at `offered`, where some are reached otherwise. */
export function sampleDial(reach: SampleReach): SampleCall {
  const [afterMs, actor, command] = points.offered[1][0]!;
  return begin(sampleCallId, actor, command, afterMs, reach);
}

/**
 * A second call, for transfers and merges: `from` dials the user of `to` at `atMs` after the start.
 * `ringing` and `active` as in {@link SamplePoint}; its legs are l1 and l2.
 */
export function secondCall(
  from: Actor,
  to: Actor,
  point: 'offered' | 'ringing' | 'active',
  atMs = 20_000,
): SampleCall {
  const dial: UserCommand = {
    type: 'call.dial',
    to: userAddress(to.userId),
    media: { audio: true, video: false },
  };
  const reach = { [to.userId]: { deviceIds: [to.deviceId] } };
  const offered = begin('018bcfe5-6800-7000-8000-000000000002', from, dial, atMs, reach);
  if (point === 'offered') return offered;
  const ringing = offered.after({ actor: to, command: { type: 'call.ring' } }, atMs + 100);
  if (point === 'ringing') return ringing;
  return ringing
    .after({ actor: to, command: { type: 'call.accept' } }, atMs + 1_000)
    .after({ actor: to, command: hears(to, 'l1')[1] }, atMs + 1_200)
    .after({ actor: from, command: hears(from, 'l2')[1] }, atMs + 1_210);
}

function begin(
  callId: string,
  actor: Actor,
  command: UserCommand,
  afterMs: number,
  reach?: SampleReach,
): SampleCall {
  return next(callId, null, [], { actor, command }, afterMs, reach);
}

function next(
  callId: string,
  facts: CallFacts | null,
  events: readonly CallEvent[],
  step: CallStep,
  afterMs: number,
  reach: SampleReach | undefined,
): SampleCall {
  const at: SampleCall['at'] = (ms, change) => ({
    callId,
    now: startAt + ms,
    deadlines,
    reach: sampleReach(change),
  });
  const decision = takeStep(facts, step, at(afterMs, reach));
  if (decision.refusal !== undefined) {
    throw new Error(`unable to take the step; the rules say ${decision.refusal.code}`);
  }
  const known = decision.facts!;
  const history = [...events, ...decision.events];
  return {
    callId,
    facts: known,
    events: history,
    at,
    after: (more, moreMs, change) => next(callId, known, history, more, moreMs, change),
  };
}
