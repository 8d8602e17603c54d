/** What {@link Clock.setTimeout} gives back. Opaque: hand it to `clearTimeout` of the same clock. */
export type TimerHandle = unknown;

/**
 * The port to time. Everything that reads a clock or waits takes one, so that tests and the
 * simulator own time. It has the shape XState wants of its clock.
 */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May step. For stamps people read. */
  now(): number;
  /** Milliseconds from an arbitrary start. Never steps back. For durations. */
  monotonic(): number;
  /**
   * Runs `callback` once, `delayMs` from now. A delay below 0, or one that is no number, is 0.
   * Delays of any length hold.
   */
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  /** Forgets a timer. A handle that fired or is unknown is ignored. */
  clearTimeout(handle: TimerHandle): void;
}

/** What a host's timer can wait at most. It fires at once when asked for more (24.8 days). */
const longestMs = 2 ** 31 - 1;

/** A timer of the host, in a box: one that waits beyond {@link longestMs} is set in parts. */
interface Timer {
  id?: ReturnType<typeof setTimeout>;
}

function start(timer: Timer, callback: () => void, delayMs: number): Timer {
  timer.id =
    delayMs > longestMs
      ? setTimeout(() => start(timer, callback, delayMs - longestMs), longestMs)
      : setTimeout(callback, delayMs);
  return timer;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) => start({}, callback, delayMs),
  clearTimeout: (handle) => clearTimeout((handle as Timer | undefined)?.id),
};

/**
 * Lets a process of Node end although this timer waits. For timers of {@link systemClock} of up to
 * 24.8 days, and of other clocks whose handles have an `unref`. Elsewhere it does nothing.
 */
export function unrefTimer(handle: TimerHandle): void {
  const timer = (handle as Timer | undefined)?.id ?? handle;
  (timer as { readonly unref?: () => void } | undefined)?.unref?.();
}

/**
 * Resolves after `delayMs` on `clock`.
 *
 * @throws the reason of `signal` as soon as it aborts, also when it already had.
 */
export function delay(
  clock: Clock,
  delayMs: number,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = (): void => {
      clock.clearTimeout(handle);
      reject(signal?.reason);
    };
    const handle = clock.setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
