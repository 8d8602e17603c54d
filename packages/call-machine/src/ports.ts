import type { Address, CallFacts, EndCause, MediaKinds } from '@ringfence/call-rules';

/** What the machine asks of signaling. The names are those of the wire's commands. */
export type CallCommand =
  | { readonly type: 'call.dial'; readonly to: Address; readonly media: MediaKinds }
  | { readonly type: 'call.ring' }
  | { readonly type: 'call.accept' }
  | { readonly type: 'call.decline' }
  /** `dialed` is set while the dial is unanswered: the server then remembers the cancel. */
  | { readonly type: 'call.hang-up'; readonly cause?: EndCause; readonly dialed?: boolean }
  | { readonly type: 'call.media'; readonly mediaEpoch: number; readonly connected: boolean }
  | {
      readonly type: 'call.update';
      readonly held?: boolean;
      readonly muted?: boolean;
      readonly camera?: boolean;
    };

/** What signaling reports to the machine. */
export type SignalingReport =
  /** The newest facts of the call. Older than those known is allowed and is ignored. */
  | { readonly type: 'signaling.facts'; readonly facts: CallFacts }
  /**
   * A command was refused. `code` is an error code of the wire or of the rules, or
   * `request_expired` when no answer came in time: the server may have taken the command.
   */
  | {
      readonly type: 'signaling.refused';
      readonly command: CallCommand['type'];
      readonly code: string;
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
  send(command: CallCommand): void;
  /** The machine has ended and reports no longer matter. A command still unanswered is still sent. */
  close(): void;
}

/** What media reports to the machine. */
export type MediaReport =
  /** Capture runs, or nothing is to be captured. */
  | { readonly type: 'media.acquired' }
  /** Capture failed: refused by the user, or no device. */
  | { readonly type: 'media.refused'; readonly cause: EndCause }
  /** Media flows in this epoch. */
  | { readonly type: 'media.connected'; readonly mediaEpoch: number }
  /** Media stopped; the adapter goes on trying. */
  | { readonly type: 'media.disconnected'; readonly mediaEpoch: number }
  /** Media cannot be had any more. */
  | { readonly type: 'media.failed'; readonly cause: EndCause }
  /** Turning the camera on did not work; the call goes on without. */
  | { readonly type: 'media.camera-refused'; readonly cause: EndCause };

/** How to connect the media of one epoch. */
export interface MediaConnect {
  readonly mediaEpoch: number;
  /** This side's leg and the other's. */
  readonly legId: string;
  readonly peerLegId: string;
  /** True for the side that yields when both offer at once (RFC 8829): the callee. */
  readonly polite: boolean;
}

/** What this side sends now. `held` is true while either side holds the call: nothing is sent or played. */
export interface MediaControl {
  readonly muted: boolean;
  readonly camera: boolean;
  readonly held: boolean;
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
  /** Connects to the other leg. Called once for each epoch. */
  connect(request: MediaConnect): void;
  /** Sets what is sent. Idempotent; may come before `acquire` and before `connect`. */
  control(control: MediaControl): void;
  /** Ends everything at once: capture, connections, timers. */
  close(): void;
}
