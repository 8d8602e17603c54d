import type {
  CallEnd,
  Holding,
  ParticipantView,
  PendingRequest,
  ViewState,
} from '@ringfence/call-machine';
import type { Action, MediaKinds, ParticipantId, Role, Via } from '@ringfence/call-rules';
import type { MediaSessionEvents, Quality } from '@ringfence/media';

/** What a call's listeners hear. */
export interface CallEvents {
  /** Something to show changed. The payload is the call. */
  'call.changed': Call;
  /** The call is over, and this is the last word on how. Comes once, last. */
  'call.ended': CallEnd;
  /**
   * Something asked for was refused by the server and taken back; where it was asked for by a
   * promise, that rejects with the same error. `code` is an error code, or the reason why the camera
   * stayed off. `error` has the details: of an accept that came too late, who answered.
   */
  'call.refused': {
    readonly command: string;
    readonly code: string;
    readonly error?: Error | undefined;
  };
  /** Somebody was invited, rings, joined, changed what they send, or left. As they are now. */
  'participant.changed': ParticipantView;
  /** A moderator asked this phone to mute itself, and it did. */
  'call.mute-requested': { readonly by: ParticipantView };
  /**
   * The call goes on as another one, with another id and maybe other people: this phone's dial met
   * theirs, or the call was transferred or merged. It stays the same object.
   */
  'call.moved': { readonly fromCallId: string; readonly toCallId: string };
  /** The newest sample of the connection to one leg; a participant's `legId` says whose it is. */
  'quality.changed': MediaSessionEvents['quality.changed'];
  /** A track came to a stream or left it. */
  'stream.changed': MediaSessionEvents['stream.changed'];
}

/** What {@link Call.invite} may be told. */
export interface InviteOptions {
  /** What the invited may do. Default `member`. */
  readonly role?: 'member' | 'guest' | undefined;
}

/**
 * A call, as an app shows and steers it. A method without a result returns at once, never throws,
 * and does nothing where it makes no sense; what follows is state and events. A method that gives a
 * promise rejects with a {@link RingfenceError} when it is refused; ignoring the promise is safe.
 *
 * ```
 * outgoing: preparing ─▶ dialing ─▶ ringing ─┐
 * incoming:            ringing ─▶ accepting ─┴▶ connecting ─▶ active ⇄ reconnecting ─▶ ended
 * ```
 *
 * Any state may go to `ended`. Who waits after a transfer is `ringing` again: see {@link Call.state}.
 */
export interface Call {
  /** A UUID version 7, the same on all sides. Changes when the call is moved. */
  readonly id: string;
  readonly direction: 'outgoing' | 'incoming';
  /**
   * Whom the call is with: `user:alice`, and the id behind the colon. In a room, the first of the
   * others; see `participants`.
   */
  readonly peer: { readonly address: string; readonly userId: string };
  /** Everyone, this user first. Whom one just invited is among them at once, as `inviting`. */
  readonly participants: readonly ParticipantView[];
  /** What this user may do; {@link Call.may} reads it. */
  readonly role: Role;
  /** How the call came: dialed, or by an invitation, a transfer, a forwarding or a return. */
  readonly via: Via;
  /** What was asked for and is not answered yet, as "transferring". */
  readonly requests: readonly PendingRequest[];
  /** What the call carries, as dialed or as accepted here. */
  readonly media: MediaKinds;
  /**
   * Who waits after a transfer is `ringing` again, with the direction they had. Offer Accept only
   * while `direction` is `incoming`, this is `ringing` and `answeredAt` is null; otherwise only
   * {@link Call.hangUp} acts.
   */
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
  /**
   * What the peer sends, for a `<video>` element; null until it does. Its sound is played already:
   * mute the element, unless `playsAudio` is off. In a room, that of the first of the others.
   */
  readonly remoteStream: MediaStream | null;
  /** Where the call is heard: the id of an audio output, or `''` for the default. */
  readonly audioOutput: string;
  /** The newest sample, one a second; null before the first. */
  readonly quality: Quality | null;
  /**
   * Takes an incoming call. Default: with what the call was asked to carry. A hold from while it
   * rang does not stand.
   */
  accept(media?: Partial<MediaKinds>): void;
  decline(): void;
  /**
   * Ends the call for this user whatever its state: cancels, declines, hangs up or leaves a room.
   * Media ends at once. With `everyone`, a moderator ends it for all; anybody else leaves alone.
   */
  hangUp(options?: { readonly everyone?: boolean | undefined }): void;
  hold(): void;
  /** Ends the hold. Other calls stay as they are: see {@link Call.swap}. */
  resume(): void;
  mute(): void;
  unmute(): void;
  /** Turns the camera on or off, also in a call that began as audio. */
  setCamera(on: boolean): void;
  /**
   * Talks here, and holds every other call.
   *
   * @throws {RingfenceError} as a rejection: `no_other_call` when there is nothing to swap with,
   * `wrong_state` when this call is not answered, `call_ended`.
   */
  swap(): Promise<void>;
  /**
   * Rings one more user, into this call. Resolves when they ring; `participants` says what becomes
   * of it.
   *
   * @throws {RingfenceError} as a rejection: `invalid_address`, `cannot_dial_self`, `call_full`,
   * `already_there`, `callee_unavailable` (its details have the `endReason`: `busy` or
   * `unreachable`), `not_permitted`, `wrong_state`, `call_ended`.
   */
  invite(to: string, options?: InviteOptions): Promise<void>;
  /**
   * Makes a participant leave, or takes an invitation back once it is confirmed: who is `inviting`
   * has no id of their own yet.
   *
   * @throws {RingfenceError} as a rejection: `participant_not_found`, `not_permitted`.
   */
  remove(participantId: ParticipantId): Promise<void>;
  /** Asks a participant's phone to mute itself, which it does. @throws as {@link Call.remove}. */
  requestMute(participantId: ParticipantId): Promise<void>;
  /**
   * Leaves the call to somebody else. To an address: they ring, and the other side waits (blind).
   * To another call of this phone: its people and these talk, at once (attended). When it fails the
   * call comes back: it rings here, `via` is `return`.
   *
   * @throws {RingfenceError} as a rejection: those of {@link Call.invite}, and `same_call`.
   */
  transfer(target: string | Call): Promise<void>;
  /** Brings the people of another call of this phone into this one. @throws as {@link Call.transfer}. */
  merge(other: Call): Promise<void>;
  /**
   * Sends DTMF (RFC 4733): 1 to 64 of `0`-`9`, `A`-`D` in either case, `*`, `#`, and `,` or `;` for a
   * pause of two seconds.
   * Resolves when the last tone is sent.
   *
   * @throws {RingfenceError} as a rejection: `invalid_dtmf`; `dtmf_unavailable` when nobody can hear
   * all of it: the call is on hold, has no media yet, or ends first.
   */
  sendDtmf(tones: string): Promise<void>;
  /**
   * Plays this call elsewhere, as a headset; the other calls stay where they are.
   *
   * @throws {RingfenceError} as a rejection: `audio_output_unavailable`.
   */
  setAudioOutput(deviceId: string): Promise<void>;
  /**
   * True when the rules let this user do it now, to that participant where it is done to one. False
   * for an action that there is not.
   */
  may(action: Action, participantId?: ParticipantId): boolean;
  /** What a participant sends; null while nothing. This user's own is {@link Call.localStream}. */
  streamOf(participantId: ParticipantId): MediaStream | null;
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
