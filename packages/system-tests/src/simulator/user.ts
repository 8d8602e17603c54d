/* A person with a phone, as the seed makes them: what they do, when, and in which mood. */
import { randomFraction, randomInteger, RingfenceError } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { Call, Phone } from '@ringfence/phone';
import type { Trace } from './trace.ts';
import type { Station } from './world.ts';

/** Chooses among items, each as likely. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[randomInteger(random, items.length)]!;
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return randomFraction(random) < probability;
}

/** A delay with the given mean, exponential: mostly short, at times long. */
export function waitMs(random: Random, meanMs: number): number {
  return -Math.log(1 - randomFraction(random)) * meanMs;
}

type State = Call['state'];

/** What may follow what in the state of a call, beside `ended`, which may follow all. */
const steps: Readonly<Record<State, readonly State[]>> = {
  preparing: ['dialing'],
  dialing: ['ringing', 'connecting'],
  ringing: ['accepting', 'connecting'],
  accepting: ['connecting', 'ringing'],
  connecting: ['active', 'reconnecting'],
  active: ['reconnecting'],
  reconnecting: ['active'],
  ended: [],
};

/** How likely a user does what, drawn anew for each user. */
interface Mood {
  /** Mean time between two acts. */
  readonly paceMs: number;
  readonly dials: number;
  readonly accepts: number;
  readonly declines: number;
  readonly hangsUp: number;
}

/** One user at one phone. */
export class SimulatedUser {
  readonly name: string;
  readonly phone: Phone;
  /** Every call this phone has shown, in the order it showed them. */
  readonly calls: Call[] = [];
  readonly #station: Station;
  readonly #endedAlone = new Set<string>();
  readonly #changedMs = new Map<string, number>();
  #heard: { readonly troubles: number | null; readonly sinceMs: number } = {
    troubles: null,
    sinceMs: 0,
  };
  readonly #strange = new Map<string, string[]>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #addresses: readonly string[];
  readonly #isStoreFailing: () => boolean;
  readonly #mood: Mood;
  #acting = false;
  #next: unknown;

  constructor(
    station: Station,
    addresses: readonly string[],
    collaborators: { clock: Clock; random: Random; trace: Trace; isStoreFailing: () => boolean },
  ) {
    const { phone } = station;
    this.name = station.device.name;
    this.phone = phone;
    this.#station = station;
    this.#addresses = addresses;
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#trace = collaborators.trace;
    this.#isStoreFailing = collaborators.isStoreFailing;
    const random = this.#random;
    this.#mood = {
      paceMs: pick(random, [150, 700, 2_500, 8_000]),
      dials: 0.2 + randomFraction(random) * 0.8,
      accepts: pick(random, [0.05, 0.5, 0.9]),
      declines: pick(random, [0, 0.05, 0.3]),
      // Some never do: their calls ring out, or end by the other side or a deadline.
      hangsUp: pick(random, [0, 0, 0.02, 0.1, 0.3]),
    };
    phone.on('phone.changed', ({ state, error }) =>
      this.#note(`phone ${state} ${error?.code ?? ''}`),
    );
    phone.on('call.incoming', (call) => {
      this.#watch(call);
      // Someone who has the finger on the button already.
      if (this.#acting && chance(random, 0.1)) this.#answer(call);
    });
  }

  /** True once the phone's process was killed: what it showed then stands still. */
  get isGone(): boolean {
    return this.#station.isKilled;
  }

  /** True when the call ended here while the server could not be heard, so that each believes its own. */
  endedAlone(call: Call): boolean {
    return this.#endedAlone.has(call.id);
  }

  /** When this phone last changed what it shows of a call, in virtual milliseconds. */
  changedMs(callId: string): number {
    return this.#changedMs.get(callId) ?? 0;
  }

  /** Since when the server can be heard here without a break; `nowMs` while it cannot. */
  heardSinceMs(nowMs: number): number {
    const troubles = this.isGone ? null : this.#troubles();
    if (troubles === null || troubles !== this.#heard.troubles)
      this.#heard = { troubles, sinceMs: nowMs };
    return this.#heard.sinceMs;
  }

  /** What the call did that no call may do. */
  strangeSteps(call: Call): readonly string[] {
    return this.#strange.get(call.id) ?? [];
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

  /** Hangs up every call that is not over. */
  hangUpAll(): void {
    for (const call of this.calls) {
      if (call.state !== 'ended') call.hangUp();
    }
  }

  /** The count of troubles while the server can be heard and can write; null while not. */
  #troubles(): number | null {
    const { uplink } = this.#station;
    const isHeard = this.phone.state === 'ready' && !uplink.isTroubled && !this.#isStoreFailing();
    return isHeard ? uplink.troubles : null;
  }

  #note(what: string): void {
    this.#trace.add(this.name, what.trim());
  }

  #schedule(): void {
    this.#next = this.#clock.setTimeout(
      () => {
        if (this.isGone) return;
        this.#do();
        if (this.#acting) this.#schedule();
      },
      waitMs(this.#random, this.#mood.paceMs),
    );
  }

  #do(): void {
    const random = this.#random;
    const live = this.calls.filter((call) => call.state !== 'ended');
    if (live.length === 0 || chance(random, 0.05)) {
      if (chance(random, this.#mood.dials)) this.#dial();
      return;
    }
    const call = pick(random, live);
    if (chance(random, this.#mood.hangsUp)) {
      this.#note(`hangs up ${short(call)}`);
      call.hangUp();
    } else if (call.direction === 'incoming' && call.state === 'ringing') {
      this.#answer(call);
    } else {
      this.#fiddle(call);
    }
  }

  #dial(): void {
    const random = this.#random;
    const to = pick(random, this.#addresses);
    const video = chance(random, 0.3);
    this.#note(`dials ${to}${video ? ' with video' : ''}`);
    // A dial that is refused for its arguments is an ending users meet, not a fault.
    this.phone.dial(to, { audio: true, video }).then(
      (call) => this.#watch(call),
      (thrown: unknown) => this.#note(`dial rejects ${codeOf(thrown)}`),
    );
  }

  #answer(call: Call): void {
    const draw = randomFraction(this.#random);
    if (draw < this.#mood.accepts) {
      this.#note(`accepts ${short(call)}`);
      call.accept();
    } else if (draw < this.#mood.accepts + this.#mood.declines) {
      this.#note(`declines ${short(call)}`);
      call.decline();
    }
  }

  /** Anything a page lets one do, whether or not it makes sense now. */
  #fiddle(call: Call): void {
    const random = this.#random;
    const act = pick(random, [
      'hold',
      'resume',
      'mute',
      'unmute',
      'camera on',
      'camera off',
      'accept',
      'decline',
    ] as const);
    this.#note(`${act} ${short(call)}`);
    if (act === 'hold') call.hold();
    else if (act === 'resume') call.resume();
    else if (act === 'mute') call.mute();
    else if (act === 'unmute') call.unmute();
    else if (act === 'camera on') call.setCamera(true);
    else if (act === 'camera off') call.setCamera(false);
    // Out of place on purpose, and rarely, for a decline may end the call.
    else if (chance(random, 0.1)) call[act]();
  }

  #watch(call: Call): void {
    const strange: string[] = [];
    if (this.#strange.has(call.id)) strange.push('here twice');
    this.#strange.set(call.id, strange);
    this.calls.push(call);
    let last = call.state;
    let ends = 0;
    this.#note(`${call.direction} ${short(call)} ${call.state}`);
    let troublesAtEnd: number | null | undefined;
    call.on('call.changed', () => {
      this.#changedMs.set(call.id, this.#clock.monotonic());
      if (call.state !== last && call.state !== 'ended' && !steps[last].includes(call.state)) {
        strange.push(`from ${last} to ${call.state}`);
      }
      last = call.state;
      if (call.state === 'ended' && troublesAtEnd === undefined) troublesAtEnd = this.#troubles();
      this.#note(
        `call ${short(call)} ${call.state} holding=${call.holding} muted=${call.muted} ` +
          `camera=${call.camera} peerMuted=${call.peerMuted} peerCamera=${call.peerCamera}`,
      );
    });
    call.on('call.ended', (end) => {
      ends += 1;
      if (ends > 1) strange.push('over twice');
      if (
        end.code !== undefined ||
        this.#troubles() === null ||
        this.#troubles() !== troublesAtEnd
      ) {
        this.#endedAlone.add(call.id);
      }
      this.#note(`call ${short(call)} over ${end.reason} ${end.cause} ${end.by} ${end.code ?? ''}`);
    });
    call.on('call.refused', ({ command, code }) =>
      this.#note(`call ${short(call)} refused ${command} ${code}`),
    );
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof RingfenceError ? thrown.code : String(thrown);
}

/** Enough of a call's id to tell it from the others in a trace. */
export function short(call: { readonly id: string }): string {
  return call.id.slice(-6);
}
