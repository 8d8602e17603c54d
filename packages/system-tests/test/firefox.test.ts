/* Firefox and Chromium in one call. */
import { expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { launchFirefox } from '../src/browser/firefox.ts';
import type { FirefoxPage } from '../src/browser/firefox.ts';
import { installProbe } from '../src/browser/probe.ts';
import { openStage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 90_000 });

const both = browserPath('firefox') !== undefined && browserPath('chromium') !== undefined;
const media = { audio: true, video: true };

/** The bare page in Firefox, driven as `BareUser` drives it in Chromium. */
async function signIn(page: FirefoxPage, url: string, userId: string): Promise<void> {
  await page.goto(url);
  await page.evaluate(`bare.open(${JSON.stringify(userId)})`);
}
const until = (page: FirefoxPage, wanted: object) =>
  page.evaluate<{ end: unknown }>(`bare.until(${JSON.stringify(wanted)})`);
const mediaGrows = (page: FirefoxPage) =>
  page.evaluate(
    `(async () => ringfenceProbe.untilGrown(
      ['audioBytesSent', 'audioEnergyReceived', 'videoBytesSent', 'framesDecoded'],
      await ringfenceProbe.sample()))()`,
  );

test.skipIf(!both)(
  'Firefox dials Chromium, they talk, Firefox hangs up; then the other way',
  async () => {
    await using stage = await openStage({ page: 'bare' });
    await using firefox = await launchFirefox();
    const page = await firefox.open(installProbe.toString());
    await signIn(page, stage.url, 'fiona');
    const chris = await stage.user('chris');

    await page.evaluate(`bare.dial('user:chris', ${JSON.stringify(media)})`);
    await chris.until({ state: 'ringing' });
    await chris.accept(media);
    await Promise.all([until(page, { state: 'active' }), chris.until({ state: 'active' })]);
    await Promise.all([
      mediaGrows(page),
      chris.untilGrowing(
        'audioBytesSent',
        'audioEnergyReceived',
        'videoBytesSent',
        'framesDecoded',
      ),
    ]);
    await page.evaluate(`bare.tell('hangUp')`);
    expect((await chris.until({ state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'remote',
    });
    expect((await until(page, { state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'local',
    });

    await chris.dial('fiona', media);
    await until(page, { state: 'ringing' });
    await page.evaluate(`bare.accept(${JSON.stringify(media)})`);
    await Promise.all([until(page, { state: 'active' }), chris.until({ state: 'active' })]);
    await Promise.all([
      mediaGrows(page),
      chris.untilGrowing('audioEnergyReceived', 'framesDecoded'),
    ]);
    await chris.tell('hangUp');
    expect((await until(page, { state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'remote',
    });
  },
);
