import { expect, test } from 'vitest';
import { refusalTexts } from '@ringfence/call-rules';
import { phoneError, texts } from './errors.ts';

const codes = Object.keys(texts) as (keyof typeof texts)[];

test('what the rules refuse too reads the same', () => {
  const shared = codes.filter((code) => code in refusalTexts);
  expect(shared).toHaveLength(6);
  for (const code of shared) {
    const { message, fault, retryable, hint } = phoneError(code);
    expect({ code, message, fault, retryable, hint }).toEqual({
      code,
      ...refusalTexts[code as keyof typeof refusalTexts],
    });
  }
});
