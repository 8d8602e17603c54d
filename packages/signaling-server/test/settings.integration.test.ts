import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import type { TestClient } from '@ringfence/signaling-server/testing';
import { rig, talk, users } from './rig.ts';
import type { Rig } from './rig.ts';

const media = { audio: true, video: false };
const none = { doNotDisturb: false, forwardOnBusy: null, forwardOnNoAnswer: null };

async function dial(from: TestClient, to: string) {
  const callId = from.callId();
  const { events } = await from.ok('call.dial', { callId, to: `user:${to}`, media });
  return { callId, last: events.at(-1)! };
}

/** Who was called in a call, and what became of it. */
async function tried(made: Rig, callId: string): Promise<string[]> {
  const { participants } = (await made.store.inner.load('acme', callId))!;
  return participants
    .slice(1)
    .map(({ userId, via, state, leftReason }) => `${userId} ${via} ${leftReason ?? state}`);
}

describe('settings of a user', () => {
  it('are set, kept, and told to the user’s other devices', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const tablet = await made.client({ userId: 'alice', device: 'tablet' });
    made.store.taken();
    const away = { ...none, doNotDisturb: true };
    expect(await alice.ok('settings.update', { doNotDisturb: true })).toEqual(away);
    expect(made.store.taken()).toEqual({ commit: 1 });
    const forwarding = { ...away, forwardOnBusy: 'user:bob' };
    expect(await tablet.ok('settings.update', { forwardOnBusy: 'user:bob' })).toEqual(forwarding);
    expect(tablet.of('settings.changed')).toEqual([away]);
    expect(alice.of('settings.changed')).toEqual([forwarding]);
    expect(bob.of('settings.changed')).toEqual([]);
    // Null turns forwarding off.
    expect(await alice.ok('settings.update', { forwardOnBusy: null })).toEqual(away);
    for (const client of [alice, tablet]) client.cut(1000);
    const answer = await made.stranger().ok('hello', made.hello('alice'));
    expect(answer.settings).toEqual(away);
  });

  it('that are already so are not written again', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice');
    const tablet = await made.client({ userId: 'alice', device: 'tablet' });
    await alice.ok('settings.update', { doNotDisturb: true });
    made.store.taken();
    await alice.ok('settings.update', { doNotDisturb: true });
    await alice.ok('settings.update', {});
    expect(made.store.taken()).toEqual({ settingsOf: 2 });
    expect(tablet.of('settings.changed')).toHaveLength(1);
  });

  it('that an instance thinks are already so are compared with the store', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const tablet = await made.join(second, { userId: 'alice', device: 'tablet' });
    await settle();
    made.deafen(true);
    await alice.ok('settings.update', { doNotDisturb: true });
    expect(await tablet.ok('settings.update', { doNotDisturb: false })).toEqual(none);
    expect(await made.store.inner.settingsOf('acme', 'alice')).toEqual({ ...none, version: 2 });
  });

  it('are another’s in another organisation', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice');
    await alice.ok('settings.update', { doNotDisturb: true });
    const twin = await made.client({ userId: 'alice', orgId: 'other' });
    expect(twin.of('settings.changed')).toEqual([]);
    expect(await twin.ok('settings.update', {})).toEqual(none);
  });

  it('two changes at once: both are kept', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice');
    const tablet = await made.client({ userId: 'alice', device: 'tablet' });
    await Promise.all([
      alice.ok('settings.update', { doNotDisturb: true }),
      tablet.ok('settings.update', { forwardOnBusy: 'user:bob' }),
      alice.ok('settings.update', { forwardOnNoAnswer: 'user:carol' }),
    ]);
    expect(await alice.ok('settings.update', {})).toEqual({
      doNotDisturb: true,
      forwardOnBusy: 'user:bob',
      forwardOnNoAnswer: 'user:carol',
    });
  });

  it('a store that does not answer refuses them, and they may be asked again', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice');
    const tablet = await made.client({ userId: 'alice', device: 'tablet' });
    // Written, the answer lost, and not to be read back: nobody knows.
    made.store.breaks = (method) => (method === 'commit' ? 'after' : 'before');
    expect(await alice.refusal('settings.update', { doNotDisturb: true })).toBe(
      'store_unavailable',
    );
    expect(tablet.of('settings.changed')).toEqual([]);
    made.store.breaks = () => null;
    expect(await alice.ok('settings.update', { doNotDisturb: true })).toEqual({
      ...none,
      doNotDisturb: true,
    });
    expect(tablet.of('settings.changed')).toEqual([{ ...none, doNotDisturb: true }]);
  });

  it('reach a device on another instance; a lost hint heals when they are read there', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const tablet = await made.join(second, { userId: 'alice', device: 'tablet' });
    const bob = await made.join(second, { userId: 'bob' });
    await settle();
    await alice.ok('settings.update', { doNotDisturb: true });
    await settle();
    expect(tablet.of('settings.changed')).toEqual([{ ...none, doNotDisturb: true }]);
    made.deafen(true);
    await alice.ok('settings.update', { doNotDisturb: false });
    made.deafen(false);
    await settle();
    expect(tablet.of('settings.changed')).toHaveLength(1);
    // A call decided on the old ones meets the guard.
    expect((await dial(bob, 'alice')).last.type).toBe('leg.offered');
    expect(tablet.of('settings.changed').at(-1)).toEqual(none);
  });
});

describe('do not disturb', () => {
  it('makes a user busy, without a device ringing', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await bob.ok('settings.update', { doNotDisturb: true });
    made.store.taken();
    expect((await dial(alice, 'bob')).last).toMatchObject({ type: 'call.ended', reason: 'busy' });
    expect(made.store.taken()).toEqual({ commit: 1 });
    expect(bob.of('call.events')).toEqual([]);
    const callId = await talk(alice, carol, 'carol');
    const refused = await alice.request('call.invite', { callId, to: 'user:bob' });
    expect(refused).toMatchObject({ error: { details: { endReason: 'busy' } } });
    // Whoever is not to be disturbed may still call.
    expect((await dial(bob, 'carol')).last.type).toBe('leg.offered');
  });

  it('that the server has not heard of is met in the store', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    made.deafen(true);
    const bob = await made.join(second, { userId: 'bob' });
    await bob.ok('settings.update', { doNotDisturb: true });
    made.deafen(false);
    await made.clock.advanceAsync(3_000);
    made.store.taken();
    expect((await dial(alice, 'bob')).last).toMatchObject({ reason: 'busy' });
    expect(made.store.taken()).toEqual({ commit: 2 });
    // From then on it is known.
    await dial(alice, 'bob');
    expect(made.store.taken()).toEqual({ commit: 1 });
  });

  it('that was turned off unheard does not refuse an invitation', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const carol = await made.join(made.server, { userId: 'carol' });
    const bob = await made.join(second, { userId: 'bob' });
    const tablet = await made.join(made.server, { userId: 'bob', device: 'tablet' });
    await settle();
    await bob.ok('settings.update', { doNotDisturb: true });
    await settle();
    made.deafen(true);
    await bob.ok('settings.update', { doNotDisturb: false });
    made.deafen(false);
    const callId = await talk(alice, carol, 'carol');
    await alice.ok('call.invite', { callId, to: 'user:bob' });
    expect(tablet.callEventTypes).toContain('leg.offered');
    expect(tablet.of('settings.changed').at(-1)).toEqual(none);
  });
});

describe('forwarding', () => {
  it('on busy goes to the next one in the same write', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await bob.ok('settings.update', { doNotDisturb: true, forwardOnBusy: 'user:carol' });
    made.store.taken();
    const { callId, last } = await dial(alice, 'bob');
    expect(last).toMatchObject({ type: 'leg.offered', userId: 'carol' });
    expect(made.store.taken()).toEqual({ commit: 1 });
    expect(await tried(made, callId)).toEqual(['bob dial busy', 'carol forward invited']);
    expect(bob.of('call.events')).toEqual([]);
    await carol.ok('call.accept', { callId });
  });

  it('on busy reaches whoever is free at the end of a chain', async () => {
    const made = rig({ callsPerUser: 1 });
    const { alice, bob, carol, dave, x, y, z } = await users(
      made,
      'alice',
      'bob',
      'carol',
      'dave',
      'erin',
      'x',
      'y',
      'z',
    );
    await bob.ok('settings.update', { forwardOnBusy: 'user:carol' });
    await carol.ok('settings.update', { forwardOnBusy: 'user:dave' });
    await dave.ok('settings.update', { forwardOnBusy: 'user:erin' });
    for (const [from, to] of [
      [x, 'bob'],
      [y, 'carol'],
      [z, 'dave'],
    ] as const) {
      await dial(from, to);
    }
    const { callId } = await dial(alice, 'bob');
    expect(await tried(made, callId)).toEqual([
      'bob dial busy',
      'carol forward busy',
      'dave forward busy',
      'erin forward invited',
    ]);
  });

  it('in a circle ends where it began', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await bob.ok('settings.update', { doNotDisturb: true, forwardOnBusy: 'user:carol' });
    await carol.ok('settings.update', { doNotDisturb: true, forwardOnBusy: 'user:bob' });
    const { callId, last } = await dial(alice, 'bob');
    expect(last).toMatchObject({ type: 'call.ended', reason: 'busy' });
    expect(await tried(made, callId)).toEqual(['bob dial busy', 'carol forward busy']);
    // Also one that leads back to who dials.
    await carol.ok('settings.update', { forwardOnBusy: 'user:alice' });
    expect((await dial(alice, 'carol')).last).toMatchObject({ type: 'call.ended', reason: 'busy' });
  });

  it('on no answer goes on when the ring time for it is over', async () => {
    const made = rig({ deadlines: { forwardMs: 10_000 } });
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await bob.ok('settings.update', { forwardOnNoAnswer: 'user:carol' });
    const { callId } = await dial(alice, 'bob');
    await bob.ok('call.ring', { callId });
    await made.clock.advanceAsync(9_750);
    expect(await tried(made, callId)).toEqual(['bob dial ringing']);
    await made.clock.advanceAsync(500);
    expect(await tried(made, callId)).toEqual(['bob dial unanswered', 'carol forward invited']);
    const { events } = bob.of('call.events').at(-1)!;
    expect(events[0]).toMatchObject({ type: 'leg.lost', reason: 'unanswered' });
    await carol.ok('call.accept', { callId });
    await made.clock.advanceAsync(1_000);
    await alice.ok('call.update', { callId, muted: true });
    expect(bob.of('call.events').at(-1)!.events).toBe(events);
  });

  it('on no answer goes on at once from a user who is offline', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await bob.ok('settings.update', { forwardOnNoAnswer: 'user:carol' });
    bob.cut(1000);
    made.store.taken();
    const { callId, last } = await dial(alice, 'bob');
    expect(last).toMatchObject({ type: 'leg.offered', userId: 'carol' });
    expect(made.store.taken()).toEqual({ commit: 2 });
    expect(await tried(made, callId)).toEqual(['bob dial unreachable', 'carol forward invited']);
    await carol.ok('call.hang-up', { callId });
    // Also an invitation, which would else be refused.
    const room = await talk(alice, carol, 'carol');
    const dave = await made.client({ userId: 'dave' });
    const again = await made.client({ userId: 'bob' });
    await again.ok('settings.update', { forwardOnNoAnswer: 'user:dave' });
    again.cut(1000);
    await alice.ok('call.invite', { callId: room, to: 'user:bob' });
    expect(dave.callEventTypes).toContain('leg.offered');
  });

  it('at a deadline finds out by the store who is busy', async () => {
    const made = rig({ callsPerUser: 1, deadlines: { forwardMs: 10_000 } });
    const { alice, bob, carol, dave, erin } = await users(
      made,
      'alice',
      'bob',
      'carol',
      'dave',
      'erin',
    );
    await bob.ok('settings.update', { forwardOnNoAnswer: 'user:carol' });
    await carol.ok('settings.update', { forwardOnBusy: 'user:dave' });
    const busy = await dial(erin, 'carol');
    await carol.ok('call.accept', { callId: busy.callId });
    const { callId } = await dial(alice, 'bob');
    await bob.ok('call.ring', { callId });
    await made.clock.advanceAsync(10_250);
    expect(await tried(made, callId)).toEqual([
      'bob dial unanswered',
      'carol forward busy',
      'dave forward invited',
    ]);
    await dave.ok('call.accept', { callId });
  });

  it('of a transferred call that is not taken goes back to who transferred it', async () => {
    const made = rig({ deadlines: { forwardMs: 10_000 } });
    const { alice, bob, carol, dave } = await users(made, 'alice', 'bob', 'carol', 'dave');
    await carol.ok('settings.update', { forwardOnNoAnswer: 'user:dave' });
    const callId = await talk(alice, bob, 'bob');
    await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await carol.ok('call.ring', { callId });
    await made.clock.advanceAsync(10_250);
    await dave.ok('call.ring', { callId });
    await dave.ok('call.decline', { callId });
    expect(await tried(made, callId)).toEqual([
      'bob dial joined',
      'carol transfer unanswered',
      'dave forward declined',
      'alice return invited',
    ]);
    await alice.ok('call.accept', { callId });
  });
});
