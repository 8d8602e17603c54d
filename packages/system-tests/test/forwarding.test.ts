/* Settings of a user: calls forwarded when busy or not answered, and do not disturb. */
import { describe, expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { addressOf, connectCall, untilAllHear } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';

const audio = { audio: true, video: false };

describe.skipIf(browserPath('chromium') === undefined)('forwarding and do not disturb', () => {
  const shared = onStage({ page: 'bare', config: { ringMs: 2_000 } });

  test('nobody answers: the call rings on at the other, and they talk', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    const forwardOnNoAnswer = `user:${carol.userId}` as const;
    expect(await bob.updateSettings({ forwardOnNoAnswer })).toBeNull();
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await carol.until({ state: 'ringing', via: 'forward', peer: alice.userId });
    expect((await bob.until({ state: 'ended' })).end).toMatchObject({ reason: 'unanswered' });
    await carol.accept(audio);
    await Promise.all([alice.until({ state: 'active' }), carol.until({ state: 'active' })]);
    await untilAllHear([alice, carol]);
  });

  test('no device is there: the call rings at the other at once', async () => {
    const [alice, carol] = await shared.users('alice', 'carol');
    const bob = await shared.user('bob');
    await bob.updateSettings({ forwardOnNoAnswer: `user:${carol.userId}` });
    await bob[Symbol.asyncDispose]();
    await alice.dial(bob.userId);
    await carol.until({ state: 'ringing', via: 'forward' });
  });

  test('busy: the call goes to the other', async () => {
    const [alice, carol, dave] = await shared.users('alice', 'carol', 'dave');
    const bob = await shared.user('bob', { phone: { callWaiting: false } });
    await bob.updateSettings({ forwardOnBusy: `user:${carol.userId}` });
    await connectCall(dave, bob);
    await alice.dial(bob.userId);
    await carol.until({ state: 'ringing', via: 'forward', peer: alice.userId });
    await carol.accept(audio);
    await untilAllHear([alice, carol]);
    await untilAllHear([bob, dave]);
  });

  test('do not disturb: nothing rings, the caller hears busy; switched off, it rings', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await bob.updateSettings({ doNotDisturb: true });
    await alice.dial(bob.userId);
    expect((await alice.until({ state: 'ended' })).end).toMatchObject({ reason: 'busy' });
    expect(await bob.snapshot()).toBeNull();
    await bob.updateSettings({ doNotDisturb: false });
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
  });

  test("the settings are those of all the user's devices", async () => {
    const [bob, tablet] = await Promise.all([shared.user('bob'), shared.user('bob')]);
    await bob.updateSettings({ doNotDisturb: true });
    await tablet.page.evaluate((settings) => bare.untilSettings(settings), {
      doNotDisturb: true,
      forwardOnBusy: null,
      forwardOnNoAnswer: null,
    });
  });

  test('calls cannot be forwarded to oneself', async () => {
    const bob = await shared.user('bob');
    expect(
      await bob.updateSettings({ forwardOnBusy: addressOf(bob.userId) as `user:${string}` }),
    ).toMatchObject({ code: 'cannot_dial_self' });
    await bob.page.evaluate((settings) => bare.untilSettings(settings), {
      doNotDisturb: false,
      forwardOnBusy: null,
      forwardOnNoAnswer: null,
    });
  });
});
