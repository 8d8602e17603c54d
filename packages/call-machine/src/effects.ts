import { hasJoined, isContending, isPermitted, offersFirst } from '@ringfence/call-rules';
import type { CallFacts, Leg, LegId } from '@ringfence/call-rules';
import type { CallContext, CallEvent, EventOf } from './context.ts';
import type { CallCommand, MediaReport, SignalingReport } from './ports.ts';
import { isIn, mayRingAgain, otherLegs, ownLeg, ownParticipant } from './reading.ts';

interface Machine {
  send(event: CallEvent): void;
  getSnapshot(): { readonly status: string };
}
interface Asked {
  readonly context: CallContext;
  readonly event: CallEvent;
  readonly self: Machine;
}

/** The graph says which events it is told of: types cannot see that. */
type Act = { of(context: CallContext, event: CallEvent, self: Machine): void }['of'];

/** Makes an effect of what calls a port. */
function effect(act: Act): (asked: Asked) => void {
  return ({ context, event, self }) => {
    try {
      act(context, event, self);
    } catch (error) {
      self.send({ type: 'port.threw', error });
    }
  };
}

const command = (of: (context: CallContext, event: CallEvent) => CallCommand) =>
  effect((context, event) => context.signaling.send(of(context, event)));

const heldBy = (others: readonly Leg[]): readonly LegId[] =>
  others.filter(({ held }) => held).map(({ id }) => id);

function control({ media, muted, camera, held, facts, legId }: CallContext): void {
  media.control({ muted, camera, held, heldBy: heldBy(otherLegs(facts, legId)) });
}

type Update = Omit<CallCommand & { readonly type: 'call.update' }, 'type'>;

const names = ['held', 'muted', 'camera'] as const;
type Name = (typeof names)[number];

/** Of what this side sends, the part that is picked. */
const pick = (
  from: { readonly [Each in Name]?: boolean | undefined },
  isPicked: (name: Name) => boolean,
): Update => Object.fromEntries(names.filter(isPicked).map((name) => [name, from[name]])) as Update;

/** Tells the server what this side sends. Before this leg has joined there is nobody to tell. */
function update({ facts, legId, signaling }: CallContext, change: Update): void {
  if (isIn(facts, legId)) signaling.send({ type: 'call.update', ...change });
}

/** Does what the facts of `after` ask for beside those known before. */
function meet(after: CallContext, before: CallFacts | null, self: Machine): void {
  const { legId, media, signaling } = after;
  const facts = after.facts!;
  const own = ownLeg(facts, legId);
  if (!own) return;
  if (mayRingAgain(facts, own)) return signaling.send({ type: 'call.ring' });
  if (!hasJoined(facts, own)) return;
  if (!isIn(before, legId)) announce(after, own);
  const { muteRequest } = own;
  if (muteRequest && muteRequest.seq !== ownLeg(before, legId)?.muteRequest?.seq) {
    self.send({ type: 'user.update', muted: true });
    self.send({ type: 'call.mute-requested', by: muteRequest.by });
  }
  const others = otherLegs(facts, legId);
  const known = otherLegs(before, legId);
  if (heldBy(others).join() !== heldBy(known).join()) control(after);
  if (!after.captured) return;
  const { mediaEpoch } = facts.call;
  const isNewEpoch = mediaEpoch !== before?.call.mediaEpoch;
  for (const { id } of others) {
    if (!isNewEpoch && known.some((leg) => leg.id === id)) continue;
    media.connect({ mediaEpoch, legId, peerLegId: id, polite: !offersFirst(legId, id) });
  }
  for (const { id } of known) if (!others.some((leg) => leg.id === id)) media.disconnect(id);
}

/** Tells what the user set before this leg had joined, where the facts do not say it already. */
function announce(context: CallContext, own: Leg): void {
  const change = pick(context, (name) => context[name] !== own[name]);
  if (Object.keys(change).length > 0) update(context, change);
}

/**
 * What the machine asks of its ports. Each effect has the name it has in the graph.
 *
 * A port that throws breaks its own call and nothing else: what it threw comes back to the
 * machine as `port.threw`.
 */
export const effects = {
  openPorts: effect((context, _, self) => {
    const report = (event: SignalingReport | MediaReport): void => {
      // A port may report late; the machine has ended then and listens no more.
      if (self.getSnapshot().status === 'active') self.send(event);
    };
    // Signaling first: when media breaks at once, the other side can still be told.
    context.signaling.open(report);
    context.media.open(report);
    control(context);
  }),

  closeMedia: effect(({ media }) => media.close()),

  closeSignaling({ context }: Asked): void {
    try {
      context.signaling.close();
    } catch {
      // The call has ended; there is nothing left to save.
    }
  },

  /** Asks for capture, once a call. Where an accept was moved, it was asked for already. */
  acquire: effect((context, event, self) => {
    if (context.captured) self.send({ type: 'media.acquired' });
    else if (event.type !== 'signaling.moved') context.media.acquire(context.kinds);
  }),

  dial: command(({ peer, kinds }) => ({ type: 'call.dial', to: peer, media: kinds })),
  ring: command(() => ({ type: 'call.ring' })),
  accept: command(() => ({ type: 'call.accept' })),

  decline: command((_, event) => ({
    type: 'call.decline',
    ...(event.type === 'user.decline' && event.busy && { busy: true }),
  })),

  /** For everyone, when this user may: a refusal would leave this leg in the call. */
  hangUp: command(({ facts, legId, end }, event) => {
    const self = ownParticipant(facts, legId);
    const mayEnd = self && isPermitted(self, 'end-for-all');
    return {
      type: 'call.hang-up',
      ...(end !== null && end.cause !== null && { cause: end.cause }),
      ...(!facts && { dialed: true }),
      ...(event.type === 'user.hang-up' && event.everyone && mayEnd && { everyone: true }),
    };
  }),

  sendRequest: effect(({ signaling }, { request, ticket }: EventOf<'user.request'>) =>
    signaling.send(request, ticket),
  ),

  reportMedia: effect(
    (
      { signaling },
      { mediaEpoch, peerLegId, type }: EventOf<'media.connected' | 'media.disconnected'>,
    ) => {
      const connected = type === 'media.connected';
      signaling.send({ type: 'call.media', mediaEpoch, legId: peerLegId, connected });
    },
  ),

  controlMedia: effect(control),

  /** Tells the server what the user changed. */
  sendUpdate: effect((context, event: EventOf<'user.update'>) =>
    update(
      context,
      pick(event, (name) => event[name] !== undefined),
    ),
  ),

  sendCameraOff: effect((context) => update(context, { camera: false })),

  /**
   * Does what new facts ask for. Before they are taken, so that it sees what is new in them. Those of
   * another call are all new, and those of the call before are let go.
   */
  follow: effect((context, event: EventOf<'signaling.facts' | 'signaling.moved'>, self) => {
    const after = { ...context, ...event };
    if (event.type === 'signaling.facts') return meet(after, context.facts, self);
    for (const { id } of otherLegs(context.facts, context.legId)) context.media.disconnect(id);
    control(after);
    const own = ownLeg(event.facts, event.legId);
    if (own && isContending(own)) context.signaling.send({ type: 'call.ring' });
    meet(after, null, self);
  }),

  /** Capture runs in a call that this leg was in before: it can connect now. */
  link: effect((context, _, self) => {
    if (context.captured || !context.facts) return;
    meet({ ...context, captured: true }, null, self);
  }),
};
