/** How many names are told apart; the rest counts as `other`. */
const most = 32;
/** Longer ones count as `other`. */
const longest = 128;

/** Counts by name. Bounded, as names may come from outside. */
export class NameCounts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const isKept = this.#counts.size < most && name.length <= longest;
    const key = isKept || this.#counts.has(name) ? name : 'other';
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  read(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
