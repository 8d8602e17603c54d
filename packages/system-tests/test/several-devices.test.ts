/* Several devices of one user, and tabs that are one device or two. */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { browserPath } from '@ringfence/tooling/browsers';
import { onStage } from '../src/browser/on-stage.ts';

const audio = { audio: true, video: false };

describe.skipIf(browserPath('chromium') === undefined)('several devices', () => {
  const shared = onStage({ page: 'bare' });

  test('three devices ring; one answers, the others hear that it did', async () => {
    const alice = await shared.user('alice');
    const bobs = await Promise.all([shared.user('bob'), shared.user('bob'), shared.user('bob')]);
    const [first, second, third] = bobs;
    await alice.dial(first!.userId);
    await Promise.all(bobs.map((bob) => bob.until({ state: 'ringing' })));
    await second!.accept(audio);
    await Promise.all([alice.until({ state: 'active' }), second!.until({ state: 'active' })]);
    for (const bob of [first!, third!]) {
      expect((await bob.until({ state: 'ended' })).end).toMatchObject({
        reason: 'answered-elsewhere',
      });
    }
    await Promise.all([alice.untilHearing(1), second!.untilHearing(1)]);
  });

  test('two devices accept at once: one has the call, the other is told', async () => {
    const alice = await shared.user('alice');
    const bobs = await Promise.all([shared.user('bob'), shared.user('bob')]);
    await alice.dial(bobs[0].userId);
    await Promise.all(bobs.map((bob) => bob.until({ state: 'ringing' })));
    await Promise.all(bobs.map((bob) => bob.accept(audio)));
    await alice.until({ state: 'active' });
    const states = await Promise.all(
      bobs.map(async (bob) => {
        const isIn = await Promise.race([
          bob.until({ state: 'active' }).then(() => true),
          bob.until({ state: 'ended' }).then(() => false),
        ]);
        return isIn ? 'active' : (await bob.snapshot())?.end?.reason;
      }),
    );
    expect(new Set(states)).toEqual(new Set(['active', 'answered-elsewhere']));
    await alice.untilHearing(1);
  });

  test('one declines: the call is declined on all', async () => {
    const alice = await shared.user('alice');
    const bobs = await Promise.all([shared.user('bob'), shared.user('bob')]);
    await alice.dial(bobs[0].userId);
    await Promise.all(bobs.map((bob) => bob.until({ state: 'ringing' })));
    await bobs[0].tell('decline');
    expect((await alice.until({ state: 'ended' })).end).toMatchObject({ reason: 'declined' });
    expect((await bobs[1].until({ state: 'ended' })).end).toMatchObject({
      reason: 'declined-elsewhere',
    });
  });

  test('a tab keeps its device over a reload; a duplicated tab is a device of its own', async () => {
    const bob = await shared.user('bob', { phone: { claimsDevice: true } });
    const deviceOf = (page: Page) => page.evaluate(() => bare.deviceId);
    const open = (page: Page) =>
      page.evaluate((id) => bare.open(id, { claimsDevice: true }), bob.userId);
    const first = await deviceOf(bob.page);
    await bob.page.reload();
    await open(bob.page);
    expect(await deviceOf(bob.page)).toBe(first);

    // A window that a page opens starts with a copy of its session storage, as a duplicated tab.
    const opened = bob.page.waitForEvent('popup');
    await bob.page.evaluate(() => void window.open(location.href));
    const copy = await opened;
    await copy.waitForFunction(() => 'bare' in globalThis);
    expect(await copy.evaluate(() => sessionStorage.getItem('ringfence.device-id'))).toBe(first);
    await open(copy);
    expect(await deviceOf(copy)).not.toBe(first);

    // Both ring: neither has pushed the other out.
    const alice = await shared.user('alice');
    await alice.dial(bob.userId);
    await Promise.all([
      bob.until({ state: 'ringing' }),
      copy.evaluate(() => bare.until({ state: 'ringing' })),
    ]);
    await copy.evaluate(() => bare.accept({ audio: true, video: false }));
    await alice.until({ state: 'active' });
    await bob.until({ state: 'ended' });
    await alice.untilHearing(1);
  });
});
