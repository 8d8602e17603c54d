import type { Address } from './address.ts';

/** A UUID version 7, minted by the client that dials. */
export type CallId = string;
/** Counts from `p1` within a call. `p1` is who dialed. */
export type ParticipantId = string;
/** Counts from `l1` within a call. `l1` is the leg of who dialed. */
export type LegId = string;

/** How media flows: peer to peer, through a media server, or to a SIP peer. */
export type CallMode = 'p2p' | 'sfu' | 'sip';

/**
 * The state of a call, derived from its participants.
 *
 * ```
 * ringing ──▶ connecting ──▶ active ──▶ ended(reason)
 *    └────────────┴─────────────────────▲
 * ```
 */
export type CallState = 'ringing' | 'connecting' | 'active' | 'ended';

/** Why a call, or a participant's part in it, ended. */
export type EndReason =
  | 'completed'
  | 'declined'
  | 'busy'
  | 'unanswered'
  | 'canceled'
  | 'unreachable'
  | 'failed'
  | 'transferred'
  | 'terminated';

/** What lies behind an end reason, where the reason alone does not say it. */
export type EndCause =
  /** The side that dialed was lost. */
  | 'caller_lost'
  /** The side that was called was lost. */
  | 'callee_lost'
  /** Media did not connect within the connect deadline. */
  | 'media_timeout'
  /** Media could not be negotiated. */
  | 'media_failed'
  /** The user, or the browser for them, refused the microphone or camera. */
  | 'permission_denied'
  /** There is no microphone or camera. */
  | 'device_missing'
  /** The call reached its maximum length. */
  | 'maximum_length'
  /** The call machine or one of its ports broke. */
  | 'internal';

/** Why a leg did not win. */
export type LegLostReason =
  | 'answered-elsewhere'
  | 'declined-elsewhere'
  | 'declined'
  | 'unreachable'
  | 'unanswered'
  | 'canceled';

/** Which kinds of media a call was asked to carry. */
export interface MediaKinds {
  readonly audio: boolean;
  readonly video: boolean;
}

/** One row: the call. Times are milliseconds since the Unix epoch, on the store's clock. */
export interface Call {
  readonly id: CallId;
  readonly orgId: string;
  readonly mode: CallMode;
  readonly state: CallState;
  /** The `seq` of the newest event. Each event of a call takes the next one, from 1. */
  readonly seq: number;
  /** Which set of peer connections is meant; 0 before an answer, 1 after, then raised. */
  readonly mediaEpoch: number;
  readonly media: MediaKinds;
  readonly createdAt: number;
  readonly answeredAt: number | null;
  readonly activeAt: number | null;
  readonly endedAt: number | null;
  readonly connectDeadlineAt: number | null;
  readonly maximumDeadlineAt: number | null;
  readonly endReason: EndReason | null;
  readonly endCause: EndCause | null;
  /** Who ended it; null when a deadline did. */
  readonly endedBy: ParticipantId | null;
}

/**
 * The state of an invitation: `invited → ringing → joined → left(reason)`, where `left` may come
 * from any.
 */
export type ParticipantState = 'invited' | 'ringing' | 'joined' | 'left';

/** One row: an invitation, and who follows it. */
export interface Participant {
  readonly id: ParticipantId;
  readonly address: Address;
  readonly userId: string;
  readonly role: 'caller' | 'callee';
  readonly state: ParticipantState;
  readonly leftReason: EndReason | null;
  readonly ringDeadlineAt: number | null;
  /** The leg that joined. Set once. */
  readonly wonLegId: LegId | null;
}

/** The state of a leg: `offered → ringing → won | lost(reason)`. */
export type LegState = 'offered' | 'ringing' | 'won' | 'lost';

/** One row: one device of a participant. */
export interface Leg {
  readonly id: LegId;
  readonly participantId: ParticipantId;
  readonly userId: string;
  readonly deviceId: string;
  readonly state: LegState;
  readonly lostReason: LegLostReason | null;
  /** Until when the device must acknowledge its ring. */
  readonly acknowledgeDeadlineAt: number | null;
  /** Set while the device is silent: when its leg closes. */
  readonly graceDeadlineAt: number | null;
  /** True while the device has no live session. */
  readonly silent: boolean;
  /** The epoch in which its media is connected; null while it is not. */
  readonly connectedEpoch: number | null;
  readonly held: boolean;
  readonly muted: boolean;
  /** True while it sends video. */
  readonly camera: boolean;
}

/** All that is known of one call: the call, its participants, their legs. */
export interface CallFacts {
  readonly call: Call;
  readonly participants: readonly Participant[];
  readonly legs: readonly Leg[];
}

/** True while the invitation waits for an answer. */
export function isRinging(participant: Participant): boolean {
  return participant.state === 'invited' || participant.state === 'ringing';
}

/** True while the leg may still win. */
export function isContending(leg: Leg): boolean {
  return leg.state === 'offered' || leg.state === 'ringing';
}

/** The leg of a device in a call. A device has at most one. */
export function legOfDevice(facts: CallFacts, userId: string, deviceId: string): Leg | undefined {
  return facts.legs.find((leg) => leg.userId === userId && leg.deviceId === deviceId);
}

/** The participant that a leg belongs to. */
export function participantOfLeg(facts: CallFacts, leg: Leg): Participant {
  return facts.participants.find((participant) => participant.id === leg.participantId)!;
}

/** True when the user takes part in the call, or once did. */
export function isParty(facts: CallFacts, userId: string): boolean {
  return facts.participants.some((participant) => participant.userId === userId);
}

/** True while the user rings or talks in the call: what counts for "busy". */
export function isEngaged(facts: CallFacts, userId: string): boolean {
  return (
    facts.call.state !== 'ended' &&
    facts.participants.some(
      (participant) => participant.userId === userId && participant.state !== 'left',
    )
  );
}

/** The legs that joined and whose participants are still in the call. */
export function joinedLegs(facts: CallFacts): readonly Leg[] {
  return facts.legs.filter(
    (leg) => leg.state === 'won' && participantOfLeg(facts, leg).state === 'joined',
  );
}

/**
 * When the earliest deadline of the call falls, or null when none runs. Kept as a column, so that
 * one index serves the sweep.
 */
export function nextDeadlineAt(facts: CallFacts): number | null {
  if (facts.call.state === 'ended') return null;
  let next = Infinity;
  const take = (at: number | null): void => {
    if (at !== null && at < next) next = at;
  };
  take(facts.call.connectDeadlineAt);
  take(facts.call.maximumDeadlineAt);
  for (const participant of facts.participants) {
    if (isRinging(participant)) take(participant.ringDeadlineAt);
  }
  for (const leg of facts.legs) {
    if (leg.state === 'offered') take(leg.acknowledgeDeadlineAt);
    if (leg.state !== 'lost') take(leg.graceDeadlineAt);
  }
  return next === Infinity ? null : next;
}
