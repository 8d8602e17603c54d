import { RingfenceError } from '@ringfence/base';
import type { EndCause } from '@ringfence/call-rules';

/** Why a device could not be opened, in the words of a call's end. */
export type CaptureCause = Extract<EndCause, 'permission_denied' | 'device_missing'>;

const refused = new Set(['NotAllowedError', 'SecurityError']);

/**
 * Maps what `getUserMedia` threw (W3C Media Capture section 9.2) to the cause shown to the user.
 *
 * - `permission_denied`: `NotAllowedError`, `SecurityError`, and a page that is not secure, where
 *   the browser offers no devices at all.
 * - `device_missing`: everything else. `NotFoundError` (none there), `OverconstrainedError` (none
 *   that fits), `NotReadableError` and `AbortError` (there, but another program or the hardware
 *   keeps it): the user has no device that works, and no permission would help.
 */
export function captureCause(thrown: unknown): CaptureCause {
  if (thrown instanceof RingfenceError && thrown.code === 'capture_unavailable') {
    return 'permission_denied';
  }
  return refused.has(errorName(thrown)) ? 'permission_denied' : 'device_missing';
}

/** The `name` of what was thrown; empty when it has none. Safe to log. */
export function errorName(thrown: unknown): string {
  return thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
}
