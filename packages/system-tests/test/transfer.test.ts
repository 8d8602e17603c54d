/* A call is passed on: blind, attended, half way, merged; and back when nobody takes it. */
import { describe, expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { addressOf, connectCall, untilAllHear } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';

const audio = { audio: true, video: false };

describe.skipIf(browserPath('chromium') === undefined)('transfer', () => {
  const shared = onStage({ page: 'bare', config: { ringMs: 3_000 } });

  /** Bob called Alice; Alice passes him on. */
  const talking = async (): Promise<readonly [BareUser, BareUser, BareUser]> => {
    const users = await shared.users('alice', 'bob', 'carol');
    const [alice, bob] = users;
    await connectCall(bob, alice);
    return users;
  };
  /** Alice talks to Carol on a second line, Bob is held. */
  const consulting = async (): Promise<readonly [BareUser, BareUser, BareUser]> => {
    const users = await talking();
    const [alice, , carol] = users;
    await connectCall(alice, carol);
    return users;
  };
  const passOn = async (alice: BareUser, carol: BareUser): Promise<void> => {
    expect(await alice.ask({ ask: 'transfer', to: addressOf(carol.userId) })).toBeNull();
  };
  const isGone = async (user: BareUser, who?: string): Promise<void> => {
    expect((await user.until({ state: 'ended' }, who)).end).toMatchObject({
      reason: 'transferred',
    });
  };

  test('blind: the other rings, answers, and the two talk', async () => {
    const [alice, bob, carol] = await talking();
    const before = await bob.snapshot();
    await passOn(alice, carol);
    await isGone(alice);
    await bob.until({ state: 'ringing', people: [`${carol.userId} ringing`] });
    await carol.until({ state: 'ringing', via: 'transfer', peer: bob.userId });
    await carol.accept(audio);
    await Promise.all([bob.until({ state: 'active' }), carol.until({ state: 'active' })]);
    await untilAllHear([bob, carol]);
    // For Bob it is the same call all along.
    expect(await bob.snapshot()).toMatchObject({ id: before!.id, peer: carol.userId });
    expect((await alice.sample()).connections).toBe(0);
  });

  for (const [how, refuse] of [
    ['declines', (carol: BareUser) => carol.tell('decline')],
    ['does not answer', async () => {}],
  ] as const) {
    test(`blind, and the other ${how}: it rings again at who passed it on`, async () => {
      const [alice, bob, carol] = await talking();
      await passOn(alice, carol);
      await isGone(alice);
      await carol.until({ state: 'ringing' });
      await refuse(carol);
      await alice.until({ state: 'ringing', via: 'return', peer: bob.userId });
      await alice.accept(audio);
      await Promise.all([alice.until({ state: 'active' }), bob.until({ state: 'active' })]);
      await untilAllHear([alice, bob]);
    });
  }

  test('blind, and the other is not there: refused, and the call goes on as it was', async () => {
    const [alice, bob] = await talking();
    expect(await alice.ask({ ask: 'transfer', to: 'user:nobody' })).toMatchObject({
      code: 'callee_unavailable',
      details: { endReason: 'unreachable' },
    });
    expect(await alice.snapshot()).toMatchObject({ state: 'active', holding: 'none' });
    await untilAllHear([alice, bob]);
  });

  test('who waits after a transfer may hang up', async () => {
    const [alice, bob, carol] = await talking();
    await passOn(alice, carol);
    await carol.until({ state: 'ringing' });
    await bob.until({ state: 'ringing' });
    await bob.tell('hangUp');
    expect((await carol.until({ state: 'ended' })).end).toMatchObject({ reason: 'canceled' });
  });

  test('attended: the two held apart talk to each other, who connected them is out', async () => {
    const [alice, bob, carol] = await consulting();
    expect(await alice.ask({ ask: 'transfer', call: carol.userId }, bob.userId)).toBeNull();
    await Promise.all([isGone(alice, bob.userId), isGone(alice, carol.userId)]);
    const [atBob, atCarol] = await Promise.all([
      bob.until({ state: 'active', peer: carol.userId }),
      carol.until({ state: 'active', peer: bob.userId }),
    ]);
    expect(atBob.id).toBe(atCarol.id);
    await untilAllHear([bob, carol]);
    expect((await alice.sample()).connections).toBe(0);
    // To Carol it is still the one call she answered.
    expect(await carol.page.evaluate(() => bare.callCount)).toBe(1);
  });

  test('attended while the other still rings: who was held waits, and they talk once answered', async () => {
    const [alice, bob, carol] = await talking();
    await alice.dial(carol.userId);
    await carol.until({ state: 'ringing' });
    await alice.until({ state: 'ringing' }, carol.userId);
    expect(await alice.ask({ ask: 'transfer', call: carol.userId }, bob.userId)).toBeNull();
    await bob.until({ state: 'ringing' });
    await carol.until({ state: 'ringing', peer: bob.userId });
    await carol.accept(audio);
    await Promise.all([bob.until({ state: 'active' }), carol.until({ state: 'active' })]);
    await untilAllHear([bob, carol]);
  });

  test('merge: two lines become one call of three', async () => {
    const [alice, bob, carol] = await consulting();
    expect(await alice.ask({ ask: 'merge', call: carol.userId }, bob.userId)).toBeNull();
    await isGone(alice, carol.userId);
    await alice.until({ state: 'active', holding: 'none' }, bob.userId);
    await untilAllHear([alice, bob, carol]);
    expect(await carol.page.evaluate(() => bare.callCount)).toBe(1);
  });

  test('what makes no sense is refused: oneself, the same call, a call that is over', async () => {
    const [alice, bob, carol] = await consulting();
    const transfer = (asked: { to: string } | { call: string }) =>
      alice.ask({ ask: 'transfer', ...asked }, bob.userId);
    expect(await transfer({ to: addressOf(alice.userId) })).toMatchObject({
      code: 'cannot_dial_self',
    });
    expect(await transfer({ to: 'carol' })).toMatchObject({ code: 'invalid_address' });
    expect(await transfer({ call: bob.userId })).toMatchObject({ code: 'same_call' });
    await carol.tell('hangUp');
    await alice.until({ state: 'ended' }, carol.userId);
    expect(await transfer({ call: carol.userId })).toMatchObject({ code: 'call_ended' });
    expect(await alice.snapshot(bob.userId)).toMatchObject({ state: 'active' });
  });
});
