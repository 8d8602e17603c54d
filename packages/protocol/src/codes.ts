import { RingfenceError } from '@ringfence/base';
import type { ErrorFacts, Fault } from '@ringfence/base';
import { refusalTexts } from '@ringfence/call-rules';
import type { RefusalCode } from '@ringfence/call-rules';

/** Codes of the wire itself, next to those of the rules. */
export type WireCode =
  | 'invalid_request'
  | 'unknown_request'
  | 'unauthorized'
  | 'command_reused'
  | 'rate_limited'
  | 'store_unavailable'
  | 'internal';

export type ErrorCode = WireCode | RefusalCode;

const wireTexts: Readonly<Record<WireCode, ErrorFacts & { readonly message: string }>> = {
  invalid_request: {
    fault: 'caller',
    retryable: false,
    message: 'unable to read the request; a field is missing, unknown or out of bounds',
    hint: 'Look at details.path.',
  },
  unknown_request: {
    fault: 'caller',
    retryable: false,
    message: 'unable to serve the request; this server does not know it',
    hint: 'Check its name, or the version of the server.',
  },
  unauthorized: {
    fault: 'caller',
    retryable: false,
    message: 'unable to accept the token; it is bad, expired, or for another service',
    hint: 'Get a fresh token.',
  },
  command_reused: {
    fault: 'caller',
    retryable: false,
    message: 'unable to run the command; its id was used for another one',
    hint: 'Mint a new id for each command.',
  },
  rate_limited: {
    fault: 'caller',
    retryable: true,
    message: 'unable to serve the request; too many came in a short time',
    hint: 'Wait for retryAfterMs.',
  },
  store_unavailable: {
    fault: 'server',
    retryable: true,
    message: 'unable to change the call; the store does not answer',
    hint: 'Try again soon.',
  },
  internal: {
    fault: 'server',
    retryable: true,
    message: 'unable to serve the request; something broke on the server',
    hint: 'Try again; report it when it stays.',
  },
};

/** Every error code of the wire with its meaning, fault, and what to do. */
export const errorTexts: Readonly<Record<ErrorCode, ErrorFacts & { readonly message: string }>> =
  /* @__PURE__ */ Object.assign({}, wireTexts, refusalTexts);

/** An error as a frame carries it (P-404). It says itself what its code means. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly fault?: Fault | undefined;
  readonly retryable?: boolean | undefined;
  readonly hint?: string | undefined;
  /** How long to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Writes an error for the wire. */
export function wireError(
  code: ErrorCode,
  extra: { retryAfterMs?: number; details?: Readonly<Record<string, unknown>> } = {},
): WireError {
  return { code, ...errorTexts[code], ...extra };
}

/**
 * Reads an error off the wire. A code this version does not know keeps its name and what was sent
 * with it; where nothing was, it is the server's fault and not to be tried again.
 */
export function errorFromWire(error: WireError): RingfenceError<ErrorCode> {
  const { code, message, fault = 'server', retryable = false, hint = '', retryAfterMs } = error;
  return new RingfenceError(code as ErrorCode, message, {
    fault,
    retryable,
    hint,
    details: { ...error.details, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  });
}
