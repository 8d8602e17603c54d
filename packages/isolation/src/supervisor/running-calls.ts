import type { Clock } from '@ringfence/base';

/** How a drain ended: everything that ran finished, or was cut off by the deadline. */
export type DrainOutcome = 'finished' | 'cut';

/** Counts what runs, and waits until it has finished. */
export class RunningCalls {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  async track<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#count += 1;
    try {
      return await run();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const finished of this.#waiting) finished();
    }
  }

  /** Resolves when nothing runs, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<DrainOutcome> {
    if (this.#count === 0) return Promise.resolve('finished');
    return new Promise((resolve) => {
      const over = (outcome: DrainOutcome): void => {
        this.#waiting.delete(finished);
        this.#clock.clearTimeout(timer);
        resolve(outcome);
      };
      const finished = (): void => over('finished');
      const timer = this.#clock.setTimeout(() => over('cut'), timeoutMs);
      this.#waiting.add(finished);
    });
  }
}
