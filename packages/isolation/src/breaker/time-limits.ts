import type { Clock, TimerHandle } from '@ringfence/base';

/** Something that must be done by a time. Itself the node of a list, so that keeping it costs nothing. */
export interface TimeLimited {
  dueMs: number;
  previous: TimeLimited | null;
  next: TimeLimited | null;
  /** The time is over. */
  expired(): void;
}

/**
 * The longest a timer is set for. One that finds nothing to wait for is not set again; so this is
 * how long the last call keeps a process of Node from ending at most.
 */
const longestStepMs = 1_000;

const lines = new WeakMap<Clock, Map<number, Line>>();
/** The line that was asked for last, unless it is gone: most ask for the same. */
let latest: Line | undefined;

/**
 * Those that have equally long, in the order they began: the first one is due first. One timer
 * serves them all. It is not taken back when the last of them is done: where calls follow one
 * another it would be set and taken back for each.
 */
export class Line {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  #first: TimeLimited | null = null;
  #last: TimeLimited | null = null;
  #timer: TimerHandle | undefined;

  private constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** The line of those that have `lengthMs` on a clock. One for all breakers of a process. */
  static of(clock: Clock, lengthMs: number): Line {
    if (latest !== undefined && latest.#clock === clock && latest.#lengthMs === lengthMs) {
      return latest;
    }
    let byLength = lines.get(clock);
    if (byLength === undefined) lines.set(clock, (byLength = new Map()));
    let line = byLength.get(lengthMs);
    if (line === undefined) {
      byLength.set(lengthMs, (line = new Line(clock, lengthMs)));
      line.#arm(lengthMs);
    }
    latest = line;
    return line;
  }

  /** Takes the timers of a clock back that wait for nobody. For who ends, and leaves nothing. */
  static rest(clock: Clock): void {
    const byLength = lines.get(clock);
    if (byLength === undefined) return;
    for (const [lengthMs, line] of byLength) {
      if (line.#first !== null) continue;
      clock.clearTimeout(line.#timer);
      byLength.delete(lengthMs);
      if (latest === line) latest = undefined;
    }
  }

  add(limited: TimeLimited): void {
    limited.dueMs = this.#clock.monotonic() + this.#lengthMs;
    limited.previous = this.#last;
    if (this.#last === null) this.#first = limited;
    else this.#last.next = limited;
    this.#last = limited;
  }

  remove(limited: TimeLimited): void {
    const { previous, next } = limited;
    if (previous === null) {
      if (this.#first !== limited) return;
      this.#first = next;
    } else {
      previous.next = next;
    }
    if (next === null) this.#last = previous;
    else next.previous = previous;
    limited.previous = null;
    limited.next = null;
  }

  /** A line has a timer as long as it can be found. */
  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#fire(), Math.min(delayMs, longestStepMs));
  }

  #fire(): void {
    const now = this.#clock.monotonic();
    for (let first = this.#first; first !== null && first.dueMs <= now; first = this.#first) {
      this.remove(first);
      first.expired();
    }
    if (this.#first !== null) return this.#arm(this.#first.dueMs - now);
    lines.get(this.#clock)!.delete(this.#lengthMs);
    latest = undefined;
  }
}
