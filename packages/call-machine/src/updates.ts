import type { Call, LegId } from '@ringfence/call-rules';
import type { CallContext, CallEvent, EventOf } from './context.ts';
import { endFor } from './end.ts';
import type { CallEnd, CallEndReason } from './end.ts';
import type { MediaReport } from './ports.ts';
import { isIn, none, ownLeg, peerOf } from './reading.ts';

type Change = Partial<CallContext>;
type News = EventOf<'signaling.facts' | 'signaling.moved'>;

const ended = (
  awaiting: boolean,
  reason: CallEndReason,
  by: CallEnd['by'],
  cause: CallEnd['cause'] = null,
  code?: string,
): { readonly end: CallEnd; readonly awaiting: boolean } => ({
  end: { reason, cause, by, ...(code !== undefined && { code }) },
  awaiting,
});

/** The legs whose media flows after a report. */
export function flowAfter(
  flowing: readonly LegId[],
  { type, peerLegId }: MediaReport & { readonly peerLegId?: LegId | undefined },
): readonly LegId[] {
  const rest = flowing.filter((id) => id !== peerLegId);
  return type === 'media.connected' ? [...rest, peerLegId!] : rest;
}

/** The legs whose media flows still: in the same call and epoch. */
export const stillFlowing = (call: Call, { callId, facts, flowing }: CallContext) =>
  call.id === callId && call.mediaEpoch === facts?.call.mediaEpoch ? flowing : none;

/**
 * Newer facts, or those of the call that this one goes on as. What the user set stays, and so do
 * requests without an outcome; whom the call is with stays while it is with nobody.
 */
function takeFacts(context: CallContext, event: News) {
  const { facts } = event;
  const { call } = facts;
  const legId = 'legId' in event ? event.legId : context.legId;
  return {
    facts,
    callId: call.id,
    legId,
    peer: peerOf(facts, legId)?.address ?? context.peer,
    flowing: stillFlowing(call, context),
  };
}

/** What each event does to the context. Each update has the name it has in the graph. */
export const updates = {
  takeFacts,

  /** The facts end the call: theirs is the last word, also over what this side believed. */
  settle(context: CallContext, event: News) {
    const taken = takeFacts(context, event);
    return { ...taken, end: endFor(taken.facts, taken.legId), awaiting: false };
  },

  takeConnection: (_: CallContext, { connected }: EventOf<'signaling.connection'>) => ({
    connected,
  }),

  takeCapture: () => ({ captured: true }),

  takeMedia: (
    { flowing }: CallContext,
    event: EventOf<'media.connected' | 'media.disconnected' | 'media.failed'>,
  ) => ({ flowing: flowAfter(flowing, event) }),

  /** Who answers wants to be heard: a hold from before does not stand. */
  takeKinds(context: CallContext, { kinds = context.kinds }: EventOf<'user.accept'>) {
    return { kinds, camera: kinds.video, held: false };
  },

  takeUpdate(context: CallContext, event: EventOf<'user.update'>) {
    const { held = context.held, muted = context.muted, camera = context.camera } = event;
    return { held, muted, camera };
  },

  takeRequest({ requests }: CallContext, { ticket, request }: EventOf<'user.request'>) {
    return { requests: [...requests, { ticket, request }] };
  },

  /** The request has its outcome: nothing of it is shown any more. */
  dropRequest: (
    { requests }: CallContext,
    event: EventOf<'signaling.done' | 'signaling.refused'>,
  ) => ({ requests: requests.filter(({ ticket }) => ticket !== event.ticket) }),

  dropOwed: ({ requests }: CallContext) => ({ requests: requests.slice(1) }),

  /**
   * Takes back what the server did not take. Never towards sending more than the user last asked
   * for: a mute, a hold and a camera turned off stand, whatever the server says.
   */
  rollBack(context: CallContext) {
    const own = ownLeg(context.facts, context.legId);
    if (!own) return {};
    return {
      held: context.held || own.held,
      muted: context.muted || own.muted,
      camera: context.camera && own.camera,
    };
  },

  dropCamera: () => ({ camera: false }),

  /** The end the user's hang-up comes to, unless the facts say otherwise. */
  endByUser({ facts, legId }: CallContext, event: CallEvent) {
    if (!facts) return ended(true, 'canceled', 'local');
    if (isIn(facts, legId)) {
      return ended(true, facts.call.state === 'ringing' ? 'canceled' : 'completed', 'local');
    }
    const isBusy = event.type === 'user.decline' && event.busy;
    return ended(true, isBusy ? 'busy' : 'declined', 'local');
  },

  endByMedia: (_: CallContext, { cause }: EventOf<'media.refused' | 'media.failed'>) =>
    ended(true, 'failed', 'local', cause),

  endByPort: () => ended(false, 'failed', 'local', 'internal'),

  /** The server was not heard for too long. */
  giveUp({ facts }: CallContext) {
    const isConnecting = facts?.call.state === 'connecting';
    const cause = isConnecting ? 'media_timeout' : null;
    return ended(false, 'failed', null, cause, 'server_unreachable');
  },

  /** A command without which there is no call was refused. The facts may still say more. */
  endByRefusal(_: CallContext, { code, command }: EventOf<'signaling.refused'>) {
    const isAwaiting = command !== 'call.dial';
    if (code === 'answered_elsewhere')
      return ended(isAwaiting, 'answered-elsewhere', 'local', null, code);
    const reason = code === 'deadline_passed' ? 'unanswered' : 'failed';
    return ended(isAwaiting, reason, null, null, code);
  },

  /** The server refused to end what another device took first. */
  correctEnd: (_: CallContext, { code }: EventOf<'signaling.refused'>) =>
    code === 'answered_elsewhere'
      ? ended(false, 'answered-elsewhere', 'local')
      : { awaiting: false },

  stopWaiting: () => ({ awaiting: false }),
} satisfies Record<string, Update>;

/** One of {@link updates}. The graph says which events it takes: types cannot see that. */
export type Update = { of(context: CallContext, event: CallEvent): Change }['of'];
