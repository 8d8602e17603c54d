import { isRinging, parseAddress, participantOfUser } from '@ringfence/call-rules';
import type {
  Address,
  CallFacts,
  EndReason,
  LegId,
  Participant,
  ParticipantId,
  Role,
} from '@ringfence/call-rules';
import type { CallContext } from './context.ts';
import { ownLeg, ownParticipant, placeOf } from './reading.ts';

/**
 * One of those who take part, or are on their way. `inviting`: asked for here, and not yet
 * confirmed. `connecting`: joined, and media does not flow yet. `left` is shown only of those who
 * did not come: declined, busy, unanswered, unreachable; and of this user.
 */
export interface ParticipantView {
  /** `p1` is who dialed. The ticket of the request while `inviting`. */
  readonly id: ParticipantId;
  readonly address: Address;
  readonly userId: string;
  readonly role: Role;
  /**
   * The user who dialed, invited, transferred or forwarded to them, also when that one has left;
   * after a return, whom the call comes back from. Null for who dialed.
   */
  readonly invitedBy: string | null;
  /** True for the user of this phone. */
  readonly self: boolean;
  readonly state: 'inviting' | 'ringing' | 'connecting' | 'active' | 'reconnecting' | 'left';
  readonly leftReason: EndReason | null;
  /** Their leg, once they joined: it names their stream. */
  readonly legId: LegId | null;
  readonly held: boolean;
  readonly muted: boolean;
  readonly camera: boolean;
}

/** Ends of an invitation that those who wait for somebody want to see. */
const shownEnds: ReadonlySet<EndReason | null> = new Set([
  'declined',
  'busy',
  'unanswered',
  'unreachable',
] as const);

/** True for those in the call, those on the way, and those who did not come and were not asked again. */
function isShown(facts: CallFacts, participant: Participant): boolean {
  const { state, wonLegId, leftReason, userId } = participant;
  if (state !== 'left') return true;
  const isLast = participantOfUser(facts, userId) === participant;
  return isLast && wonLegId === null && shownEnds.has(leftReason);
}

/** What is sent by who has no leg. */
const quiet = { held: false, muted: false, camera: false };

/** Everyone, this user first, then in the order they came, then those just asked for. */
export function viewParticipants(context: CallContext): readonly ParticipantView[] {
  const { facts, legId, flowing, requests } = context;
  const views: ParticipantView[] = [];
  const self = ownParticipant(facts, legId);

  const stateOf = (participant: Participant): ParticipantView['state'] => {
    const { state, connectedAt, wonLegId } = participant;
    if (state === 'left') return state;
    if (isRinging(participant)) return 'ringing';
    if (participant === self) {
      const place = placeOf(facts!, legId, flowing);
      return !place || place === 'ringing' ? 'connecting' : place;
    }
    const isSilent = ownLeg(facts, wonLegId!)?.silent;
    if (flowing.includes(wonLegId!) && !isSilent) return 'active';
    // Of two who both talked before, media flowed; who just came has yet to connect.
    const isNew = connectedAt === null || self?.connectedAt === null;
    const isBack = isSilent || (!isNew && facts!.call.state === 'active');
    return isBack ? 'reconnecting' : 'connecting';
  };

  for (const participant of facts?.participants ?? []) {
    const isSelf = participant === self;
    if (!isSelf && !isShown(facts!, participant)) continue;
    const { id, address, userId, role, invitedBy, leftReason, wonLegId } = participant;
    const { held, muted, camera } = isSelf ? context : (ownLeg(facts, wonLegId ?? '') ?? quiet);
    views[isSelf ? 'unshift' : 'push']({
      id,
      address,
      userId,
      role,
      // Also of one who left, and is not shown any more.
      invitedBy: facts!.participants.find((by) => by.id === invitedBy)?.userId ?? null,
      self: isSelf,
      state: stateOf(participant),
      leftReason,
      legId: wonLegId,
      held,
      muted,
      camera,
    });
  }
  for (const { ticket, request } of requests) {
    if (request.type !== 'call.invite') continue;
    const { to, role = 'member' } = request;
    // The facts say so already, and the outcome is about to come.
    if (views.some(({ address, state }) => address === to && state !== 'left')) continue;
    views.push({
      id: ticket,
      address: to,
      userId: parseAddress(to)?.id ?? '',
      role,
      invitedBy: self?.userId ?? null,
      self: false,
      state: 'inviting',
      leftReason: null,
      legId: null,
      ...quiet,
    });
  }
  return views;
}
