import type { BrowserContext, Page } from 'playwright-core';
import { installProbe } from './probe.ts';

/** How fast one call of the quickstart page was. */
export interface MeasuredCall {
  /** From `dial()` until the caller's page says that it rings. */
  readonly dialToRingingMs: number;
  /** From `accept()` until both pages have decoded frames and heard sound. */
  readonly acceptToMediaMs: number;
}

declare global {
  /** When a button with these words was last pressed, and when a word first stood on the page. */
  var ringfenceStopwatch: {
    readonly pressed: Record<string, number>;
    readonly shown: Record<string, number>;
  };
}

/** Runs in the page before its scripts. Presses are seen before the page's own listeners act. */
function installStopwatch(): void {
  const now = () => performance.timeOrigin + performance.now();
  const pressed: Record<string, number> = {};
  const shown: Record<string, number> = {};
  globalThis.ringfenceStopwatch = { pressed, shown };
  document.addEventListener(
    'click',
    ({ target }) => {
      const button = (target as Element).closest('button');
      if (button !== null) pressed[button.textContent ?? ''] = now();
    },
    true,
  );
  new MutationObserver(() => {
    const word = document.querySelector('.call-state')?.firstElementChild?.textContent;
    if (word) shown[word] ??= now();
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

async function signIn(context: BrowserContext, url: string, name: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Online', { exact: true }).waitFor();
  return page;
}

/** Makes a context ready for {@link measureCall}. */
export async function prepareMeasuring(context: BrowserContext): Promise<void> {
  await context.addInitScript(installProbe);
  await context.addInitScript(installStopwatch);
}

/**
 * One video call between two fresh tabs, dialed, answered and hung up by the page's own buttons.
 *
 * @throws when a step does not come within Playwright's timeout.
 */
export async function measureCall(
  context: BrowserContext,
  url: string,
  tag: string,
): Promise<MeasuredCall> {
  const [caller, callee] = await Promise.all([
    signIn(context, url, `Alice ${tag}`),
    signIn(context, url, `Bob ${tag}`),
  ]);
  await caller.getByLabel('Name to call').fill(`Bob ${tag}`);
  await caller.getByRole('button', { name: 'Video call', exact: true }).click();
  await callee.getByRole('button', { name: 'Accept with video' }).click();
  const mediaAt = await Promise.all(
    [caller, callee].map((page) => page.evaluate(() => ringfenceProbe.untilMedia({ video: true }))),
  );
  const dialedAt = await caller.evaluate(() => ringfenceStopwatch.pressed['Video call']!);
  const ringingAt = await caller.evaluate(() => ringfenceStopwatch.shown['Ringing']!);
  const acceptedAt = await callee.evaluate(() => ringfenceStopwatch.pressed['Accept with video']!);
  await caller.getByRole('button', { name: 'Hang up' }).click();
  await callee.getByText('Call ended').first().waitFor();
  await Promise.all([caller.close(), callee.close()]);
  return {
    dialToRingingMs: Math.round(ringingAt - dialedAt),
    acceptToMediaMs: Math.round(Math.max(...mediaAt) - acceptedAt),
  };
}
