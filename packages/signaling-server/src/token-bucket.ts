/**
 * Bounds a rate: each take costs tokens, and tokens come back evenly with time. Keeps no timer.
 * Times are on a monotonic clock, in milliseconds.
 */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #refilledAt: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
    this.#tokens = burst;
    this.#refilledAt = nowMs;
  }

  /** Takes `cost` tokens. False, and nothing is taken, when there are not as many. */
  take(cost: number, nowMs: number): boolean {
    const refilled = this.#tokens + (nowMs - this.#refilledAt) * this.#perMs;
    this.#refilledAt = nowMs;
    this.#tokens = refilled < this.#burst ? refilled : this.#burst;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
