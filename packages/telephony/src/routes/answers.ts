import type { TelephonyErrorCode } from '../error-codes.ts';
import type { TelephonyFailure } from '../result.ts';

/** The body of every answer that says no. */
export interface TelephonyErrorBody {
  readonly success: false;
  /** For developers. */
  readonly error: string;
  /** For code. */
  readonly code: TelephonyErrorCode;
  readonly retryable: boolean;
  readonly hint: string;
}

const statuses: Readonly<Record<TelephonyErrorCode, number>> = {
  invalid_option: 503,
  invalid_number: 400,
  invalid_username: 400,
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  method_not_allowed: 405,
  too_large: 413,
  not_found: 404,
  call_ended: 409,
  not_supported: 501,
  invalid_signature: 401,
  stale_webhook: 401,
  not_ready: 503,
  start_failed: 503,
  worker_lost: 503,
  timeout: 504,
  provider_unavailable: 503,
  provider_unreachable: 502,
  provider_failed: 502,
  provider_rate_limited: 503,
  provider_unauthorized: 502,
  provider_refused: 502,
  provider_nonsense: 502,
  credential_limit_reached: 503,
  internal: 500,
};

export function answerJson(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // Passwords are among it.
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } });
}

export function answerFailure(
  { code, message, retryable, hint, retryAfterMs }: TelephonyFailure,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body: TelephonyErrorBody = { success: false, error: message, code, retryable, hint };
  const retry =
    retryAfterMs === undefined
      ? undefined
      : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) };
  return answerJson(statuses[code], body, { ...headers, ...retry });
}
