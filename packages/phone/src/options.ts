import { optionError } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { resolveCallTuning } from '@ringfence/call-machine';
import type { CallTuning } from '@ringfence/call-machine';
import type { TubeRegistry } from '@ringfence/isolation';
import type { MediaEngine, MediaOptions } from '@ringfence/media';
import type { SignalingClientTuning, TokenSource, Transport } from '@ringfence/signaling-client';

/** Where the tubes of calls come from; each is named by the id that its call begins with. */
export type Tubes = Pick<TubeRegistry, 'create'>;

/** What a phone needs to know. */
export interface PhoneOptions {
  /** Where the server listens: `wss://host/v1/socket`, or `ws://` in development. */
  readonly url: string;
  /** The user's token, or a function that gets a fresh one; it is asked for each connection. */
  readonly token: TokenSource;
  /**
   * A `TubeRegistry`: each call runs in a tube of it, and ends when that is closed. One registry may
   * serve all phones of a page; the phone does not close it.
   */
  readonly tubes: Tubes;
  /**
   * Names this device to the server: 1 to 64 of `A-Z a-z 0-9 _ -`. Two connections of one device
   * push each other out, so give each tab its own. Default: minted for each phone.
   */
  readonly deviceId?: string | undefined;
  /**
   * Takes further calls while in one; else this device is busy to callers. Default true. One's own
   * dials do not depend on it.
   */
  readonly callWaiting?: boolean | undefined;
  /** How long a call waits for a server that cannot be heard. */
  readonly call?: Partial<CallTuning> | undefined;
  /** How the connection to the server waits and tries again. */
  readonly signaling?: Partial<SignalingClientTuning> | undefined;
  /** How media is captured, connected and measured. Not used when a media engine is given. */
  readonly media?: MediaOptions | undefined;
}

/** What a phone works with. Each has the real thing as its default. */
export interface PhoneCollaborators {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Default: WebSocket. */
  readonly transport?: Transport | undefined;
  /** Default: the browser's media, peer to peer. An engine that is given is not closed. */
  readonly media?: MediaEngine | undefined;
}

/** {@link PhoneOptions} with the defaults that are the phone's own. */
export interface ResolvedPhoneOptions {
  readonly url: string;
  readonly token: TokenSource;
  readonly tubes: Tubes;
  readonly deviceId: string | undefined;
  readonly callWaiting: boolean;
  readonly call: CallTuning;
  readonly signaling: Partial<SignalingClientTuning>;
  readonly media: MediaOptions;
}

/**
 * Fills in the defaults. What belongs to signaling and media they check themselves.
 *
 * @throws {RingfenceError} `invalid_option`, which names the field and the value received.
 */
export function resolvePhoneOptions(options: PhoneOptions): ResolvedPhoneOptions {
  const {
    url,
    token,
    tubes,
    deviceId,
    callWaiting = true,
    call,
    signaling = {},
    media = {},
  } = options;
  if (typeof tubes?.create !== 'function') throw optionError('tubes', tubes, 'a TubeRegistry');
  if (typeof callWaiting !== 'boolean') {
    throw optionError('callWaiting', callWaiting, 'true or false');
  }
  return {
    url,
    token,
    tubes,
    deviceId,
    callWaiting,
    call: resolveCallTuning(call),
    signaling,
    media,
  };
}
