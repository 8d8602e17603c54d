import { createActor } from 'xstate';
import { FakeClock } from '@ringfence/base/testing';
import { isContending, isLive, legOfDevice } from '@ringfence/call-rules';
import type { Actor, Address, CallFacts, MediaKinds } from '@ringfence/call-rules';
import { callMachine, callView } from '../src/index.ts';
import type {
  CallActor,
  CallEmitted,
  CallInput,
  CallView,
  MediaConnect,
  ViewState,
} from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { callIdOf, CallTruth } from './call-truth.ts';

type Ports = { readonly signaling: FakeSignaling; readonly media: FakeCallMedia };

/** One device with one of its calls: the machine, its ports, and what its user saw. */
export class Side {
  readonly signaling = new FakeSignaling();
  readonly media = new FakeCallMedia();
  readonly seen: ViewState[] = [];
  readonly told: CallEmitted[] = [];
  readonly actor: CallActor;
  readonly who: Actor;
  /** The call that commands go to. */
  callId: string;
  /** The media asked for with each other leg. */
  readonly links = new Map<string, string>();

  constructor(who: Actor, callId: string, clock: FakeClock, input: (ports: Ports) => CallInput) {
    this.who = who;
    this.callId = callId;
    const { signaling, media } = this;
    this.actor = createActor(callMachine, { clock, input: input({ signaling, media }) });
    this.actor.subscribe((snapshot) => {
      const { state } = callView(snapshot);
      if (state !== this.seen.at(-1)) this.seen.push(state);
    });
    this.actor.on('*', (event) => this.told.push(event as CallEmitted));
  }

  get view(): CallView {
    return callView(this.actor.getSnapshot());
  }

  get legId(): string {
    return this.actor.getSnapshot().context.legId;
  }

  /** What the user of this side can say of the call afterwards. */
  get story() {
    return { seen: this.seen, end: this.actor.getSnapshot().output ?? null };
  }
}

/** How long a message takes between a device and the server. */
export const hopMs = 10;

/**
 * Machines on some devices, and the truth between them. Messages take 10 ms each way; media of two
 * legs connects as soon as both asked for it. A test replaces the parts it is about.
 *
 * Each side's signaling follows its call as an adapter does: when the call goes on as another one in
 * which this device has a leg, and which no other side here is in, it switches, then reports.
 */
export class CallTown {
  readonly clock = new FakeClock();
  readonly truth = new CallTruth(this.clock);
  readonly sides: Side[] = [];
  /** Devices that cannot be reached. A message of or for one is kept until it can. */
  readonly unreachable = new Set<string>();
  readonly #kept: { readonly deviceId: string; readonly deliver: () => void }[] = [];
  readonly #asked = new Map<string, Side>();
  readonly #newest = new Map<string, number>();
  /** How long the next message takes. Commands of one device stay in order; facts need not. */
  readonly #delayMs: () => number;
  readonly #lastCommandAt = new Map<string, number>();
  #calls = 0;
  /** Devices where a call that rings is shown. */
  readonly devices: readonly Actor[];
  /** What media says when asked for capture. */
  onAcquire: (side: Side) => void = (side) => side.media.report({ type: 'media.acquired' });
  /** What media does when asked to connect. */
  onConnect: (side: Side, request: MediaConnect) => void = (side, request) =>
    this.connectMedia(side, request);

  constructor(devices: readonly Actor[], delayMs: () => number = () => hopMs) {
    this.devices = devices;
    this.#delayMs = delayMs;
    for (const { userId } of devices) {
      const own = devices.filter((device) => device.userId === userId);
      this.truth.reach.set(userId, { deviceIds: own.map(({ deviceId }) => deviceId) });
    }
    this.truth.onChange = (facts) => {
      for (const who of this.devices) this.#hop(who.deviceId, () => this.#hear(who, facts));
    };
  }

  /** A new outgoing call. It begins when its actor is started. */
  dial(who: Actor, to: Address, kinds?: MediaKinds): Side {
    const callId = callIdOf((this.#calls += 1));
    return this.#side(who, callId, (ports) => ({
      direction: 'outgoing',
      callId,
      to,
      kinds,
      ...ports,
    }));
  }

  /** Shows a call that a device has a leg in. */
  show(who: Actor, callId: string): Side {
    const facts = this.truth.calls.get(callId)!;
    const side = this.#incoming(who, facts, legOfDevice(facts, who.userId, who.deviceId)!.id);
    side.actor.start();
    return side;
  }

  /** The newest side of a device, in a call when one is given. */
  sideOf(who: Actor, callId?: string): Side {
    const own = this.sides.filter(
      (side) => side.who === who && (callId === undefined || side.callId === callId),
    );
    return own.at(-1)!;
  }

  /** Lets messages arrive. */
  pass(): this {
    this.clock.advance(10 * hopMs);
    return this;
  }

  connectMedia(side: Side, { mediaEpoch, legId, peerLegId }: MediaConnect): void {
    const link = `${side.callId} ${legId} ${peerLegId}`;
    side.links.set(peerLegId, link);
    this.#asked.set(link, side);
    const other = this.#asked.get(`${side.callId} ${peerLegId} ${legId}`);
    if (other === undefined) return;
    side.media.report({ type: 'media.connected', mediaEpoch, peerLegId });
    other.media.report({ type: 'media.connected', mediaEpoch, peerLegId: legId });
  }

  /** Cuts a device off. Its machines are told when `told`; the server always is. */
  cut({ who }: Pick<Side, 'who'>, { told = true } = {}): void {
    this.unreachable.add(who.deviceId);
    if (told) this.#connection(who, false);
    this.truth.system({ type: 'device.silent', ...who });
  }

  /** Brings it back, with what was kept for it. */
  heal({ who }: Pick<Side, 'who'>): void {
    this.unreachable.delete(who.deviceId);
    this.truth.system({ type: 'device.resumed', ...who });
    const kept = this.#kept.filter(({ deviceId }) => deviceId === who.deviceId);
    for (const { deliver } of kept) deliver();
    this.#connection(who, true);
  }

  #connection(who: Actor, connected: boolean): void {
    for (const side of this.sides) {
      if (side.who !== who) continue;
      side.signaling.report({ type: 'signaling.connection', connected });
    }
  }

  /** Facts arrive at a device: at the sides that are in the call, or at a new one. */
  #hear(who: Actor, facts: CallFacts): void {
    const { id } = facts.call;
    for (const side of this.sides) {
      if (side.who === who && side.callId === id) this.#report(side, facts);
    }
    // A call is shown by the newest that a device heard of it, not by what comes late.
    const key = `${who.deviceId} ${id}`;
    const newest = this.#newest.get(key) ?? 0;
    if (facts.call.seq < newest) return;
    this.#newest.set(key, facts.call.seq);
    const leg = legOfDevice(facts, who.userId, who.deviceId);
    if (leg === undefined || !isLive(facts, leg)) return;
    const isShown = this.sides.some(
      (side) =>
        side.who === who &&
        (this.truth.calls.get(side.callId)?.call.movedTo === id ||
          (side.callId === id && (side.legId === leg.id || !isContending(leg)))),
    );
    // A dial to who calls here is about to become this call.
    const isCrossed = this.sides.some(
      ({ who: owner, view }) =>
        owner === who &&
        (view.state === 'preparing' || view.state === 'dialing') &&
        view.peer.userId === facts.participants[0]!.userId,
    );
    if (!isShown && !isCrossed) this.#incoming(who, facts, leg.id).actor.start();
  }

  #incoming(who: Actor, facts: CallFacts, legId: string): Side {
    return this.#side(who, facts.call.id, (ports) => ({
      direction: 'incoming',
      facts,
      legId,
      ...ports,
    }));
  }

  #report(side: Side, facts: CallFacts): void {
    if (side.signaling.closes > 0) return;
    // A call may go on as one that has gone on already.
    let next: CallFacts | undefined;
    for (let to = facts.call.movedTo; to !== null; to = next.call.movedTo) {
      next = this.truth.calls.get(to)!;
    }
    const { userId, deviceId } = side.who;
    const leg = next && legOfDevice(next, userId, deviceId);
    // By leg: who left that call and was brought back has a side that is about to end.
    const isElsewhere = this.sides.some(
      (each) => each.who === side.who && each.callId === next?.call.id && each.legId === leg?.id,
    );
    if (next === undefined || leg === undefined || isElsewhere) {
      return side.signaling.report({ type: 'signaling.facts', facts });
    }
    side.callId = next.call.id;
    side.signaling.report({ type: 'signaling.moved', facts: next, legId: leg.id });
  }

  #side(who: Actor, callId: string, input: (ports: Ports) => CallInput): Side {
    const side = new Side(who, callId, this.clock, input);
    this.sides.push(side);
    side.signaling.onCommand = (command, ticket) => {
      const { callId: sentTo } = side;
      const now = this.clock.monotonic();
      const at = Math.max(now + this.#delayMs(), this.#lastCommandAt.get(who.deviceId) ?? 0);
      this.#lastCommandAt.set(who.deviceId, at);
      const run = (): void => {
        const code = this.truth.command(who, command, sentTo);
        this.#hop(who.deviceId, () => {
          if (code === undefined) {
            if (ticket !== undefined) side.signaling.report({ type: 'signaling.done', ticket });
          } else if (ticket !== undefined || side.callId === sentTo) {
            const { type } = command;
            side.signaling.report({ type: 'signaling.refused', command: type, code, ticket });
          }
        });
      };
      this.#hop(who.deviceId, run, at - now);
    };
    side.media.onRequest = (request) => {
      if (request.type === 'acquire') this.onAcquire(side);
      if (request.type === 'connect') this.onConnect(side, request);
      if (request.type === 'disconnect') {
        this.#asked.delete(side.links.get(request.peerLegId) ?? '');
      }
    };
    return side;
  }

  #hop(deviceId: string, deliver: () => void, delayMs = this.#delayMs()): void {
    this.clock.setTimeout(() => {
      if (this.unreachable.has(deviceId)) this.#kept.push({ deviceId, deliver });
      else deliver();
    }, delayMs);
  }
}
