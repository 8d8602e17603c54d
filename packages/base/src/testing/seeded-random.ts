import type { Random } from '../random.ts';

/**
 * Chance that repeats: the same seed gives the same numbers (the mulberry32 generator, by Tommy
 * Ettinger, public domain). For tests and the simulator, never for ids that must not be guessed.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    uint32() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}
