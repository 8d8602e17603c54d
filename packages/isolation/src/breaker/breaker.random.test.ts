import fc from 'fast-check';
import { test } from 'vitest';
import { checkBreaker } from '../testing/index.ts';

const options = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 6 }),
  typeThresholds: fc.constantFrom({}, { timeout: 1 }, { broken: 2, refused: 3 }),
  openMs: fc.constantFrom(1, 60, 400),
  probeLimit: fc.integer({ min: 1, max: 4 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  timeoutMs: fc.constantFrom(0, 40, 300),
  rampMs: fc.constantFrom(0, 200),
});
const steps = fc.array(fc.tuple(fc.nat(99), fc.nat(999)), {
  minLength: 20,
  maxLength: 100,
  size: 'max',
});

test('does what its model does, whatever is done to it', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(options, steps, (given, done) => {
      const difference = checkBreaker(given, done);
      if (difference !== undefined) throw new Error(JSON.stringify(difference));
    }),
    { numRuns: 3_000 },
  );
});
