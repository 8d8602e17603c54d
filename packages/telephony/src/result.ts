import type { Fault } from '@ringfence/base';
import { errorFacts } from './error-codes.ts';
import type { TelephonyErrorCode } from './error-codes.ts';

/** Why something did not work. Plain data, safe to log and to send to a browser. */
export interface TelephonyFailure {
  readonly code: TelephonyErrorCode;
  /** For developers. Reads "unable to X; Y". */
  readonly message: string;
  readonly fault: Fault;
  /**
   * True when the same request may succeed later without a change, and harms nothing when it was
   * done already: false for a call that may have been placed.
   */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly hint: string;
  /** When to try again, milliseconds from now. */
  readonly retryAfterMs?: number;
  /** The provider it happened at. */
  readonly provider?: string;
}

/** What every operation resolves with. None rejects. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: TelephonyFailure };

export interface FailureDetails {
  readonly retryAfterMs?: number | undefined;
  readonly provider?: string | undefined;
  readonly hint?: string | undefined;
  /** Default: that of its code. */
  readonly retryable?: boolean | undefined;
}

/** Makes the plain data of a failure. */
export function failure(
  code: TelephonyErrorCode,
  message: string,
  { retryAfterMs, provider, hint, retryable }: FailureDetails = {},
): TelephonyFailure {
  const facts = errorFacts[code];
  return {
    code,
    message,
    ...facts,
    ...(hint === undefined ? {} : { hint }),
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(provider === undefined ? {} : { provider }),
  };
}

export function success<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

/** A result that failed. */
export function refusal(
  code: TelephonyErrorCode,
  message: string,
  details?: FailureDetails,
): { readonly ok: false; readonly error: TelephonyFailure } {
  return { ok: false, error: failure(code, message, details) };
}
