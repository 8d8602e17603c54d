import type { Clock, Random } from '@ringfence/base';
import type { Call, Phone } from '@ringfence/phone';
import { act, answer, dial, drawMood } from './acts.ts';
import type { Hands } from './acts.ts';
import { CallWatch } from './call-watch.ts';
import type { Troubles } from './call-watch.ts';
import { chance, waitMs } from './chance.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import type { Station } from './world.ts';

/** What the users of a world share. */
export interface Neighbourhood {
  readonly addresses: readonly string[];
  readonly trace: Trace;
  readonly tally: Tally;
  isStoreFailing(): boolean;
  /** Somebody dials this user, who may dial them at the same moment. */
  dialed(from: SimulatedUser, userId: string): void;
}

/** A person with a phone, as the seed makes them: what they do, when, and in which mood. */
export class SimulatedUser {
  readonly name: string;
  readonly userId: string;
  readonly phone: Phone;
  readonly station: Station;
  /** Every call this phone has shown, in the order it showed them. */
  readonly watches: CallWatch[] = [];
  /** What the phone did that none may do. */
  readonly strange: string[] = [];
  readonly #neighbourhood: Neighbourhood;
  readonly #hands: Hands;
  readonly #clock: Clock;
  readonly #random: Random;
  #heard: { readonly troubles: Troubles; readonly sinceMs: number } = {
    troubles: null,
    sinceMs: 0,
  };
  #acting = false;
  #next: unknown;
  #asked = 0;

  constructor(
    station: Station,
    neighbourhood: Neighbourhood,
    collaborators: { readonly clock: Clock; readonly random: Random },
  ) {
    const { phone, device } = station;
    this.station = station;
    this.name = device.name;
    this.userId = device.userId;
    this.phone = phone;
    this.#neighbourhood = neighbourhood;
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#hands = this.#makeHands();
    phone.on('phone.changed', ({ state, error }) =>
      this.#note(`phone ${state} ${error?.code ?? ''}`),
    );
    phone.on('settings.changed', (settings) => {
      this.#note(`settings ${JSON.stringify(settings)}`);
      this.#tally.add('settings changed');
    });
    phone.on('call.incoming', (call) => {
      if (device.callWaiting === false && this.live.length > 0) {
        this.strange.push(`rings with ${call.id} though it is in a call and takes no second one`);
      }
      if (this.live.length > 0) this.#tally.add('rang while in a call');
      this.#tally.add(`incoming by ${call.via}`);
      this.#watch(call);
      // Someone who has the finger on the button already.
      if (this.#acting && chance(this.#random, 0.1)) answer(this.#hands, call);
    });
  }

  get calls(): readonly Call[] {
    return this.watches.map(({ call }) => call);
  }

  /** The calls that go on, as the phone shows them. */
  get live(): readonly CallWatch[] {
    return this.watches.filter(({ call }) => call.state !== 'ended');
  }

  /** The call that goes on here under this id. */
  shown(callId: string): CallWatch | undefined {
    return this.live.find(({ call }) => call.id === callId);
  }

  /** When this phone last changed what it shows under this id, in virtual milliseconds. */
  changedMs(callId: string): number {
    const own = this.watches.filter(({ call }) => call.id === callId);
    return Math.max(0, ...own.map(({ changedMs }) => changedMs));
  }

  /** True once the phone's process was killed: what it showed then stands still. */
  get isGone(): boolean {
    return this.station.isKilled;
  }

  /** Questions that still have no outcome. */
  get unanswered(): number {
    return this.#asked;
  }

  /** Since when the server can be heard here without a break; `nowMs` while it cannot. */
  heardSinceMs(nowMs: number): number {
    const troubles = this.isGone ? null : this.#troubles();
    if (troubles === null || troubles !== this.#heard.troubles)
      this.#heard = { troubles, sinceMs: nowMs };
    return this.#heard.sinceMs;
  }

  /** Begins to act, and goes on until {@link rest}. */
  act(): void {
    this.#acting = true;
    this.#schedule();
  }

  /** Acts no more. */
  rest(): void {
    this.#acting = false;
    this.#clock.clearTimeout(this.#next);
  }

  /** Dials a user in a moment, if still up to it. */
  dialSoon(userId: string, meanMs: number): void {
    this.#clock.setTimeout(
      () => {
        if (this.#acting && !this.isGone) dial(this.#hands, `user:${userId}`);
      },
      waitMs(this.#random, meanMs),
    );
  }

  /** Hangs up every call that is not over. */
  hangUpAll(): void {
    for (const { call } of this.live) call.hangUp();
  }

  get #tally(): Tally {
    return this.#neighbourhood.tally;
  }

  #makeHands(): Hands {
    const random = this.#random;
    const { addresses, tally } = this.#neighbourhood;
    return {
      phone: this.phone,
      random,
      tally,
      mood: drawMood(random),
      addresses,
      calls: () => this.calls,
      note: (what) => this.#note(what),
      shown: (call) => this.#watch(call),
      dialed: (userId) => this.#neighbourhood.dialed(this, userId),
      asked: (work) => {
        this.#asked += 1;
        void work.finally(() => (this.#asked -= 1));
      },
    };
  }

  /** The count of troubles while the server can be heard and can write; null while not. */
  #troubles(): Troubles {
    const { uplink } = this.station;
    const isHeard =
      this.phone.state === 'ready' && !uplink.isTroubled && !this.#neighbourhood.isStoreFailing();
    return isHeard ? uplink.troubles : null;
  }

  #note(what: string): void {
    this.#neighbourhood.trace.add(this.name, what.trim());
  }

  #schedule(): void {
    this.#next = this.#clock.setTimeout(
      () => {
        if (this.isGone) return;
        act(this.#hands);
        if (this.#acting) this.#schedule();
      },
      waitMs(this.#random, this.#hands.mood.paceMs),
    );
  }

  #watch(call: Call): void {
    if (this.watches.some((watch) => watch.call === call)) this.strange.push('a call came twice');
    this.watches.push(
      new CallWatch(call, {
        clock: this.#clock,
        tally: this.#tally,
        note: (what) => this.#note(what),
        troubles: () => this.#troubles(),
      }),
    );
  }
}
