import type { Clock, Random } from '@ringfence/base';
import { randomFraction } from '@ringfence/base';
import { breaks } from '../simulator/network.ts';
import { chance, pick } from '../simulator/chance.ts';
import type { Uplink } from '../simulator/network.ts';
import type { SimulatedStore, StoredCall } from '../simulator/store.ts';
import type { Party } from './party.ts';

/** How often a condition is looked at beside every change of a phone. */
const LOOK_MS = 50;
/** How likely a party's network fails it during a race. */
const TROUBLE = 0.2;
/** The window of a race: everyone acts within it. */
const WINDOW_MS = 250;
/** The longest a network is gone. */
const DOWN_MS = 2_500;

/** What one group of phones has at hand. */
export class Stage {
  readonly group: string;
  readonly parties: readonly Party[];
  readonly random: Random;
  /** True when the network of somebody fails in this round. */
  isTroubled = false;
  readonly #clock: Clock;
  readonly #store: SimulatedStore;
  readonly #waiters = new Set<() => void>();
  readonly #troubles: Promise<void>[] = [];

  constructor(parts: {
    readonly group: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly store: SimulatedStore;
    readonly parties: readonly Party[];
  }) {
    this.group = parts.group;
    this.parties = parts.parties;
    this.random = parts.random;
    this.#clock = parts.clock;
    this.#store = parts.store;
  }

  party(name: string): Party {
    return this.parties.find((party) => party.name === name)!;
  }

  /** The calls of this round, as the store has them, in the order they began. */
  get calls(): readonly StoredCall[] {
    const own = `${this.group}-`;
    return [...this.#store.calls.values()].filter(({ facts }) =>
      facts.participants[0]!.userId.startsWith(own),
    );
  }

  /** Forgets the calls of this round. */
  clear(): void {
    for (const { callId } of this.calls) this.#store.calls.delete(callId);
    for (const party of this.parties) party.forget();
    this.isTroubled = false;
  }

  /** Something changed: who waits looks again. */
  poke(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Waits until a condition holds. False when it does not within `limitMs`. */
  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    const endMs = this.#clock.monotonic() + limitMs;
    return new Promise((resolve) => {
      let timer: unknown;
      const look = (): void => {
        const holds = condition();
        if (!holds && this.#clock.monotonic() < endMs) return;
        this.#waiters.delete(look);
        this.#clock.clearTimeout(timer);
        resolve(holds);
      };
      const tick = (): void => {
        timer = this.#clock.setTimeout(() => {
          tick();
          look();
        }, LOOK_MS);
      };
      this.#waiters.add(look);
      tick();
    });
  }

  /** Waits until a condition holds, which it must. */
  async reach(what: string, condition: () => boolean): Promise<void> {
    if (!(await this.until(condition, 30_000))) throw new Error(`unable to set up; ${what}`);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimeout(resolve, ms));
  }

  /**
   * The race: each act at a time of its own within the window, in any order, while networks fail
   * now and then. Resolves when each has acted.
   */
  async race(acts: readonly (() => unknown)[], windowMs = WINDOW_MS): Promise<void> {
    for (const { uplink } of this.parties) {
      if (!chance(this.random, TROUBLE)) continue;
      this.isTroubled = true;
      this.#troubles.push(this.#trouble(uplink));
    }
    await this.pause(WINDOW_MS / 2);
    await Promise.all(acts.map((act) => this.#soon(windowMs, act)));
  }

  /** Waits until every network is well, and every phone and the server know it. */
  async wellAgain(): Promise<void> {
    await Promise.all(this.#troubles.splice(0));
    await this.reach('the phones are ready', () =>
      this.parties.every(({ phone, uplink }) => phone.state === 'ready' && !uplink.isTroubled),
    );
  }

  async #trouble(uplink: Uplink): Promise<void> {
    await this.#soon(2 * WINDOW_MS, () => {
      if (chance(this.random, 0.6)) uplink.break(pick(this.random, breaks));
      else uplink.down = true;
    });
    if (uplink.down) await this.#soon(DOWN_MS, () => (uplink.down = false));
  }

  /** Does something within the given time. */
  #soon(withinMs: number, act: () => unknown): Promise<void> {
    return new Promise((resolve) =>
      this.#clock.setTimeout(
        () => {
          act();
          resolve();
        },
        randomFraction(this.random) * withinMs,
      ),
    );
  }
}
