import type { Clock, TimerHandle } from '@ringfence/base';

/** Messages read in one turn of the event loop, at most. */
const mostMessages = 512;
/** Time spent on reading in one turn, at most. */
const mostMs = 4;
/** The clock is looked at once in so many messages. */
const clockEvery = 16;

export interface TurnBudgetOptions {
  readonly clock: Clock;
  /** Too much for this turn: stop reading. */
  readonly pause: () => void;
  /** Another turn: read on. */
  readonly resume: () => void;
  /** A turn is over, and everything that lay there was read. */
  readonly drained: () => void;
}

/**
 * Keeps the event loop free while messages come in: after so many in one turn reading pauses, and
 * goes on in a later one.
 */
export class TurnBudget {
  readonly #options: TurnBudgetOptions;
  #timer: TimerHandle | undefined;
  #read = 0;
  #beganMs = 0;
  #isPaused = false;

  constructor(options: TurnBudgetOptions) {
    this.#options = options;
  }

  /** Counts a message. */
  took(): void {
    const { clock } = this.#options;
    if (this.#timer === undefined) this.#begin();
    this.#read += 1;
    const isLate = this.#read % clockEvery === 0 && clock.monotonic() - this.#beganMs >= mostMs;
    if ((this.#read >= mostMessages || isLate) && !this.#isPaused) {
      this.#isPaused = true;
      this.#options.pause();
    }
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    const { clock } = this.#options;
    this.#read = 0;
    this.#beganMs = clock.monotonic();
    this.#timer = clock.setTimeout(() => this.#turnOver(), 0);
  }

  #turnOver(): void {
    this.#timer = undefined;
    if (!this.#isPaused) return this.#options.drained();
    this.#isPaused = false;
    // Begun before anything is read: a turn that brings nothing more says that all was read.
    this.#begin();
    this.#options.resume();
  }
}
