import { createListeners, uuidV7 } from '@ringfence/base';
import type { Clock, Listeners, Logger, Random, RingfenceError } from '@ringfence/base';
import type { CallTuning } from '@ringfence/call-machine';
import { isContending } from '@ringfence/call-rules';
import type { CallFacts, Leg, LegId, MediaKinds, UserSettings } from '@ringfence/call-rules';
import type { Devices, MediaEngine } from '@ringfence/media';
import type { CallChannel, SignalingClient } from '@ringfence/signaling-client';
import { CallLine, dismiss, legHere } from './call-line.ts';
import type { Call } from './call.ts';
import { ignorable, phoneError } from './errors.ts';
import { MachineCall, otherAddress } from './machine-call.ts';
import type { CallParts } from './machine-call.ts';
import type { Tubes } from './options.ts';
import { isRingingHere } from './participants.ts';
import type { Phone, PhoneEvents, PhoneState, SettingsChange } from './phone.ts';

/** What a phone is composed of. */
export interface PhoneParts {
  readonly client: SignalingClient;
  readonly engine: MediaEngine;
  /** True when the phone made the engine, and so closes it. */
  readonly ownsEngine: boolean;
  /** False: a call that comes in while another is on is declined as busy, for this device. */
  readonly callWaiting: boolean;
  readonly tuning: CallTuning;
  readonly tubes: Tubes;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Composes the client, the media engine, and a machine for each call. */
export class ClientPhone implements Phone {
  readonly #parts: PhoneParts;
  readonly #emitter: Listeners<PhoneEvents>;
  readonly #calls = new Set<MachineCall>();
  /**
   * Calls that came in from somebody whom this phone is dialing (glare). Such a call is about to
   * become the dialed one, so it is not shown. When the dial comes to something else, and the call
   * rings still, it is shown then.
   */
  readonly #crossings = new Set<CallChannel>();
  readonly #unlisten: readonly (() => void)[];
  #state: PhoneState = 'connecting';
  #closing: Promise<void> | undefined;

  constructor(parts: PhoneParts) {
    const { client, engine, logger } = parts;
    this.#parts = parts;
    this.#emitter = createListeners(logger);
    client.on('client.changed', ({ state, error }) => this.#changed(state, error));
    client.on('call.offered', (facts) => this.#offered(facts));
    client.on('settings.changed', (settings) => this.#emitter.emit('settings.changed', settings));
    this.#unlisten = (['audio.blocked', 'audio.unblocked'] as const).map((name) =>
      engine.on(name, () => this.#emitter.emit(name, undefined)),
    );
    client.connect();
  }

  get state(): PhoneState {
    return this.#state;
  }

  get identity(): Phone['identity'] {
    const { identity } = this.#parts.client;
    return identity && { userId: identity.userId, orgId: identity.orgId };
  }

  get calls(): readonly Call[] {
    return [...this.#calls];
  }

  get settings(): UserSettings | null {
    return this.#parts.client.settings;
  }

  get devices(): Devices {
    return this.#parts.engine.devices;
  }

  async dial(to: string, media: Partial<MediaKinds> = {}): Promise<Call> {
    const { audio = true, video = false } = media;
    if (this.#isClosed) throw phoneError('phone_closed');
    const address = otherAddress(to, this.identity?.userId);
    if (!audio && !video) throw phoneError('nothing_to_send');
    const kinds = { audio, video };
    const ringing = this.calls.find((call) => isRingingHere(call) && call.peer.address === address);
    if (ringing !== undefined) {
      ringing.accept(kinds);
      return ringing;
    }
    const { clock, random, tuning } = this.#parts;
    const callId = uuidV7(clock, random);
    // One call is heard at a time.
    for (const call of this.#others()) call.hold();
    return this.#begin(callId, { direction: 'outgoing', callId, to: address, kinds, tuning });
  }

  updateSettings(change: SettingsChange): Promise<UserSettings> {
    return ignorable(async () => {
      if (this.#isClosed) throw phoneError('phone_closed');
      // Before it is sent: a text that no frame takes would close the connection, and again.
      for (const to of [change?.forwardOnBusy, change?.forwardOnNoAnswer]) {
        if (typeof to === 'string') otherAddress(to, this.identity?.userId);
      }
      return this.#parts.client.updateSettings(change as Partial<UserSettings>);
    });
  }

  unlockAudio(): Promise<void> {
    return this.#parts.engine.unlockAudio();
  }

  on<Name extends keyof PhoneEvents>(
    name: Name,
    listener: (payload: PhoneEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      let finish!: (closing: Promise<void>) => void;
      // Set before anything ends: who hears of that may dial, or close it, again.
      this.#closing = new Promise((resolve) => (finish = resolve));
      finish(this.#close());
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isClosed(): boolean {
    return this.#closing !== undefined || this.#state === 'closed';
  }

  #offered(facts: CallFacts): void {
    const { client } = this.#parts;
    const channel = client.channel(facts.call.id);
    const leg = legHere(client, facts)!;
    if (isContending(leg) && this.#closing === undefined && this.#isDialed(facts)) {
      this.#crossings.add(channel);
      // Or the caller would hear that it cannot ring here.
      channel.command('call.ring', {}).catch(() => {});
    } else this.#take(channel, leg);
  }

  /** Shows a call that rings here. One that cannot be shown is not left as it is. */
  #take(channel: CallChannel, leg: Leg): void {
    // It was moved here, or met a dial, of a call that is over for this user.
    if (leg.state === 'won') return dismiss(channel, 'call.hang-up');
    if (this.#closing !== undefined || !isContending(leg)) return channel.close();
    const isFree = this.calls.every(({ state }) => state === 'ended');
    if (this.#parts.callWaiting || isFree) this.#ring(channel.facts!, leg.id);
    else dismiss(channel, 'call.decline', { busy: true });
  }

  #ring(facts: CallFacts, legId: LegId): void {
    const { tuning } = this.#parts;
    const call = this.#begin(facts.call.id, { direction: 'incoming', facts, legId, tuning });
    if (call.state !== 'ended') this.#emitter.emit('call.incoming', call);
  }

  /**
   * True while this phone dials whoever made the call. A dial that was hung up counts until the
   * server has said what became of it.
   */
  #isDialed({ participants }: CallFacts): boolean {
    const states: readonly Call['state'][] = ['preparing', 'dialing', 'ended'];
    return this.calls.some(
      ({ state, peer, direction }) =>
        direction === 'outgoing' &&
        states.includes(state) &&
        peer.userId === participants[0]!.userId,
    );
  }

  /** A dial may have come to something: then a call that crossed it is part of it, or is shown. */
  #settleCrossings(): void {
    for (const channel of this.#crossings) {
      const { callId, facts } = channel;
      if (facts !== null && this.#isDialed(facts)) continue;
      this.#crossings.delete(channel);
      if (this.calls.some(({ id }) => id === callId)) continue;
      const leg = facts === null ? undefined : legHere(this.#parts.client, facts);
      if (leg === undefined) channel.close();
      else this.#take(channel, leg);
    }
  }

  #begin(callId: string, input: CallParts['input']): MachineCall {
    const { client } = this.#parts;
    const isShown = (id: string): boolean =>
      [...this.#calls].some(
        (other) => other !== call && other.id === id && other.state !== 'ended',
      );
    const call = new MachineCall({
      ...this.#parts,
      callId,
      input,
      line: new CallLine({ client, isShown }, callId),
      userId: () => client.identity?.userId,
      others: (except) => this.#others(except),
      changed: (what) => {
        if (what === 'ended') this.#calls.delete(call);
        if (what !== 'view') this.#emitter.emit('calls.changed', this.calls);
        // What goes wrong with another call must not keep this one from ending.
        void ignorable(() => this.#settleCrossings());
      },
    });
    this.#calls.add(call);
    // Before it starts: it may be over at once, and who follows calls has to hear how.
    this.#emitter.emit('calls.changed', this.calls);
    call.start();
    return call;
  }

  #others(except?: Call): readonly MachineCall[] {
    return [...this.#calls].filter((call) => call !== except && call.isOn);
  }

  #changed(state: SignalingClient['state'], error: RingfenceError | undefined): void {
    const before = this.#state;
    if (state === 'ready' || state === 'closed') this.#state = state;
    else if (before === 'ready') this.#state = 'reconnecting';
    if (this.#state === before && error === undefined) return;
    this.#emitter.emit('phone.changed', { state: this.#state, ...(error && { error }) });
  }

  async #close(): Promise<void> {
    const calls = [...this.#calls];
    for (const call of calls) call.hangUp();
    await Promise.all(calls.map((call) => call.ended()));
    await this.#parts.client.close();
    for (const unlisten of this.#unlisten) unlisten();
    if (this.#parts.ownsEngine) await this.#parts.engine.close();
    this.#emitter.clear();
  }
}
