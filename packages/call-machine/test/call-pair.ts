import { createActor } from 'xstate';
import { FakeClock } from '@ringfence/base/testing';
import { legOfDevice } from '@ringfence/call-rules';
import type { Actor, Address, MediaKinds } from '@ringfence/call-rules';
import { callMachine, callView } from '../src/index.ts';
import type { CallActor, CallEmitted, CallInput, CallView, ViewState } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { alice, bob, callId, CallTruth } from './call-truth.ts';

/** One device with its call: the machine, its ports, and what its user saw. */
export class Side {
  readonly signaling = new FakeSignaling();
  readonly media = new FakeCallMedia();
  readonly seen: ViewState[] = [];
  readonly told: CallEmitted[] = [];
  readonly actor: CallActor;
  readonly who: Actor;

  constructor(
    who: Actor,
    clock: FakeClock,
    input: (ports: { signaling: FakeSignaling; media: FakeCallMedia }) => CallInput,
  ) {
    this.who = who;
    this.actor = createActor(callMachine, { clock, input: input(this) });
    this.actor.subscribe((snapshot) => {
      const { state } = callView(snapshot);
      if (state !== this.seen.at(-1)) this.seen.push(state);
    });
    this.actor.on('*', (event) => this.told.push(event as CallEmitted));
  }

  get view(): CallView {
    return callView(this.actor.getSnapshot());
  }

  /** What the user of this side can say of the call afterwards. */
  get story() {
    return { seen: this.seen, end: this.actor.getSnapshot().output ?? null };
  }
}

/** How long a message takes between a device and the server. */
export const hopMs = 10;

/**
 * Two machines and the truth between them. Messages take 10 ms each way; media connects as soon
 * as both sides asked for it. A test replaces the parts it is about.
 */
export class CallPair {
  readonly clock = new FakeClock();
  readonly truth = new CallTruth(this.clock);
  readonly caller: Side;
  /** The sides that were offered the call. */
  readonly callees: Side[] = [];
  /** Devices that can be reached. A message of or for another is kept until it can. */
  readonly reachable = new Set<string>();
  readonly #kept: { readonly deviceId: string; readonly deliver: () => void }[] = [];
  readonly #connecting = new Set<Side>();
  /** What media says when asked for capture. */
  onAcquire: (side: Side) => void = (side) => side.media.report({ type: 'media.acquired' });
  /** What media does when asked to connect. */
  onConnect: (side: Side) => void = (side) => this.connectMedia(side);

  /** How long the next message takes. Commands of one device stay in order; facts need not. */
  readonly #delayMs: () => number;
  readonly #lastCommandAt = new Map<string, number>();

  constructor(
    options: {
      kinds?: MediaKinds;
      to?: Address;
      devices?: readonly Actor[];
      delayMs?: () => number;
    } = {},
  ) {
    const { kinds, to = 'user:bob', devices = [bob], delayMs = () => hopMs } = options;
    this.#delayMs = delayMs;
    this.truth.reach = {
      deviceIds: devices.map(({ deviceId }) => deviceId),
      busy: false,
      callerBusy: false,
    };
    for (const { deviceId } of [alice, ...devices]) this.reachable.add(deviceId);
    this.truth.onChange = (facts) => {
      for (const side of this.sides) {
        this.#hop(side.who.deviceId, () => {
          // Whatever a device hears first of a call starts it there.
          side.actor.start();
          side.signaling.report({ type: 'signaling.facts', facts });
        });
      }
      for (const who of devices) {
        const leg = legOfDevice(facts, who.userId, who.deviceId);
        if (leg === undefined || this.callees.some((side) => side.who === who)) continue;
        const callee = this.#side(who, (ports) => ({
          direction: 'incoming',
          facts,
          legId: leg.id,
          ...ports,
        }));
        this.callees.push(callee);
        this.#hop(who.deviceId, () => callee.actor.start());
      }
    };
    this.caller = this.#side(alice, (ports) => ({
      direction: 'outgoing',
      callId,
      to,
      kinds,
      ...ports,
    }));
  }

  get sides(): readonly Side[] {
    return [this.caller, ...this.callees];
  }

  get callee(): Side {
    return this.callees[0]!;
  }

  /** Dials, and lets the callee ring. */
  ring(): this {
    this.caller.actor.start();
    this.clock.advance(10 * hopMs);
    return this;
  }

  /** Dials, accepts, and lets media connect. */
  talk(): this {
    this.ring();
    this.callee.actor.send({ type: 'user.accept' });
    this.clock.advance(10 * hopMs);
    return this;
  }

  connectMedia(side: Side): void {
    this.#connecting.add(side);
    if (this.#connecting.size < 2) return;
    for (const each of this.#connecting) {
      each.media.report({ type: 'media.connected', mediaEpoch: 1 });
    }
  }

  /** Cuts a device off. Its machine is told when `told`; the server always is. */
  cut({ who, signaling }: Side, { told = true } = {}): void {
    this.reachable.delete(who.deviceId);
    if (told) signaling.report({ type: 'signaling.connection', connected: false });
    this.truth.system({ type: 'device.silent', ...who });
  }

  /** Brings it back, with what was kept for it. */
  heal({ who, signaling }: Side): void {
    this.reachable.add(who.deviceId);
    this.truth.system({ type: 'device.resumed', ...who });
    const kept = this.#kept.filter(({ deviceId }) => deviceId === who.deviceId);
    for (const { deliver } of kept) deliver();
    signaling.report({ type: 'signaling.connection', connected: true });
  }

  #side(who: Actor, input: ConstructorParameters<typeof Side>[2]): Side {
    const side = new Side(who, this.clock, ({ signaling, media }) => input({ signaling, media }));
    side.signaling.onCommand = (command) => {
      const now = this.clock.monotonic();
      const at = Math.max(now + this.#delayMs(), this.#lastCommandAt.get(who.deviceId) ?? 0);
      this.#lastCommandAt.set(who.deviceId, at);
      const run = (): void => {
        const code = this.truth.command(who, command);
        if (code === undefined) return;
        this.#hop(who.deviceId, () =>
          side.signaling.report({ type: 'signaling.refused', command: command.type, code }),
        );
      };
      this.#hop(who.deviceId, run, at - now);
    };
    side.media.onRequest = (request) => {
      if (request.type === 'acquire') this.onAcquire(side);
      if (request.type === 'connect') this.onConnect(side);
    };
    return side;
  }

  #hop(deviceId: string, deliver: () => void, delayMs = this.#delayMs()): void {
    this.clock.setTimeout(() => {
      if (this.reachable.has(deviceId)) deliver();
      else this.#kept.push({ deviceId, deliver });
    }, delayMs);
  }
}
