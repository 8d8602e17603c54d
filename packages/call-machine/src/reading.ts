/* What the facts of a call say to one of its legs. Pure; knows nothing of the machine. */
import { hasJoined, isRinging, joinedLegs, participantOfLeg } from '@ringfence/call-rules';
import type { CallFacts, Leg, LegId, Participant } from '@ringfence/call-rules';

/** Where a leg that is in a call stands. */
export type Place = 'ringing' | 'connecting' | 'active' | 'reconnecting';

/** Of nothing. One object, so that ten thousand calls pay for it once. */
export const none: readonly never[] = [];

export function ownLeg(facts: CallFacts | null, legId: LegId): Leg | undefined {
  return facts?.legs.find((leg) => leg.id === legId);
}

/** The participant whose device this is. */
export function ownParticipant(facts: CallFacts | null, legId: LegId): Participant | undefined {
  const own = ownLeg(facts, legId);
  return own && participantOfLeg(facts!, own);
}

/** True while this leg is part of the call, and may change what it sends. */
export function isIn(facts: CallFacts | null, legId: LegId): boolean {
  const own = ownLeg(facts, legId);
  return own !== undefined && hasJoined(facts!, own);
}

/** The other legs in the call, in the order they came; none while this one is not in it. */
export function otherLegs(facts: CallFacts | null, legId: LegId): readonly Leg[] {
  return isIn(facts, legId) ? joinedLegs(facts!).filter(({ id }) => id !== legId) : none;
}

/** Whom the call is with: the first other one in it, else the first on the way. */
export function peerOf({ participants, legs }: CallFacts, legId: LegId): Participant | undefined {
  const ownId = legs.find(({ id }) => id === legId)?.participantId;
  let onTheWay: Participant | undefined;
  for (const participant of participants) {
    if (participant.id === ownId || participant.state === 'left') continue;
    if (participant.state === 'joined') return participant;
    onTheWay ??= participant;
  }
  return onTheWay;
}

/** Where this leg stands, given the legs whose media flows here; null while it is not in the call. */
export function placeOf(facts: CallFacts, legId: LegId, flowing: readonly LegId[]): Place | null {
  const { state } = facts.call;
  if (state === 'ended' || !isIn(facts, legId)) return null;
  if (state !== 'active') return state;
  const isUp = otherLegs(facts, legId).some(({ id, silent }) => !silent && flowing.includes(id));
  if (isUp) return 'active';
  // Who came to a call under way has a deadline of its own, until its media first connects.
  return ownLeg(facts, legId)!.connectDeadlineAt === null ? 'reconnecting' : 'connecting';
}

/** True when somebody rings, or is about to: the call was answered once, and one was left behind. */
export function isSomebodyRung({ call, participants }: CallFacts): boolean {
  return call.answeredAt !== null || participants.some(({ state }) => state === 'ringing');
}

/** True when the server heard too late from this device, and its user still rings. */
export function mayRingAgain(facts: CallFacts, own: Leg): boolean {
  return (
    own.state === 'lost' &&
    own.lostReason === 'unreachable' &&
    isRinging(participantOfLeg(facts, own))
  );
}

/** Until when the server waits for what this leg waits for; 0 when it waits for nothing. */
export function dueAt(facts: CallFacts | null, legId: LegId): number {
  if (!facts) return 0;
  const { call, participants } = facts;
  if (call.state !== 'ringing' && isIn(facts, legId)) {
    return call.connectDeadlineAt ?? ownLeg(facts, legId)!.connectDeadlineAt ?? 0;
  }
  let due = 0;
  for (const participant of participants) {
    if (isRinging(participant)) due = Math.max(due, participant.ringDeadlineAt ?? 0);
  }
  return due;
}

/** No deadline of a server is longer. */
const longestWaitMs = 300_000;

/**
 * How long the server waits for it: from the newest thing that has a time, so at least as long as
 * is left. Lengths, and not points in time, because the clocks of client and server differ.
 */
export function waitMs(facts: CallFacts, legId: LegId): number {
  const { createdAt, answeredAt } = facts.call;
  let sinceAt = answeredAt ?? createdAt;
  for (const { leftAt, connectedAt } of facts.participants) {
    sinceAt = Math.max(sinceAt, leftAt ?? 0, connectedAt ?? 0);
  }
  const due = dueAt(facts, legId);
  return due ? Math.min(Math.max(0, due - sinceAt), longestWaitMs) : longestWaitMs;
}
