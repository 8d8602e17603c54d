import { randomFraction } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type {
  FakeMediaControls,
  FakeMediaPlan,
  FakePeerConnection,
} from '@ringfence/media/testing';
import { breaks } from './network.ts';
import { chance, pick, waitMs } from './chance.ts';
import type { SimulatedUser } from './user.ts';
import type { Station, World } from './world.ts';

/** How hard a run is on its phones. */
export interface Climate {
  /** Mean time between two broken connections of one phone; Infinity for none. */
  readonly breakMs: number;
  /** Mean time between two losses of one phone's network; Infinity for none. */
  readonly outageMs: number;
  /** Mean time between two interruptions of media alone; Infinity for none. */
  readonly mediaMs: number;
  /** True when one phone is killed on the way. */
  readonly kills: boolean;
  /** How likely a round trip to the store fails. */
  readonly storeFails: number;
}

/** Draws a climate: a third of the runs are calm, so that calls also live long. */
export function drawClimate(random: Random): Climate {
  const calm = chance(random, 0.35);
  return {
    breakMs: calm ? Infinity : pick(random, [4_000, 12_000, 40_000, Infinity]),
    outageMs: calm ? Infinity : pick(random, [20_000, 60_000, Infinity]),
    mediaMs: calm ? Infinity : pick(random, [10_000, 40_000, Infinity]),
    kills: chance(random, 0.12),
    storeFails: calm ? 0 : pick(random, [0, 0, 0, 0.05]),
  };
}

/** Draws what goes wrong with the media of one call on one device. Mostly nothing. */
export function drawMediaPlan(random: Random): FakeMediaPlan {
  const draw = randomFraction(random);
  if (draw < 0.03) return { microphone: 'permission_denied' };
  if (draw < 0.05) return { microphone: 'device_missing' };
  if (draw < 0.1) return { camera: pick(random, ['permission_denied', 'device_missing'] as const) };
  if (draw < 0.13) return { connection: 'unreachable' };
  if (draw < 0.15) return { connection: 'broken' };
  return {};
}

/** How long media takes to notice that its network is gone. */
const MEDIA_NOTICES_MS = 3_000;

/** Makes things go wrong, as long as it blows. */
export class Weather {
  readonly #world: World;
  readonly #users: readonly SimulatedUser[];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #climate: Climate;
  /** The phones whose media leads nowhere now. */
  readonly #cutOff = new Set<Station>();
  #blowing = false;

  constructor(world: World, users: readonly SimulatedUser[], climate: Climate) {
    this.#world = world;
    this.#users = users;
    this.#clock = world.time.clock('weather');
    this.#random = world.random();
    this.#climate = climate;
  }

  /** Starts for every phone. A kill, if there is one, falls within `durationMs`. */
  blow(durationMs: number): void {
    this.#blowing = true;
    const { breakMs, outageMs, mediaMs, kills, storeFails } = this.#climate;
    this.#world.store.failing = storeFails;
    for (const station of this.#world.stations) {
      this.#repeat(breakMs, station, () => station.uplink.break(pick(this.#random, breaks)));
      this.#repeat(outageMs, station, () => this.#outage(station));
      this.#repeat(mediaMs, station, () => this.#interruptMedia(station));
    }
    if (!kills) return;
    const victim = pick(this.#random, this.#world.stations);
    this.#clock.setTimeout(
      () => {
        if (!this.#blowing) return;
        this.#world.kill(victim);
        this.#mediaLost(victim);
      },
      randomFraction(this.#random) * durationMs,
    );
  }

  /** Puts right what can be put right. */
  clear(): void {
    this.#blowing = false;
    this.#world.store.failing = 0;
    for (const station of this.#world.stations) {
      if (station.isKilled) continue;
      if (station.uplink.down) station.uplink.down = false;
      this.#mend(station);
    }
  }

  #repeat(meanMs: number, station: Station, act: () => void): void {
    if (meanMs === Infinity) return;
    this.#clock.setTimeout(
      () => {
        if (!this.#blowing || station.isKilled) return;
        act();
        this.#repeat(meanMs, station, act);
      },
      waitMs(this.#random, meanMs),
    );
  }

  /** The whole network of a phone goes and comes back: signaling at once, media a little later. */
  #outage(station: Station): void {
    if (station.uplink.down) return;
    station.uplink.down = true;
    this.#mediaLost(station);
    this.#clock.setTimeout(
      () => {
        if (!this.#blowing || station.isKilled) return;
        station.uplink.down = false;
        this.#mend(station);
      },
      waitMs(this.#random, 9_000),
    );
  }

  #interruptMedia(station: Station): void {
    this.#world.trace.add(station.device.name, 'media interrupted');
    this.#cut(station);
    this.#clock.setTimeout(
      () => {
        if (!station.uplink.down) this.#mend(station);
      },
      waitMs(this.#random, 5_000),
    );
  }

  /** Media notices late that its network is gone. */
  #mediaLost(station: Station): void {
    this.#clock.setTimeout(() => {
      if (station.uplink.down) this.#cut(station);
    }, MEDIA_NOTICES_MS);
  }

  /** Media from and to a phone stops, in every call; it does not between the others. */
  #cut(station: Station): void {
    this.#cutOff.add(station);
    for (const media of this.#mediaOf(station)) media.disconnect();
    for (const { there } of this.#wires(station)) unplug(there);
  }

  /** It flows again, save with those that are cut off themselves. */
  #mend(station: Station): void {
    this.#cutOff.delete(station);
    for (const media of this.#mediaOf(station)) media.reconnect();
    for (const { here, there, other } of this.#wires(station)) {
      if (this.#cutOff.has(other)) unplug(here);
      else there.turn('connected');
    }
  }

  #mediaOf(station: Station): readonly FakeMediaControls[] {
    const user = this.#users.find((each) => each.station === station);
    return (user?.live ?? []).flatMap(({ mediaId }) => station.media.call(mediaId) ?? []);
  }

  /** The connections of a phone, each with the far end of it. */
  #wires(station: Station): readonly Wire[] {
    const far = this.#world.stations.flatMap((other) =>
      other === station
        ? []
        : other.media.browser.openConnections.map((there) => ({ there, other })),
    );
    return station.media.browser.openConnections.flatMap((here) => {
      const { generation } = here;
      if (generation === null) return [];
      return far
        .filter(({ there }) => there.generation?.local === generation.remote)
        .map((end) => ({ here, ...end }));
    });
  }
}

/** A connection between two phones. */
interface Wire {
  readonly here: FakePeerConnection;
  readonly there: FakePeerConnection;
  readonly other: Station;
}

function unplug(connection: FakePeerConnection): void {
  connection.isReachable = false;
  connection.turn('disconnected');
}
