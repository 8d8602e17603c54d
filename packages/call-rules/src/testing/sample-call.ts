import type { Actor, UserCommand } from '../commands.ts';
import { resolveDeadlines } from '../deadlines.ts';
import type { Circumstances } from '../draft.ts';
import type { CallEvent } from '../events.ts';
import type { CallFacts } from '../facts.ts';
import { takeStep } from './random-call.ts';
import type { CallStep } from './random-call.ts';

/** How far a {@link sampleCall} has come. */
export type SamplePoint =
  /** Alice dialed; Bob's devices b1 and b2 are offered the call. */
  | 'offered'
  /** b1 rings, b2 does not yet. */
  | 'ringing'
  /** b1 accepted, b2 lost. */
  | 'connecting'
  /** Media of both sides is connected. */
  | 'active'
  /** Alice hung up. */
  | 'ended'
  /** Alice's cancel came before her dial. */
  | 'tombstone';

export interface SampleCall {
  readonly callId: string;
  readonly facts: CallFacts;
  readonly events: readonly CallEvent[];
  /** Circumstances at `afterMs` after the start, with the default deadlines. */
  at(afterMs: number): Circumstances;
  /** The same call after one more step. Throws when the rules refuse it. */
  after(step: CallStep, afterMs: number): SampleCall;
}

/** The devices of a sample call. */
export const sampleActors = {
  alice: { orgId: 'acme', userId: 'alice', deviceId: 'a1' },
  bob1: { orgId: 'acme', userId: 'bob', deviceId: 'b1' },
  bob2: { orgId: 'acme', userId: 'bob', deviceId: 'b2' },
} as const satisfies Record<string, Actor>;

const { alice, bob1 } = sampleActors;
const callId = '018bcfe5-6800-7000-8000-000000000001';
const startAt = 1_700_000_000_000;
const deadlines = resolveDeadlines();
const at = (afterMs: number): Circumstances => ({ callId, now: startAt + afterMs, deadlines });

const dial: UserCommand = {
  type: 'call.dial',
  to: 'user:bob',
  media: { audio: true, video: true },
  reach: { deviceIds: ['b1', 'b2'], busy: false, callerBusy: false },
};

/** Each point, with the steps that lead to it from the one before, and when they fall. */
const path: readonly (readonly [
  SamplePoint,
  readonly (readonly [number, Actor, UserCommand])[],
])[] = [
  ['offered', [[0, alice, dial]]],
  ['ringing', [[100, bob1, { type: 'call.ring' }]]],
  ['connecting', [[3_000, bob1, { type: 'call.accept' }]]],
  [
    'active',
    [
      [3_200, bob1, { type: 'call.media', mediaEpoch: 1, connected: true }],
      [3_210, alice, { type: 'call.media', mediaEpoch: 1, connected: true }],
    ],
  ],
  ['ended', [[60_000, alice, { type: 'call.hang-up' }]]],
];

/**
 * A video call of Alice (device a1) to Bob (devices b1 and b2), at a point of its life, made by the
 * rules with the default deadlines from the wall clock time 1,700,000,000,000.
 */
export function sampleCall(point: SamplePoint): SampleCall {
  if (point === 'tombstone') {
    const cancel: UserCommand = { type: 'call.hang-up', dialed: true };
    return next(null, [], { actor: alice, command: cancel }, 0);
  }
  let call: SampleCall | null = null;
  for (const [name, steps] of path) {
    for (const [afterMs, actor, command] of steps) {
      call = next(call?.facts ?? null, call?.events ?? [], { actor, command }, afterMs);
    }
    if (name === point) break;
  }
  return call!;
}

function next(
  facts: CallFacts | null,
  events: readonly CallEvent[],
  step: CallStep,
  afterMs: number,
): SampleCall {
  const decision = takeStep(facts, step, at(afterMs));
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
    after: (more, moreMs) => next(known, history, more, moreMs),
  };
}
