import { numberOptions } from '@ringfence/base';
import type { Fault } from '@ringfence/base';
import { functionOption, recordOption } from '../legal-options.ts';
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

const ranges = {
  openMs: [30_000, 1, dayMs],
  timeoutMs: [10_000, 0, dayMs],
  rampMs: [0, 0, 3_600_000],
} as const;

/** Whose errors say that the dependency works, or nothing of it. */
const others: ReadonlySet<unknown> = /* @__PURE__ */ new Set<Fault>(['caller', 'peer', 'device']);

function codeOrName(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null) return 'unknown';
  const { code, fault, name } = thrown as Readonly<Record<string, unknown>>;
  if (others.has(fault)) return null;
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}

/** Those made here. What only looks like one may have no thresholds: a breaker that never opens. */
const policies = /* @__PURE__ */ new WeakSet<object>();

/**
 * Fills in the defaults of {@link BreakerOptions} and checks the ranges. Make one policy and give
 * it to all breakers that follow it: each then weighs less.
 *
 * @throws {RingfenceError} `invalid_option`, which names the field and the value received.
 */
export function breakerPolicy(options: BreakerOptions = {}): BreakerPolicy {
  return resolvePolicy(options, '');
}

/** {@link breakerPolicy} of options inside others: `path` goes before a field, as `breaker.`. */
export function resolvePolicy(options: BreakerOptions, path: string): BreakerPolicy {
  recordOption(path.slice(0, -1) || 'options', options);
  const { classify } = options;
  const strategy = options.strategy ?? undefined;
  const typeThresholds = new Map<string, number>();
  const own = recordOption(`${path}typeThresholds`, options.typeThresholds ?? {});
  for (const [type, threshold] of Object.entries(own)) {
    typeThresholds.set(type, wholeOption(`${path}typeThresholds.${type}`, threshold, 1, 1_000_000));
  }
  const whole = (
    field: 'failureThreshold' | 'probeLimit' | 'successThreshold',
    standard: number,
    most: number,
  ): number => wholeOption(path + field, options[field] ?? standard, 1, most);
  const policy: BreakerPolicy = {
    failureThreshold: whole('failureThreshold', 5, 1_000_000),
    typeThresholds,
    probeLimit: whole('probeLimit', 3, 63),
    successThreshold: whole('successThreshold', 3, 1_000),
    ...numberOptions(ranges, options, path),
    classify: functionOption(`${path}classify`, classify ?? codeOrName),
    strategy: strategy === undefined ? strategy : functionOption(`${path}strategy`, strategy),
  };
  policies.add(policy);
  return policy;
}

/** Whether {@link breakerPolicy} made it. */
export function isPolicy(policy: BreakerOptions | BreakerPolicy): policy is BreakerPolicy {
  return policies.has(policy);
}
