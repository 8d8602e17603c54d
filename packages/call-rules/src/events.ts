import { RingfenceError } from '@ringfence/base';
import type { Address } from './address.ts';
import type {
  Call,
  CallFacts,
  CallMode,
  EndCause,
  EndReason,
  Leg,
  LegId,
  LegLostReason,
  MediaKinds,
  Participant,
  ParticipantId,
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
    }
  | {
      readonly type: 'participant.left';
      readonly participantId: ParticipantId;
      readonly reason: EndReason;
    }
  | {
      readonly type: 'call.connecting';
      readonly mediaEpoch: number;
      readonly connectDeadlineAt: number;
    }
  | { readonly type: 'call.active' }
  /** The leg's media connected in this epoch, or, when null, was lost. */
  | { readonly type: 'leg.media'; readonly legId: LegId; readonly connectedEpoch: number | null }
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
    };

/**
 * A line of a call's history. `seq` counts from 1 without a gap; `at` is the store's time,
 * milliseconds since the Unix epoch.
 */
export type CallEvent = CallEventBody & { readonly seq: number; readonly at: number };

function gap(dueSeq: number, receivedSeq: number): RingfenceError<'event_gap'> {
  return new RingfenceError(
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

/** What a leg has no more once it rings, won or lost. */
const unhurried = { acknowledgeDeadlineAt: null, graceDeadlineAt: null } as const;

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
    connectedEpoch: null,
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
    role: 'callee',
    state: 'invited',
    leftReason: null,
    ringDeadlineAt: null,
    wonLegId: null,
    ...change,
  };
}

/** The facts after a first event: a call that rings, or one that ended before it began. */
function born(callId: string, event: BirthEvent): CallFacts {
  const { seq, at, orgId } = event;
  const created = event.type === 'call.created' ? event : null;
  const from = event.type === 'call.created' ? event.from : event;
  const call: Call = {
    id: callId,
    orgId,
    mode: created?.mode ?? 'p2p',
    state: created ? 'ringing' : 'ended',
    seq,
    mediaEpoch: 0,
    media: created?.media ?? { audio: false, video: false },
    createdAt: at,
    answeredAt: null,
    activeAt: null,
    endedAt: created ? null : at,
    connectDeadlineAt: null,
    maximumDeadlineAt: created?.maximumDeadlineAt ?? null,
    endReason: created ? null : 'canceled',
    endCause: null,
    endedBy: created ? null : 'p1',
  };
  const caller = newParticipant('p1', from.userId, `user:${from.userId}`, {
    role: 'caller',
    state: created ? 'joined' : 'left',
    leftReason: created ? null : 'canceled',
    wonLegId: 'l1',
  });
  const leg = newLeg('l1', 'p1', from, { state: 'won', camera: created?.media.video ?? false });
  const participants = [caller];
  if (created) {
    const { toUserId, to, ringDeadlineAt } = created;
    participants.push(newParticipant('p2', toUserId, to, { ringDeadlineAt }));
  }
  return { call, participants, legs: [leg] };
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
 * that does not exist, takes its `seq` and changes nothing else (P-508).
 *
 * @throws {RingfenceError} `event_gap` when the event is not the next one (P-504).
 */
export function evolve(callId: string, facts: CallFacts | null, event: CallEvent): CallFacts {
  const dueSeq = (facts?.call.seq ?? 0) + 1;
  if (event.seq !== dueSeq) throw gap(dueSeq, event.seq);
  if (facts === null) {
    if (event.type === 'call.created' || event.type === 'call.tombstoned') {
      return born(callId, event);
    }
    throw gap(0, event.seq);
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
    case 'leg.offered': {
      const { legId, participantId, acknowledgeDeadlineAt } = event;
      legs = [...legs, newLeg(legId, participantId, event, { acknowledgeDeadlineAt })];
      break;
    }
    case 'leg.ringing': {
      const { legId } = event;
      const participantId = legs.find((leg) => leg.id === legId)?.participantId;
      if (participantId !== undefined) setParticipant(participantId, { state: 'ringing' });
      setLeg(legId, { ...unhurried, state: 'ringing', lostReason: null, silent: false });
      break;
    }
    case 'leg.lost':
      setLeg(event.legId, { ...unhurried, state: 'lost', lostReason: event.reason });
      break;
    case 'participant.joined':
      setCall({ answeredAt: event.at });
      setParticipant(event.participantId, { state: 'joined', wonLegId: event.legId });
      setLeg(event.legId, { ...unhurried, state: 'won' });
      break;
    case 'participant.left':
      setParticipant(event.participantId, { state: 'left', leftReason: event.reason });
      break;
    case 'call.connecting': {
      const { mediaEpoch, connectDeadlineAt } = event;
      setCall({ state: 'connecting', mediaEpoch, connectDeadlineAt });
      // The lease of a silent device counts while the call rings; from here the connect deadline does.
      legs = legs.map((leg) =>
        leg.graceDeadlineAt === null ? leg : { ...leg, graceDeadlineAt: null },
      );
      break;
    }
    case 'call.active':
      setCall({ state: 'active', activeAt: event.at, connectDeadlineAt: null });
      break;
    case 'leg.media':
      setLeg(event.legId, { connectedEpoch: event.connectedEpoch });
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
      });
      break;
    default:
      break;
  }
  return { call, participants, legs };
}
