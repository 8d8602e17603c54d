import { offersFirst } from '@ringfence/call-rules';
import type { CallFacts, RefusalCode } from '@ringfence/call-rules';
import type { CallContext, CallEvent, EventOf } from './context.ts';
import { endFor } from './end.ts';
import type { CallCommand } from './ports.ts';
import { dueAt, isIn, isSomebodyRung, otherLegs, placeOf } from './reading.ts';
import type { Place } from './reading.ts';
import { flowAfter, stillFlowing } from './updates.ts';

interface Asked {
  readonly context: CallContext;
  readonly event: CallEvent;
}
interface AskedOutcome extends Asked {
  readonly event: EventOf<'signaling.done' | 'signaling.refused'>;
}
interface AskedRefusal extends Asked {
  readonly event: EventOf<'signaling.refused'>;
}
interface AskedFailure extends Asked {
  readonly event: EventOf<'media.failed'>;
}
interface AskedFlow extends Asked {
  readonly event: EventOf<'media.connected' | 'media.disconnected'>;
}
/** The graph says which events it is asked of: types cannot see that. */
type Guard = { of(asked: Asked): boolean }['of'];

/** Refusals after which a call that rings here can never be taken here. */
const finalCodes: readonly RefusalCode[] = [
  'call_not_found',
  'call_ended',
  'answered_elsewhere',
  'leg_lost',
  'deadline_passed',
  'wrong_state',
];

/** Refusals that do not say whether the server took the command: it may have, before it broke. */
const openCodes = ['store_unavailable', 'internal', 'invalid_answer'];

/** The facts of the event, when they are newer than those known, or of the call it moved to. */
function news({ context, event }: Asked): CallFacts | null {
  if (!('facts' in event)) return null;
  const { facts, type } = event;
  const isNew = type === 'signaling.moved' || facts.call.seq > (context.facts?.call.seq ?? 0);
  return isNew ? facts : null;
}

/** This device's leg after the event. */
const legIdAfter = ({ context, event }: Asked): string =>
  'legId' in event ? event.legId : context.legId;

/** Where this leg stands after the event; null when it is not in the call, or nothing was said. */
function placeAfter(asked: Asked): Place | null {
  const { context, event } = asked;
  let { facts, flowing } = context;
  if ('facts' in event) {
    facts = news(asked);
    flowing = stillFlowing(event.facts.call, context);
  } else if ('mediaEpoch' in event) {
    if (isStray({ context, event })) return null;
    flowing = flowAfter(flowing, event);
  }
  return facts && placeOf(facts, legIdAfter(asked), flowing);
}

const isAt =
  (place: Place): Guard =>
  (asked) =>
    placeAfter(asked) === place;

function isOver(asked: Asked): boolean {
  const facts = news(asked);
  return facts !== null && endFor(facts, legIdAfter(asked)) !== null;
}

const isStray = ({ context: { facts, legId }, event: { mediaEpoch, peerLegId } }: AskedFlow) =>
  mediaEpoch !== facts?.call.mediaEpoch ||
  !otherLegs(facts, legId).some(({ id }) => id === peerLegId);

const isSettled: Guard = ({ context }) => !context.awaiting || !context.connected;

/** The command was refused, with one of these codes where they are given. */
const isRefused =
  (command: CallCommand['type'], codes?: readonly string[]): Guard =>
  ({ event }: AskedRefusal) =>
    event.command === command && (!codes || codes.includes(event.code));

const named = {
  isIncoming: ({ context }) => context.direction === 'incoming',

  /** The facts are no newer than those known. */
  isOld: (asked) => !news(asked),

  /** The facts end the call for this leg. */
  isOver,

  /** This leg is offered the call, and may take it or not. */
  isOffered(asked) {
    const facts = news(asked) ?? asked.context.facts;
    const legId = legIdAfter(asked);
    return facts !== null && !isIn(facts, legId) && !endFor(facts, legId);
  },

  /**
   * This leg came into the call though nobody here took it: a dial of this device crossed the call,
   * became its accept, and was canceled.
   */
  isTaken(asked) {
    const { captured, facts, legId } = asked.context;
    return !captured && !isIn(facts, legId) && isIn(news(asked), legId);
  },

  /** The facts have a later deadline than those known: the wait is measured anew. */
  isRenewed(asked) {
    const { facts, legId } = asked.context;
    return dueAt(news(asked), legId) > dueAt(facts, legId) && !isOver(asked);
  },

  /** This leg waits in the call while somebody else rings. */
  isRinging: (asked) =>
    placeAfter(asked) === 'ringing' && isSomebodyRung(news(asked) ?? asked.context.facts!),

  /** This leg talks with somebody, or is about to. */
  isAnswered(asked) {
    const place = placeAfter(asked);
    return place !== null && place !== 'ringing';
  },

  /** Media has yet to connect. */
  isConnecting: isAt('connecting'),

  /** The call is active, and somebody is here with their media. */
  isUp: isAt('active'),

  /** The call is active, and of everybody else the device is silent or media does not flow. */
  isDown: isAt('reconnecting'),

  /** A report of media that is not of the epoch of the facts, or not of a leg in the call. */
  isStray,

  /**
   * Media failed with one leg, and this one stays: the other has left, or came later and leaves
   * while this one has others to talk to.
   */
  isBearable({ context: { facts, flowing, legId }, event: { peerLegId } }: AskedFailure) {
    if (peerLegId === undefined) return false;
    const others = otherLegs(facts, legId);
    if (!others.some(({ id }) => id === peerLegId)) return true;
    const isHeard = others.some(({ id }) => id !== peerLegId && flowing.includes(id));
    return isHeard && offersFirst(legId, peerLegId);
  },

  isOffline: ({ context }) => !context.connected,

  /** No word of the server is due, or none can come. */
  isSettled,

  /** All is settled, but for a request without an outcome. */
  isOwing: (asked) => isSettled(asked) && asked.context.requests.length > 0,

  /** The outcome of a request that has none yet. */
  isAsked: ({ context, event }: AskedOutcome) =>
    context.requests.some(({ ticket }) => ticket === event.ticket),

  /** The outcome of a request. */
  isTicketed: ({ event }: AskedOutcome) => event.ticket !== undefined,

  isDialRefused: isRefused('call.dial'),
  /** The dial was refused, and yet it may ring: a hang-up has to follow. */
  isDialOpen: isRefused('call.dial', openCodes),
  /** Nobody knows whether the server took the dial, or the accept. */
  isDialExpired: isRefused('call.dial', ['request_expired']),
  isAcceptExpired: isRefused('call.accept', ['request_expired']),
  isAcceptRefused: isRefused('call.accept'),
  isAcceptLost: isRefused('call.accept', finalCodes),
  isRingLost: isRefused('call.ring', finalCodes),
  isUpdateRefused: isRefused('call.update'),
  isEndRefused: ({ event: { command } }: AskedRefusal) =>
    command === 'call.hang-up' || command === 'call.decline',
  /** What was declined is a call that this leg is in: a crossing dial of this device took it. */
  isDeclineLate: isRefused('call.decline', ['wrong_state']),
} satisfies Record<string, Guard>;

/** When the machine may take a transition. Each guard has the name it has in the graph. */
export const guards = named as Record<keyof typeof named, (asked: Asked) => boolean>;
