import { expect, test } from 'vitest';
import { callTimeoutOf } from './isolated-worker.ts';

test('the last provider has its time when those before it took all of theirs', () => {
  const custom = (timeoutMs?: number) =>
    ({ kind: 'custom', name: 'a', ...(timeoutMs === undefined ? {} : { timeoutMs }) }) as const;
  expect(callTimeoutOf([custom()])).toBe(35_000);
  expect(callTimeoutOf([custom(), custom(), custom(60_000)])).toBe(85_000);
});
