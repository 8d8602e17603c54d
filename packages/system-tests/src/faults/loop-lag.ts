import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Between two looks at the event loop. */
const resolutionMs = 5;

/** How late this process's event loop runs what is due. */
export class LoopLag {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  /** Milliseconds that 99 of 100 looks were late at most. */
  get p99Ms(): number {
    return Math.max(0, this.#histogram.percentile(99) / 1e6 - resolutionMs);
  }

  get maxMs(): number {
    return Math.max(0, this.#histogram.max / 1e6 - resolutionMs);
  }

  /** Begins anew. */
  reset(): void {
    this.#histogram.reset();
  }

  stop(): void {
    this.#histogram.disable();
  }
}
