import type { Random } from '@ringfence/base';
import type { Circumstances, Decision } from '../draft.ts';
import type { CallEvent } from '../events.ts';
import type { CallFacts } from '../facts.ts';
import { takeStep } from './call-step.ts';
import type { CallStep } from './call-step.ts';
import { anyStep } from './random-steps.ts';
import { RandomTown } from './random-town.ts';

/** One step of a random call: what was known, what happened, and what the rules said. */
export interface CallStepTaken {
  readonly callId: string;
  readonly before: CallFacts | null;
  readonly step: CallStep;
  readonly circumstances: Circumstances;
  readonly decision: Decision;
}

export interface RandomCall {
  readonly callId: string;
  readonly facts: CallFacts | null;
  readonly events: readonly CallEvent[];
}

/** Several calls among the same users, and all that happened to them, in order. */
export interface RandomCalls {
  /** In the order they began. */
  readonly calls: readonly RandomCall[];
  readonly steps: readonly CallStepTaken[];
}

/**
 * Calls between five users with several devices, to whom `steps` random things happen: commands in
 * and out of turn, also over two calls, dials that cross, forwarding, strangers, silence, deadlines.
 * The same `random` gives the same calls. For tests that need histories of every shape.
 */
export function randomCalls(random: Random, steps = 80): RandomCalls {
  const town = new RandomTown(random);
  const taken: CallStepTaken[] = [];
  for (let count = 0; count < steps; count += 1) {
    town.passTime();
    const { callId, step } = anyStep(random, town);
    const before = town.factsOf(callId);
    const circumstances = town.circumstances(callId, step);
    const decision = takeStep(before, step, circumstances);
    taken.push({ callId, before, step, circumstances, decision });
    if (decision.refusal !== undefined) continue;
    town.write(callId, decision.events, decision.facts);
    const { other } = decision;
    if (other !== undefined) town.write(other.facts.call.id, other.events, other.facts);
  }
  return { calls: town.calls, steps: taken };
}

/** The call of {@link randomCalls} to which most happened. */
export function randomCall(random: Random, steps?: number): RandomCall {
  const { calls } = randomCalls(random, steps);
  return calls.reduce((most, call) => (call.events.length > most.events.length ? call : most));
}
