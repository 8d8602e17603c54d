import type { Intensity } from './supervisor-options.ts';

/** Whether there may be one more restart. Counts them, and forgets those that are long past. */
export class RestartIntensity {
  readonly #limit: Intensity | undefined;
  #times: number[] = [];

  /** Without a limit there may always be one more. */
  constructor(limit: Intensity | undefined) {
    this.#limit = limit;
  }

  /** Counts a restart. False when it is one too many. `nowMs` is monotonic. */
  take(nowMs: number): boolean {
    if (this.#limit === undefined) return true;
    const { restarts, periodMs } = this.#limit;
    this.#times = this.#times.filter((timeMs) => nowMs - timeMs < periodMs);
    this.#times.push(nowMs);
    return this.#times.length <= restarts;
  }

  reset(): void {
    this.#times = [];
  }
}
