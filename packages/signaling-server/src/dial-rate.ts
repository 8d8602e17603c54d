import type { Clock } from '@ringfence/base';
import { TokenBucket } from './token-bucket.ts';

/**
 * Bounds how often a user rings others, over all devices and connections (P-412): by calls, which
 * take room in the store that others need too, by invitations and by transfers.
 */
export class DialRate {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By user, who dialed last at the end. */
  readonly #users = new Map<string, { readonly bucket: TokenBucket; fullAt: number }>();

  constructor(
    { dialBurst, dialsPerSecond }: { readonly dialBurst: number; readonly dialsPerSecond: number },
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#burst = dialBurst;
    this.#perSecond = dialsPerSecond;
    this.#clock = clock;
  }

  /** Users who are remembered. */
  get size(): number {
    return this.#users.size;
  }

  /** Counts a call. Zero when it may be made, else after how many milliseconds one may. */
  take(orgId: string, userId: string): number {
    const nowMs = this.#clock.monotonic();
    // A user id holds no slash, so the key is unambiguous.
    const key = `${userId}/${orgId}`;
    const bucket =
      this.#users.get(key)?.bucket ?? new TokenBucket(this.#burst, this.#perSecond, nowMs);
    const isTaken = bucket.take(1, nowMs);
    this.#users.delete(key);
    this.#users.set(key, { bucket, fullAt: nowMs + (this.#burst * 1_000) / this.#perSecond });
    return isTaken ? 0 : Math.ceil(1_000 / this.#perSecond);
  }

  /** Forgets the users whose rate is whole again. */
  purge(nowMs: number): void {
    for (const [key, { fullAt }] of this.#users) {
      if (fullAt > nowMs) return;
      this.#users.delete(key);
    }
  }
}
