import type { Media } from '@ringfence/call-machine';
import type { Tube } from '@ringfence/isolation';
import type { LegId } from '@ringfence/call-rules';
import type { IceServer, SignalBody } from '@ringfence/protocol';
import type { Quality } from './quality/quality.ts';

/** A signal as it goes out. */
export interface OutgoingSignal {
  readonly toLeg: string;
  readonly mediaEpoch: number;
  readonly body: SignalBody;
}

/** A signal as it comes in. */
export interface IncomingSignal {
  readonly fromLeg: string;
  readonly mediaEpoch: number;
  readonly body: SignalBody;
}

/**
 * The way to the other legs, for one call. Ordered and reliable between two legs within an epoch:
 * signaling's duty.
 */
export interface SignalChannel {
  /** Throws when the signal can never be carried: media with that leg then fails. */
  send(signal: OutgoingSignal): void;
  /** Returns the function that stops listening. */
  receive(listener: (signal: IncomingSignal) => void): () => void;
}

/** What one call's media needs from outside. */
export interface MediaSessionOptions {
  /** For logs: a call that goes on as another keeps its session. */
  readonly callId: string;
  readonly signals: SignalChannel;
  /** STUN and TURN servers with fresh credentials. Asked before connecting and each ICE restart. */
  readonly iceServers: () => Promise<readonly IceServer[]>;
  /** What the session belongs to and runs in: it closes with it. */
  readonly tube: Tube;
}

/** What a session's listeners hear. */
export interface MediaSessionEvents {
  /**
   * A track came to a stream or left it. The streams stay the same objects. `remote` is
   * {@link MediaSession.remoteStream}; `legId` says whose stream changed, and is absent when it was
   * this side's own.
   */
  'stream.changed': {
    readonly local: MediaStream | null;
    readonly remote: MediaStream | null;
    readonly legId?: LegId;
  };
  /** The newest sample of the connection to one leg. */
  'quality.changed': Quality & { readonly legId: LegId };
}

/** The media of one call: the call machine's port, and what a page shows of it. */
export interface MediaSession extends Media {
  readonly callId: string;
  /** Own microphone and camera; null while nothing is captured. For a muted preview. */
  readonly localStream: MediaStream | null;
  /** What each other leg sends, by leg, in the order it came. Live. */
  readonly remoteStreams: ReadonlyMap<LegId, MediaStream>;
  /**
   * The first of {@link remoteStreams}; null while there is none. For a `<video>` element. Its
   * sound is played already: mute the element, unless `playsAudio` is off.
   */
  readonly remoteStream: MediaStream | null;
  /**
   * The worst of the newest samples of the legs: that with the most warnings, then that with the
   * lowest score. Null before the first, and when nobody is connected.
   */
  readonly quality: Quality | null;
  /** The newest sample of the connection to one leg; null before the first. */
  qualityOf(legId: LegId): Quality | null;
  /** Where the call is heard: the id of an output, or `''` for the default. */
  readonly audioOutput: string;
  /**
   * Plays this call elsewhere; the other calls stay where they are. While the output is away the
   * default plays.
   *
   * @throws {RingfenceError} as a rejection: `audio_output_unavailable`. The call is then heard
   * where it was.
   */
  setAudioOutput(deviceId: string): Promise<void>;
  /**
   * Sends DTMF (RFC 4733) to each leg that is not held and can take it: tones of 100 ms, gaps of
   * 70 ms. Resolves when the last tone is sent. A second call waits for the first. Ignoring the
   * promise is safe.
   *
   * @param tones 1 to 64 of `0`-`9`, `A`-`D`, `a`-`d`, `*`, `#`, and `,` or `;` for a pause of two
   * seconds.
   * @throws {RingfenceError} as a rejection: `invalid_dtmf`; `dtmf_unavailable` when no leg could
   * take all of the tones, also because the call ended first.
   */
  sendDtmf(tones: string): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof MediaSessionEvents>(
    name: Name,
    listener: (payload: MediaSessionEvents[Name]) => unknown,
  ): () => void;
}
