import { unrefTimer } from '@ringfence/base';
import type { Clock } from '@ringfence/base';

/** A clock whose timers keep no process of Node: for what only watches. */
export function watchClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(callback, delayMs) {
      const handle = clock.setTimeout(callback, delayMs);
      unrefTimer(handle);
      return handle;
    },
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
}
