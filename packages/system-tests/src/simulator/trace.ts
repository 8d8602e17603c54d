import { createHash } from 'node:crypto';

/** Takes down what happens. */
export interface Notes {
  add(who: string, what: string): void;
}

/** The history of one run. Two runs with the same history have the same digest. */
export class Trace implements Notes {
  readonly lines: string[] = [];
  readonly #elapsedMs: () => number;

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  add(who: string, what: string): void {
    this.lines.push(`${this.#elapsedMs().toFixed(3).padStart(11)} ${who.padEnd(8)} ${what}`);
  }

  /** The first 16 hex digits of SHA-256 over all lines. */
  digest(): string {
    const hash = createHash('sha256');
    for (const line of this.lines) hash.update(line).update('\n');
    return hash.digest('hex').slice(0, 16);
  }
}
