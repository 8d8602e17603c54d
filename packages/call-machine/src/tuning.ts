import { numberOptions } from '@ringfence/base';
import type { NumberRange } from '@ringfence/base';

/**
 * How long a client waits before it goes on alone. The server's own deadlines come first; these
 * run out only when the server cannot be heard.
 */
export interface CallTuning {
  /** How long a dial may stay unanswered. Default 10,000; 1,000 to 120,000. */
  readonly dialMs: number;
  /** How far past a deadline of the server the client waits. Default 10,000; 1,000 to 120,000. */
  readonly backstopMs: number;
  /**
   * How long a call that lost its media and its server is kept. Default 60,000; 1,000 to
   * 3,600,000.
   */
  readonly lostMs: number;
  /**
   * How long a call that ended here waits for the server's word on how it ended. Default 2,000;
   * 0 to 60,000.
   */
  readonly settleMs: number;
}

const ranges: Readonly<Record<keyof CallTuning, NumberRange>> = {
  dialMs: [10_000, 1_000, 120_000],
  backstopMs: [10_000, 1_000, 120_000],
  lostMs: [60_000, 1_000, 3_600_000],
  settleMs: [2_000, 0, 60_000],
};

const defaults: CallTuning = /* @__PURE__ */ numberOptions(ranges, {});

/**
 * Fills in the defaults of {@link CallTuning} and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option` for a value out of its range.
 */
export function resolveCallTuning(options?: Partial<CallTuning>): CallTuning {
  // Calls without options share one object: ten thousand of them pay for it once.
  return options ? numberOptions(ranges, options) : defaults;
}
