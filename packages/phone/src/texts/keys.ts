import type { CallEndReason } from '@ringfence/call-machine';
import type { EndCause } from '@ringfence/call-rules';
import type { MediaErrorCode } from '@ringfence/media';
import type { ErrorCode } from '@ringfence/protocol';
import type { ClientErrorCode } from '@ringfence/signaling-client';
import type { PhoneErrorCode } from '../errors.ts';

/** By whose doing: this user's, or another's. */
export type Side = 'local' | 'remote';

type Sided<Name extends string> = `${Name}.${Side}`;

/** Ends that read differently by whose doing they were. */
type SidedReason = Extract<
  CallEndReason,
  'completed' | 'declined' | 'unanswered' | 'canceled' | 'transferred' | 'terminated'
>;

/** Causes that read differently by whose they are. */
type SidedCause = Extract<
  EndCause,
  'caller_lost' | 'callee_lost' | 'permission_denied' | 'device_missing'
>;

/** Every code that an app may be shown, of all the packages a phone is made of. */
export type TextCode =
  | ErrorCode
  | ClientErrorCode
  | MediaErrorCode
  | PhoneErrorCode
  // Of the breaker of a call.
  | 'breaker_open'
  /** The server was not heard for too long: `CallEnd.code`. */
  | 'server_unreachable'
  | 'invalid_option'
  | 'unknown';

/**
 * Names a text. `end.*` says why a call ended, `cause.*` what lies behind it, `error.*` what was
 * refused. With a side where it matters by whose doing.
 */
export type TextKey =
  | `end.${CallEndReason | Sided<SidedReason>}`
  | `cause.${EndCause | Sided<SidedCause>}`
  | `error.${TextCode}`;

/** A title, what happened, and what to do where something can be done. */
export type Words = readonly [title: string, what: string, advice?: string];

/**
 * All that one language says. Complete by its type: a reason, a cause or a code without a text does
 * not compile.
 */
export interface Language {
  readonly words: Readonly<Record<TextKey, Words>>;
  /** Stands for `{name}` where nobody is named; a subject or an object, never after a preposition. */
  readonly someone: string;
  /** Stands for `{devices}`: of a call with sound, of one with a picture, and of any. */
  readonly devices: { readonly audio: string; readonly video: string; readonly any: string };
}
