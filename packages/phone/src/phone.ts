import {
  Emitter,
  RingfenceError,
  silentLogger,
  systemClock,
  systemRandom,
  toError,
  uuidV7,
} from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import type { CallTuning } from '@ringfence/call-machine';
import { isAddress, legOfDevice, refusalError, userAddress } from '@ringfence/call-rules';
import type { Address, CallFacts, MediaKinds } from '@ringfence/call-rules';
import { createMedia } from '@ringfence/media';
import type { MediaEngine } from '@ringfence/media';
import { createSignalingClient } from '@ringfence/signaling-client';
import type { SignalingClient } from '@ringfence/signaling-client';
import type { Call } from './call.ts';
import { MachineCall } from './machine-call.ts';
import type { CallParts } from './machine-call.ts';
import { resolvePhoneOptions } from './options.ts';
import type { PhoneCollaborators, PhoneOptions } from './options.ts';

/**
 * Whether the server can be heard.
 *
 * ```
 * connecting ──▶ ready ⇄ reconnecting      any ──▶ closed
 * ```
 */
export type PhoneState = 'connecting' | 'ready' | 'reconnecting' | 'closed';

/** What a phone's listeners hear. */
export interface PhoneEvents {
  /**
   * A call came in and rings here. Show it; then `call.accept()` or `call.decline()`. It ends by
   * itself when nobody does.
   */
  'call.incoming': Call;
  /**
   * The connection changed. `error` says why it was lost or closed: codes `connection_lost`,
   * `token_unavailable`, `unauthorized`, `replaced`, or what the server said.
   */
  'phone.changed': { readonly state: PhoneState; readonly error?: RingfenceError };
}

/** A user's phone on one device. Calls may fail; the phone and the app around it do not. */
export interface Phone extends AsyncDisposable {
  readonly state: PhoneState;
  /** Who the server says we are; null before it did. */
  readonly identity: { readonly userId: string; readonly orgId: string } | null;
  /** The calls that have not ended, in the order they began. */
  readonly calls: readonly Call[];
  /**
   * Calls somebody: `user:ID`. Resolves as soon as the call exists, without waiting for anything;
   * whether it rings, is answered or fails is told by the call.
   *
   * @throws {RingfenceError} as a rejection, for arguments alone: `invalid_address`,
   * `cannot_dial_self`, `nothing_to_send`; and `phone_closed`.
   */
  dial(to: string, media?: Partial<MediaKinds>): Promise<Call>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof PhoneEvents>(
    name: Name,
    listener: (payload: PhoneEvents[Name]) => unknown,
  ): () => void;
  /** Hangs up every call, waits for them to end, at most 2 s, and disconnects. Idempotent. */
  close(): Promise<void>;
}

function phoneClosed(): RingfenceError<'phone_closed'> {
  return new RingfenceError('phone_closed', 'unable to dial; the phone is closed', {
    fault: 'caller',
    retryable: false,
    hint: 'Make a new phone.',
  });
}

/** What a phone is composed of. */
export interface PhoneParts {
  readonly client: SignalingClient;
  readonly engine: MediaEngine;
  /** True when the phone made the engine, and so closes it. */
  readonly ownsEngine: boolean;
  readonly tuning: CallTuning;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Composes the client, the media engine, and a machine for each call. */
export class ClientPhone implements Phone {
  readonly #parts: PhoneParts;
  readonly #emitter: Emitter<PhoneEvents>;
  readonly #calls = new Map<string, MachineCall>();
  #state: PhoneState = 'connecting';
  #closing: Promise<void> | undefined;

  constructor(parts: PhoneParts) {
    const { client, logger } = parts;
    this.#parts = parts;
    this.#emitter = new Emitter((thrown, event) =>
      logger.error('a listener failed', { event, error: toError(thrown) }),
    );
    client.on('client.changed', ({ state, error }) => this.#changed(state, error));
    client.on('call.offered', (facts) => this.#offered(facts));
    client.connect();
  }

  get state(): PhoneState {
    return this.#state;
  }

  get identity(): Phone['identity'] {
    const { identity } = this.#parts.client;
    return identity === null ? null : { userId: identity.userId, orgId: identity.orgId };
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  async dial(to: string, media: Partial<MediaKinds> = {}): Promise<Call> {
    const { audio = true, video = false } = media;
    if (this.#closing !== undefined || this.#state === 'closed') throw phoneClosed();
    if (!isAddress(to)) throw refusalError({ code: 'invalid_address' });
    const { identity } = this.#parts.client;
    if (identity !== null && to === userAddress(identity.userId)) {
      throw refusalError({ code: 'cannot_dial_self' });
    }
    if (!audio && !video) throw refusalError({ code: 'nothing_to_send' });
    return this.#dial(to, { audio, video });
  }

  on<Name extends keyof PhoneEvents>(
    name: Name,
    listener: (payload: PhoneEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #dial(to: Address, kinds: MediaKinds): Call {
    const { clock, random, tuning } = this.#parts;
    const callId = uuidV7(clock, random);
    return this.#begin(callId, { direction: 'outgoing', callId, to, kinds, tuning });
  }

  #offered(facts: CallFacts): void {
    const { client, tuning } = this.#parts;
    const { identity } = client;
    const leg = identity && legOfDevice(facts, identity.userId, identity.deviceId);
    if (!leg || this.#closing !== undefined || this.#calls.has(facts.call.id)) return;
    const input = { direction: 'incoming', facts, legId: leg.id, tuning } as const;
    const call = this.#begin(facts.call.id, input);
    if (call.state !== 'ended') this.#emitter.emit('call.incoming', call);
  }

  #begin(callId: string, input: CallParts['input']): MachineCall {
    const { client, clock, engine, logger } = this.#parts;
    const call = new MachineCall({
      input,
      engine,
      clock,
      logger,
      openChannel: () => client.channel(callId),
      ended: () => this.#calls.delete(callId),
    });
    this.#calls.set(callId, call);
    call.start();
    return call;
  }

  #changed(state: SignalingClient['state'], error: RingfenceError | undefined): void {
    const before = this.#state;
    if (state === 'ready' || state === 'closed') this.#state = state;
    else if (before === 'ready') this.#state = 'reconnecting';
    if (this.#state === before && error === undefined) return;
    const changed = { state: this.#state };
    this.#emitter.emit('phone.changed', error === undefined ? changed : { ...changed, error });
  }

  async #close(): Promise<void> {
    const calls = [...this.#calls.values()];
    for (const call of calls) call.hangUp();
    await Promise.all(calls.map((call) => call.ended()));
    await this.#parts.client.close();
    if (this.#parts.ownsEngine) await this.#parts.engine.close();
    this.#emitter.clear();
  }
}

/**
 * Makes a phone and connects it. It stays connected, through losses, until it is closed.
 *
 * Nothing of a browser is touched before a call needs it, so a phone can be made in Node.
 *
 * @example
 * await using phone = createPhone({ url: 'wss://calls.example/v1/socket', token });
 * phone.on('call.incoming', (call) => call.accept());
 * const call = await phone.dial('user:alice', { audio: true, video: true });
 * call.on('call.changed', ({ state }) => show(state));
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 */
export function createPhone(options: PhoneOptions, collaborators: PhoneCollaborators = {}): Phone {
  const { call, media, signaling, ...server } = resolvePhoneOptions(options);
  const {
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
    transport,
  } = collaborators;
  return new ClientPhone({
    client: createSignalingClient(
      { ...signaling, ...server },
      { transport, clock, random, logger },
    ),
    engine: collaborators.media ?? createMedia(media, { clock, random, logger }),
    ownsEngine: collaborators.media === undefined,
    tuning: call,
    clock,
    random,
    logger,
  });
}
