/* Whom a call rings: by dial, invitation or transfer, and by forwarding from there. */
import { parseAddress } from './address.ts';
import type { Address } from './address.ts';
import type { Draft } from './draft.ts';
import type { EndReason, Participant, ParticipantId, Role, Via } from './facts.ts';
import type { RefusalCode } from './refusals.ts';

/** A participant rings at most this many devices: those that came last. */
const mostDevices = 32;
/** A call is forwarded at most this often. */
const mostForwards = 5;
/** The most who are in a call, or on the way, at once. Media of each goes to each (a mesh). */
export const mostPresent = 4;
/** The most participants and legs a call has seen in all. So many fit a snapshot of the wire. */
export const mostEver = 30;
const mostLegs = 120;
/** Legs kept free for who comes back from a transfer, or dials into a crossing call. */
const keptLegs = 8;

/** Who was called and does not ring, and why. */
export interface Unrung {
  readonly participant: Participant;
  readonly reason: EndReason;
}

/** Reads whom an address means; a refusal code when it means nobody that can be rung. */
export function calleeOf(
  to: Address,
  actorUserId: string,
): { readonly userId: string } | { readonly code: RefusalCode } {
  const parsed = parseAddress(to);
  if (parsed === null) return { code: 'invalid_address' };
  if (parsed.kind !== 'user') return { code: 'address_unsupported' };
  if (parsed.id === actorUserId) return { code: 'cannot_dial_self' };
  return { userId: parsed.id };
}

/** Until when a user rings: for less long where their unanswered calls go on to another. */
export function ringDeadlineOf(draft: Draft, userId: string): number {
  const { now, deadlines, reach } = draft.circumstances;
  const { ringMs, forwardMs } = deadlines;
  const isForwarded = reach(userId).settings.forwardOnNoAnswer !== null;
  return now + (isForwarded ? Math.min(forwardMs, ringMs) : ringMs);
}

/** Invites a user and rings them, or where their calls are forwarded to; null when somebody rings. */
export function summon(
  draft: Draft,
  invitation: {
    readonly address: Address;
    readonly userId: string;
    readonly role: Role;
    readonly via: Via;
    readonly by: ParticipantId;
  },
): Unrung | null {
  const participantId = draft.nextParticipantId;
  const ringDeadlineAt = ringDeadlineOf(draft, invitation.userId);
  draft.add({ type: 'participant.invited', participantId, ...invitation, ringDeadlineAt });
  return ringDevices(draft, participantId);
}

/** Offers the call to the devices of who was invited; forwards it where they cannot take it. */
export function ringDevices(draft: Draft, participantId: ParticipantId): Unrung | null {
  const participant = draft.known.participants.find(({ id }) => id === participantId)!;
  const { userId } = participant;
  const { deviceIds, busy, settings } = draft.circumstances.reach(userId);
  if (busy || settings.doNotDisturb) return forward(draft, { participant, reason: 'busy' });
  const isOutOfReach = deviceIds.length === 0 || roomForLegs(draft) === 0;
  if (isOutOfReach) return forward(draft, { participant, reason: 'unreachable' });
  for (const deviceId of deviceIds.slice(-Math.min(mostDevices, roomForLegs(draft)))) {
    draft.offer(participantId, { userId, deviceId });
  }
  return null;
}

/** How many more devices the call can ring. */
export function roomForLegs(draft: Draft): number {
  return Math.max(0, mostLegs - keptLegs - (draft.facts?.legs.length ?? 0));
}

/** An invitation came to nothing: the call is forwarded, or the invited leaves. */
export function giveUp(draft: Draft, participant: Participant, reason: EndReason): void {
  const unrung = forward(draft, { participant, reason });
  if (unrung !== null) draft.leave(unrung.participant, unrung.reason, null, null);
}

/**
 * Where a user's calls go is theirs to know: it is asked of their settings when it is needed, and is
 * no fact of the call, which others see.
 */
function forward(draft: Draft, unrung: Unrung): Unrung | null {
  const { participant, reason } = unrung;
  const { settings } = draft.circumstances.reach(participant.userId);
  const address = reason === 'busy' ? settings.forwardOnBusy : settings.forwardOnNoAnswer;
  const to = address === null ? null : parseAddress(address);
  if (participant.via === 'return' || address === null || to?.kind !== 'user') return unrung;
  const { participants } = draft.known;
  // Whoever was in the call already is not tried again, so that forwards never run in a circle.
  const isKnown = participants.some(({ userId }) => userId === to.id);
  const forwards = participants.filter(({ via }) => via === 'forward').length;
  if (isKnown || forwards >= mostForwards || participants.length >= mostEver) return unrung;
  draft.depart(participant, reason, null, null);
  const { role, id: by } = participant;
  return summon(draft, { address, userId: to.id, role, via: 'forward', by });
}
