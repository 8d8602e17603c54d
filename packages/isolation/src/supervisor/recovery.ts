import { delay } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import type { Child } from './child.ts';
import type { Slot } from './slot.ts';

/** Whom a recovery reports to. */
interface RecoveryOwner<C extends Child> {
  readonly clock: Clock;
  /** It waits no longer, or is done. */
  changed(): void;
  /** Every slot was started. */
  done(recovery: Recovery<C>): void;
}

/**
 * Slots that are ended, the last one first, and started again, the first one first, each after the
 * one before is ready. It is dropped when one fails: the failure begins another recovery.
 */
export class Recovery<C extends Child> {
  readonly slots: readonly Slot<C>[];
  readonly #owner: RecoveryOwner<C>;
  readonly #abort = new AbortController();
  readonly #delayMs: number;
  #isWaiting: boolean;

  /** `delayMs` is the least time until the first slot starts. */
  constructor(slots: readonly Slot<C>[], delayMs: number, owner: RecoveryOwner<C>) {
    this.slots = slots;
    this.#owner = owner;
    this.#delayMs = delayMs;
    this.#isWaiting = delayMs > 0;
  }

  /** True until the first slot starts. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  drop(): void {
    this.#abort.abort();
  }

  /** To be called once. */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    const delayMs = this.#delayMs;
    try {
      const waited = delayMs > 0 ? delay(this.#owner.clock, delayMs, { signal }) : undefined;
      await Promise.all([waited, this.#endAll()]);
    } catch {
      return; // Dropped while it waited.
    }
    if (signal.aborted) return;
    this.#isWaiting = false;
    this.#owner.changed();
    for (const slot of this.slots) {
      const isStarted = await slot.start(signal);
      if (!isStarted || signal.aborted) return;
    }
    this.#owner.done(this);
  }

  async #endAll(): Promise<void> {
    for (const slot of [...this.slots].reverse()) {
      if (this.#abort.signal.aborted) return;
      // One that failed stays in `error`, for all to see, until it starts again.
      if (slot.state === 'starting' || slot.state === 'ready') await slot.end();
    }
  }
}
