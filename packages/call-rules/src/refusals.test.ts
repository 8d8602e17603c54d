import { RingfenceError } from '@ringfence/base';
import { expect, test } from 'vitest';
import { refusalError, refusalTexts } from './refusals.ts';
import type { RefusalCode } from './refusals.ts';

test.each(Object.keys(refusalTexts) as RefusalCode[])('%s reads "unable to X; Y"', (code) => {
  const error = refusalError({ code });
  expect(error).toBeInstanceOf(RingfenceError);
  expect(error.message).toMatch(/^unable to .+; .+[^.]$/);
  expect(error.hint).toMatch(/^[A-Z].+\.$/);
  expect({ code: error.code, details: error.details, retryable: error.retryable }).toEqual({
    code,
    details: {},
    retryable: false,
  });
});

test('a loser reads who won, when, and why it lost (P-807)', () => {
  const error = refusalError({
    code: 'answered_elsewhere',
    lostReason: 'answered-elsewhere',
    byUserId: 'bob',
    at: 1_700_000_003_000,
  });
  expect(error.details).toEqual({
    lostReason: 'answered-elsewhere',
    byUserId: 'bob',
    at: 1_700_000_003_000,
  });
});
