import type { Clock, Logger } from '@ringfence/base';
import { errorName } from '../capture-cause.ts';
import type { QualityLimits } from '../options.ts';
import { Timer } from '../timer.ts';
import { compare, overLimits } from './quality.ts';
import type { Quality } from './quality.ts';
import { readCounters } from './statistics.ts';
import type { Counters } from './statistics.ts';
import { Warnings } from './warnings.ts';

export interface MonitorOptions {
  readonly sampleMs: number;
  readonly limits: QualityLimits;
}

export interface MonitorHooks {
  getStats(): Promise<RTCStatsReport>;
  sampled(quality: Quality): void;
}

/** Samples a connection's statistics, one reading at a time, until it is stopped. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #hooks: MonitorHooks;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timer: Timer;
  readonly #warnings = new Warnings();
  #before: Counters | undefined;
  #isRunning = false;

  constructor(options: MonitorOptions, hooks: MonitorHooks, clock: Clock, logger: Logger) {
    this.#options = options;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#logger = logger;
    this.#timer = new Timer(clock);
  }

  /** Idempotent. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#sample();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer.stop();
  }

  async #sample(): Promise<void> {
    try {
      const counters = readCounters(await this.#hooks.getStats());
      if (!this.#isRunning) return;
      const before = this.#before;
      this.#before = counters;
      if (before) this.#report(before, counters);
    } catch (thrown) {
      // One reading less; the next may do.
      if (this.#isRunning) this.#logger.debug('statistics not read', { error: errorName(thrown) });
    }
    if (this.#isRunning) this.#timer.start(this.#options.sampleMs, () => void this.#sample());
  }

  #report(before: Counters, after: Counters): void {
    const sample = compare(before, after, this.#clock.now());
    const warnings = this.#warnings.add(overLimits(sample, this.#options.limits));
    this.#hooks.sampled({ ...sample, warnings });
  }
}
