import { numberOption } from '@ringfence/base';
import type { Fault } from '@ringfence/base';
import type { TripStrategy } from './strategies.ts';
import { wholeOption } from './whole-option.ts';

/** When a breaker opens, how long it stays open, and what closes it again. */
export interface BreakerOptions {
  /** Failures in a row, of any counted type, that open it. Default 5; 1 to 1,000,000. */
  readonly failureThreshold?: number;
  /** For single types: failures of that type in a row that open it. Default: none of their own. */
  readonly typeThresholds?: Readonly<Record<string, number>>;
  /** How long it refuses before it lets probes through, milliseconds. Default 30,000; 1 to a day. */
  readonly openMs?: number;
  /** How many probes run at once while half-open. Default 3; 1 to 63. */
  readonly probeLimit?: number;
  /** Probes that must succeed to close it. Default 3; 1 to 1,000. */
  readonly successThreshold?: number;
  /**
   * How long one operation may take, milliseconds. Default 10,000; 0 for no limit, up to a day. A
   * probe without a limit keeps others out for `openMs` at most.
   */
  readonly timeoutMs?: number;
  /**
   * How long after closing it takes until every call is let through again; the share grows evenly
   * from none to all. Default 0: all at once; up to an hour.
   */
  readonly rampMs?: number;
  /**
   * The type a failure is counted under; null for one that shows that the dependency works, as a
   * refused argument: it counts as a success. Default: the error's `code`, else its `name`, else
   * `unknown`; null where `fault` says that the caller, the peer or a device has to act. When it
   * throws itself or gives something else, the type is `unclassified`.
   */
  readonly classify?: (thrown: unknown) => string | null;
  /** Makes what decides when failures open it, in place of `failureThreshold`. */
  readonly strategy?: () => TripStrategy;
}

/** {@link BreakerOptions} with every default filled in. One policy serves any number of breakers. */
export interface BreakerPolicy {
  readonly failureThreshold: number;
  readonly typeThresholds: ReadonlyMap<string, number>;
  readonly openMs: number;
  readonly probeLimit: number;
  readonly successThreshold: number;
  readonly timeoutMs: number;
  readonly rampMs: number;
  readonly classify: (thrown: unknown) => string | null;
  readonly strategy: (() => TripStrategy) | undefined;
}

export const dayMs = 86_400_000;

/** Whose errors say that the dependency works, or nothing of it. */
const others: ReadonlySet<unknown> = /* @__PURE__ */ new Set<Fault>(['caller', 'peer', 'device']);

function codeOrName(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null) return 'unknown';
  const { code, fault, name } = thrown as Readonly<Record<string, unknown>>;
  if (others.has(fault)) return null;
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}

/**
 * Fills in the defaults of {@link BreakerOptions} and checks the ranges. Make one policy and give
 * it to all breakers that follow it: each then weighs less.
 *
 * @throws {RingfenceError} `invalid_option`, which names the field and the value received.
 */
export function breakerPolicy(options: BreakerOptions = {}): BreakerPolicy {
  const typeThresholds = new Map<string, number>();
  for (const [type, threshold] of Object.entries(options.typeThresholds ?? {})) {
    typeThresholds.set(type, wholeOption(`typeThresholds.${type}`, threshold, 1, 1_000_000));
  }
  return {
    failureThreshold: wholeOption('failureThreshold', options.failureThreshold ?? 5, 1, 1_000_000),
    typeThresholds,
    openMs: numberOption('openMs', options.openMs ?? 30_000, 1, dayMs),
    probeLimit: wholeOption('probeLimit', options.probeLimit ?? 3, 1, 63),
    successThreshold: wholeOption('successThreshold', options.successThreshold ?? 3, 1, 1_000),
    timeoutMs: numberOption('timeoutMs', options.timeoutMs ?? 10_000, 0, dayMs),
    rampMs: numberOption('rampMs', options.rampMs ?? 0, 0, 3_600_000),
    classify: options.classify ?? codeOrName,
    strategy: options.strategy,
  };
}

/** Whether these are options with everything filled in. */
export function isPolicy(policy: BreakerOptions | BreakerPolicy): policy is BreakerPolicy {
  return policy.typeThresholds instanceof Map;
}
