import { checkBreaker } from '@ringfence/isolation/testing';
import fc from 'fast-check';

const options = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 6 }),
  typeThresholds: fc.constantFrom({}, { timeout: 1 }, { broken: 2, refused: 3 }),
  openMs: fc.constantFrom(1, 60, 400),
  probeLimit: fc.integer({ min: 1, max: 4 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  timeoutMs: fc.constantFrom(0, 40, 300),
  rampMs: fc.constantFrom(0, 200),
});
const sequence = fc.array(fc.tuple(fc.nat(99), fc.nat(999)), {
  minLength: 20,
  maxLength: 100,
  size: 'max',
});

/** What was found when the same was done to the breaker and to its model. */
export interface ModelCheck {
  readonly sequences: number;
  readonly steps: number;
  /** The first sequence that made a difference, shrunk; undefined when none did. */
  readonly difference: string | undefined;
}

/** Does `sequences` random sequences of steps, from `seed`, to breakers and to their model. */
export function checkSequences(sequences: number, seed: number): ModelCheck {
  let steps = 0;
  const found = fc.check(
    fc.property(options, sequence, (given, done) => {
      steps += done.length;
      return checkBreaker(given, done) === undefined;
    }),
    { numRuns: sequences, seed },
  );
  const { counterexample } = found;
  const difference =
    counterexample === null
      ? undefined
      : JSON.stringify({ counterexample, ...checkBreaker(...counterexample) });
  return { sequences: found.numRuns, steps, difference };
}
