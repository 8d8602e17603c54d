import { numberOption } from '@ringfence/base';

/** The lengths of a call's deadlines, all in milliseconds. */
export interface Deadlines {
  /** How long a call rings. Default 45,000; 1,000 to 300,000. */
  readonly ringMs: number;
  /**
   * How long a call rings for a user whose unanswered calls are forwarded; at most `ringMs`. Default
   * 20,000; 1,000 to 300,000.
   */
  readonly forwardMs: number;
  /** How long a device may take to acknowledge its ring. Default 2,000; 100 to 30,000. */
  readonly acknowledgeMs: number;
  /** From the answer to media on both sides. Default 20,000; 1,000 to 120,000. */
  readonly connectMs: number;
  /** How long a silent device keeps its place while a call rings. Default 10,000; 1,000 to 60,000. */
  readonly leaseMs: number;
  /** How long an active call waits for a silent device. Default 30,000; 1,000 to 300,000. */
  readonly graceMs: number;
  /** The longest a call may last. Default 12 hours; 1 minute to 7 days. */
  readonly maximumMs: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Fills in the defaults of {@link Deadlines} and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option` for a value out of its range.
 */
export function resolveDeadlines(options: Partial<Deadlines> = {}): Deadlines {
  return {
    ringMs: numberOption('ringMs', options.ringMs ?? 45_000, 1_000, 300_000),
    forwardMs: numberOption('forwardMs', options.forwardMs ?? 20_000, 1_000, 300_000),
    acknowledgeMs: numberOption('acknowledgeMs', options.acknowledgeMs ?? 2_000, 100, 30_000),
    connectMs: numberOption('connectMs', options.connectMs ?? 20_000, 1_000, 120_000),
    leaseMs: numberOption('leaseMs', options.leaseMs ?? 10_000, 1_000, 60_000),
    graceMs: numberOption('graceMs', options.graceMs ?? 30_000, 1_000, 300_000),
    maximumMs: numberOption('maximumMs', options.maximumMs ?? day / 2, minute, 7 * day),
  };
}
