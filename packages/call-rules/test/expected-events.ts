/* What tests of the rules expect, written short. Not for who uses the package. */
import { expect } from 'vitest';
import { decide } from '../src/decide.ts';
import type { Actor, UserCommand } from '../src/commands.ts';
import type { Decision } from '../src/draft.ts';
import type { CallEvent, CallEventBody } from '../src/events.ts';
import type { CallFacts, EndCause, EndReason, LegLostReason } from '../src/facts.ts';
import type { Refusal } from '../src/refusals.ts';
import { checkCallInvariants } from '../src/testing/index.ts';
import type { SampleCall, SampleReach } from '../src/testing/index.ts';

/** When a sample call starts, on the store's clock. */
export const start = 1_700_000_000_000;

export function left(
  participantId: string,
  reason: EndReason,
  by: string | null,
  cause: EndCause | null = null,
): CallEventBody {
  return { type: 'participant.left', participantId, reason, cause, by };
}

export function ended(
  reason: EndReason,
  by: string | null,
  cause: EndCause | null = null,
): CallEventBody {
  return { type: 'call.ended', reason, cause, by };
}

/** The end of a call of which p1 and p2 are in it and neither rings. */
export function endOf(
  reason: EndReason,
  by: string | null,
  cause: EndCause | null = null,
): readonly CallEventBody[] {
  return [left('p1', reason, by, cause), left('p2', reason, by, cause), ended(reason, by, cause)];
}

/** The end of a call in which p1 waits and both devices of p2, l2 and l3, ring. */
export function endRinging(
  reason: EndReason,
  legReason: LegLostReason,
  by: string | null,
  cause: EndCause | null = null,
): readonly CallEventBody[] {
  return [
    left('p1', reason, by, cause),
    lost('l2', legReason),
    lost('l3', legReason),
    left('p2', reason, by, cause),
    ended(reason, by, cause),
  ];
}

export function lost(legId: string, reason: LegLostReason, toLegId?: string): CallEventBody {
  return { type: 'leg.lost', legId, reason, ...(toLegId !== undefined && { toLegId }) };
}

/** b1 accepts first: what follows its ringing. */
export function joinB1(at: number): readonly CallEventBody[] {
  return [
    { type: 'participant.joined', participantId: 'p2', legId: 'l2', connectDeadlineAt: null },
    lost('l3', 'answered-elsewhere', 'l2'),
    { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: at + 20_000 },
  ];
}

/** The command that says that media of a leg arrives, or does no more. */
export function heard(legId: string, connected = true, mediaEpoch = 1): UserCommand {
  return { type: 'call.media', mediaEpoch, legId, connected };
}

/** Events without their place in the history. */
function bodiesOf(events: readonly CallEvent[]): readonly CallEventBody[] {
  return events.map(({ seq: _seq, at: _at, ...body }) => body);
}

/** A decision that is no refusal. */
export function taken(decision: Decision): Extract<Decision, { readonly refusal?: undefined }> {
  if (decision.refusal !== undefined) throw new Error(`refused: ${decision.refusal.code}`);
  return decision;
}

/** What a command comes to on a sample call: the bodies of its events, or the refusal. */
export function outcomeOf(
  call: SampleCall,
  actor: Actor,
  command: UserCommand,
  afterMs: number,
  reach?: SampleReach,
): readonly CallEventBody[] | Refusal {
  const decision = decide(call.facts, actor, command, call.at(afterMs, reach));
  return decision.refusal ?? checked(call, decision, afterMs);
}

/** The bodies of a decision's events, once the whole history holds the invariants. */
export function checked(
  call: SampleCall,
  decision: Decision,
  afterMs: number,
): readonly CallEventBody[] {
  const { events, facts } = taken(decision);
  checkCallInvariants({ callId: call.callId, events: [...call.events, ...events], facts });
  expect(events.map(({ seq }) => seq)).toEqual(
    events.map((_, index) => call.facts.call.seq + index + 1),
  );
  expect(events.every(({ at }) => at === start + afterMs)).toBe(true);
  return bodiesOf(events);
}

/** Who is in the call and not left: how they stand, how they came, and as what. */
export function present({ participants }: CallFacts): readonly string[] {
  return participants
    .filter(({ state }) => state !== 'left')
    .map(({ userId, state, via, role }) => `${userId} ${state} ${via} ${role}`);
}
