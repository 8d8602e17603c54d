import { RingfenceError } from '@ringfence/base';
import { errorFacts } from '../error-codes.ts';
import type { TelephonyErrorCode } from '../error-codes.ts';

export interface ProviderErrorOptions {
  /**
   * `none` when it is certain that the provider did nothing, so that another one may be asked
   * instead. Default `unknown`.
   */
  readonly effect?: 'none' | 'unknown';
  /** When to try again, milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A provider could not do what it was asked for. Its message never holds a secret. */
export class ProviderError extends RingfenceError<TelephonyErrorCode> {
  readonly effect: 'none' | 'unknown';
  readonly retryAfterMs: number | undefined;

  constructor(code: TelephonyErrorCode, message: string, options: ProviderErrorOptions = {}) {
    super(code, message, { ...errorFacts[code], cause: options.cause });
    this.effect = options.effect ?? 'unknown';
    this.retryAfterMs = options.retryAfterMs;
  }
}
