import type {
  Address,
  CallFacts,
  CallId,
  EndCause,
  LegId,
  MediaKinds,
  ParticipantId,
} from '@ringfence/call-rules';

/** What the machine asks of signaling. The names are those of the wire's commands. */
export type CallCommand =
  | { readonly type: 'call.dial'; readonly to: Address; readonly media: MediaKinds }
  | { readonly type: 'call.ring' }
  | { readonly type: 'call.accept' }
  /** With `busy`, for this device alone: the user's others ring on. */
  | { readonly type: 'call.decline'; readonly busy?: boolean }
  /** `dialed` is set while the dial is unanswered: the server then remembers the cancel. */
  | {
      readonly type: 'call.hang-up';
      readonly cause?: EndCause;
      readonly dialed?: boolean;
      readonly everyone?: boolean;
    }
  | {
      readonly type: 'call.media';
      readonly mediaEpoch: number;
      readonly legId: LegId;
      readonly connected: boolean;
    }
  | {
      readonly type: 'call.update';
      readonly held?: boolean;
      readonly muted?: boolean;
      readonly camera?: boolean;
    }
  | CallRequest;

/** What a user asks of a call that has an outcome of its own, told under its ticket. */
export type CallRequest =
  | {
      readonly type: 'call.invite';
      readonly to: Address;
      readonly role?: 'member' | 'guest' | undefined;
    }
  | { readonly type: 'call.remove'; readonly participantId: ParticipantId }
  | { readonly type: 'call.request-mute'; readonly participantId: ParticipantId }
  | { readonly type: 'call.transfer'; readonly to: Address }
  | { readonly type: 'call.transfer'; readonly toCallId: CallId }
  | { readonly type: 'call.merge'; readonly fromCallId: CallId };

/** What signaling reports to the machine. */
export type SignalingReport =
  /** The newest facts of the call. Older than those known is allowed and is ignored. */
  | { readonly type: 'signaling.facts'; readonly facts: CallFacts }
  /**
   * The call goes on as another: the dial met one from the other side, or this device was moved
   * by a transfer or a merge. `facts` are that call's, `legId` is this device's leg in it. What is
   * sent from now on is for that call. Of what was sent before, only the outcome of a request is
   * still reported.
   */
  | { readonly type: 'signaling.moved'; readonly facts: CallFacts; readonly legId: LegId }
  /** A request was carried out. The facts that say so were reported before. */
  | { readonly type: 'signaling.done'; readonly ticket: string }
  /**
   * A command was refused. `code` is an error code of the wire or of the rules, or
   * `request_expired` when no answer came in time: the server may have taken the command.
   */
  | {
      readonly type: 'signaling.refused';
      readonly command: CallCommand['type'];
      readonly code: string;
      /** That of the request, when it was one. */
      readonly ticket?: string | undefined;
      /** What was refused in full, for people and logs. */
      readonly error?: Error | undefined;
    }
  /** The connection to the server was lost, or is back. */
  | { readonly type: 'signaling.connection'; readonly connected: boolean };

/**
 * The port to signaling, for one call. Methods return at once and never throw; outcomes are
 * reported. Commands are kept until answered, in order: that is the adapter's duty.
 */
export interface Signaling {
  /** Called once, first. Reports may come from within. */
  open(report: (report: SignalingReport) => void): void;
  /** A {@link CallRequest} comes with a ticket, under which its outcome is reported. */
  send(command: CallCommand, ticket?: string): void;
  /** The machine has ended and reports no longer matter. A command still unanswered is still sent. */
  close(): void;
}

/**
 * What media reports to the machine. Media is connected with each other leg of the call on its own
 * (a mesh); `peerLegId` says which.
 */
export type MediaReport =
  /** Capture runs, or nothing is to be captured. */
  | { readonly type: 'media.acquired' }
  /** Capture failed: refused by the user, or no device. */
  | { readonly type: 'media.refused'; readonly cause: EndCause }
  /** Media flows in this epoch. */
  | {
      readonly type: 'media.connected';
      readonly mediaEpoch: number;
      readonly peerLegId: LegId;
    }
  /** Media stopped; the adapter goes on trying. */
  | {
      readonly type: 'media.disconnected';
      readonly mediaEpoch: number;
      readonly peerLegId: LegId;
    }
  /** Media with that leg cannot be had any more; without a leg, media altogether. */
  | {
      readonly type: 'media.failed';
      readonly cause: EndCause;
      readonly peerLegId?: LegId | undefined;
    }
  /** Turning the camera on did not work; the call goes on without. */
  | { readonly type: 'media.camera-refused'; readonly cause: EndCause };

/** How to connect media with one other leg. */
export interface MediaConnect {
  readonly mediaEpoch: number;
  /** This side's leg and the other's. */
  readonly legId: LegId;
  readonly peerLegId: LegId;
  /** True for the side that yields when both offer at once (RFC 8829): the leg that came later. */
  readonly polite: boolean;
}

/** What this side sends and plays now. */
export interface MediaControl {
  readonly muted: boolean;
  readonly camera: boolean;
  /** True while this side holds the call: nothing is sent or played. */
  readonly held: boolean;
  /** The other legs that hold the call: nothing is sent to them, and nothing of theirs is played. */
  readonly heldBy: readonly LegId[];
}

/**
 * The port to media, for one call. Methods return at once and never throw; outcomes are reported.
 */
export interface Media {
  /** Called once, first. */
  open(report: (report: MediaReport) => void): void;
  /**
   * Asks for microphone and camera. Answered by `media.acquired` or `media.refused`. Once acquired,
   * it is not called again.
   */
  acquire(kinds: MediaKinds): void;
  /** Connects to one other leg. Called once for each leg and epoch; a newer epoch replaces it. */
  connect(request: MediaConnect): void;
  /** Ends the connection to one other leg, which left. What it sent is gone. */
  disconnect(peerLegId: LegId): void;
  /** Sets what is sent. Idempotent; may come before `acquire` and before `connect`. */
  control(control: MediaControl): void;
  /** Ends everything at once: capture, connections, timers. */
  close(): void;
}
