/* Several calls of one user: hold and swap, who hears whom, and two who dial each other at once. */
import { describe, expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { addressOf, connectCall } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';

const audio = { audio: true, video: false };

describe.skipIf(browserPath('chromium') === undefined)('several calls', () => {
  const shared = onStage({ page: 'bare' });

  /** `one` and `other` talk: sound arrives at both. */
  const talk = (one: BareUser, other: BareUser) =>
    Promise.all([
      one.untilGrowing('audioBytesSent', 'audioEnergyReceived'),
      other.untilGrowing('audioBytesSent', 'audioEnergyReceived'),
    ]);
  const isSilent = (user: BareUser) => user.untilStill('audioBytesSent', 'audioBytesReceived');

  test('a second call that is accepted holds the first; swapping changes who is heard', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(bob, alice);
    await connectCall(carol, alice);
    await Promise.all([
      alice.until({ holding: 'local' }, bob.userId),
      bob.until({ holding: 'remote' }),
      carol.until({ holding: 'none' }),
    ]);
    await Promise.all([talk(alice, carol), isSilent(bob)]);

    expect(await alice.ask({ ask: 'swap' }, bob.userId)).toBeNull();
    await Promise.all([
      alice.until({ holding: 'none' }, bob.userId),
      alice.until({ holding: 'local' }, carol.userId),
      bob.until({ holding: 'none' }),
      carol.until({ holding: 'remote' }),
    ]);
    await Promise.all([talk(alice, bob), isSilent(carol)]);

    await alice.tell('hangUp', bob.userId);
    await bob.until({ state: 'ended' });
    expect(await alice.snapshot(carol.userId)).toMatchObject({
      state: 'active',
      holding: 'local',
    });
    await alice.tell('resume', carol.userId);
    await talk(alice, carol);
  });

  test('a call that is dialed holds the one that is on', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(alice, bob);
    await connectCall(alice, carol);
    await alice.until({ holding: 'local' }, bob.userId);
    await Promise.all([talk(alice, carol), isSilent(bob)]);
  });

  test('a call with nothing beside it cannot be swapped', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob);
    expect(await alice.ask({ ask: 'swap' })).toMatchObject({ code: 'no_other_call' });
  });

  test('without call waiting a second caller hears busy, and the call goes on', async () => {
    const [bob, carol] = await shared.users('bob', 'carol');
    const alice = await shared.user('alice', { phone: { callWaiting: false } });
    await connectCall(bob, alice);
    await carol.dial(alice.userId);
    expect((await carol.until({ state: 'ended' })).end).toMatchObject({ reason: 'busy' });
    await talk(alice, bob);
    expect(await alice.page.evaluate(() => bare.callCount)).toBe(1);
  });

  test('two who dial each other at the same moment talk in one call, and nobody rings', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    for (let round = 1; round <= 8; round += 1) {
      await Promise.all([alice.dial(bob.userId, audio), bob.dial(alice.userId, audio)]);
      const [atAlice, atBob] = await Promise.all([
        alice.until({ state: 'active' }),
        bob.until({ state: 'active' }),
      ]);
      expect(atAlice.id).toBe(atBob.id);
      expect([atAlice.direction, atBob.direction]).toEqual(['outgoing', 'outgoing']);
      await talk(alice, bob);
      // Neither phone ever announced a call: each knows its own dials alone.
      for (const user of [alice, bob]) {
        expect(await user.page.evaluate(() => bare.callCount)).toBe(round);
      }
      await alice.tell('hangUp');
      const end = { reason: 'completed', cause: null } as const;
      expect((await alice.until({ state: 'ended' })).end).toEqual({ ...end, by: 'local' });
      expect((await bob.until({ state: 'ended' })).end).toEqual({ ...end, by: 'remote' });
    }
  });

  test('a dial to whom rings here takes their call', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await alice.dial(bob.userId);
    const ringing = await bob.until({ state: 'ringing' });
    await bob.dial(alice.userId);
    const active = await bob.until({ state: 'active' });
    expect(active.id).toBe(ringing.id);
    await talk(alice, bob);
  });

  test('four calls at once ring, a fifth caller hears busy', async () => {
    const alice = await shared.user('alice');
    const callers = await shared.users('bob', 'carol', 'dave', 'erin');
    await Promise.all(callers.map((caller) => caller.dial(alice.userId)));
    await Promise.all(callers.map((caller) => caller.until({ state: 'ringing' })));
    const frank = await shared.user('frank');
    await frank.dial(addressOf(alice.userId));
    expect((await frank.until({ state: 'ended' })).end).toMatchObject({ reason: 'busy' });
    expect(await alice.page.evaluate(() => bare.callCount)).toBe(4);
  });
});
