import type {
  Address,
  CallFacts,
  CallId,
  EndCause,
  EndReason,
  LegId,
  MediaKinds,
} from '@ringfence/call-rules';
import type { CallCommand, Media, MediaReport, Signaling, SignalingReport } from './ports.ts';
import { resolveCallTuning } from './tuning.ts';
import type { CallTuning } from './tuning.ts';

/** Why a call ended on this device. The last two: another device of the same user took it. */
export type CallEndReason = EndReason | 'answered-elsewhere' | 'declined-elsewhere';

/** How a call ended, as this device knows it. */
export interface CallEnd {
  readonly reason: CallEndReason;
  /** What lies behind the reason, where the reason alone does not say it. */
  readonly cause: EndCause | null;
  /** Which side ended it; null when a deadline or the server did. */
  readonly by: 'local' | 'remote' | null;
  /**
   * Set when the call ended because a command was refused: the error code. `server_unreachable`
   * when the server could not be heard for too long.
   */
  readonly code?: string;
}

interface CommonInput {
  readonly signaling: Signaling;
  readonly media: Media;
  readonly tuning?: Partial<CallTuning> | undefined;
}

/** A call this device makes. */
export interface OutgoingInput extends CommonInput {
  readonly direction: 'outgoing';
  readonly callId: CallId;
  readonly to: Address;
  /** Default: audio alone. */
  readonly kinds?: MediaKinds | undefined;
}

/** A call this device is offered. */
export interface IncomingInput extends CommonInput {
  readonly direction: 'incoming';
  readonly facts: CallFacts;
  /** The leg of this device. */
  readonly legId: LegId;
}

/** What the machine is made with. */
export type CallInput = OutgoingInput | IncomingInput;

/** What the machine remembers. */
export interface CallContext {
  readonly callId: CallId;
  readonly direction: 'outgoing' | 'incoming';
  readonly legId: LegId;
  /** Whom the call is with. */
  readonly peer: Address;
  readonly kinds: MediaKinds;
  readonly tuning: CallTuning;
  readonly signaling: Signaling;
  readonly media: Media;
  /** The newest facts; null until the dial is answered. */
  readonly facts: CallFacts | null;
  /** True while the server can be heard. */
  readonly connected: boolean;
  /** True once capture runs: an accept that is tried again asks for no microphone. */
  readonly captured: boolean;
  /** True while media flows in the epoch of the facts. */
  readonly flowing: boolean;
  /** What this side does with its own media. The user's word, ahead of the facts. */
  readonly held: boolean;
  readonly muted: boolean;
  readonly camera: boolean;
  readonly end: CallEnd | null;
  /** True while the call has ended here and the server has yet to say how. */
  readonly awaiting: boolean;
}

/** What the user does. */
export type UserEvent =
  /** Takes an incoming call. `kinds` defaults to what the call was asked to carry. */
  | { readonly type: 'user.accept'; readonly kinds?: MediaKinds | undefined }
  | { readonly type: 'user.decline' }
  /** Ends the call whatever its state: cancels, declines or hangs up. */
  | { readonly type: 'user.hang-up' }
  /** Sets what this side sends. Fields left out stay as they are. */
  | {
      readonly type: 'user.update';
      readonly held?: boolean | undefined;
      readonly muted?: boolean | undefined;
      readonly camera?: boolean | undefined;
    };

/** A port threw. The machine tells itself; hosts have no need to send it. */
export interface PortThrew {
  readonly type: 'port.threw';
  readonly error: unknown;
}

/** All that the machine hears. */
export type CallEvent = UserEvent | SignalingReport | MediaReport | PortThrew;

/** What the machine tells its host besides its state. Listen with `actor.on(type, ...)`. */
export type CallEmitted =
  /**
   * Something the user asked for was refused and taken back, or the call ended for it. `code` is
   * an error code, or the cause for which the camera stayed off.
   */
  | { readonly type: 'call.refused'; readonly command: CallCommand['type']; readonly code: string }
  /** A port threw; the call ends `failed`, cause `internal`. */
  | PortThrew;

const audioAlone: MediaKinds = { audio: true, video: false };

/** Makes the context from the input. Throws `invalid_option` for tuning out of range. */
export function initialContext({ input }: { input: CallInput }): CallContext {
  const outgoing = input.direction === 'outgoing';
  const kinds = outgoing ? (input.kinds ?? audioAlone) : input.facts.call.media;
  return {
    callId: outgoing ? input.callId : input.facts.call.id,
    direction: input.direction,
    legId: outgoing ? 'l1' : input.legId,
    peer: outgoing ? input.to : input.facts.participants[0]!.address,
    kinds,
    tuning: resolveCallTuning(input.tuning),
    signaling: input.signaling,
    media: input.media,
    facts: outgoing ? null : input.facts,
    connected: true,
    captured: false,
    flowing: false,
    held: false,
    muted: false,
    // A callee's camera is off until its user accepts with video.
    camera: outgoing && kinds.video,
    end: null,
    awaiting: false,
  };
}
