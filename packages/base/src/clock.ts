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

/** A delay beyond {@link longestMs}, waited for in parts. */
class LongTimer {
  handle: ReturnType<typeof setTimeout>;

  constructor(callback: () => void, delayMs: number) {
    this.handle = this.#wait(callback, delayMs);
  }

  #wait(callback: () => void, restMs: number): ReturnType<typeof setTimeout> {
    if (restMs <= longestMs) return setTimeout(callback, restMs);
    return setTimeout(() => {
      this.handle = this.#wait(callback, restMs - longestMs);
    }, longestMs);
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) =>
    delayMs > longestMs ? new LongTimer(callback, delayMs) : setTimeout(callback, delayMs),
  clearTimeout: (handle) =>
    clearTimeout(
      handle instanceof LongTimer ? handle.handle : (handle as ReturnType<typeof setTimeout>),
    ),
};

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
