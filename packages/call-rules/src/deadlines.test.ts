import { expect, test } from 'vitest';
import { resolveDeadlines } from './deadlines.ts';

test('the defaults', () => {
  expect(resolveDeadlines()).toEqual({
    ringMs: 45_000,
    forwardMs: 20_000,
    acknowledgeMs: 2_000,
    connectMs: 20_000,
    leaseMs: 10_000,
    graceMs: 30_000,
    maximumMs: 43_200_000,
  });
});

test('what is given stands', () => {
  expect(resolveDeadlines({ ringMs: 2_000, graceMs: 1_000 })).toMatchObject({
    ringMs: 2_000,
    graceMs: 1_000,
    connectMs: 20_000,
  });
});

test.each([
  ['ringMs', 999],
  ['ringMs', 300_001],
  ['forwardMs', 999],
  ['acknowledgeMs', 99],
  ['connectMs', Number.NaN],
  ['leaseMs', Infinity],
  ['graceMs', -1],
  ['maximumMs', 59_999],
] as const)('%s of %d is refused by name', (field, value) => {
  expect(() => resolveDeadlines({ [field]: value })).toThrow(
    expect.objectContaining({
      code: 'invalid_option',
      message: expect.stringContaining(`${field}; ${value} is not`) as string,
      details: { field },
    }),
  );
});
