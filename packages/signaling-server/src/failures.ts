import { RingfenceError } from '@ringfence/base';

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof RingfenceError && thrown.code === code;
}

/** True when the store did not answer. */
export function isStoreFailure(thrown: unknown): boolean {
  return hasCode(thrown, 'store_unavailable');
}

/** True when a token was not accepted; false when it could not be checked. */
export function isUnauthorized(thrown: unknown): boolean {
  return hasCode(thrown, 'unauthorized');
}

/** Why a token was refused, for the log: a code of `Auth`, which never quotes the token. */
export function refusalReason(thrown: unknown): string {
  const reason = thrown instanceof RingfenceError ? thrown.details?.['reason'] : undefined;
  return typeof reason === 'string' ? reason : 'unknown';
}
