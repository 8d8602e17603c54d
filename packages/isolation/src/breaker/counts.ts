import type { BreakerSnapshot } from './snapshot.ts';
import type { BreakerStatistics } from './statistics.ts';

/** The counts of one failure type. */
interface TypeCount {
  readonly type: string;
  failures: number;
  opens: number;
  /** Those in the row that goes on now. */
  current: number;
}

/** How many types are told apart; the rest counts as {@link otherType}. */
const mostTypes = 32;
const otherType = 'other';
/** Longer ones count as {@link otherType}: they are kept, and may come from a dependency. */
const longestType = 128;
/** How many entries that failed are remembered, the newest. */
const mostTokens = 32;

/** What a breaker counts, and which of its entries failed. */
export class BreakerCounts {
  successes = 0;
  failures = 0;
  refusals = 0;
  opens = 0;
  closes = 0;
  timeouts = 0;
  /** Requests of a breaker that was imported, less the tokens given out until then. */
  otherRequests = 0;
  /** Made at the first failure, as most breakers never see one; and of one length, as many see one. */
  #types: TypeCount[] | undefined;
  /** A ring. */
  #tokens: number[] | undefined;

  /** Whether this entry was told to have failed. Knows of the newest 32. */
  hasFailed(token: number): boolean {
    return this.#tokens !== undefined && this.#tokens.includes(token);
  }

  /** Counts a failure, whenever its entry began. */
  failed(token: number, type: string, named: ReadonlyMap<string, number>): void {
    if (this.#tokens === undefined) this.#tokens = [token];
    else this.#tokens[this.failures % mostTokens] = token;
    this.failures += 1;
    this.#of(type, named).failures += 1;
  }

  /** A counted failure is one of the row. Returns how many of its type are in it. */
  addToRow(type: string): number {
    return (this.#of(type).current += 1);
  }

  opened(type: string): void {
    this.opens += 1;
    this.#of(type).opens += 1;
  }

  /** Nothing fails in a row any more. */
  restart(): void {
    if (this.#types !== undefined) for (const count of this.#types) count.current = 0;
  }

  read(tokens: number): Omit<BreakerStatistics, 'name' | 'state'> {
    return {
      totalRequests: tokens + this.otherRequests,
      successfulRequests: this.successes,
      failedRequests: this.failures,
      refusedRequests: this.refusals,
      circuitOpens: this.opens,
      circuitCloses: this.closes,
      timeouts: this.timeouts,
      errorTypeCounts: this.#read('failures'),
      errorTypeTriggeredOpens: this.#read('opens'),
      currentErrorTypeFailures: this.#read('current'),
    };
  }

  /** Takes over what {@link read} gave elsewhere. */
  load({ statistics }: BreakerSnapshot, tokens: number, named: ReadonlyMap<string, number>): void {
    this.otherRequests = statistics.totalRequests - tokens;
    this.successes = statistics.successfulRequests;
    this.failures = statistics.failedRequests;
    this.refusals = statistics.refusedRequests;
    this.opens = statistics.circuitOpens;
    this.closes = statistics.circuitCloses;
    this.timeouts = statistics.timeouts;
    this.#types = [];
    const { errorTypeCounts, errorTypeTriggeredOpens, currentErrorTypeFailures } = statistics;
    const fields = {
      failures: errorTypeCounts,
      opens: errorTypeTriggeredOpens,
      current: currentErrorTypeFailures,
    };
    for (const field of ['failures', 'opens', 'current'] as const) {
      for (const [type, count] of Object.entries(fields[field])) {
        this.#of(type, named)[field] += count;
      }
    }
  }

  #read(field: 'failures' | 'opens' | 'current'): Record<string, number> {
    const read: [string, number][] = [];
    for (const count of this.#types ?? []) {
      if (count[field] > 0) read.push([count.type, count[field]]);
    }
    return Object.fromEntries(read);
  }

  /** Types in `named` have counts of their own in any case. */
  #of(type: string, named?: ReadonlyMap<string, number>): TypeCount {
    const known = this.#types?.find((count) => count.type === type);
    if (known !== undefined) return known;
    const isFull = this.#types !== undefined && this.#types.length >= mostTypes;
    if ((isFull || type.length > longestType) && type !== otherType && !named?.has(type))
      return this.#of(otherType);
    const count = { type, failures: 0, opens: 0, current: 0 };
    if (this.#types === undefined) this.#types = [count];
    else this.#types.push(count);
    return count;
  }
}
