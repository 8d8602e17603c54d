/* What the facts of a call say to one of its legs. Pure; knows nothing of the machine. */
import { participantOfLeg } from '@ringfence/call-rules';
import type { CallFacts, Leg, LegId } from '@ringfence/call-rules';
import type { CallEnd } from './context.ts';

export function ownLeg(facts: CallFacts | null, legId: LegId): Leg | undefined {
  return facts?.legs.find((leg) => leg.id === legId);
}

/** The leg on the other side that joined. */
export function peerLeg(facts: CallFacts | null, legId: LegId): Leg | undefined {
  const own = ownLeg(facts, legId);
  return facts?.legs.find((leg) => leg.state === 'won' && leg.participantId !== own?.participantId);
}

/** True once this leg is part of the call, and may change what it sends. */
export function hasJoined(facts: CallFacts | null, legId: LegId): boolean {
  return ownLeg(facts, legId)?.state === 'won';
}

/** True once the call was answered with this leg in it, and until it ends. */
export function isTalking(facts: CallFacts, legId: LegId): boolean {
  const { state } = facts.call;
  return (state === 'connecting' || state === 'active') && hasJoined(facts, legId);
}

/** True when a device of the callee rings. */
export function isPeerRinging(facts: CallFacts): boolean {
  return facts.participants.some(({ role, state }) => role === 'callee' && state === 'ringing');
}

/** True when the server heard too late from this device, and the call still rings. */
export function mayRingAgain(facts: CallFacts, legId: LegId): boolean {
  const own = ownLeg(facts, legId);
  return (
    facts.call.state === 'ringing' && own?.state === 'lost' && own.lostReason === 'unreachable'
  );
}

/** How the call ended for this leg; null while it goes on. */
export function endFor(facts: CallFacts, legId: LegId): CallEnd | null {
  const { call } = facts;
  const own = ownLeg(facts, legId);
  if (own?.state === 'lost') {
    const { lostReason } = own;
    if (lostReason === 'answered-elsewhere' || lostReason === 'declined-elsewhere') {
      return { reason: lostReason, cause: null, by: 'local' };
    }
    // It was out of reach when another device of the same user answered.
    if (participantOfLeg(facts, own).wonLegId !== null) {
      return { reason: 'answered-elsewhere', cause: null, by: 'local' };
    }
  }
  if (call.state !== 'ended') return null;
  let by: CallEnd['by'] = null;
  if (call.endedBy !== null) by = call.endedBy === own?.participantId ? 'local' : 'remote';
  return { reason: call.endReason!, cause: call.endCause, by };
}
