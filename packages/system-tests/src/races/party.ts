import type { Clock, Random } from '@ringfence/base';
import { TubeRegistry } from '@ringfence/isolation';
import { createPhone } from '@ringfence/phone';
import type { Call, Phone } from '@ringfence/phone';
import { testToken } from '@ringfence/signaling-server/testing';
import { CallWatch } from '../simulator/call-watch.ts';
import type { Troubles } from '../simulator/call-watch.ts';
import type { Uplink } from '../simulator/network.ts';
import { Tally } from '../simulator/tally.ts';
import { createQuietMedia } from './quiet-media.ts';
import type { QuietMedia } from './quiet-media.ts';

/** A command of a call that was refused, as the phone's user heard it. */
export interface Refusal {
  readonly command: string;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One device that takes part in a race: a real phone, and all that it showed. */
export class Party {
  /** What the race calls it: `a1`, `b1`. */
  readonly name: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly uplink: Uplink;
  readonly phone: Phone;
  readonly tubes: TubeRegistry;
  readonly media: QuietMedia;
  /** Every call it showed in this round. */
  readonly watches: CallWatch[] = [];
  readonly refusals: Refusal[] = [];
  /** Questions that have no outcome yet. */
  pending = 0;
  readonly #clock: Clock;
  readonly #note: (party: Party, what: string) => void;

  constructor(parts: {
    readonly name: string;
    readonly userId: string;
    readonly deviceId: string;
    readonly uplink: Uplink;
    readonly clock: Clock;
    readonly random: () => Random;
    readonly note: (party: Party, what: string) => void;
  }) {
    const { name, userId, deviceId, uplink, clock, random, note } = parts;
    this.name = name;
    this.userId = userId;
    this.deviceId = deviceId;
    this.uplink = uplink;
    this.#clock = clock;
    this.#note = note;
    this.media = createQuietMedia(clock, random());
    this.tubes = new TubeRegistry({}, { clock, random: random() });
    this.phone = createPhone(
      { url: uplink.url, token: testToken({ userId }), deviceId, tubes: this.tubes },
      { clock, random: random(), transport: uplink, media: this.media },
    );
    this.phone.on('call.incoming', (call) => this.#watch(call));
    this.phone.on('phone.changed', ({ state }) => this.#note(this, `phone ${state}`));
  }

  /** The calls that go on here. */
  get live(): readonly CallWatch[] {
    return this.watches.filter(({ call }) => call.state !== 'ended');
  }

  /** The call that goes on here under this id. */
  shown(callId: string): CallWatch | undefined {
    return this.live.find(({ call }) => call.id === callId);
  }

  /** The newest call that goes on here. */
  get newest(): Call | undefined {
    return this.live.at(-1)?.call;
  }

  async dial(party: Party): Promise<Call> {
    this.#note(this, `dials ${party.name}`);
    const call = await this.phone.dial(`user:${party.userId}`);
    if (!this.watches.some((watch) => watch.call === call)) this.#watch(call);
    return call;
  }

  /** Does something with a call now, and says so. */
  act(what: string, work: () => void): void {
    this.#note(this, what);
    work();
  }

  /** Asks something that has an outcome: `done`, or the code of the refusal. */
  async ask(what: string, work: () => Promise<void>): Promise<string> {
    this.#note(this, what);
    this.pending += 1;
    try {
      await work();
      return 'done';
    } catch (thrown) {
      return (thrown as { readonly code?: string }).code ?? String(thrown);
    } finally {
      this.pending -= 1;
      this.#note(this, `${what}: answered`);
    }
  }

  /** Forgets what was shown: a new round begins. */
  forget(): void {
    this.watches.length = 0;
    this.refusals.length = 0;
  }

  #troubles(): Troubles {
    const isHeard = this.phone.state === 'ready' && !this.uplink.isTroubled;
    return isHeard ? this.uplink.troubles : null;
  }

  #watch(call: Call): void {
    call.on('call.refused', ({ command, code, error }) => {
      const { details = {} } = (error ?? {}) as { readonly details?: Refusal['details'] };
      this.refusals.push({ command, code, details });
    });
    this.watches.push(
      new CallWatch(call, {
        clock: this.#clock,
        tally: new Tally(),
        note: (what) => this.#note(this, what),
        troubles: () => this.#troubles(),
      }),
    );
  }
}
