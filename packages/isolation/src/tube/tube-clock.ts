import type { Clock, Scope } from '@ringfence/base';

/** The part of a tube that its timers need. */
interface TimerOwner extends Pick<Scope, 'own' | 'disown'> {
  contain(source: string, callback: () => unknown): () => void;
}

/**
 * A clock whose timers belong to a tube: they are cleared when it closes, and what a callback throws
 * is a fault of the tube.
 */
export function tubeClock(owner: TimerOwner, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(callback, delayMs) {
      const run = owner.contain('timer', callback);
      const handle = clock.setTimeout(() => {
        owner.disown(stop);
        run();
      }, delayMs);
      const stop = (): void => clock.clearTimeout(handle);
      return owner.own(stop);
    },
    clearTimeout(stop) {
      if (owner.disown(stop as () => void)) (stop as () => void)();
    },
  };
}
