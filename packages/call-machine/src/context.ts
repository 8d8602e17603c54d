import type {
  Address,
  CallFacts,
  CallId,
  LegId,
  MediaKinds,
  ParticipantId,
} from '@ringfence/call-rules';
import type { CallEnd } from './end.ts';
import type {
  CallCommand,
  CallRequest,
  Media,
  MediaReport,
  Signaling,
  SignalingReport,
} from './ports.ts';
import { isIn, none, peerOf } from './reading.ts';
import { resolveCallTuning } from './tuning.ts';
import type { CallTuning } from './tuning.ts';

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

/** Something the user asked for, shown as if it were so until the server has answered. */
export interface PendingRequest {
  readonly ticket: string;
  readonly request: CallRequest;
}

/** What the machine remembers. */
export interface CallContext {
  readonly callId: CallId;
  readonly direction: 'outgoing' | 'incoming';
  readonly legId: LegId;
  /** Whom the call is with, or was with last. */
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
  /** The legs whose media flows here, in the epoch of the facts. */
  readonly flowing: readonly LegId[];
  /** What this side does with its own media. The user's word, ahead of the facts. */
  readonly held: boolean;
  readonly muted: boolean;
  readonly camera: boolean;
  /** What the user asked for and the server has not answered yet, oldest first. */
  readonly requests: readonly PendingRequest[];
  readonly end: CallEnd | null;
  /** True while the call has ended here and the server has yet to say how. */
  readonly awaiting: boolean;
}

/** What the user does. */
export type UserEvent =
  /** Takes an incoming call. `kinds` defaults to what the call was asked to carry. */
  | { readonly type: 'user.accept'; readonly kinds?: MediaKinds | undefined }
  /** With `busy`, this device alone is out; the user's others ring on. */
  | { readonly type: 'user.decline'; readonly busy?: boolean | undefined }
  /**
   * Ends the call for this side whatever its state: cancels, declines, hangs up or leaves; with
   * `everyone`, for all, where this user may.
   */
  | { readonly type: 'user.hang-up'; readonly everyone?: boolean | undefined }
  /**
   * Asks for something that has an outcome of its own. `ticket` is unique within the call; the
   * outcome is emitted under it, once.
   */
  | {
      readonly type: 'user.request';
      readonly ticket: string;
      readonly request: CallRequest;
    }
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

/**
 * A moderator asked this device to mute itself, and it did. The user may speak again. The machine
 * tells itself; hosts have no need to send it.
 */
export interface MuteRequested {
  readonly type: 'call.mute-requested';
  readonly by: ParticipantId;
}

/** All that the machine hears. */
export type CallEvent = UserEvent | SignalingReport | MediaReport | PortThrew | MuteRequested;

/** Events by their types. */
export type EventOf<Type extends CallEvent['type']> = Extract<CallEvent, { readonly type: Type }>;

/** What the machine tells its host besides its state. Listen with `actor.on(type, ...)`. */
export type CallEmitted =
  /**
   * Something the user asked for was refused and taken back, or the call ended for it. `code` is
   * an error code, or the cause for which the camera stayed off.
   */
  | {
      readonly type: 'call.refused';
      readonly command: CallCommand['type'];
      readonly code: string;
      readonly ticket?: string | undefined;
      readonly error?: Error | undefined;
    }
  /** A request was carried out. */
  | { readonly type: 'request.done'; readonly ticket: string }
  | MuteRequested
  /** The call goes on as another one: `callId` and `legId` have changed. */
  | { readonly type: 'call.moved'; readonly fromCallId: CallId; readonly toCallId: CallId }
  /** A port threw; the call ends `failed`, cause `internal`. */
  | PortThrew;

const audioAlone: MediaKinds = { audio: true, video: false };

/** Makes the context from the input. Throws `invalid_option` for tuning out of range. */
export function initialContext({ input }: { input: CallInput }): CallContext {
  const { signaling, media, tuning } = input;
  const common = {
    tuning: resolveCallTuning(tuning),
    signaling,
    media,
    connected: true,
    captured: false,
    flowing: none,
    held: false,
    requests: none,
    end: null,
    awaiting: false,
  };
  if (input.direction === 'outgoing') {
    const { callId, direction, to, kinds = audioAlone } = input;
    const camera = kinds.video;
    return {
      ...common,
      callId,
      direction,
      legId: 'l1',
      peer: to,
      kinds,
      facts: null,
      muted: false,
      camera,
    };
  }
  const { direction, facts, legId } = input;
  const { id, media: kinds } = facts.call;
  // Nobody here said yes to a call that this device was moved into while it showed none.
  const isUnasked = isIn(facts, legId);
  return {
    ...common,
    callId: id,
    direction,
    legId,
    peer: (peerOf(facts, legId) ?? facts.participants[0]!).address,
    kinds: isUnasked ? audioAlone : kinds,
    facts,
    muted: isUnasked,
    // A callee's camera is off until its user accepts with video.
    camera: false,
  };
}
