/** What a breaker counted since it was made. Plain data. */
export interface BreakerStatistics {
  readonly name: string;
  readonly state: BreakerState;
  /** Operations that were let through. */
  readonly totalRequests: number;
  readonly successfulRequests: number;
  /** Those that failed with a counted type, timeouts included. */
  readonly failedRequests: number;
  /** Operations that were not let through. */
  readonly refusedRequests: number;
  /** How often it opened, by hand included. */
  readonly circuitOpens: number;
  readonly circuitCloses: number;
  readonly timeouts: number;
  /** Failures by type, since the beginning. 32 types are told apart, the rest is `other`. */
  readonly errorTypeCounts: Readonly<Record<string, number>>;
  /** How often each type opened the breaker. */
  readonly errorTypeTriggeredOpens: Readonly<Record<string, number>>;
  /** Failures in a row by type: a success starts them anew. */
  readonly currentErrorTypeFailures: Readonly<Record<string, number>>;
}

/**
 * `closed` lets everything through, `open` nothing, `half-open` a few probes. `isolated` is open by
 * hand, until a reset.
 *
 * ```text
 *            too many failures               openMs passed
 *   closed ────────────────────▶ open ◀───────────────────▶ half-open
 *     ▲                                   a probe failed        │
 *     └────────────────────── enough probes succeeded ──────────┘
 * ```
 */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';
