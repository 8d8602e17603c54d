import { expect, test } from 'vitest';
import { CircuitBreaker } from './breaker.ts';
import { breakerPolicy } from './policy.ts';
import type { BreakerOptions } from './policy.ts';

test('a policy has the defaults filled in', () => {
  expect(breakerPolicy()).toEqual({
    failureThreshold: 5,
    typeThresholds: new Map(),
    openMs: 30_000,
    probeLimit: 3,
    successThreshold: 3,
    timeoutMs: 10_000,
    rampMs: 0,
    classify: expect.any(Function),
    strategy: undefined,
  });
});

test.for<[field: string, options: BreakerOptions]>([
  ['failureThreshold', { failureThreshold: 0 }],
  ['failureThreshold', { failureThreshold: 2.5 }],
  ['failureThreshold', { failureThreshold: 1_000_001 }],
  ['typeThresholds.timeout', { typeThresholds: { timeout: 0 } }],
  ['openMs', { openMs: 0 }],
  ['openMs', { openMs: Infinity }],
  ['probeLimit', { probeLimit: 64 }],
  ['successThreshold', { successThreshold: 1_001 }],
  ['timeoutMs', { timeoutMs: -1 }],
  ['timeoutMs', { timeoutMs: NaN }],
  ['rampMs', { rampMs: 3_600_001 }],
])('an option %s out of range is refused by name', ([field, options]) => {
  const error = expect.objectContaining({ code: 'invalid_option', details: { field } });
  expect(() => breakerPolicy(options)).toThrow(error);
  expect(() => new CircuitBreaker('turn', options)).toThrow(error);
});

test('what only looks like a policy is taken as options', () => {
  const typeThresholds = new Map([['timeout', 1]]);
  const error = expect.objectContaining({
    code: 'invalid_option',
    details: { field: 'typeThresholds' },
  });
  const pretended = { typeThresholds } as unknown as BreakerOptions;
  expect(() => new CircuitBreaker('turn', pretended)).toThrow(error);
  expect(() => new CircuitBreaker('turn', { ...breakerPolicy(), openMs: 0 })).toThrow(error);
  const policy = breakerPolicy();
  expect(new CircuitBreaker('turn', policy).policy).toBe(policy);
});

test('a failure is counted under its code, else its name', () => {
  const { classify } = breakerPolicy();
  const thrown = [
    { code: 'busy', name: 'A' },
    new TypeError('no'),
    'text',
    null,
    undefined,
    {},
    { code: 7 },
  ];
  const types = ['busy', 'TypeError', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'];
  expect(thrown.map(classify)).toEqual(types);
});
