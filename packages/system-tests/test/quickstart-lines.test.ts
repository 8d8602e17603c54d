/* Several calls, rooms and transfers on the quickstart page, as their users see and press them. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext } from '../src/browser/chromium.ts';
import { lookAllOver } from '../src/browser/looks.ts';
import { QuickstartUser, talkOnPages } from '../src/browser/quickstart-user.ts';
import { openStage } from '../src/browser/stage.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(browserPath('chromium') === undefined)('the lines of the quickstart', () => {
  let stage: Stage;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage({ page: 'quickstart' });
  });
  afterEach(async () => {
    count += 1;
    await stage.clear();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  /** Users whom no other test knows, for whom nothing moves. */
  const users = <Names extends readonly string[]>(...names: Names) =>
    Promise.all(names.map((name) => user(name))) as Promise<{
      [Index in keyof Names]: QuickstartUser;
    }>;
  const user = (name: string, options: BrowserContextOptions = {}) =>
    QuickstartUser.signIn(stage.browser, stage.url, `${name} ${String.fromCharCode(65 + count)}`, {
      reducedMotion: 'reduce',
      ...options,
    });
  const looksWell = async (who: QuickstartUser, screen: string): Promise<void> => {
    expect(await lookAllOver(who, screen)).toEqual([]);
    await who.page.setViewportSize({ width: 1280, height: 800 });
  };

  /** Passes the call on to a name, without asking first. */
  const passOn = async (who: QuickstartUser, to: QuickstartUser): Promise<void> => {
    await who.open('Transfer');
    await who.sheet.getByLabel('Pass on to').fill(to.name);
    await who.sheet.getByRole('button', { name: 'Transfer' }).click();
  };
  /** Calls a name on a second line, until they talk. */
  const callApart = async (who: QuickstartUser, to: QuickstartUser): Promise<void> => {
    await who.open('People');
    await who.sheet.getByLabel('Name to add').fill(to.name);
    await who.sheet.getByRole('button', { name: 'Call apart' }).click();
    await to.button('Accept').click();
    await who.untilHeading(`Call with ${to.name}`);
    await who.untilText('Talking');
  };

  test('a second call is shown over the first, taken, swapped and hung up', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(bob, alice, 'Call');
    await carol.dial(alice.name, 'Video call');
    await alice.banner(carol.name).getByText(`${carol.name} is calling`).waitFor();
    await alice.banner(carol.name).getByText(`${bob.name} goes on hold`).waitFor();
    await looksWell(alice, 'second-call');
    await alice.button(`Accept ${carol.name}`).click();
    await alice.untilHeading(`Call with ${carol.name}`);
    await alice.line(bob.name).getByText('On hold').waitFor();
    await bob.untilText(`${alice.name} put you on hold`);
    await Promise.all([carol.untilText('Talking'), alice.untilText('Talking')]);
    await looksWell(alice, 'two-lines');

    await alice.button(`Swap to ${bob.name}`).click();
    await alice.untilHeading(`Call with ${bob.name}`);
    await alice.line(carol.name).getByText('On hold').waitFor();
    await bob.untilGrowing('audioEnergyReceived');
    await carol.untilText(`${alice.name} put you on hold`);

    await alice.button(`Hang up ${carol.name}`).click();
    await carol.untilHeading('Call ended');
    await alice.line(carol.name).waitFor({ state: 'detached' });
    await alice.untilText('Talking');
  });

  test('a second caller is declined, another hangs up: both are told in a line', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(bob, alice, 'Call');
    await carol.dial(alice.name, 'Call');
    await alice.button(`Decline ${carol.name}`).click();
    await carol.untilText(`${alice.name} declined the call.`);
    await carol.button('Call again').click();
    await alice.banner(carol.name).waitFor();
    await carol.button('Cancel').click();
    await alice.untilText(`${carol.name}: ${carol.name} hung up before you answered.`);
    await alice.untilText('Talking');
  });

  test('passed on to a name: the one waits, the other answers, and they talk', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(bob, alice, 'Call');
    await passOn(alice, carol);
    await alice.untilHeading('Call goes on');
    await alice.untilText('The call goes on without this line.');
    await bob.untilText(`Waiting for ${carol.name}`);
    await looksWell(bob, 'waiting');
    await carol.untilHeading(`${bob.name} is calling`);
    await carol.untilText('Audio call · Passed on to you');
    await carol.button('Accept').click();
    await Promise.all([bob.untilText('Talking'), carol.untilText('Talking')]);
    await bob.untilHeading(`Call with ${carol.name}`);
    await Promise.all([bob.untilHearing(1), carol.untilHearing(1)]);
  });

  test('passed on and not taken: it rings here again, and goes on', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(bob, alice, 'Call');
    await passOn(alice, carol);
    await carol.button('Decline').click();
    await alice.untilHeading(`${bob.name} is back`);
    await looksWell(alice, 'returned');
    await alice.button('Accept').click();
    await Promise.all([alice.untilText('Talking'), bob.untilText('Talking')]);
    await Promise.all([alice.untilHearing(1), bob.untilHearing(1)]);
  });

  test('asked first, then connected', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(bob, alice, 'Call');
    await callApart(alice, carol);
    await alice.open('Transfer');
    await looksWell(alice, 'transfer');
    await alice.button(`Connect ${carol.name} with ${bob.name}`).click();
    await alice.untilHeading('Call goes on');
    await Promise.all([
      bob.untilHeading(`Call with ${carol.name}`),
      carol.untilHeading(`Call with ${bob.name}`),
    ]);
    await Promise.all([bob.untilHearing(1), carol.untilHearing(1)]);
  });

  test('two lines become a room; its people are muted, removed, and told', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await talkOnPages(alice, bob, 'Video call');
    await callApart(alice, carol);
    await alice.open('People');
    await alice.button(`Bring ${bob.name} in`).click();
    await alice.page.getByText(bob.name, { exact: true }).first().waitFor();
    await Promise.all([alice, bob, carol].map((each) => each.untilHearing(2)));
    await looksWell(alice, 'room-of-three');

    await alice.open('People');
    await looksWell(alice, 'people');
    await alice.button(`Ask ${bob.name} to mute`).click();
    await bob.untilText(`${alice.name} asked you to mute. You are muted.`);
    await alice.participant(bob.name).getByText('Muted').waitFor();
    await alice.button(`Remove ${carol.name}`).click();
    await carol.untilHeading('Removed from the call');
    await alice.participant(carol.name).waitFor({ state: 'detached' });
    // Bob is muted still, and hears.
    await bob.untilHearing(1);
  });

  test('a room of four; whom there is no room for is taken back with the reason', async () => {
    const [alice, bob, carol, dave] = await users('Alice', 'Bob', 'Carol', 'Dave');
    await user('Erin');
    await talkOnPages(alice, bob, 'Call');
    for (const invited of [carol, dave]) {
      await alice.invite(invited.name);
      await alice.close();
      await invited.untilHeading(`${alice.name} asks you to join`);
      await invited.button('Accept').click();
      await invited.untilText('Talking');
    }
    await Promise.all([alice, bob, carol, dave].map((each) => each.untilHearing(3)));
    await looksWell(alice, 'room-of-four');
    await alice.invite(`Erin ${alice.name.at(-1)}`);
    await alice.untilText('The call has no room for more. Wait until somebody leaves.');
    await alice.participant('Erin').waitFor({ state: 'detached' });
    await alice.close();
    await bob.button('Leave').click();
    await bob.untilHeading('Call ended');
    await alice.open('People');
    await alice.button('End for all').click();
    await Promise.all([alice, carol, dave].map((each) => each.untilHeading('Call ended')));
  });

  test('an invitation that fails says why, and is gone', async () => {
    const [alice, bob] = await users('Alice', 'Bob');
    await talkOnPages(alice, bob, 'Call');
    await alice.invite('Nobody');
    await alice.untilText('Nobody is not online. Try again later, or ask Nobody to sign in.');
    await alice.participant('Nobody').waitFor({ state: 'detached' });
  });

  test('the keypad sends tones, by mouse and by keyboard', async () => {
    const [alice, bob] = await users('Alice', 'Bob');
    await talkOnPages(alice, bob, 'Call');
    await alice.open('Keypad');
    await alice.sheet.getByRole('button', { name: '5' }).click();
    await alice.page.keyboard.press('7');
    await alice.sheet.getByRole('button', { name: 'Hash' }).click();
    await alice.sheet.getByLabel('Tones sent').getByText('57#').waitFor();
    await looksWell(alice, 'keypad');
    // Escape closes the panel and nothing else.
    await alice.page.keyboard.press('Escape');
    await alice.sheet.waitFor({ state: 'hidden' });
    await alice.untilText('Talking');
  });

  test('the keyboard alone swaps lines and passes a call on', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await alice.page.keyboard.press(key);
    };
    /** Presses Tab until something has the focus. */
    const tabTo = async (locator: Locator): Promise<void> => {
      for (let presses = 0; presses < 20; presses += 1) {
        await press('Tab');
        if (await locator.evaluate((each) => each === document.activeElement)) return;
      }
      throw new Error(`${String(locator)} is not reached by Tab`);
    };
    await talkOnPages(bob, alice, 'Call');
    await carol.dial(alice.name, 'Call');
    await alice.banner(carol.name).waitFor();
    await tabTo(alice.button(`Accept ${carol.name}`));
    await press('Enter');
    await alice.untilHeading(`Call with ${carol.name}`);
    await tabTo(alice.button(`Swap to ${bob.name}`));
    await press('Enter');
    await alice.untilHeading(`Call with ${bob.name}`);
    // The card is gone that had the focus: reading goes on at the call.
    await expect
      .poll(() => alice.heading.evaluate((each) => each === document.activeElement))
      .toBe(true);
    await tabTo(alice.button('Transfer'));
    await press('Enter');
    await tabTo(alice.sheet.getByLabel('Pass on to'));
    await alice.page.keyboard.type('Nobody');
    await press('Enter');
    await alice.untilText('Nobody is not online. Try again later, or ask Nobody to sign in.');
    await tabTo(alice.button('Transfer'));
    await press('Enter');
    await tabTo(alice.button(`Connect ${bob.name} with ${carol.name}`));
    await press('Space');
    await alice.untilHeading('Call goes on');
    await Promise.all([bob.untilHearing(1), carol.untilHearing(1)]);
  });

  test('a microphone and a speaker are chosen in the call', async () => {
    const [alice, bob] = await users('Alice', 'Bob');
    await talkOnPages(alice, bob, 'Call');
    await alice.open('Devices');
    await looksWell(alice, 'devices');
    await alice.sheet.getByLabel('Microphone').selectOption({ label: 'Fake Audio Input 2' });
    await expect
      .poll(() =>
        alice.page.evaluate(() =>
          ringfenceProbe.connections.flatMap((connection) =>
            connection.getSenders().map(({ track }) => track?.label),
          ),
        ),
      )
      .toContain('Fake Audio Input 2');
    await bob.untilGrowing('audioEnergyReceived');
    const output = alice.sheet.getByLabel('Speaker of this call alone');
    await output.selectOption({ label: 'Fake Audio Output 2' });
    const outputs = () =>
      alice.page.evaluate(() => ringfenceProbe.players().map(({ sinkId }) => sinkId));
    await expect.poll(outputs).toEqual([await output.inputValue()]);
  });

  test('do not disturb and forwarding are set, said, and refused in words', async () => {
    const [alice, bob, carol] = await users('Alice', 'Bob', 'Carol');
    await bob.open('Settings');
    await bob.sheet.getByLabel('When busy, send calls to').fill(bob.name);
    await bob.sheet.getByRole('button', { name: 'Save' }).click();
    await bob.sheet.getByText('That name is your own.').waitFor();
    await bob.sheet.getByLabel('Do not disturb').check();
    await bob.sheet.getByRole('button', { name: 'Save' }).click();
    await bob.sheet.getByText('Saved.').waitFor();
    await bob.close();
    await bob.untilText('Do not disturb is on: no call rings here.');
    await looksWell(bob, 'do-not-disturb');
    await alice.dial(bob.name, 'Call');
    await alice.untilHeading('Busy');
    await alice.button('Done').click();

    await bob.open('Settings');
    await bob.sheet.getByLabel('When busy, send calls to').fill(carol.name);
    await bob.sheet.getByRole('button', { name: 'Save' }).click();
    await bob.sheet.getByText('Saved.').waitFor();
    await alice.dial(bob.name, 'Call');
    await carol.untilHeading(`${alice.name} is calling`);
    await carol.untilText('Audio call · Forwarded to you');
  });

  test('the page speaks German from the first word, or when it is asked to', async () => {
    const [alice, bob] = await users('Alice', 'Bob');
    await talkOnPages(alice, bob, 'Call');
    await alice.open('Settings');
    await alice.button('Deutsch').click();
    await alice.untilHeading(`Gespräch mit ${bob.name}`);
    expect(await alice.page.locator('html').getAttribute('lang')).toBe('de');
    await alice.untilGrowing('audioEnergyReceived');
    await looksWell(alice, 'german');
    await bob.button('Hang up').click();
    await alice.untilText(`${bob.name} hat aufgelegt.`);
    await looksWell(alice, 'german-summary');

    const page = await (await callContext(stage.browser, { locale: 'de-AT' })).newPage();
    await page.goto(stage.url);
    await page.getByLabel('Ihr Name').waitFor();
  });

  test('a page that nobody touched says that it is silent, until it is touched', async () => {
    const alice = await user('Alice');
    // What a test looks for in a page counts as a gesture there: nothing is, before it rings.
    const page = await (await callContext(stage.browser)).newPage();
    const isOnline = new Promise((resolve) => {
      page.on('websocket', (socket) => socket.on('framereceived', resolve));
    });
    await page.goto(`${stage.url}/?name=Zoe`);
    await isOnline;
    await alice.dial('Zoe', 'Call');
    await alice.untilText('Ringing');
    const notice = page.getByText('Your browser keeps this page silent');
    await notice.waitFor();
    await page.getByRole('button', { name: 'Turn the sound on' }).click();
    await notice.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await alice.untilText('Talking');
  });
});
