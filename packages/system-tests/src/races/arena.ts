/*
 * A world in which races are run: a real server, real phones, a network that breaks, virtual time.
 *
 *   arena.ts        the world: many groups side by side     quiet-media.ts  media without a browser
 *   stage.ts        what one group has at hand              party.ts        one phone of a group
 *   agreement.ts    what all must agree on                  kinds.ts        the races
 *   rounds.ts       a race, from its start to its end       race-worker.ts  runs them in a thread
 *   races.ts        `npm run fault -- races`
 */
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { createSignalingServer } from '@ringfence/signaling-server';
import type { SignalingServer } from '@ringfence/signaling-server';
import { createTestAuth } from '@ringfence/signaling-server/testing';
import { Uplink } from '../simulator/network.ts';
import { SimulatedStore } from '../simulator/store.ts';
import { settle, VirtualTime } from '../simulator/virtual-time.ts';
import { Party } from './party.ts';
import { Stage } from './stage.ts';

/** Who takes part: names of devices, and whose they are. */
export type Cast = readonly (readonly [device: string, user: string])[];

/** The longest a world may run, in virtual time. */
const LONGEST_MS = 6 * 3_600_000;
/** How long closing may take. */
const CLOSE_MS = 60_000;

const latency = { longestMs: 60, jitterMs: 40 };
const STORE_MS = 20;

/** One world. Groups do not know of each other; they share the server, its store and the time. */
export class Arena {
  readonly time: VirtualTime;
  readonly store: SimulatedStore;
  readonly server: SignalingServer;
  readonly stages: readonly Stage[];
  /** What was noted, when it is kept. */
  readonly lines: string[] = [];
  readonly #random: Random;

  constructor(options: {
    readonly seed: number;
    readonly groups: number;
    readonly cast: Cast;
    /** Keeps what happens in one group. Default: of none. */
    readonly trace?: number | undefined;
  }) {
    this.#random = seededRandom(options.seed);
    this.time = new VirtualTime(this.random());
    const serverClock = this.time.clock('server');
    this.store = new SimulatedStore(serverClock, this.time.clock('store'), {
      random: this.random(),
      longestMs: STORE_MS,
    });
    this.server = createSignalingServer(
      // Races dial far more often than people do.
      { dialsPerSecond: 100_000, dialBurst: 100_000 },
      {
        store: this.store,
        auth: createTestAuth(),
        clock: serverClock,
        random: this.random(),
      },
    );
    const network = this.time.clock('network');
    this.stages = Array.from({ length: options.groups }, (_, group) =>
      this.#makeStage(group, options.cast, network, options.trace === group),
    );
  }

  /** Chance of its own for one more part of this world. */
  random(): Random {
    return seededRandom(this.#random.uint32());
  }

  /** Lets time go on until the work is done. */
  async run<T>(work: Promise<T>, limitMs = LONGEST_MS): Promise<T> {
    const endMs = this.time.elapsedMs + limitMs;
    let isDone = false;
    const finished = work.finally(() => (isDone = true));
    // It is awaited below; until then it may well reject.
    finished.catch(() => {});
    for (;;) {
      await settle();
      if (isDone) return finished;
      const nextMs = this.time.nextDueMs;
      if (nextMs === undefined || nextMs > endMs) {
        throw new Error('unable to go on; time is over and the work is not done');
      }
      this.time.runNext();
    }
  }

  /** Closes everything. Returns what is left that should be gone. */
  async close(): Promise<readonly string[]> {
    const left: string[] = [];
    const { calls } = this.server.counts;
    if (calls > 0) left.push(`the server still remembers ${calls} calls`);
    const parties = this.stages.flatMap((stage) => stage.parties);
    for (const { phone, tubes, media, deviceId } of parties) {
      if (phone.calls.length > 0) left.push(`${deviceId} still has calls`);
      if (media.size > 0) left.push(`${deviceId} still has media`);
      if (tubes.size > 0) left.push(`${deviceId} still has tubes`);
    }
    await this.run(
      Promise.all(parties.flatMap(({ phone, tubes }) => [phone.close(), tubes.close()])),
      CLOSE_MS,
    );
    const network = this.time.clock('the end');
    await this.run(new Promise<void>((resolve) => network.setTimeout(resolve, CLOSE_MS)));
    await this.run(this.server.close(), CLOSE_MS);
    const { sessions } = this.server.counts;
    if (sessions > 0) left.push(`the server left ${sessions} sessions`);
    const pending = this.time.pending();
    for (const name of ['server', ...parties.map(({ deviceId }) => deviceId)]) {
      const count = pending[name];
      if (count !== undefined) left.push(`${name} left ${count} timers`);
    }
    return left;
  }

  #makeStage(
    group: number,
    cast: Cast,
    network: ReturnType<VirtualTime['clock']>,
    isTraced: boolean,
  ): Stage {
    const add = (who: string, what: string): void => {
      if (isTraced)
        this.lines.push(`${this.time.elapsedMs.toFixed(3).padStart(11)} ${who} ${what}`);
    };
    const stage: Stage = new Stage({
      group: `g${group}`,
      clock: this.time.clock(`g${group}`),
      random: this.random(),
      store: this.store,
      parties: cast.map(([name, user]) => {
        const deviceId = `g${group}-${name}`;
        const uplink = new Uplink(deviceId, latency, {
          clock: network,
          random: this.random(),
          trace: { add },
          accept: (socket, info) => this.server.accept(socket, info),
        });
        return new Party({
          name,
          userId: `g${group}-${user}`,
          deviceId,
          uplink,
          clock: this.time.clock(deviceId),
          random: () => this.random(),
          note: ({ deviceId: who }, what) => {
            add(who, what);
            stage.poke();
          },
        });
      }),
    });
    return stage;
  }
}
