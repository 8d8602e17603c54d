import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';

/** An estimate with its 95 % interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** One thing that is measured again and again. Gives the cost of one round, in any unit. */
export type Contestant = () => number | Promise<number>;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('unable to take a median; there are no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The items in an order drawn from `random` (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const chosen = randomInteger(random, last + 1);
    [result[last], result[chosen]] = [result[chosen]!, result[last]!];
  }
  return result;
}

/**
 * Measures every contestant once a round, in a fresh random order each round, so that what drifts
 * on the machine falls on all alike. Round `n` of one belongs with round `n` of another.
 */
export async function interleave<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, Contestant>>,
  random: Random = seededRandom(1),
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of shuffled(names, random)) costs[name].push(await contestants[name]());
  }
  return costs;
}

/**
 * How many times `ours` costs what `theirs` does: the median of the rounds' ratios, with a 95 %
 * interval from 4,000 bootstrap resamples of the rounds (percentile method).
 */
export function ratio(ours: readonly number[], theirs: readonly number[]): Interval {
  return medianInterval(paired(ours, theirs).map(([our, their]) => our / their));
}

/** How much more `ours` costs than `theirs`, as {@link ratio} finds it. */
export function difference(ours: readonly number[], theirs: readonly number[]): Interval {
  return medianInterval(paired(ours, theirs).map(([our, their]) => our - their));
}

function paired(ours: readonly number[], theirs: readonly number[]): (readonly [number, number])[] {
  if (ours.length !== theirs.length) {
    throw new RangeError('unable to compare; the rounds of both sides differ in number');
  }
  return ours.map((cost, round) => [cost, theirs[round]!]);
}

function medianInterval(values: readonly number[]): Interval {
  const random = seededRandom(2);
  const medians = Array.from({ length: 4_000 }, () =>
    median(values.map(() => values[randomInteger(random, values.length)]!)),
  ).sort((a, b) => a - b);
  return {
    estimate: median(values),
    low: medians[Math.floor(medians.length * 0.025)]!,
    high: medians[Math.ceil(medians.length * 0.975) - 1]!,
  };
}

/**
 * How much each value is over the one before it: the median of the slopes between all pairs (Theil
 * and Sen). For what is to stay where it was and goes up and down, as memory does.
 */
export function slope(values: readonly number[]): number {
  return median(
    values.flatMap((later, at) =>
      values.slice(0, at).map((earlier, from) => (later - earlier) / (at - from)),
    ),
  );
}

/** A number with `digits` behind the point, as a number. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

/** `1.12x (1.08 to 1.17)`. */
export function formatRatio({ estimate, low, high }: Interval): string {
  return `${estimate.toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** The interval for a JSON line. */
export function roundedInterval({ estimate, low, high }: Interval): Interval {
  return { estimate: rounded(estimate), low: rounded(low), high: rounded(high) };
}
