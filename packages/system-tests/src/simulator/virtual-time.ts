import type { Clock, Random, TimerHandle } from '@ringfence/base';

interface Timer {
  readonly atMs: number;
  /** Orders timers of different parties that fall due together. */
  readonly tie: number;
  readonly order: number;
  readonly party: Party;
  readonly callback: () => void;
  cleared: boolean;
}

/** One process of the simulated world: a tab, or the server. */
interface Party {
  readonly name: string;
  readonly salt: number;
  readonly wallOffsetMs: number;
  pending: number;
  stopped: boolean;
}

/** What a party sees of time. */
export interface PartyClock extends Clock {
  readonly party: string;
}

const START_MS = 1_700_000_000_000;

/** Mixes a due time with a party's salt: the same pair gives the same number. */
function mix(atMs: number, salt: number): number {
  let mixed = (Math.imul(Math.floor(atMs * 1_000) | 0, 0x9e3779b1) ^ salt) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

const before = (a: Timer, b: Timer): boolean => {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.party !== b.party && a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
};

/**
 * The time of a simulated world. It moves only from one timer to the next, and each party has a
 * clock of its own on it, whose wall time is off by as much as the seed says.
 *
 * Timers of one party fire in the order of their due time and their making, as in any process.
 * When timers of several parties fall due together, the seed decides whose come first.
 */
export class VirtualTime {
  #elapsedMs = 0;
  #order = 0;
  readonly #heap: Timer[] = [];
  readonly #parties: Party[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the world began. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Adds a party. Its wall clock stands `wallOffsetMs` off the world's. */
  clock(name: string, wallOffsetMs = 0): PartyClock {
    const party: Party = {
      name,
      salt: this.#random.uint32(),
      wallOffsetMs,
      pending: 0,
      stopped: false,
    };
    this.#parties.push(party);
    return {
      party: name,
      now: () => START_MS + party.wallOffsetMs + this.#elapsedMs,
      monotonic: () => this.#elapsedMs,
      setTimeout: (callback, delayMs) => this.#set(party, callback, delayMs),
      clearTimeout: (handle) => this.#clear(handle),
    };
  }

  /** Ends a party as a killed process ends: none of its timers fires any more. */
  stop(name: string): void {
    for (const party of this.#parties) {
      if (party.name === name) party.stopped = true;
    }
  }

  /** How many timers wait, by party. Parties without one, and stopped ones, are left out. */
  pending(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#parties
        .filter((party) => party.pending > 0 && !party.stopped)
        .map((party) => [party.name, party.pending]),
    );
  }

  /** When the next timer is due; undefined when none waits. */
  get nextDueMs(): number | undefined {
    while (this.#heap.length > 0 && this.#idle(this.#heap[0]!)) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** Moves to the next timer and runs it. False when none waits. */
  runNext(): boolean {
    if (this.nextDueMs === undefined) return false;
    const timer = this.#pop();
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs);
    timer.cleared = true;
    timer.party.pending -= 1;
    timer.callback();
    return true;
  }

  #idle(timer: Timer): boolean {
    return timer.cleared || timer.party.stopped;
  }

  #set(party: Party, callback: () => void, delayMs: number): TimerHandle {
    const atMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: Timer = {
      atMs,
      tie: mix(atMs, party.salt),
      order: ++this.#order,
      party,
      callback,
      cleared: false,
    };
    party.pending += 1;
    this.#push(timer);
    return timer;
  }

  #clear(handle: TimerHandle): void {
    const timer = handle as Timer | undefined | null;
    if (timer === undefined || timer === null || timer.cleared) return;
    timer.cleared = true;
    timer.party.pending -= 1;
  }

  /* A binary heap: the least timer is at the top. */

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

/*
 * Taken at load, before ambient-guard.ts watches it: the one thing of the real event loop that the
 * simulator uses.
 */
const nextTurn = globalThis.setImmediate;

/** Lets every promise that is ready settle, whatever the length of its chain. */
export function settle(): Promise<void> {
  return new Promise((resolve) => nextTurn(resolve));
}
