/* The quickstart page as its users meet it: by mouse, by keyboard, small and large, light and dark. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BrowserContextOptions } from 'playwright-core';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext } from '../src/browser/chromium.ts';
import { contextFor, look, lookAllOver, looks } from '../src/browser/looks.ts';
import { QuickstartUser, talkOnPages } from '../src/browser/quickstart-user.ts';
import { openStage } from '../src/browser/stage.ts';
import { startTcpProxy } from '../src/browser/tcp-proxy.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(browserPath('chromium') === undefined)('the quickstart page', () => {
  let stage: Stage;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage({ page: 'quickstart', config: { graceMs: 6_000 } });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const open = (name: string, options?: BrowserContextOptions, url = stage.url) =>
    QuickstartUser.signIn(stage.browser, url, name, options);
  /** Two people that no other test knows. */
  const pair = async (
    options?: BrowserContextOptions,
  ): Promise<[QuickstartUser, QuickstartUser]> => {
    // Long enough for a header of 390 px to be tried.
    const letter = String.fromCharCode(65 + count++);
    return Promise.all([open(`Alice Maria ${letter}`, options), open(`Bob ${letter}`, options)]);
  };

  test('dial, accept, talk with sound and picture, hang up, read the summary', async () => {
    const [alice, bob] = await pair();
    await talkOnPages(alice, bob, 'Video call');
    const grows = (user: QuickstartUser) =>
      user.untilGrowing('audioEnergyReceived', 'framesDecoded');
    await Promise.all([grows(alice), grows(bob)]);
    // What flows is what is seen.
    for (const { page } of [alice, bob]) {
      const remote = page.getByLabel(/^Picture of/);
      await remote.waitFor({ state: 'visible' });
      expect(await remote.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(
        0,
      );
      await page.getByLabel('Your own picture').waitFor({ state: 'visible' });
    }
    // Quality is measured each second.
    const tile = alice.page.locator('.tile', { hasText: 'Round trip' }).getByText(/ ms$/);
    await tile.waitFor();

    await bob.button('Mute').click();
    await alice.untilText(`${bob.name} is muted`);
    await bob.button('Unmute').click();
    await alice.button('Hold').click();
    await bob.untilText(`${alice.name} put you on hold`);
    await alice.button('Resume').click();
    await bob.page.getByText(`${alice.name} put you on hold`).first().waitFor({ state: 'hidden' });

    await alice.button('Hang up').click();
    await alice.untilHeading('Call ended');
    await alice.untilText('You hung up.');
    await bob.untilText(`${alice.name} hung up.`);
    await bob.page.getByText('Talked').waitFor();
    await bob.button('Done').click();
    await bob.page.getByText('Calls of this tab').waitFor();
  });

  test('the camera goes on in an audio call', async () => {
    const [alice, bob] = await pair();
    await talkOnPages(alice, bob, 'Call');
    expect(await bob.page.getByLabel(/^Picture of/).isVisible()).toBe(false);
    await alice.button('Camera on').click();
    await bob.page.getByLabel(/^Picture of/).waitFor({ state: 'visible' });
    await bob.untilGrowing('framesDecoded');
    await alice.button('Camera off').click();
    await bob.page.getByLabel(/^Picture of/).waitFor({ state: 'hidden' });
  });

  test('each way a call may end is said in words, with what to do', async () => {
    const [alice, bob] = await pair();

    await alice.dial(bob.name, 'Call');
    await bob.untilHeading(`${alice.name} is calling`);
    await bob.button('Decline').click();
    await alice.untilText(`${bob.name} declined the call.`);
    await bob.untilText('You declined the call.');
    await Promise.all([alice.button('Done').click(), bob.button('Done').click()]);

    await alice.dial(bob.name, 'Call');
    await bob.untilHeading(`${alice.name} is calling`);
    await alice.button('Cancel').click();
    await alice.untilText('You hung up before it was answered.');
    await bob.untilText(`${alice.name} hung up before you answered.`);
    await Promise.all([alice.button('Done').click(), bob.button('Done').click()]);

    await alice.dial('Nobody', 'Call');
    await alice.untilText('Nobody is not online.');
    await alice.button('Done').click();

    await alice.dial(alice.name, 'Call');
    await alice.untilText('That name is your own. Choose someone else.');
  });

  test('a refused microphone and a missing server are told', async () => {
    const proxy = await startTcpProxy(stage.url);
    try {
      const zoe = await open('Zoe', { permissions: [], reducedMotion: 'reduce' }, proxy.url);
      await zoe.dial('Bob', 'Call');
      await zoe.untilHeading('No permission');
      await zoe.untilText('Your browser may not use the microphone.');
      expect(await lookAllOver(zoe, 'refused')).toEqual([]);
      await zoe.button('Done').click();
      proxy.cut();
      await zoe.page.getByText('The server does not answer.').waitFor();
      expect(await zoe.button('Call').isDisabled()).toBe(true);
      expect(await lookAllOver(zoe, 'offline')).toEqual([]);
      proxy.mend();
      await zoe.page.getByText('The server does not answer.').waitFor({ state: 'hidden' });
    } finally {
      await proxy.close();
    }
  });

  test('a camera that may not be used is told, and the call goes on', async () => {
    const alice = await open('Alice', { permissions: ['microphone'], reducedMotion: 'reduce' });
    const bob = await open('Bob');
    await talkOnPages(alice, bob, 'Call');
    await alice.button('Camera on').click();
    await alice.untilText('Your browser may not use the camera. The call goes on without.');
    expect(await lookAllOver(alice, 'no-camera')).toEqual([]);
    await alice.button('Camera on').waitFor();
    await bob.untilGrowing('audioEnergyReceived');
  });

  test("the other side's tab is killed: the page waits, then says what happened", async () => {
    const [alice, bob] = await pair({ reducedMotion: 'reduce' });
    await talkOnPages(alice, bob, 'Call');
    const crashed = bob.page.waitForEvent('crash');
    bob.page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    await alice.untilText('Reconnecting');
    await alice.untilText('The connection was lost. It is being restored.');
    expect(await lookAllOver(alice, 'reconnecting')).toEqual([]);
    await alice.untilHeading('Connection lost');
    await alice.untilText(`${bob.name} went offline and did not come back.`);
    expect(await lookAllOver(alice, 'lost')).toEqual([]);
  });

  test('who leaves the page hangs up', async () => {
    const [alice, bob] = await pair();
    await talkOnPages(alice, bob, 'Call');
    await bob.page.goto('about:blank');
    await alice.untilText(`${bob.name} hung up.`);
  });

  test('the keyboard alone suffices', async () => {
    const [alice, bob] = await pair();
    /** Presses Tab until a control has the focus; every stop on the way must be visible. */
    const tabTo = async ({ page }: QuickstartUser, name: string): Promise<void> => {
      for (let presses = 0; presses < 12; presses += 1) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => ({
          name: document.activeElement?.textContent ?? '',
          outline: getComputedStyle(document.activeElement!).outlineStyle,
        }));
        expect(focused.outline).not.toBe('none');
        if (focused.name === name) return;
      }
      throw new Error(`${name} is not reached by Tab`);
    };

    // The first field of each screen has the focus already.
    const kim = await (await callContext(stage.browser)).newPage();
    await kim.goto(stage.url);
    await kim.keyboard.type('Kim');
    await kim.keyboard.press('Enter');
    await kim.getByLabel('Name to call').waitFor();

    await alice.page.keyboard.type(bob.name);
    await alice.page.keyboard.press('Enter');
    await bob.untilHeading(`${alice.name} is calling`);
    // Enter, meant for the form that was here a moment ago, answers nothing.
    await bob.page.keyboard.press('Enter');
    expect(await bob.heading.textContent()).toBe(`${alice.name} is calling`);
    await tabTo(bob, 'Accept');
    await bob.page.keyboard.press('Enter');
    await Promise.all([alice.untilText('Talking'), bob.untilText('Talking')]);

    await tabTo(alice, 'Mute');
    await alice.page.keyboard.press('Space');
    await bob.untilText(`${alice.name} is muted`);
    await tabTo(alice, 'Hold');
    await alice.page.keyboard.press('Enter');
    await bob.untilText(`${alice.name} put you on hold`);
    // Escape ends no call in which two people talk.
    await alice.page.keyboard.press('Escape');
    expect(await alice.button('Resume').getAttribute('aria-pressed')).toBe('true');
    await tabTo(alice, 'Hang up');
    await alice.page.keyboard.press('Enter');
    await alice.untilHeading('Call ended');
    await bob.untilHeading('Call ended');
    await tabTo(alice, 'Done');
    await alice.page.keyboard.press('Enter');

    await alice.page.keyboard.type(bob.name);
    await alice.page.keyboard.press('Enter');
    await bob.untilHeading(`${alice.name} is calling`);
    // Escape acts once the screen has been there long enough to be read; it is pressed until it does.
    await expect
      .poll(async () => {
        await bob.page.keyboard.press('Escape');
        return bob.heading.textContent();
      })
      .not.toBe(`${alice.name} is calling`);
    await alice.untilText(`${bob.name} declined the call.`);
  });

  test('a screen reader hears every state', async () => {
    const [alice, bob] = await pair();
    const heard = ({ page }: QuickstartUser) => page.locator('[aria-live=polite]');
    await alice.dial(bob.name, 'Call');
    await heard(bob).getByText(`${alice.name} is calling`).waitFor({ state: 'attached' });
    await heard(alice).getByText(`Ringing for ${bob.name}`).waitFor({ state: 'attached' });
    await bob.button('Accept').click();
    await heard(alice).getByText(`You are talking to ${bob.name}`).waitFor({ state: 'attached' });
    await bob.button('Hang up').click();
    await heard(alice).getByText(`Call ended. ${bob.name} hung up.`).waitFor({ state: 'attached' });
  });

  test('nothing moves for those who asked for less motion', async () => {
    const [alice, bob] = await pair({ reducedMotion: 'reduce' });
    await alice.dial(bob.name, 'Call');
    await bob.untilHeading(`${alice.name} is calling`);
    const moving = () => document.getAnimations().length;
    expect(await alice.page.evaluate(moving)).toBe(0);
    expect(await bob.page.evaluate(moving)).toBe(0);
  });

  test.for(looks)('every screen at $width px, $scheme', async (each) => {
    const options = contextFor(each);
    const flaws: string[] = [];
    const see = async (user: QuickstartUser, screen: string): Promise<void> => {
      flaws.push(...(await look(user, screen, each)));
    };

    const [alice, bob] = await pair(options);
    await see(alice, 'home');
    await alice.dial(bob.name, 'Video call');
    await bob.untilHeading(`${alice.name} is calling`);
    await alice.untilText('Ringing');
    await Promise.all([see(alice, 'ringing'), see(bob, 'incoming')]);
    await bob.button('Accept, sound only').click();
    await Promise.all([alice.untilText('Talking'), bob.untilText('Talking')]);
    await bob.page.getByLabel(/^Picture of/).waitFor({ state: 'visible' });
    await bob.untilGrowing('framesDecoded');
    await alice.page.locator('.tile', { hasText: 'Round trip' }).getByText(/ ms$/).waitFor();
    await Promise.all([see(alice, 'audio'), see(bob, 'video-one-way')]);
    await bob.button('Camera on').click();
    await alice.untilGrowing('framesDecoded');
    await bob.button('Mute').click();
    await alice.untilText(`${bob.name} is muted`);
    await Promise.all([see(alice, 'video'), see(bob, 'muted')]);
    await alice.button('Hold').click();
    await bob.untilText(`${alice.name} put you on hold`);
    await Promise.all([see(alice, 'held-here'), see(bob, 'held-there')]);
    await alice.button('Hang up').click();
    await bob.untilHeading('Call ended');
    await see(alice, 'summary');
    await alice.button('Done').click();
    await see(alice, 'home-again');
    await alice.button('Settings').click();
    await see(alice, 'settings');
    await alice.button('Sign out').click();
    await alice.page.getByLabel('Your name').waitFor();
    await alice.sheet.waitFor({ state: 'hidden' });
    await see(alice, 'welcome');
    expect(flaws).toEqual([]);
  });
});
