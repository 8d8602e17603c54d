import { randomFraction, randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';

/** Chooses among items, each as likely. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[randomInteger(random, items.length)]!;
}

/** Chooses among items, each as likely as its weight says. */
export function pickWeighted<Item>(
  random: Random,
  items: readonly (readonly [weight: number, item: Item])[],
): Item {
  let draw = randomFraction(random) * items.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of items) {
    draw -= weight;
    if (draw < 0) return item;
  }
  return items.at(-1)![1];
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return randomFraction(random) < probability;
}

/** A delay with the given mean, exponential: mostly short, at times long. */
export function waitMs(random: Random, meanMs: number): number {
  return -Math.log(1 - randomFraction(random)) * meanMs;
}
