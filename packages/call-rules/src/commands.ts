import type { Address } from './address.ts';
import type { CallFacts, CallId, EndCause, LegId, MediaKinds, ParticipantId } from './facts.ts';
import type { UserSettings } from './settings.ts';

/** The device that asks. The server takes it from the session, never from the message. */
export interface Actor {
  readonly orgId: string;
  readonly userId: string;
  readonly deviceId: string;
}

/** What is known of a user whom a call is for. Comes from presence, the live calls and settings. */
export interface Reach {
  /** Devices with a live session, in the order they came. */
  readonly deviceIds: readonly string[];
  /** True when the user takes no further call now. */
  readonly busy: boolean;
  readonly settings: UserSettings;
  /** A call of theirs that rings at the actor right now, and nowhere else (glare). */
  readonly crossing?: CallFacts | undefined;
}

/** What a user asks of a call. */
export type UserCommand =
  | { readonly type: 'call.dial'; readonly to: Address; readonly media: MediaKinds }
  /** The device rings: its leg's acknowledgement. */
  | { readonly type: 'call.ring' }
  | { readonly type: 'call.accept' }
  /** With `busy`, for this device alone: the others ring on. */
  | { readonly type: 'call.decline'; readonly busy?: boolean | undefined }
  /**
   * Ends the call for this side: a cancel while it rings, a decline on the side that is called, a
   * hang-up afterwards. With a cause, this side leaves as `failed`. Where two go on, they do, unless
   * `everyone` is set.
   */
  | {
      readonly type: 'call.hang-up';
      readonly cause?: EndCause | undefined;
      /** Set by who dialed when the dial is not answered yet: an unknown call leaves a tombstone. */
      readonly dialed?: boolean | undefined;
      readonly everyone?: boolean | undefined;
    }
  /** Media of another leg arrives here in `mediaEpoch`, or, when `connected` is false, does no more. */
  | {
      readonly type: 'call.media';
      readonly mediaEpoch: number;
      readonly legId: LegId;
      readonly connected: boolean;
    }
  /** What this side does with its own media. Fields left out stay as they are. */
  | {
      readonly type: 'call.update';
      readonly held?: boolean | undefined;
      readonly muted?: boolean | undefined;
      readonly camera?: boolean | undefined;
    }
  /** Rings one more user. `role` defaults to `member`. */
  | {
      readonly type: 'call.invite';
      readonly to: Address;
      readonly role?: 'member' | 'guest' | undefined;
    }
  /** Makes a participant leave, or takes an invitation back. */
  | { readonly type: 'call.remove'; readonly participantId: ParticipantId }
  /** Asks a participant's device to mute itself. */
  | { readonly type: 'call.request-mute'; readonly participantId: ParticipantId }
  /** Leaves, and rings somebody in one's place (blind transfer, RFC 5589 section 6). */
  | { readonly type: 'call.transfer'; readonly to: Address }
  /**
   * Leaves, and puts those of another call in one's place (attended transfer, RFC 5589 section 7).
   * `other` is that call as it stands, null when there is none.
   */
  | {
      readonly type: 'call.transfer';
      readonly toCallId: CallId;
      readonly other: CallFacts | null;
    }
  /** Brings those of another call into this one, and stays. */
  | {
      readonly type: 'call.merge';
      readonly fromCallId: CallId;
      readonly other: CallFacts | null;
    };

/** What the server finds out by itself. */
export type SystemCommand =
  | { readonly type: 'device.silent'; readonly userId: string; readonly deviceId: string }
  | { readonly type: 'device.resumed'; readonly userId: string; readonly deviceId: string }
  | { readonly type: 'deadline.passed' }
  | { readonly type: 'call.terminate' };
