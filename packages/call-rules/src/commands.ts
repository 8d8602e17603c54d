import type { Address } from './address.ts';
import type { EndCause, MediaKinds } from './facts.ts';

/** The device that asks. The server takes it from the session, never from the message. */
export interface Actor {
  readonly orgId: string;
  readonly userId: string;
  readonly deviceId: string;
}

/** What is known of the callee when a call is dialed. Comes from presence and the live calls. */
export interface Reach {
  /** Devices with a live session, in the order they came. */
  readonly deviceIds: readonly string[];
  /** True when the callee takes no further call now. */
  readonly busy: boolean;
  /** True when the caller may make no further call now. */
  readonly callerBusy: boolean;
}

/** What a user asks of a call. */
export type UserCommand =
  | {
      readonly type: 'call.dial';
      readonly to: Address;
      readonly media: MediaKinds;
      readonly reach: Reach;
    }
  /** The device rings: its leg's acknowledgement. */
  | { readonly type: 'call.ring' }
  | { readonly type: 'call.accept' }
  | { readonly type: 'call.decline' }
  /**
   * Ends the call for this side: a cancel while it rings, a decline on the side that is called, a
   * hang-up afterwards. With a cause, the call ends `failed`.
   */
  | {
      readonly type: 'call.hang-up';
      readonly cause?: EndCause | undefined;
      /** Set by who dialed when the dial is not answered yet: an unknown call leaves a tombstone. */
      readonly dialed?: boolean | undefined;
    }
  /** Media of this side connected in `mediaEpoch`, or, when `connected` is false, was lost. */
  | { readonly type: 'call.media'; readonly mediaEpoch: number; readonly connected: boolean }
  /** What this side does with its own media. Fields left out stay as they are. */
  | {
      readonly type: 'call.update';
      readonly held?: boolean | undefined;
      readonly muted?: boolean | undefined;
      readonly camera?: boolean | undefined;
    };

/** What the server finds out by itself. */
export type SystemCommand =
  | { readonly type: 'device.silent'; readonly userId: string; readonly deviceId: string }
  | { readonly type: 'device.resumed'; readonly userId: string; readonly deviceId: string }
  | { readonly type: 'deadline.passed' }
  | { readonly type: 'call.terminate' };
