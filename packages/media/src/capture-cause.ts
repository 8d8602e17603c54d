import { RingfenceError } from '@ringfence/base';
import type { EndCause } from '@ringfence/call-rules';

/** Why a device could not be opened, in the words of a call's end. */
export type CaptureCause = Extract<EndCause, 'permission_denied' | 'device_missing'>;

/**
 * Maps what `getUserMedia` threw (W3C Media Capture section 9.2) to the cause shown to the user.
 *
 * - `permission_denied`: `NotAllowedError`, and `SecurityError`, as on a page that is not secure.
 * - `device_missing`: everything else. `NotFoundError` (none there), `OverconstrainedError` (none
 *   that fits), `NotReadableError` and `AbortError` (there, but another program or the hardware
 *   keeps it): the user has no device that works, and no permission would help.
 */
export function captureCause(thrown: unknown): CaptureCause {
  return ['NotAllowedError', 'SecurityError'].includes(errorName(thrown))
    ? 'permission_denied'
    : 'device_missing';
}

/**
 * The code of what was thrown, or its `name`; empty when it has none. Safe to log, as messages are
 * not: a browser's may quote a description.
 */
export function errorName(thrown: unknown): string {
  if (thrown instanceof RingfenceError) return thrown.code;
  // Not every browser's OverconstrainedError is an Error or a DOMException.
  const name = (thrown as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? name : '';
}
