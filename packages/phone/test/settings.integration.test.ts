import { describe, expect, test } from 'vitest';
import type { UserSettings } from '../src/index.ts';
import { codeOf, World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

async function people(...names: readonly string[]) {
  const world = new World();
  return [world, ...(await world.phones(...names))] as unknown as [World, ...TestPhone[]];
}

async function set(world: World, { phone }: TestPhone, change: Partial<UserSettings>) {
  await Promise.all([phone.updateSettings(change), world.pass(100)]);
}

describe('settings', () => {
  test('are known after the welcome, change on all devices, and outlive them', async () => {
    const [world, desk] = await people('bob');
    const tablet = await world.phone('bob', { deviceId: 'tablet' });
    const none = { doNotDisturb: false, forwardOnBusy: null, forwardOnNoAnswer: null };
    expect([desk!.phone.settings, tablet.phone.settings]).toEqual([none, none]);
    const heard: UserSettings[] = [];
    tablet.phone.on('settings.changed', (settings) => heard.push(settings));
    const changed = { ...none, forwardOnBusy: 'user:carol' } as const;
    const update = desk!.phone.updateSettings({ forwardOnBusy: 'user:carol' });
    await world.pass(100);
    expect([await update, desk!.phone.settings, tablet.phone.settings, heard]).toEqual([
      changed,
      changed,
      changed,
      [changed],
    ]);
    await desk!.phone.close();
    const next = await world.phone('bob', { deviceId: 'next' });
    expect(next.phone.settings).toEqual(changed);
    await world.expectClean();
  });

  test('that make no sense are refused, and all stays as it was', async () => {
    const [world, bob] = await people('bob');
    const states: string[] = [];
    bob!.phone.on('phone.changed', ({ state }) => states.push(state));
    const asked = [
      bob!.phone.updateSettings({ forwardOnBusy: `user:${'b'.repeat(100_000)}` }),
      bob!.phone.updateSettings({ forwardOnBusy: 'user:bob' }),
      bob!.phone.updateSettings({ forwardOnNoAnswer: 'nowhere' as never }),
      bob!.phone.updateSettings({ forwardOnNoAnswer: 'queue:support' }),
      bob!.phone.updateSettings({ doNotDisturb: 'yes' as never }),
      bob!.phone.updateSettings({ forwardOnBsy: 'user:alice' } as never),
      bob!.phone.updateSettings({ forwardOnBusy: 7 as never }),
    ];
    await world.pass(100);
    expect(await Promise.all(asked.map(codeOf))).toEqual([
      'invalid_address',
      'cannot_dial_self',
      'invalid_address',
      'address_unsupported',
      'invalid_request',
      'invalid_request',
      'invalid_request',
    ]);
    expect(bob!.phone.settings).toEqual({
      doNotDisturb: false,
      forwardOnBusy: null,
      forwardOnNoAnswer: null,
    });
    expect(states).toEqual([]);
    await bob!.phone.close();
    expect(await codeOf(bob!.phone.updateSettings({}))).toBe('phone_closed');
    await world.expectClean();
  });

  test('do not disturb: callers hear busy, and nothing rings', async () => {
    const [world, alice, bob] = await people('alice', 'bob');
    await set(world, bob!, { doNotDisturb: true });
    const call = await alice!.phone.dial('user:bob');
    await world.pass(100);
    expect([call.end?.reason, bob!.incoming]).toEqual(['busy', []]);
    // One's own calls go out as ever.
    const own = await bob!.phone.dial('user:alice');
    await world.pass(100);
    expect(own.state).toBe('ringing');
    own.hangUp();
    await world.expectClean();
  });

  test('forwarding on busy', async () => {
    const [world, alice, bob, carol] = await people('alice', 'bob', 'carol');
    await set(world, bob!, { doNotDisturb: true, forwardOnBusy: 'user:carol' });
    const call = await alice!.phone.dial('user:bob');
    await world.pass(100);
    const forwarded = carol!.incoming[0]!;
    expect([forwarded.via, forwarded.peer.userId, call.state, call.peer.userId]).toEqual([
      'forward',
      'alice',
      'ringing',
      'carol',
    ]);
    forwarded.accept();
    await world.pass(500);
    expect([call.state, forwarded.state]).toEqual(['active', 'active']);
    call.hangUp();
    await world.expectClean();
  });

  test('forwarding on no answer, and when no device is there', async () => {
    const [world, alice, bob, carol] = await people('alice', 'bob', 'carol');
    await set(world, bob!, { forwardOnNoAnswer: 'user:carol' });
    const call = await alice!.phone.dial('user:bob');
    await world.pass(100);
    expect([bob!.incoming[0]!.state, carol!.incoming]).toEqual(['ringing', []]);
    await world.pass(21_000);
    expect(bob!.incoming[0]!.end?.reason).toBe('unanswered');
    expect([call.state, carol!.incoming[0]!.via]).toEqual(['ringing', 'forward']);
    carol!.incoming[0]!.decline();
    await world.pass(100);
    expect(call.end?.reason).toBe('declined');
    await bob!.phone.close();
    await world.pass(15_000);
    const again = await alice!.phone.dial('user:bob');
    await world.pass(100);
    expect([again.state, carol!.incoming[1]?.state]).toEqual(['ringing', 'ringing']);
    again.hangUp();
    await world.expectClean();
  });

  test('two who forward to each other: the call ends, and rings nobody twice', async () => {
    const [world, alice, bob, carol] = await people('alice', 'bob', 'carol');
    await set(world, bob!, { doNotDisturb: true, forwardOnBusy: 'user:carol' });
    await set(world, carol!, { doNotDisturb: true, forwardOnBusy: 'user:bob' });
    const call = await alice!.phone.dial('user:bob');
    await world.pass(100);
    expect([call.end?.reason, bob!.incoming, carol!.incoming]).toEqual(['busy', [], []]);
    await world.expectClean();
  });
});
