/*
 * A whole system in one process: phones, a network, a server and its store, on virtual time.
 *
 *   virtual-time.ts  time, and what falls due when   ambient-guard.ts  catches real time and chance
 *   network.ts       the connections                 user.ts           who holds a phone
 *   store.ts         a store that takes its time     acts.ts           what they do with it
 *   trace.ts         the history of a run            call-watch.ts     what a phone showed of a call
 *   weather.ts       what goes wrong, and when       monitor.ts        what must hold all the time
 *   run.ts           one seed, from start to end     talks.ts          what must hold in the calm
 *   command.ts       `npm run sim`                   invariants.ts     what must hold in the end
 *   tally.ts         how often what happened         coverage.ts       what must have happened
 */
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import { createFakeMedia } from '@ringfence/media/testing';
import type { FakeBrowserOptions, FakeMedia, FakeMediaPlan } from '@ringfence/media/testing';
import { createPhone } from '@ringfence/phone';
import type { Phone } from '@ringfence/phone';
import { createSignalingServer } from '@ringfence/signaling-server';
import type { SignalingServer, SignalingServerOptions } from '@ringfence/signaling-server';
import { createTestAuth, testToken } from '@ringfence/signaling-server/testing';
import { Uplink } from './network.ts';
import type { Accept, Latency } from './network.ts';
import { SimulatedStore } from './store.ts';
import { Trace } from './trace.ts';
import { settle, VirtualTime } from './virtual-time.ts';

/** One phone to be made. */
export interface Device {
  /** Names the party in the trace, and the device to the server. */
  readonly name: string;
  readonly userId: string;
  /** Default true. */
  readonly callWaiting?: boolean;
  /** How far its wall clock is off. Default 0. */
  readonly wallOffsetMs?: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly devices: readonly Device[];
  readonly latency?: Latency;
  /** The longest a store takes for one round trip. Default 0. */
  readonly storeMs?: number;
  readonly server?: SignalingServerOptions;
  /** What goes wrong with the media of a call on a device. Default: nothing. */
  readonly mediaPlan?: (device: Device, callId: string) => FakeMediaPlan;
  /** How the media of every device behaves. */
  readonly media?: FakeBrowserOptions;
  /** Stands between the network and the server. */
  readonly wrapAccept?: (accept: Accept) => Accept;
}

/** A phone with what belongs to it. */
export interface Station {
  readonly device: Device;
  readonly phone: Phone;
  readonly tubes: TubeRegistry;
  readonly uplink: Uplink;
  readonly media: FakeMedia;
  /** True once its process was killed. */
  isKilled: boolean;
}

/** One simulated system. Nothing happens in it until time is moved. */
export class World {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly store: SimulatedStore;
  readonly server: SignalingServer;
  readonly stations: readonly Station[];
  readonly #random: Random;

  constructor(options: WorldOptions) {
    this.#random = seededRandom(options.seed);
    this.time = new VirtualTime(this.random());
    this.trace = new Trace(() => this.time.elapsedMs);
    const serverClock = this.time.clock('server');
    this.store = new SimulatedStore(serverClock, this.time.clock('store'), {
      random: this.random(),
      longestMs: options.storeMs ?? 0,
    });
    this.server = createSignalingServer(options.server ?? {}, {
      store: this.store,
      auth: createTestAuth(),
      clock: serverClock,
      random: this.random(),
    });
    const accept: Accept = (socket, info) => this.server.accept(socket, info);
    const wrapped = options.wrapAccept?.(accept) ?? accept;
    const network = this.time.clock('network');
    this.stations = options.devices.map((device) => {
      const clock = this.time.clock(device.name, device.wallOffsetMs);
      const uplink = new Uplink(device.name, options.latency ?? {}, {
        clock: network,
        random: this.random(),
        trace: this.trace,
        accept: wrapped,
      });
      const media = createFakeMedia({
        plan: (callId) => options.mediaPlan?.(device, callId) ?? {},
        ...options.media,
        clock,
        random: this.random(),
      });
      const tubes = new TubeRegistry({}, { clock, random: this.random() });
      const phone = createPhone(
        {
          url: uplink.url,
          token: testToken({ userId: device.userId }),
          deviceId: device.name,
          callWaiting: device.callWaiting ?? true,
          tubes,
        },
        { clock, random: this.random(), transport: uplink, media },
      );
      return { device, phone, tubes, uplink, media, isKilled: false };
    });
  }

  /** Chance of its own for one more part of this world. */
  random(): Random {
    return seededRandom(this.#random.uint32());
  }

  /** Runs the next timer and all that follows from it at once. False when none waits. */
  async step(): Promise<boolean> {
    await settle();
    if (!this.time.runNext()) return false;
    await settle();
    return true;
  }

  /** Moves time on until `condition` holds. False when it does not within `limitMs`. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.time.elapsedMs + limitMs;
    await settle();
    while (!condition()) {
      const nextMs = this.time.nextDueMs;
      if (nextMs === undefined || nextMs > endMs) return false;
      await this.step();
    }
    return true;
  }

  /** Moves time on by `ms`. */
  async advance(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Waits for `work` while time goes on. Undefined when it takes longer than `limitMs`. */
  async finish<T>(work: Promise<T>, limitMs: number): Promise<{ value: T } | undefined> {
    let outcome: { value: T } | { thrown: unknown } | undefined;
    work.then(
      (value) => (outcome = { value }),
      (thrown: unknown) => (outcome = { thrown }),
    );
    await this.until(() => outcome !== undefined, limitMs);
    if (outcome !== undefined && 'thrown' in outcome) throw outcome.thrown;
    return outcome;
  }

  /** Kills a phone's process: its timers stop, its connections go silent. */
  kill(station: Station): void {
    this.trace.add(station.device.name, 'killed');
    station.isKilled = true;
    station.uplink.down = true;
    this.time.stop(station.device.name);
  }
}
