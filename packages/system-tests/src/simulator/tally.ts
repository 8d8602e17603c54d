/** How often what happened, by name. */
export class Tally {
  readonly counts: Record<string, number> = {};

  add(name: string, times = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + times;
  }

  /** Takes in what another tally counted. */
  addAll(counts: Readonly<Record<string, number>>): void {
    for (const [name, times] of Object.entries(counts)) this.add(name, times);
  }

  /** By name. */
  sorted(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      Object.entries(this.counts).sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }
}
