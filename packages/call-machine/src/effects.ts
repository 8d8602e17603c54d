/*
 * What the machine asks of its ports. Each effect has the name it has in the graph.
 *
 * A port that throws breaks its own call and nothing else: what it threw comes back to the
 * machine as `port.threw`.
 */
import type { CallContext, CallEvent } from './context.ts';
import type { CallCommand, MediaReport, SignalingReport } from './ports.ts';
import { hasJoined, mayRingAgain, ownLeg, peerLeg } from './reading.ts';

interface Machine {
  send(event: CallEvent): void;
  getSnapshot(): { readonly status: string };
}
interface Asked {
  readonly context: CallContext;
  readonly event: CallEvent;
  readonly self: Machine;
}

/** Makes an effect of what calls a port. */
function effect(act: (asked: Asked) => void): (asked: Asked) => void {
  return (asked) => {
    try {
      act(asked);
    } catch (error) {
      asked.self.send({ type: 'port.threw', error });
    }
  };
}

const command = (of: (context: CallContext) => CallCommand) =>
  effect(({ context }) => context.signaling.send(of(context)));

export const openPorts = effect(({ context, self }) => {
  const report = (event: SignalingReport | MediaReport): void => {
    // A port may report late; the machine has ended then and listens no more.
    if (self.getSnapshot().status === 'active') self.send(event);
  };
  // Signaling first: when media breaks at once, the other side can still be told.
  context.signaling.open(report);
  context.media.open(report);
  control(context, context);
});

export const closeMedia = effect(({ context }) => context.media.close());

export function closeSignaling({ context }: Asked): void {
  try {
    context.signaling.close();
  } catch {
    // The call has ended; there is nothing left to save.
  }
}

/** Asks for capture, once a call. */
export const acquire = effect(({ context, self }) => {
  if (context.captured) self.send({ type: 'media.acquired' });
  else context.media.acquire(context.kinds);
});

export const dial = command(({ peer, kinds }) => ({ type: 'call.dial', to: peer, media: kinds }));
export const ring = command(() => ({ type: 'call.ring' }));
export const accept = command(() => ({ type: 'call.accept' }));
export const decline = command(() => ({ type: 'call.decline' }));

export const hangUp = command(({ facts, end }) => ({
  type: 'call.hang-up',
  ...(end !== null && end.cause !== null && { cause: end.cause }),
  ...(facts === null && { dialed: true }),
}));

export const reportMedia = effect(({ context, event }) => {
  if (event.type !== 'media.connected' && event.type !== 'media.disconnected') return;
  const connected = event.type === 'media.connected';
  context.signaling.send({ type: 'call.media', mediaEpoch: event.mediaEpoch, connected });
});

function control(own: CallContext, { facts, legId }: Pick<CallContext, 'facts' | 'legId'>): void {
  const held = own.held || peerLeg(facts, legId)?.held === true;
  own.media.control({ muted: own.muted, camera: own.camera, held });
}

export const controlMedia = effect(({ context }) => control(context, context));

/** Tells the server what the user changed. Before this leg has joined there is nobody to tell. */
export const sendUpdate = effect(({ context, event }) => {
  if (event.type !== 'user.update' || !hasJoined(context.facts, context.legId)) return;
  const { held, muted, camera } = event;
  context.signaling.send({
    type: 'call.update',
    ...(held !== undefined && { held }),
    ...(muted !== undefined && { muted }),
    ...(camera !== undefined && { camera }),
  });
});

export const sendCameraOff = effect(({ context }) => {
  if (!hasJoined(context.facts, context.legId)) return;
  context.signaling.send({ type: 'call.update', camera: false });
});

/** Does what new facts ask for. Runs before they are taken, so that it sees what is new in them. */
export const follow = effect(({ context, event }) => {
  if (event.type !== 'signaling.facts') return;
  const { facts } = event;
  const { facts: before, legId, media, signaling } = context;
  if (mayRingAgain(facts, legId)) return signaling.send({ type: 'call.ring' });
  const own = ownLeg(facts, legId);
  if (own?.state !== 'won') return;
  if (!hasJoined(before, legId)) announce(context, own);
  const peer = peerLeg(facts, legId);
  if (peer === undefined) return;
  if (peer.held !== (peerLeg(before, legId)?.held ?? false)) control(context, { facts, legId });
  const { mediaEpoch } = facts.call;
  if (mediaEpoch > (before?.call.mediaEpoch ?? 0)) {
    const polite = context.direction === 'incoming';
    media.connect({ mediaEpoch, legId, peerLegId: peer.id, polite });
  }
});

/** Tells what the user set before this leg had joined, where the facts do not say it already. */
function announce(
  { held, muted, camera, signaling }: CallContext,
  own: { readonly held: boolean; readonly muted: boolean; readonly camera: boolean },
): void {
  if (held === own.held && muted === own.muted && camera === own.camera) return;
  signaling.send({
    type: 'call.update',
    ...(held !== own.held && { held }),
    ...(muted !== own.muted && { muted }),
    ...(camera !== own.camera && { camera }),
  });
}
