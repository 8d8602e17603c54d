/* What the machine tells its host besides its state. */
import type { CallContext, CallEmitted, CallEvent, MuteRequested, PortThrew } from './context.ts';

/** What there is to tell of an event. */
export function told({
  context,
  event,
}: {
  readonly context: CallContext;
  readonly event: CallEvent;
}): CallEmitted {
  switch (event.type) {
    case 'signaling.refused':
      return { ...event, type: 'call.refused' };
    case 'signaling.done':
      return { type: 'request.done', ticket: event.ticket };
    case 'signaling.moved':
      return {
        type: 'call.moved',
        fromCallId: context.callId,
        toCallId: event.facts.call.id,
      };
    case 'media.camera-refused':
      return { type: 'call.refused', command: 'call.update', code: event.cause };
    default:
      // The graph tells no others.
      return event as MuteRequested | PortThrew;
  }
}

/**
 * The outcome of the oldest request that has none when the call is over: it was carried out when
 * the facts say so, and else came too late.
 */
export function outcomeAtEnd({ context }: { readonly context: CallContext }): CallEmitted {
  const { end, facts, requests } = context;
  const { ticket, request } = requests[0]!;
  const isDone =
    request.type === 'call.transfer'
      ? end?.reason === 'transferred'
      : request.type === 'call.remove' &&
        facts?.participants.some(
          ({ id, state }) => id === request.participantId && state === 'left',
        );
  if (isDone) return { type: 'request.done', ticket };
  return { type: 'call.refused', command: request.type, code: 'call_ended', ticket };
}
