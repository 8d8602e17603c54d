import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { userAddress } from '../address.ts';
import type { Actor, SystemCommand, UserCommand } from '../commands.ts';
import { resolveDeadlines } from '../deadlines.ts';
import { decide } from '../decide.ts';
import { decideSystem } from '../decide-system.ts';
import type { Circumstances, Decision } from '../draft.ts';
import type { CallEvent } from '../events.ts';
import { nextDeadlineAt } from '../facts.ts';
import type { CallFacts, EndCause } from '../facts.ts';

/** One thing that happens to a call: a user's command, or what the server finds out. */
export type CallStep =
  { readonly actor: Actor; readonly command: UserCommand } | { readonly system: SystemCommand };

/** One step of a random call: what was known, what happened, and what the rules said. */
export interface CallStepTaken {
  readonly before: CallFacts | null;
  readonly step: CallStep;
  readonly circumstances: Circumstances;
  readonly decision: Decision;
}

export interface RandomCall {
  readonly callId: string;
  readonly facts: CallFacts | null;
  readonly events: readonly CallEvent[];
  readonly steps: readonly CallStepTaken[];
}

const callId = '018f0000-0000-7000-8000-000000000001';
const orgId = 'acme';
const caller: Actor = { orgId, userId: 'alice', deviceId: 'a1' };
const callees: readonly Actor[] = ['b1', 'b2', 'b3'].map((deviceId) => ({
  orgId,
  userId: 'bob',
  deviceId,
}));
const strangers: readonly Actor[] = [
  { orgId, userId: 'mallory', deviceId: 'm1' },
  { orgId: 'other', userId: 'alice', deviceId: 'a1' },
  { orgId, userId: 'alice', deviceId: 'a2' },
];
const causes: readonly EndCause[] = ['permission_denied', 'media_failed'];

/** Runs one step through the rules. */
export function takeStep(
  facts: CallFacts | null,
  step: CallStep,
  circumstances: Circumstances,
): Decision {
  if ('actor' in step) return decide(facts, step.actor, step.command, circumstances);
  if (facts === null) return { events: [], facts: null, before: null };
  return decideSystem(facts, step.system, circumstances);
}

/**
 * A call between one caller and up to three devices of one callee, to whom `steps` random things
 * happen: commands in and out of turn, strangers, silence, deadlines. The same `random` gives the
 * same call. For tests that need histories of every shape.
 */
export function randomCall(random: Random, steps = 40): RandomCall {
  const deadlines = resolveDeadlines();
  const taken: CallStepTaken[] = [];
  const events: CallEvent[] = [];
  let facts: CallFacts | null = null;
  let now = 1_700_000_000_000;
  for (let count = 0; count < steps; count += 1) {
    now = later(random, facts, now);
    const step: CallStep =
      count === 0 && chance(random, 9, 10) ? dial(random) : anyStep(random, facts);
    const circumstances: Circumstances = { callId, now, deadlines };
    const decision = takeStep(facts, step, circumstances);
    taken.push({ before: facts, step, circumstances, decision });
    if (decision.refusal !== undefined) continue;
    events.push(...decision.events);
    facts = decision.facts;
  }
  return { callId, facts, events, steps: taken };
}

const chance = (random: Random, times: number, of: number): boolean =>
  randomInteger(random, of) < times;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[randomInteger(random, from.length)]!;
}

/** Mostly a little later, at times exactly on or just past the next deadline. */
function later(random: Random, facts: CallFacts | null, now: number): number {
  const due = facts === null ? null : nextDeadlineAt(facts);
  if (due !== null && chance(random, 1, 6))
    return Math.max(now, due + randomInteger(random, 3) - 1);
  return now + randomInteger(random, chance(random, 1, 8) ? 15_000 : 400);
}

function dial(random: Random): CallStep {
  const count = chance(random, 1, 12) ? 0 : 1 + randomInteger(random, callees.length);
  return {
    actor: caller,
    command: {
      type: 'call.dial',
      to: userAddress(chance(random, 1, 20) ? 'alice' : 'bob'),
      media: { audio: true, video: chance(random, 1, 2) },
      reach: {
        deviceIds: callees.slice(0, count).map(({ deviceId }) => deviceId),
        busy: chance(random, 1, 20),
        callerBusy: chance(random, 1, 20),
      },
    },
  };
}

function anyStep(random: Random, facts: CallFacts | null): CallStep {
  const actor = chance(random, 1, 15)
    ? pick(random, strangers)
    : pick(random, [caller, caller, ...callees]);
  const { userId, deviceId } = actor;
  const kind = randomInteger(random, 24);
  if (kind < 3) return { system: { type: 'deadline.passed' } };
  if (kind < 5) return { system: { type: 'device.silent', userId, deviceId } };
  if (kind < 7) return { system: { type: 'device.resumed', userId, deviceId } };
  if (kind === 7 && chance(random, 1, 6)) return { system: { type: 'call.terminate' } };
  if (kind === 8 && chance(random, 1, 2)) return dial(random);
  return { actor, command: anyCommand(random, facts) };
}

function anyCommand(random: Random, facts: CallFacts | null): UserCommand {
  const isOn = chance(random, 1, 2);
  switch (randomInteger(random, 16)) {
    case 0:
    case 1:
    case 2:
      return { type: 'call.ring' };
    case 3:
    case 4:
      return { type: 'call.accept' };
    case 5:
      return { type: 'call.decline' };
    case 6:
      return { type: 'call.hang-up', ...(isOn && { dialed: true }) };
    case 7:
      return { type: 'call.hang-up', ...(isOn && { cause: pick(random, causes) }) };
    case 8:
    case 9:
      return { type: 'call.update', [pick(random, ['held', 'muted', 'camera'])]: isOn };
    default: {
      const mediaEpoch = (facts?.call.mediaEpoch ?? 0) + (chance(random, 1, 10) ? 1 : 0);
      return { type: 'call.media', mediaEpoch, connected: chance(random, 4, 5) };
    }
  }
}
