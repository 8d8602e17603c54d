/* The promises of the media port, kept by the engine of a real browser. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { mediaConformance } from '@ringfence/media/testing';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext } from '../src/browser/chromium.ts';
import { openStage } from '../src/browser/stage.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

/** The names alone: the checks themselves run in the page. */
const names = mediaConformance(() => {
  throw new Error('not in this process');
}).map(({ name }) => name);

describe.skipIf(browserPath('chromium') === undefined)('the media engine in Chromium', () => {
  let stage: Stage;
  let page: Page;
  beforeAll(async () => {
    stage = await openStage({ page: 'media' });
    page = await (await callContext(stage.browser)).newPage();
    await page.goto(stage.url);
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test.for(names)('%s', async (name) => {
    expect(await page.evaluate((each) => runMediaCheck(each), name)).toBeNull();
  });
});
