import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { hear, ringing, rig, talk, talking, typesOf, users } from './rig.ts';

const body = { kind: 'offer', sdp: 'v=0\r\n' } as const;

describe('a store that does not answer', () => {
  it('refuses commands, still relays signals, and goes on when it is back', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    made.store.breaks = () => 'before';
    await expect(alice.refusal('call.update', { callId, muted: true }, 'c1')).resolves.toBe(
      'store_unavailable',
    );
    alice.notice('signal', { callId, toLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq: 5, body });
    expect(bob.of('signal')).toHaveLength(1);
    await expect(alice.refusal('call.hang-up', { callId }, 'c2')).resolves.toBe(
      'store_unavailable',
    );
    expect(made.server.healthy()).toBe(false);
    await made.clock.advanceAsync(10_000);
    expect([alice.closed, bob.closed]).toEqual([null, null]);

    made.store.breaks = () => null;
    await made.clock.advanceAsync(250);
    expect(made.server.healthy()).toBe(true);
    await alice.ok('call.hang-up', { callId }, 'c2');
    expect(bob.callEventTypes.at(-1)).toBe('call.ended');
    expect(made.server.counts.calls).toBe(0);
  });

  it('that takes its time lets no session pile up commands without end (P-412)', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    const { commit } = made.store;
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    made.store.commit = async (set) => {
      await held;
      return commit(set);
    };
    const updates = Array.from({ length: 150 }, (_, n) =>
      alice.request('call.update', { callId, muted: n % 2 === 0 }),
    );
    const late = await Promise.all(updates.slice(101));
    expect(late).toMatchObject(
      Array(49).fill({ error: { code: 'rate_limited', retryAfterMs: 1_000 } }),
    );
    // Who did not flood is heard.
    const hangUp = bob.ok('call.hang-up', { callId });
    go();
    expect((await Promise.all(updates.slice(0, 101))).every((each) => 'ok' in each)).toBe(true);
    await hangUp;
    expect(made.server.counts.calls).toBe(0);
  });

  it('a commit whose answer was lost is read back, and is not run twice (P-409)', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    made.store.taken();
    made.store.breaks = (method) => (method === 'commit' ? 'after' : null);
    const accepted = await bob.ok('call.accept', { callId }, 'accept');
    expect(accepted.events.map((event) => event.type)).toEqual([
      'participant.joined',
      'call.connecting',
    ]);
    expect(made.store.taken()).toEqual({ commit: 1, answerOf: 1, eventsAfter: 1 });
    expect(alice.callEventTypes.slice(-2)).toEqual(['participant.joined', 'call.connecting']);
    made.store.breaks = () => null;
    expect(await bob.ok('call.accept', { callId }, 'accept')).toEqual(accepted);
    await hear(alice, callId, 'l2');
  });

  it('a dial whose answer was lost rings all the same, and once (P-405)', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const bob = await made.client({ userId: 'bob' });
    const callId = alice.callId();
    const dial = { callId, to: 'user:bob', media: { audio: true, video: false } };
    made.store.breaks = (method) => (method === 'commit' ? 'after' : null);
    const dialed = await alice.ok('call.dial', dial, 'dial');
    made.store.breaks = () => null;
    expect(bob.callEventTypes).toEqual(['call.created', 'leg.offered']);
    expect(await alice.ok('call.dial', dial, 'dial')).toEqual(dialed);
    await bob.ok('call.accept', { callId });
  });

  it('settings whose answer was lost are read back, and the other devices hear of them (P-852)', async () => {
    const made = rig();
    const phone = await made.client({ userId: 'alice' });
    const desk = await made.client({ userId: 'alice', device: 'desk' });
    made.store.breaks = (method) => (method === 'commit' ? 'after' : null);
    const settings = await phone.ok('settings.update', { doNotDisturb: true });
    expect(settings.doNotDisturb).toBe(true);
    expect([phone, desk].map((client) => client.of('settings.changed'))).toEqual([[], [settings]]);
    made.store.breaks = (method) => (method === 'commit' ? 'before' : null);
    expect(await phone.refusal('settings.update', { doNotDisturb: false })).toBe(
      'store_unavailable',
    );
    expect(desk.of('settings.changed')).toHaveLength(1);
  });

  it('when even reading back fails, the command may come again with its id', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    made.store.breaks = (method) => (method === 'commit' ? 'after' : 'before');
    await expect(bob.refusal('call.accept', { callId }, 'accept')).resolves.toBe(
      'store_unavailable',
    );
    made.store.breaks = () => null;
    const accepted = await bob.ok('call.accept', { callId }, 'accept');
    expect(accepted.seq).toBe(5);
    expect(alice.callEventTypes.slice(-2)).toEqual(['participant.joined', 'call.connecting']);
  });

  it('a device that falls silent meanwhile is written down afterwards', async () => {
    const made = rig();
    const { alice, bob } = await talking(made);
    made.store.breaks = () => 'before';
    alice.cut();
    await made.clock.advanceAsync(3_000);
    expect(bob.callEventTypes).not.toContain('leg.silent');
    made.store.breaks = () => null;
    await made.clock.advanceAsync(250);
    expect(bob.callEventTypes.at(-1)).toBe('leg.silent');
  });

  it('a device that fell silent and came back meanwhile is not', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    made.store.breaks = (method) =>
      method === 'callsOf' || method === 'settingsOf' ? null : 'before';
    alice.cut();
    await settle();
    await made.client({ userId: 'alice', known: { [callId]: 8 } });
    made.store.breaks = () => null;
    await made.clock.advanceAsync(500);
    expect(bob.callEventTypes).not.toContain('leg.silent');
  });

  it('deadlines that pass meanwhile are acted on afterwards', async () => {
    const made = rig();
    const { alice } = await ringing(made);
    made.store.breaks = () => 'before';
    await made.clock.advanceAsync(50_000);
    expect(alice.callEventTypes.at(-1)).toBe('leg.ringing');
    made.store.breaks = () => null;
    await made.clock.advanceAsync(250);
    expect(alice.callEventTypes.at(-1)).toBe('call.ended');
  });

  it('two calls whose change was written and its answer lost: everyone hears all the same', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    const callId = await talk(alice, bob, 'bob');
    const otherId = await talk(alice, carol, 'carol');
    made.store.breaks = (method) => (method === 'commit' ? 'after' : null);
    const answer = await alice.ok('call.transfer', { callId, toCallId: otherId }, 'transfer');
    made.store.breaks = () => null;
    await settle();
    expect(typesOf(bob, callId).at(-1)).toBe('call.connecting');
    expect(typesOf(carol, otherId).at(-1)).toBe('call.ended');
    expect(typesOf(carol, callId)).toContain('participant.joined');
    expect(await alice.ok('call.transfer', { callId, toCallId: otherId }, 'transfer')).toEqual(
      answer,
    );
    expect(made.server.counts.calls).toBe(1);
    await carol.ok('call.hang-up', { callId });
    await settle();
    expect(made.server.counts.calls).toBe(0);
  });

  it('when not even that is known, both calls are read again by themselves', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    const callId = await talk(alice, bob, 'bob');
    const otherId = await talk(alice, carol, 'carol');
    made.store.breaks = (method) => (method === 'commit' ? 'after' : 'before');
    expect(await alice.refusal('call.transfer', { callId, toCallId: otherId })).toBe(
      'store_unavailable',
    );
    await settle();
    expect(typesOf(carol, otherId)).not.toContain('call.ended');
    made.store.breaks = () => null;
    await made.clock.advanceAsync(250);
    expect(typesOf(bob, callId).at(-1)).toBe('call.connecting');
    expect(typesOf(carol, otherId).at(-1)).toBe('call.ended');
    expect(typesOf(carol, callId)).toContain('participant.joined');
  });

  it('a dial that met a crossing one, with its answer lost, is in that call all the same', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const media = { audio: true, video: false };
    const first = alice.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    let commits = 0;
    made.store.breaks = (method) => (method === 'commit' && ++commits === 2 ? 'after' : null);
    const dialed = await bob.ok('call.dial', { callId: bob.callId(), to: 'user:alice', media });
    made.store.breaks = () => null;
    await settle();
    expect(dialed.events.at(-1)).toMatchObject({ movedTo: first });
    expect(typesOf(alice, first).at(-1)).toBe('call.connecting');
    expect(typesOf(bob, first).at(-1)).toBe('call.connecting');
  });
});
