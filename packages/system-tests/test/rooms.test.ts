/* Rooms of up to four, every two with a connection of their own: coming, going, and who may what. */
import { describe, expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { addressOf, connectCall, joinCall, untilAllHear } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';

const video = { audio: true, video: true };

describe.skipIf(browserPath('chromium') === undefined)('rooms', () => {
  const shared = onStage({ page: 'bare' });

  /** Alice, who dialed, Bob, and Carol, whom Alice invited. */
  const three = async (): Promise<readonly [BareUser, BareUser, BareUser]> => {
    const users = await shared.users('alice', 'bob', 'carol');
    const [alice, bob, carol] = users;
    await connectCall(alice, bob);
    await joinCall(alice, carol, [alice, bob]);
    return users;
  };

  test('a third and a fourth are invited and all hear each other; a fifth is refused', async () => {
    const [alice, bob, carol] = await three();
    const [dave, erin] = await shared.users('dave', 'erin');
    await joinCall(bob, dave, [alice, bob, carol]);
    expect(await alice.ask({ ask: 'invite', to: addressOf(erin.userId) })).toMatchObject({
      code: 'call_full',
    });
    expect(await alice.snapshot()).toMatchObject({
      people: [`${bob.userId} active`, `${carol.userId} active`, `${dave.userId} active`],
    });
    expect(await erin.snapshot()).toBeNull();
    await untilAllHear([alice, bob, carol, dave]);
  });

  test('in a video call of three everybody sees everybody', async () => {
    const users = await shared.users('alice', 'bob', 'carol');
    const [alice, bob, carol] = users;
    await connectCall(alice, bob, video);
    await alice.ask({ ask: 'invite', to: addressOf(carol.userId) });
    await carol.until({ state: 'ringing' });
    await carol.accept(video);
    await Promise.all(users.map(({ page }) => page.evaluate(() => ringfenceProbe.untilSeeing(2))));
  });

  test('the invited declines: who invited is told, the call goes on', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(alice, bob);
    await alice.ask({ ask: 'invite', to: addressOf(carol.userId) });
    await carol.until({ state: 'ringing' });
    await alice.until({ people: [`${bob.userId} active`, `${carol.userId} ringing`] });
    await carol.tell('decline');
    await alice.until({ people: [`${bob.userId} active`, `${carol.userId} left declined`] });
    await untilAllHear([alice, bob]);
  });

  test('who is not there or in the call already is refused, with the reason', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob);
    const invite = (to: string) => alice.ask({ ask: 'invite', to: addressOf(to) });
    expect(await invite('nobody')).toMatchObject({
      code: 'callee_unavailable',
      details: { endReason: 'unreachable' },
    });
    expect(await invite(bob.userId)).toMatchObject({ code: 'already_there' });
    expect(await invite(alice.userId)).toMatchObject({ code: 'cannot_dial_self' });
    expect(await alice.ask({ ask: 'invite', to: 'bob' })).toMatchObject({
      code: 'invalid_address',
    });
    await untilAllHear([alice, bob]);
  });

  test('one leaves, two go on; then one more, and the call is over', async () => {
    const [alice, bob, carol] = await three();
    await bob.tell('hangUp');
    expect((await bob.until({ state: 'ended' })).end).toMatchObject({ reason: 'completed' });
    await Promise.all([
      alice.until({ people: [`${carol.userId} active`] }),
      carol.until({ people: [`${alice.userId} active`] }),
    ]);
    await untilAllHear([alice, carol]);
    await carol.tell('hangUp');
    expect((await alice.until({ state: 'ended' })).end).toMatchObject({ reason: 'completed' });
  });

  test('the moderator leaves: who joined first becomes it', async () => {
    const [alice, bob, carol] = await three();
    expect(await bob.snapshot()).toMatchObject({ role: 'member' });
    await alice.tell('hangUp');
    await bob.until({ role: 'moderator', people: [`${carol.userId} active`] });
    await untilAllHear([bob, carol]);
  });

  test('the moderator removes one; a member may not', async () => {
    const [alice, bob, carol] = await three();
    expect(await bob.ask({ ask: 'remove', participant: carol.userId })).toMatchObject({
      code: 'not_permitted',
    });
    expect(await alice.ask({ ask: 'remove', participant: carol.userId })).toBeNull();
    expect((await carol.until({ state: 'ended' })).end).toMatchObject({
      reason: 'terminated',
      by: 'remote',
    });
    await untilAllHear([alice, bob]);
    expect((await carol.sample()).connections).toBe(0);
  });

  test('the moderator asks for silence: the phone mutes itself, and its user may speak again', async () => {
    const [alice, bob, carol] = await three();
    expect(await alice.ask({ ask: 'requestMute', participant: bob.userId })).toBeNull();
    await bob.until({ muted: true, muteAskedBy: alice.userId });
    await Promise.all([
      alice.until({ people: [`${bob.userId} active muted`, `${carol.userId} active`] }),
      carol.until({ people: [`${alice.userId} active`, `${bob.userId} active muted`] }),
    ]);
    // Of two connections one brings sound.
    await carol.page.evaluate(() => ringfenceProbe.untilHearing(2, 1));
    await bob.tell('unmute');
    await untilAllHear([alice, bob, carol]);
    expect(await bob.ask({ ask: 'requestMute', participant: alice.userId })).toMatchObject({
      code: 'not_permitted',
    });
  });

  test('a guest may talk and leave, and nothing else', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(alice, bob);
    await joinCall(alice, carol, [alice, bob], 'guest');
    expect(await carol.snapshot()).toMatchObject({ role: 'guest' });
    for (const asked of [
      { ask: 'invite', to: addressOf(shared.idOf('dave')) },
      { ask: 'transfer', to: addressOf(shared.idOf('dave')) },
      { ask: 'remove', participant: bob.userId },
    ] as const) {
      expect(await carol.ask(asked)).toMatchObject({ code: 'not_permitted' });
    }
    await untilAllHear([alice, bob, carol]);
  });

  test('the moderator ends the call for all', async () => {
    const [alice, bob, carol] = await three();
    await alice.endForAll();
    const ends = await Promise.all([bob, carol].map((user) => user.until({ state: 'ended' })));
    for (const { end } of ends) expect(end).toMatchObject({ by: 'remote' });
    for (const user of [alice, bob, carol]) {
      expect((await user.sample()).connections).toBe(0);
    }
  });

  test('a tab of three is killed: it is told, and the other two go on', async () => {
    const [alice, bob, carol] = await three();
    const crashed = carol.page.waitForEvent('crash');
    carol.page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    await alice.until({ people: [`${bob.userId} active`, `${carol.userId} reconnecting`] });
    expect(await alice.snapshot()).toMatchObject({ state: 'active' });
    await Promise.all([alice, bob].map((user) => user.untilGrowing('audioEnergyReceived')));
  });
});
