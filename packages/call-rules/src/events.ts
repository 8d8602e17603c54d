import { RingfenceError } from '@ringfence/base';
import type { Address } from './address.ts';
import { hasJoined } from './facts.ts';
import type {
  Call,
  CallFacts,
  CallId,
  CallMode,
  EndCause,
  EndReason,
  Leg,
  LegId,
  LegLostReason,
  MediaKinds,
  Participant,
  ParticipantId,
  Role,
  Via,
} from './facts.ts';

/** What happened, without its place in the history. */
export type CallEventBody =
  | {
      readonly type: 'call.created';
      readonly orgId: string;
      readonly mode: CallMode;
      readonly media: MediaKinds;
      readonly from: { readonly userId: string; readonly deviceId: string };
      readonly to: Address;
      readonly toUserId: string;
      readonly ringDeadlineAt: number;
      readonly maximumDeadlineAt: number;
    }
  /** A cancel came before its dial: the call ended before it began. */
  | {
      readonly type: 'call.tombstoned';
      readonly orgId: string;
      readonly userId: string;
      readonly deviceId: string;
    }
  | {
      readonly type: 'participant.invited';
      readonly participantId: ParticipantId;
      readonly address: Address;
      readonly userId: string;
      readonly role: Role;
      readonly via: Via;
      readonly by: ParticipantId;
      readonly ringDeadlineAt: number;
    }
  | {
      readonly type: 'leg.offered';
      readonly legId: LegId;
      readonly participantId: ParticipantId;
      readonly userId: string;
      readonly deviceId: string;
      readonly acknowledgeDeadlineAt: number;
    }
  | { readonly type: 'leg.ringing'; readonly legId: LegId }
  | {
      readonly type: 'leg.lost';
      readonly legId: LegId;
      readonly reason: LegLostReason;
      /** The leg that won or declined in its place. */
      readonly toLegId?: LegId | undefined;
    }
  | {
      readonly type: 'participant.joined';
      readonly participantId: ParticipantId;
      readonly legId: LegId;
      /** Set when the call was under way: until when the leg's media must connect. */
      readonly connectDeadlineAt: number | null;
    }
  | {
      readonly type: 'participant.left';
      readonly participantId: ParticipantId;
      readonly reason: EndReason;
      readonly cause: EndCause | null;
      readonly by: ParticipantId | null;
    }
  | {
      readonly type: 'participant.role';
      readonly participantId: ParticipantId;
      readonly role: Role;
    }
  /** One is left behind by a transfer and waits for an answer. */
  | { readonly type: 'call.ringing' }
  | {
      readonly type: 'call.connecting';
      readonly mediaEpoch: number;
      readonly connectDeadlineAt: number;
    }
  | { readonly type: 'call.active' }
  /** Media of `fromLegId` arrives at `legId` from now on, or no more. */
  | {
      readonly type: 'leg.media';
      readonly legId: LegId;
      readonly fromLegId: LegId;
      readonly connected: boolean;
    }
  | {
      readonly type: 'leg.mute-requested';
      readonly legId: LegId;
      readonly by: ParticipantId;
    }
  | {
      readonly type: 'leg.updated';
      readonly legId: LegId;
      readonly held: boolean;
      readonly muted: boolean;
      readonly camera: boolean;
    }
  /** The device fell silent. The other side shows "reconnecting". */
  | { readonly type: 'leg.silent'; readonly legId: LegId; readonly graceDeadlineAt: number | null }
  /** A grace ran on because the other side reports media arriving. */
  | { readonly type: 'leg.graced'; readonly legId: LegId; readonly graceDeadlineAt: number }
  | { readonly type: 'leg.resumed'; readonly legId: LegId }
  | {
      readonly type: 'call.ended';
      readonly reason: EndReason;
      readonly cause: EndCause | null;
      readonly by: ParticipantId | null;
      /** The call in which it goes on. */
      readonly movedTo?: CallId | undefined;
    };

/**
 * A line of a call's history. `seq` counts from 1 without a gap; `at` is the store's time,
 * milliseconds since the Unix epoch.
 */
export type CallEvent = CallEventBody & { readonly seq: number; readonly at: number };

/** What a leg has no more once it rings, won or lost, or its participant left. */
const unhurried = {
  acknowledgeDeadlineAt: null,
  connectDeadlineAt: null,
  graceDeadlineAt: null,
} as const;

type BirthEvent = CallEvent & { readonly type: 'call.created' | 'call.tombstoned' };

/** A leg at its beginning. */
function newLeg(
  id: LegId,
  participantId: ParticipantId,
  { userId, deviceId }: { readonly userId: string; readonly deviceId: string },
  change: Partial<Leg>,
): Leg {
  return {
    id,
    participantId,
    userId,
    deviceId,
    state: 'offered',
    lostReason: null,
    acknowledgeDeadlineAt: null,
    graceDeadlineAt: null,
    silent: false,
    hears: [],
    connectDeadlineAt: null,
    muteRequest: null,
    held: false,
    muted: false,
    camera: false,
    ...change,
  };
}

/** A participant at its beginning: invited. */
function newParticipant(
  id: ParticipantId,
  userId: string,
  address: Address,
  change: Partial<Participant>,
): Participant {
  return {
    id,
    address,
    userId,
    role: 'member',
    via: 'dial',
    invitedBy: null,
    state: 'invited',
    leftReason: null,
    leftCause: null,
    leftBy: null,
    leftAt: null,
    ringDeadlineAt: null,
    wonLegId: null,
    connectedAt: null,
    ...change,
  };
}

/** What a participant is who left. */
function left(
  leftReason: EndReason,
  leftCause: EndCause | null,
  leftBy: ParticipantId | null,
  leftAt: number,
): Partial<Participant> {
  return { state: 'left', leftReason, leftCause, leftBy, leftAt };
}

/** The facts after a first event: a call that rings, or one that ended before it began. */
function born(callId: string, event: BirthEvent): CallFacts {
  const { seq, at, orgId } = event;
  const { userId } = event.type === 'call.created' ? event.from : event;
  const call: Call = {
    id: callId,
    orgId,
    mode: 'p2p',
    state: 'ringing',
    seq,
    mediaEpoch: 0,
    media: { audio: false, video: false },
    createdAt: at,
    answeredAt: null,
    activeAt: null,
    endedAt: null,
    connectDeadlineAt: null,
    maximumDeadlineAt: null,
    endReason: null,
    endCause: null,
    endedBy: null,
    movedTo: null,
  };
  const caller = newParticipant('p1', userId, `user:${userId}`, {
    role: 'moderator',
    wonLegId: 'l1',
    state: 'joined',
  });
  if (event.type === 'call.tombstoned') {
    return {
      call: { ...call, state: 'ended', endedAt: at, endReason: 'canceled', endedBy: 'p1' },
      participants: [{ ...caller, ...left('canceled', null, 'p1', at) }],
      legs: [newLeg('l1', 'p1', event, { state: 'won' })],
    };
  }
  const { from, media, mode, maximumDeadlineAt, ringDeadlineAt, to, toUserId } = event;
  const invitation = { invitedBy: 'p1', ringDeadlineAt };
  return {
    call: { ...call, media, mode, maximumDeadlineAt },
    participants: [caller, newParticipant('p2', toUserId, to, invitation)],
    legs: [newLeg('l1', 'p1', from, { state: 'won', camera: media.video })],
  };
}

/** The leg, hearing another no more. */
function without(leg: Leg, otherId: LegId): Leg {
  return { ...leg, hears: leg.hears.filter((id) => id !== otherId) };
}

function patch<Row extends { readonly id: string }>(
  rows: readonly Row[],
  id: string,
  change: Partial<Row>,
): readonly Row[] {
  return rows.map((row) => (row.id === id ? { ...row, ...change } : row));
}

/**
 * Applies one event to the facts of a call, and returns the new facts. The server's rows and every
 * client's view come from this one function, so they cannot disagree at the same `seq` (P-502).
 *
 * `facts` is null before the first event. An event of a type that is not known, or that names a leg
 * that does not exist, takes its `seq` and changes nothing else (P-508). Null when the event is not
 * the next one (P-504): {@link evolve} throws instead.
 */
export function fold(callId: string, facts: CallFacts | null, event: CallEvent): CallFacts | null {
  if (event.seq !== (facts?.call.seq ?? 0) + 1) return null;
  if (!facts) {
    const isBirth = event.type === 'call.created' || event.type === 'call.tombstoned';
    return isBirth ? born(callId, event) : null;
  }
  let call: Call = { ...facts.call, seq: event.seq };
  let { participants, legs } = facts;
  const setCall = (change: Partial<Call>): void => {
    call = { ...call, ...change };
  };
  const setParticipant = (id: ParticipantId, change: Partial<Participant>): void => {
    participants = patch(participants, id, change);
  };
  const setLeg = (id: LegId, change: Partial<Leg>): void => {
    legs = patch(legs, id, change);
  };
  switch (event.type) {
    case 'participant.invited': {
      const { participantId, address, userId, role, via, by, ringDeadlineAt } = event;
      const invitation = { role, via, invitedBy: by, ringDeadlineAt };
      participants = [...participants, newParticipant(participantId, userId, address, invitation)];
      break;
    }
    case 'leg.offered': {
      const { legId, participantId, acknowledgeDeadlineAt } = event;
      legs = [...legs, newLeg(legId, participantId, event, { acknowledgeDeadlineAt })];
      break;
    }
    case 'leg.ringing': {
      const { legId } = event;
      const leg = legs.find(({ id }) => id === legId);
      if (!leg) break;
      setParticipant(leg.participantId, { state: 'ringing' });
      setLeg(legId, { ...unhurried, state: 'ringing', lostReason: null, silent: false });
      break;
    }
    case 'leg.lost':
      setLeg(event.legId, { ...unhurried, state: 'lost', lostReason: event.reason });
      break;
    case 'participant.joined': {
      const { participantId, legId, connectDeadlineAt } = event;
      if (call.answeredAt === null) setCall({ answeredAt: event.at });
      setParticipant(participantId, { state: 'joined', wonLegId: legId });
      setLeg(legId, { ...unhurried, state: 'won', connectDeadlineAt });
      break;
    }
    case 'participant.left': {
      const { participantId, reason, cause, by } = event;
      setParticipant(participantId, left(reason, cause, by, event.at));
      const gone = legs.find((leg) => leg.participantId === participantId && leg.state === 'won');
      if (!gone) break;
      legs = legs.map((leg) => without(leg, gone.id));
      setLeg(gone.id, { ...unhurried, hears: [] });
      break;
    }
    case 'participant.role':
      setParticipant(event.participantId, { role: event.role });
      break;
    case 'call.ringing':
      setCall({ state: 'ringing', connectDeadlineAt: null });
      // Who waits has nobody to connect with.
      legs = legs.map((leg) => ({ ...leg, connectDeadlineAt: null }));
      break;
    case 'call.connecting': {
      const { mediaEpoch, connectDeadlineAt } = event;
      const isNewEpoch = mediaEpoch !== call.mediaEpoch;
      setCall({ state: 'connecting', mediaEpoch, connectDeadlineAt });
      // From here one deadline rules for all: no lease, no grace, no leg's own.
      legs = legs.map((leg) =>
        leg.state === 'won' ? { ...leg, ...unhurried, hears: isNewEpoch ? [] : leg.hears } : leg,
      );
      break;
    }
    case 'call.active': {
      const { connectDeadlineAt } = call;
      setCall({ state: 'active', activeAt: call.activeAt ?? event.at, connectDeadlineAt: null });
      // Who is not connected yet keeps the deadline there was, or their own where they came later.
      legs = legs.map((leg) =>
        hasJoined({ call, participants, legs }, leg) && leg.hears.length === 0
          ? { ...leg, connectDeadlineAt: leg.connectDeadlineAt ?? connectDeadlineAt }
          : leg,
      );
      break;
    }
    case 'leg.media': {
      const { legId, fromLegId, connected } = event;
      const leg = legs.find(({ id }) => id === legId);
      if (!leg) break;
      const { hears } = without(leg, fromLegId);
      setLeg(
        legId,
        connected ? { hears: [...hears, fromLegId], connectDeadlineAt: null } : { hears },
      );
      if (connected) {
        const participant = participants.find(({ id }) => id === leg.participantId);
        if (participant?.connectedAt === null) {
          setParticipant(participant.id, { connectedAt: event.at });
        }
      }
      break;
    }
    case 'leg.mute-requested':
      setLeg(event.legId, { muteRequest: { by: event.by, seq: event.seq } });
      break;
    case 'leg.updated': {
      const { legId, held, muted, camera } = event;
      setLeg(legId, { held, muted, camera });
      break;
    }
    case 'leg.silent':
      setLeg(event.legId, { silent: true, graceDeadlineAt: event.graceDeadlineAt });
      break;
    case 'leg.graced':
      setLeg(event.legId, { graceDeadlineAt: event.graceDeadlineAt });
      break;
    case 'leg.resumed':
      setLeg(event.legId, { silent: false, graceDeadlineAt: null });
      break;
    case 'call.ended':
      setCall({
        state: 'ended',
        endedAt: event.at,
        connectDeadlineAt: null,
        endReason: event.reason,
        endCause: event.cause,
        endedBy: event.by,
        movedTo: event.movedTo ?? null,
      });
      break;
    default:
      break;
  }
  return { call, participants, legs };
}

/**
 * As {@link fold}, for events that are known to be the next ones.
 *
 * @throws {RingfenceError} `event_gap` when the event is not the next one (P-504).
 */
export function evolve(callId: string, facts: CallFacts | null, event: CallEvent): CallFacts {
  const next = fold(callId, facts, event);
  if (next) return next;
  const dueSeq = (facts?.call.seq ?? 0) + 1;
  const receivedSeq = event.seq;
  throw new RingfenceError(
    'event_gap',
    `unable to apply the event; seq ${receivedSeq} came where ${dueSeq} was due`,
    {
      fault: 'network',
      retryable: true,
      hint: 'Read the events in between first.',
      details: { dueSeq, receivedSeq },
    },
  );
}
