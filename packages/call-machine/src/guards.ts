/* When the machine may take a transition. Each guard has the name it has in the graph. */
import type { RefusalCode } from '@ringfence/call-rules';
import type { CallContext, CallEvent } from './context.ts';
import { endFor, isPeerRinging, isTalking, peerLeg } from './reading.ts';

interface Asked {
  readonly context: CallContext;
  readonly event: CallEvent;
}

/** Refusals after which a call that rings here can never be taken here. */
const finalCodes: ReadonlySet<string> = new Set<RefusalCode>([
  'call_not_found',
  'call_ended',
  'answered_elsewhere',
  'leg_lost',
  'deadline_passed',
  'wrong_state',
]);

/** The facts of the event, when they are newer than those known. */
function news({ context, event }: Asked) {
  if (event.type !== 'signaling.facts') return null;
  const { facts } = event;
  return context.facts === null || facts.call.seq > context.facts.call.seq ? facts : null;
}

const isRefusal = ({ event }: Asked, command: string): boolean =>
  event.type === 'signaling.refused' && event.command === command;

const isFinal = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && finalCodes.has(event.code);

export const isIncoming = ({ context }: Asked): boolean => context.direction === 'incoming';

/** The facts are no newer than those known. */
export const isOld = (asked: Asked): boolean => news(asked) === null;

/** The facts end the call for this leg. */
export function isOver(asked: Asked): boolean {
  const facts = news(asked);
  return facts !== null && endFor(facts, asked.context.legId) !== null;
}

/** The dial was answered for the first time. */
export const isFirst = (asked: Asked): boolean =>
  asked.context.facts === null && news(asked)?.call.state === 'ringing';

export function isRinging(asked: Asked): boolean {
  const facts = news(asked);
  return facts !== null && facts.call.state === 'ringing' && isPeerRinging(facts);
}

export function isAnswered(asked: Asked): boolean {
  const facts = news(asked);
  return facts !== null && isTalking(facts, asked.context.legId);
}

/** The call is active, and both sides are here with their media. */
export function isUp(asked: Asked): boolean {
  const facts = news(asked);
  return facts?.call.state === 'active' && !isDown(asked);
}

/** The call is active, and the other device is silent or media does not flow. */
export function isDown(asked: Asked): boolean {
  const { context } = asked;
  const facts = news(asked);
  if (facts?.call.state !== 'active') return false;
  const flowing = context.flowing && facts.call.mediaEpoch === context.facts?.call.mediaEpoch;
  return !flowing || peerLeg(facts, context.legId)?.silent === true;
}

/** A report of media that is not of the epoch of the facts: late, or not known yet. */
export const isOtherEpoch = ({ context, event }: Asked): boolean =>
  'mediaEpoch' in event && event.mediaEpoch !== context.facts?.call.mediaEpoch;

/** Media flows in the epoch of the facts, and the other device is not silent. */
export const isBack = (asked: Asked): boolean =>
  !isOtherEpoch(asked) && peerLeg(asked.context.facts, asked.context.legId)?.silent !== true;

export const isOffline = ({ context }: Asked): boolean => !context.connected;

/** No word of the server is due, or none can come. */
export const isSettled = ({ context }: Asked): boolean => !context.awaiting || !context.connected;

const isExpired = ({ event }: Asked): boolean =>
  event.type === 'signaling.refused' && event.code === 'request_expired';

/** Refusals that do not say whether the server took the command: it may have, before it broke. */
const openCodes: ReadonlySet<string> = new Set(['store_unavailable', 'internal', 'invalid_answer']);

/** The dial was refused, and yet it may ring: a hang-up has to follow. */
export const isDialOpen = (asked: Asked): boolean =>
  isDialRefused(asked) &&
  asked.event.type === 'signaling.refused' &&
  openCodes.has(asked.event.code);

/** Nobody knows whether the server took the dial or the accept. */
export const isDialExpired = (asked: Asked): boolean => isDialRefused(asked) && isExpired(asked);
export const isAcceptExpired = (asked: Asked): boolean =>
  isAcceptRefused(asked) && isExpired(asked);

export const isDialRefused = (asked: Asked): boolean => isRefusal(asked, 'call.dial');
export const isUpdateRefused = (asked: Asked): boolean => isRefusal(asked, 'call.update');
export const isAcceptRefused = (asked: Asked): boolean => isRefusal(asked, 'call.accept');
export const isRingLost = (asked: Asked): boolean =>
  isRefusal(asked, 'call.ring') && isFinal(asked);
export const isAcceptLost = (asked: Asked): boolean => isAcceptRefused(asked) && isFinal(asked);
export const isEndRefused = (asked: Asked): boolean =>
  isRefusal(asked, 'call.hang-up') || isRefusal(asked, 'call.decline');
