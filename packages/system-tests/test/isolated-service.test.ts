/* The example of an isolated service as its visitors meet it. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startExample } from '@ringfence/example-isolated-service';
import type { RunningExample } from '@ringfence/example-isolated-service';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext, launchChromium, pageFaults } from '../src/browser/chromium.ts';
import { accessibilityViolations, overflowing } from '../src/browser/page-checks.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(browserPath('chromium') === undefined)('the page of an isolated service', () => {
  let browser: Browser;
  let example: RunningExample;
  beforeAll(async () => {
    const execArgv = ['--conditions=@ringfence/source'];
    [browser, example] = await Promise.all([
      launchChromium(),
      startExample({
        isolation: { execArgv, maxRestarts: 1, restartDelayMs: 500, heartbeatTimeoutMs: 10_000 },
      }),
    ]);
  });
  afterAll(() => Promise.all([browser?.close(), example?.[Symbol.asyncDispose]()]));

  const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
  const press = (page: Page, name: string) => page.getByRole('button', { name }).click();

  test('it calls, is broken, goes on, comes back, gives up, and starts again', async () => {
    const context = await callContext(browser);
    const page = await context.newPage();
    await page.goto(example.url);
    await says(page, 'Calls are available');
    await press(page, 'Call a customer');
    await says(page, 'It rings.');
    expect(await accessibilityViolations(page)).toEqual([]);

    await press(page, 'Crash it');
    await says(page, /Calls are unavailable/);
    await says(page, /failed: child_exited\. Restart 1/);
    expect(await accessibilityViolations(page)).toEqual([]);
    await says(page, 'Calls are available');
    await press(page, 'End the call');
    await says(page, 'The call is over.');

    await press(page, 'Crash it');
    await says(page, 'It is not restarted any more.');
    await press(page, 'Start it again');
    await says(page, 'Calls are available');
    // The shop was not touched by any of it.
    expect(await page.locator('#missed').textContent()).toBe('0');
    expect(Number(await page.locator('#answers').textContent())).toBeGreaterThan(2);
    expect(pageFaults(context)).toEqual([]);
    await context.close();
  });

  test.each([
    ['Hang it', /failed: child_hung/],
    // Collecting garbage at the limit takes so long that the heartbeat may be first.
    ['Starve it', /failed: child_(?:exited|hung)/],
  ] as const)('%s: another page goes on answering all the time', async (way, failed) => {
    const execArgv = ['--conditions=@ringfence/source'];
    const isolation = { execArgv, restartDelayMs: 2_000, heartbeatTimeoutMs: 3_000 };
    await using own = await startExample({ isolation });
    const context = await callContext(browser);
    const [page, other] = [await context.newPage(), await context.newPage()];
    await page.goto(own.url);
    await other.goto(own.url);
    const count = async (id: string) => Number(await other.locator(id).textContent());
    await says(page, 'Calls are available');
    // It shows that somebody looks after the worker before it is broken.
    await expect.poll(() => page.locator('#round-trip').textContent()).toMatch(/ ms$/);

    // A page in the background asks once a second at most.
    const answersAgain = async () => {
      const seen = await count('#answers');
      await other.waitForFunction(
        (known) => Number(document.querySelector('#answers')!.textContent) > known,
        seen,
      );
    };
    await press(page, way);
    await answersAgain();
    await says(page, failed);
    await answersAgain();
    await says(page, 'Calls are available');
    expect(await page.locator('#restarts').textContent()).toBe('1');
    expect(await count('#missed')).toBe(0);
    // The page with the button went on as well.
    expect(await page.locator('#missed').textContent()).toBe('0');
    expect(pageFaults(context)).toEqual([]);
    await context.close();
  });

  test.each([
    { width: 390, height: 844, colorScheme: 'dark' as const },
    { width: 1_280, height: 800, colorScheme: 'light' as const },
  ])('it fits and can be read: $width px, $colorScheme', async ({ width, height, colorScheme }) => {
    const context = await callContext(browser, { viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(example.url);
    await says(page, 'Kettle');
    expect(await overflowing(page)).toEqual([]);
    expect(await accessibilityViolations(page)).toEqual([]);
    await context.close();
  });
});
