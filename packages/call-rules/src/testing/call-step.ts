import type { Actor, SystemCommand, UserCommand } from '../commands.ts';
import { decide } from '../decide.ts';
import { decideSystem } from '../decide-system.ts';
import type { Circumstances, Decision } from '../draft.ts';
import type { CallFacts } from '../facts.ts';

/** One thing that happens to a call: a user's command, or what the server finds out. */
export type CallStep =
  { readonly actor: Actor; readonly command: UserCommand } | { readonly system: SystemCommand };

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
