import { numberOptions, optionError } from '@ringfence/base';
import { isPolicy, resolvePolicy } from '../breaker/policy.ts';
import type { BreakerOptions, BreakerPolicy } from '../breaker/policy.ts';
import { recordOption } from '../legal-options.ts';

/** How tubes are fenced. Every field is optional. */
export interface TubeOptions {
  /** For every breaker of a tube. */
  readonly breaker?: BreakerOptions;
  /** For the breaker to one dependency, by its name: what differs from `breaker`. */
  readonly breakers?: Readonly<Record<string, BreakerOptions>>;
  /**
   * So many faults of its own code within `faultWindowMs` end a tube. Default 1,000; 0 for never,
   * up to 1,000,000.
   */
  readonly faultLimit?: number;
  /** Milliseconds. Default 10,000; 1 to an hour. */
  readonly faultWindowMs?: number;
  /**
   * How long a closing tube waits for the end of one resource before it ends the next, milliseconds.
   * Default 2,000; 1 to 600,000.
   */
  readonly endTimeoutMs?: number;
}

/** {@link TubeOptions} with every default filled in. One policy serves any number of tubes. */
export interface TubePolicy {
  readonly breaker: BreakerPolicy;
  readonly breakers: ReadonlyMap<string, BreakerPolicy>;
  readonly faultLimit: number;
  readonly faultWindowMs: number;
  readonly endTimeoutMs: number;
}

const ranges = {
  faultLimit: [1_000, 0, 1e6],
  faultWindowMs: [10_000, 1, 3_600_000],
  endTimeoutMs: [2_000, 1, 600_000],
} as const;

/**
 * Fills in the defaults of {@link TubeOptions} and checks the ranges. Make one policy and give it to
 * all tubes that follow it.
 *
 * @throws {RingfenceError} `invalid_option`, which names the field and the value received.
 */
export function tubePolicy(options: TubeOptions = {}): TubePolicy {
  return resolveTubePolicy(options, '');
}

/** {@link tubePolicy} of options inside others: `path` goes before a field, as `tube.`. */
export function resolveTubePolicy(options: TubeOptions, path: string): TubePolicy {
  recordOption(path.slice(0, -1) || 'options', options);
  const { breaker = {}, breakers = {} } = options;
  recordOption(`${path}breakers`, breakers);
  return {
    breaker: resolvePolicy(breaker, `${path}breaker.`),
    breakers: new Map(
      Object.entries(breakers).map(([dependency, own]) => {
        const field = `${path}breakers.${dependency}`;
        return [
          dependency,
          resolvePolicy({ ...breaker, ...recordOption(field, own) }, `${field}.`),
        ];
      }),
    ),
    ...numberOptions(ranges, options, path),
  };
}

/** Throws `invalid_option` for what {@link tubePolicy} has not made: options have no defaults. */
export function checkTubePolicy(policy: TubePolicy): void {
  if (isPolicy(policy?.breaker) && policy.breakers instanceof Map) return;
  throw optionError('policy', policy, 'what tubePolicy() gives');
}
