/* What each event does to the context. Each update has the name it has in the graph. */
import type { CallContext, CallEnd, CallEndReason, CallEvent } from './context.ts';
import { endFor, ownLeg } from './reading.ts';

interface Told {
  readonly context: CallContext;
  readonly event: CallEvent;
}
type Update = Partial<CallContext>;

const ended = (end: CallEnd, awaiting: boolean): Update => ({ end, awaiting });

export function takeFacts({ context, event }: Told): Update {
  if (event.type !== 'signaling.facts') return {};
  const { facts } = event;
  const sameEpoch = facts.call.mediaEpoch === context.facts?.call.mediaEpoch;
  return sameEpoch ? { facts } : { facts, flowing: false };
}

/** The facts end the call: theirs is the last word, also over what this side believed. */
export function settle({ context, event }: Told): Update {
  if (event.type !== 'signaling.facts') return {};
  const { facts } = event;
  return { facts, end: endFor(facts, context.legId), awaiting: false };
}

export const takeConnection = ({ event }: Told): Update =>
  event.type === 'signaling.connection' ? { connected: event.connected } : {};

export const takeCapture = (): Update => ({ captured: true });

export const takeMedia = ({ event }: Told): Update => ({
  flowing: event.type === 'media.connected',
});

export function takeKinds({ context, event }: Told): Update {
  const kinds = (event.type === 'user.accept' ? event.kinds : undefined) ?? context.kinds;
  return { kinds, camera: kinds.video };
}

export function takeUpdate({ context, event }: Told): Update {
  if (event.type !== 'user.update') return {};
  return {
    held: event.held ?? context.held,
    muted: event.muted ?? context.muted,
    camera: event.camera ?? context.camera,
  };
}

/**
 * Takes back what the server did not take. Never towards sending more than the user last asked
 * for: a mute, a hold and a camera turned off stand, whatever the server says.
 */
export function rollBack({ context }: Told): Update {
  const own = ownLeg(context.facts, context.legId);
  if (own === undefined) return {};
  return {
    held: context.held || own.held,
    muted: context.muted || own.muted,
    camera: context.camera && own.camera,
  };
}

export const dropCamera = (): Update => ({ camera: false });

/** The end the user's hang-up comes to, unless the facts say otherwise. */
export function endByUser({ context }: Told): Update {
  const unanswered = context.facts === null || context.facts.call.state === 'ringing';
  let reason: CallEndReason = 'completed';
  if (unanswered) reason = context.direction === 'outgoing' ? 'canceled' : 'declined';
  return ended({ reason, cause: null, by: 'local' }, true);
}

export const endByMedia = ({ event }: Told): Update =>
  ended(
    { reason: 'failed', cause: 'cause' in event ? (event.cause ?? null) : null, by: 'local' },
    true,
  );

export const endByPort = (): Update =>
  ended({ reason: 'failed', cause: 'internal', by: 'local' }, false);

/** The server was not heard for too long. */
export const giveUp = ({ context }: Told): Update =>
  ended(
    {
      reason: 'failed',
      cause: context.facts?.call.state === 'connecting' ? 'media_timeout' : null,
      by: null,
      code: 'server_unreachable',
    },
    false,
  );

/** A command without which there is no call was refused. The facts may still say more. */
export function endByRefusal({ event }: Told): Update {
  if (event.type !== 'signaling.refused') return {};
  const { code, command } = event;
  let reason: CallEndReason = 'failed';
  if (code === 'answered_elsewhere') reason = 'answered-elsewhere';
  if (code === 'deadline_passed') reason = 'unanswered';
  const by = reason === 'answered-elsewhere' ? 'local' : null;
  return ended({ reason, cause: null, by, code }, command !== 'call.dial');
}

/** The server refused to end what another device took first. */
export function correctEnd({ event }: Told): Update {
  const elsewhere = event.type === 'signaling.refused' && event.code === 'answered_elsewhere';
  if (!elsewhere) return { awaiting: false };
  return ended({ reason: 'answered-elsewhere', cause: null, by: 'local' }, false);
}

export const stopWaiting = (): Update => ({ awaiting: false });
