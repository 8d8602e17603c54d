import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';

/** True `times` of `of` times. */
export function chance(random: Random, times: number, of: number): boolean {
  return randomInteger(random, of) < times;
}

/** Chooses among items, each as likely. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[randomInteger(random, items.length)]!;
}
