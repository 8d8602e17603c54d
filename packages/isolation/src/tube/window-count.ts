/** The window moves in steps of one minute. */
const stepMs = 60_000;
const steps = 60;

/** How often something happened in the last hour, to the minute. */
export class WindowCount {
  readonly #counts = new Float64Array(steps);
  #newest = -Infinity;

  /** `nowMs` is monotonic. */
  add(nowMs: number): void {
    this.#counts[this.#moveTo(nowMs)]! += 1;
  }

  /** In the last hour, the minute under way included. */
  inHour(nowMs: number): number {
    return this.inMinutes(steps, nowMs);
  }

  /** In the last so many minutes, 1 to 60, the one under way included. */
  inMinutes(minutes: number, nowMs: number): number {
    const newest = this.#moveTo(nowMs);
    let sum = 0;
    for (let back = 0; back < minutes; back += 1) {
      sum += this.#counts[(newest - back + steps) % steps]!;
    }
    return sum;
  }

  /** Forgets what is too old. Returns where the present is counted. */
  #moveTo(nowMs: number): number {
    const index = Math.floor(nowMs / stepMs);
    const fresh = Math.min(steps, index - this.#newest);
    for (let back = 0; back < fresh; back += 1) this.#counts[(index - back + steps) % steps] = 0;
    this.#newest = Math.max(this.#newest, index);
    return index % steps;
  }
}
