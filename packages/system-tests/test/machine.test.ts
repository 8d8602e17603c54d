/* Tests that need a browser are skipped where there is none. CI says that none may be. */
import { expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';

const isSkippingAllowed = process.env['RINGFENCE_BROWSERS'] !== 'required';

test('every browser is there, where it is required', () => {
  const browsers = ['chromium', 'firefox'] as const;
  const missing = browsers.filter((browser) => browserPath(browser) === undefined);
  expect(isSkippingAllowed ? [] : missing).toEqual([]);
});
