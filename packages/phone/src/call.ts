import type { CallEnd, Holding, ViewState } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { MediaSessionEvents, Quality } from '@ringfence/media';

/** What a call's listeners hear. */
export interface CallEvents {
  /** Something to show changed. The payload is the call. */
  'call.changed': Call;
  /** The call is over, and this is the last word on how. Comes once, last. */
  'call.ended': CallEnd;
  /**
   * Something asked for was refused and taken back. `code` is an error code, or the reason why the
   * camera stayed off.
   */
  'call.refused': { readonly command: string; readonly code: string };
  'quality.changed': Quality;
  /** A track came to a stream or left it. */
  'stream.changed': MediaSessionEvents['stream.changed'];
}

/**
 * A call, as an app shows and steers it. Every method returns at once, never throws, and does
 * nothing where it makes no sense; what follows is state and events.
 *
 * ```
 * outgoing: preparing ─▶ dialing ─▶ ringing ─┐
 * incoming:            ringing ─▶ accepting ─┴▶ connecting ─▶ active ⇄ reconnecting ─▶ ended
 * ```
 *
 * Any state may go to `ended`.
 */
export interface Call {
  /** A UUID version 7, the same on both sides. */
  readonly id: string;
  readonly direction: 'outgoing' | 'incoming';
  /** Whom the call is with: `user:alice`, and the id behind the colon. */
  readonly peer: { readonly address: string; readonly userId: string };
  /** What the call carries, as dialed or as accepted here. */
  readonly media: MediaKinds;
  readonly state: ViewState;
  /** Who holds the call. Nothing is sent or played while anyone does. */
  readonly holding: Holding;
  readonly muted: boolean;
  /** True while this side means to send video. */
  readonly camera: boolean;
  readonly peerMuted: boolean;
  readonly peerCamera: boolean;
  /**
   * How the call ended; null before. From a hang-up here until the server's word is in, at most
   * 2 s, it says what this side believes; `call.ended` and `ended()` bring the last word.
   */
  readonly end: CallEnd | null;
  /** Times of this device's wall clock, milliseconds since the Unix epoch; null while not reached. */
  readonly startedAt: number;
  readonly answeredAt: number | null;
  readonly activeAt: number | null;
  readonly endedAt: number | null;
  /** Own camera and microphone, for a muted preview; null while nothing is captured. */
  readonly localStream: MediaStream | null;
  /** What the peer sends, for an `<audio>` or `<video>` element; null until it does. */
  readonly remoteStream: MediaStream | null;
  /** The newest sample, one a second; null before the first. */
  readonly quality: Quality | null;
  /** Takes an incoming call. Default: with what the call was asked to carry. */
  accept(media?: Partial<MediaKinds>): void;
  decline(): void;
  /** Ends the call whatever its state: cancels, declines or hangs up. Media ends at once. */
  hangUp(): void;
  hold(): void;
  resume(): void;
  mute(): void;
  unmute(): void;
  /** Turns the camera on or off, also in a call that began as audio. */
  setCamera(on: boolean): void;
  /** True once the call is answered; false when it ended before. Never rejects. */
  answered(): Promise<boolean>;
  /** How the call ended, once it has. Never rejects. */
  ended(): Promise<CallEnd>;
  /** Subscribes. Returns the function that unsubscribes; nothing is heard after `call.ended`. */
  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (payload: CallEvents[Name]) => unknown,
  ): () => void;
}
