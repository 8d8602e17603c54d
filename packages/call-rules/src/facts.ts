import type { Address } from './address.ts';

/** A UUID version 7, minted by the client that dials. */
export type CallId = string;
/** Counts from `p1` within a call. `p1` is who dialed; who comes back by an invitation gets a new one. */
export type ParticipantId = string;
/** Counts from `l1` within a call, in the order they came. `l1` is the leg of who dialed. */
export type LegId = string;

/** How media flows: peer to peer, through a media server, or to a SIP peer. */
export type CallMode = 'p2p' | 'sfu' | 'sip';

/**
 * The state of a call, derived from its participants.
 *
 * ```
 * ringing ⇄ connecting ⇄ active      any ──▶ ended(reason)
 *    ▲────────────────────┘
 * ```
 *
 * It rings while fewer than two have joined: at the beginning, and again when a transfer leaves one
 * behind. It connects until two that joined hear each other.
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
  | 'busy'
  | 'unreachable'
  | 'unanswered'
  | 'canceled';

/** What a participant may do. {@link permissions} has the table. */
export type Role = 'moderator' | 'member' | 'guest';

/** How a participant came to a call. */
export type Via =
  /** Dialed it, or was dialed. */
  | 'dial'
  | 'invite'
  /** Takes the place of who transferred the call to them. */
  | 'transfer'
  /** Another user's calls are forwarded to them. */
  | 'forward'
  /** Transferred the call away, and got it back: the other did not take it. */
  | 'return'
  /** Came from another call that was merged into this one. */
  | 'merge';

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
  /** The call in which it goes on: it met a crossing dial, or was transferred or merged away. */
  readonly movedTo: CallId | null;
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
  readonly role: Role;
  readonly via: Via;
  /** Who brought them in; null for who dialed. */
  readonly invitedBy: ParticipantId | null;
  readonly state: ParticipantState;
  readonly leftReason: EndReason | null;
  readonly leftCause: EndCause | null;
  /** Who made them leave, themselves included; null when a deadline did. */
  readonly leftBy: ParticipantId | null;
  readonly leftAt: number | null;
  readonly ringDeadlineAt: number | null;
  /** The leg that joined. Set once. */
  readonly wonLegId: LegId | null;
  /** When their media first connected with another's. */
  readonly connectedAt: number | null;
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
  /** The other legs whose media arrives here, in the epoch of the call. */
  readonly hears: readonly LegId[];
  /** Until when the media of a leg that joined a call under way must connect. */
  readonly connectDeadlineAt: number | null;
  /** The newest request to mute itself: who asked, and the `seq` of the asking. */
  readonly muteRequest: { readonly by: ParticipantId; readonly seq: number } | null;
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

/**
 * The newest leg of a device in a call. A device has at most one that is live: whoever comes back
 * gets a new one.
 */
export function legOfDevice(facts: CallFacts, userId: string, deviceId: string): Leg | undefined {
  return facts.legs.filter((leg) => leg.userId === userId && leg.deviceId === deviceId).at(-1);
}

/** The participant that a leg belongs to. */
export function participantOfLeg(facts: CallFacts, leg: Leg): Participant {
  return facts.participants.find((participant) => participant.id === leg.participantId)!;
}

/** The newest invitation of a user: the one that counts. */
export function participantOfUser(facts: CallFacts, userId: string): Participant | undefined {
  return facts.participants.filter((participant) => participant.userId === userId).at(-1);
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

/**
 * Until when a user may see what happens in the call; null without an end. Who left while others
 * went on sees nothing of what came later.
 */
export function seenUntil(facts: CallFacts, userId: string): number | null {
  const leftAt = participantOfUser(facts, userId)?.leftAt ?? null;
  return leftAt === facts.call.endedAt ? null : leftAt;
}

/** True while the leg takes part: it may win, or it won and its participant has not left. */
export function isLive(facts: CallFacts, leg: Leg): boolean {
  return isContending(leg) || hasJoined(facts, leg);
}

/** True from the time the leg won until its participant leaves. */
export function hasJoined(facts: CallFacts, leg: Leg): boolean {
  // A history that makes no sense may lack the participant.
  const participant: Participant | undefined = participantOfLeg(facts, leg);
  return leg.state === 'won' && participant?.state === 'joined';
}

/** The legs that joined and whose participants are still in the call. */
export function joinedLegs(facts: CallFacts): readonly Leg[] {
  return facts.legs.filter((leg) => hasJoined(facts, leg));
}

/** True when two legs hear each other. */
export function areConnected(one: Leg, other: Leg): boolean {
  return one.hears.includes(other.id) && other.hears.includes(one.id);
}

/**
 * Of two legs, the one that offers media first: the one that came first. The other is polite
 * (P-709).
 */
export function offersFirst(legId: LegId, otherLegId: LegId): boolean {
  return numberOf(legId) < numberOf(otherLegId);
}

/** The number in the id of a leg or a participant. */
export function numberOf(id: string): number {
  return Number(id.slice(1));
}

/**
 * Between whom a call rings that nobody but the two takes part in, and that nobody has answered
 * yet; null for any other. Of two such calls in opposite directions the first becomes the answer to
 * the second (glare). Kept as an indexed column.
 */
export function directRinging({
  call,
  participants,
}: CallFacts): { readonly fromUserId: string; readonly toUserId: string } | null {
  const [from, to] = participants;
  const isDirect = participants.length === 2 && call.state === 'ringing' && to!.via === 'dial';
  return isDirect ? { fromUserId: from!.userId, toUserId: to!.userId } : null;
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
    if (!isLive(facts, leg)) continue;
    if (leg.state === 'offered') take(leg.acknowledgeDeadlineAt);
    take(leg.connectDeadlineAt);
    take(leg.graceDeadlineAt);
  }
  return next === Infinity ? null : next;
}
