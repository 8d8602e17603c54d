/** A call that is let through to see whether the dependency recovered. */
interface Probe {
  readonly token: number;
  /** When its time is over; for one without a limit, when it stops taking up a place. */
  readonly dueMs: number;
  readonly isLimited: boolean;
}

/** How many are remembered: those without a limit may outlast their places. */
const mostProbes = 64;

/** The probes of one half-open spell. Made when it begins. */
export class Probes {
  #running: Probe[] = [];
  readonly #limit: number;
  /** How many succeeded. */
  succeeded = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(nowMs: number): boolean {
    const isPlaced = ({ isLimited, dueMs }: Probe): boolean => isLimited || dueMs > nowMs;
    return this.#running.filter(isPlaced).length < this.#limit;
  }

  /** A probe begins. `timeoutMs` 0: it has no limit, and keeps others out for `patienceMs`. */
  add(token: number, nowMs: number, timeoutMs: number, patienceMs: number): void {
    // What never comes to an end is no limit.
    const isLimited = timeoutMs > 0 && timeoutMs < Infinity;
    this.#running.push({ token, dueMs: nowMs + (isLimited ? timeoutMs : patienceMs), isLimited });
    if (this.#running.length <= mostProbes) return;
    // The first that takes up no place: there is one, as there are fewer places.
    const oldest = this.#running.findIndex((probe) => !probe.isLimited && probe.dueMs <= nowMs);
    this.#running.splice(oldest, 1);
  }

  /** A probe has an outcome. False when it is none of these, or had one before. */
  end(token: number): boolean {
    const before = this.#running.length;
    this.#running = this.#running.filter((probe) => probe.token !== token);
    return this.#running.length < before;
  }

  /** The one whose time was over first, if it is by now. */
  overdue(nowMs: number): Probe | undefined {
    let first: Probe | undefined;
    for (const probe of this.#running) {
      if (!probe.isLimited || probe.dueMs > nowMs) continue;
      if (first === undefined || probe.dueMs < first.dueMs) first = probe;
    }
    return first;
  }
}
