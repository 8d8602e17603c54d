import type { Clock, TimerHandle } from '@ringfence/base';

/** One timer that can be started again; starting it forgets what it waited for before. */
export class Timer {
  readonly #clock: Clock;
  #handle: TimerHandle | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#handle !== undefined;
  }

  start(delayMs: number, callback: () => void): void {
    this.stop();
    this.#handle = this.#clock.setTimeout(() => {
      this.#handle = undefined;
      callback();
    }, delayMs);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}
