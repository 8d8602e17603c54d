import { directRinging, nextDeadlineAt } from '@ringfence/call-rules';
import type { CallFacts, CallOutcome, Decision } from '@ringfence/call-rules';
import { commandDigest } from './command.ts';
import type { CommandRequest } from './command.ts';
import type { Assumptions } from './assumptions.ts';
import type { CallChange, ChangeSet, Guard, OutboxEntry, StoredAnswer } from './ports.ts';
import type { SessionIdentity } from './session.ts';

/** A decision that changes something. */
export type Change = Extract<Decision, { readonly refusal?: undefined }> & {
  readonly facts: CallFacts;
};

export function isChange(decision: Decision): decision is Change {
  return decision.refusal === undefined && decision.events.length > 0;
}

/** The write of a change: it holds when the calls still stand where the decision found them. */
export function changeSet(
  change: Change,
  parts: {
    readonly assumptions: Assumptions;
    readonly outbox: readonly OutboxEntry[];
    readonly answer?: StoredAnswer | undefined;
  },
): ChangeSet {
  const guards = [standsBefore(change)];
  const calls = [callChange(change)];
  if (change.other !== undefined) {
    guards.push(standsBefore(change.other));
    calls.push(callChange(change.other));
  }
  if (change.before !== null) guards.push({ guard: 'time.before', at: change.before });
  parts.assumptions.addGuards(guards);
  const { orgId } = change.facts.call;
  return { orgId, guards, calls, outbox: parts.outbox, answer: parts.answer };
}

/** The call is where its first new event follows. */
function standsBefore({ facts, events }: CallOutcome): Guard {
  const callId = facts.call.id;
  const seq = events[0]!.seq - 1;
  return seq === 0 ? { guard: 'call.absent', callId } : { guard: 'call.seq', callId, seq };
}

function callChange({ facts, events }: CallOutcome): CallChange {
  return {
    facts,
    nextDeadlineAt: nextDeadlineAt(facts),
    directRinging: directRinging(facts),
    events,
  };
}

/** The answer to a command, to be kept with its change. */
export function storedAnswer(
  actor: SessionIdentity,
  request: CommandRequest,
  answer: string,
  keepUntil: number,
): StoredAnswer {
  return {
    orgId: actor.orgId,
    userId: actor.userId,
    commandId: request.id,
    requestHash: commandDigest(request),
    answer,
    keepUntil,
  };
}
