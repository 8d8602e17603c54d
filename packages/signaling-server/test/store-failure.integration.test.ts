import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { ringing, rig, talking } from './rig.ts';

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
    await alice.ok('call.media', { callId, mediaEpoch: 1, connected: true });
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
    made.store.breaks = (method) => (method === 'callsOf' ? null : 'before');
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
});
