import type { Clock, TimerHandle } from '../clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move. Timers fire in the order of their due time,
 * then of their making, and `now()` reads their due time while they run.
 */
export class FakeClock implements Clock {
  /** Those that wait. A timer that is not here any more is skipped when the heap brings it up. */
  readonly #waiting = new Map<number, Timer>();
  /** A binary heap by due time and order. */
  readonly #heap: Timer[] = [];
  #elapsedMs = 0;
  #order = 0;
  #startMs: number;

  /** `startMs` is the wall clock at the start. Default 1,700,000,000,000 (November 2023). */
  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const order = ++this.#order;
    const timer = { atMs: this.#elapsedMs + (delayMs > 0 ? delayMs : 0), order, callback };
    this.#waiting.set(order, timer);
    this.#push(timer);
    return order;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#waiting.delete(handle as number);
  }

  /** How many timers wait. Zero says that nothing was leaked. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** When the next timer is due, on the monotonic scale; undefined when none waits. */
  get nextDueMs(): number | undefined {
    return this.#next()?.atMs;
  }

  /** Steps the wall clock alone, as a host's clock may do. */
  stepWallClock(byMs: number): void {
    this.#startMs += byMs;
  }

  /** Moves to the next timer and runs it. False when none waits. What it throws comes through. */
  runNext(): boolean {
    const timer = this.#next();
    if (timer === undefined) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs);
    this.#pop();
    this.#waiting.delete(timer.order);
    timer.callback();
    return true;
  }

  /** Moves time on and runs what falls due, without letting promises settle in between. */
  advance(byMs: number): void {
    const untilMs = this.#elapsedMs + byMs;
    while ((this.#next()?.atMs ?? Infinity) <= untilMs) this.runNext();
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
  }

  /** Moves time on, and lets promises settle before the first timer and after each. */
  async advanceAsync(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await settle();
    while ((this.#next()?.atMs ?? Infinity) <= untilMs) {
      this.runNext();
      await settle();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
  }

  #next(): Timer | undefined {
    while (this.#heap.length > 0 && !this.#waiting.has(this.#heap[0]!.order)) this.#pop();
    return this.#heap[0];
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** What is used of a `MessageChannel`: its types differ between Node and the browser. */
interface Ports {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: null): void };
}

/**
 * Lets every promise that is ready settle, whatever the length of its chain, by waiting for one
 * turn of the event loop. No time passes on a {@link FakeClock}.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel() as unknown as Ports;
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
