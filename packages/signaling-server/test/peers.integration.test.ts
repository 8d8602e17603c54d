import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { rig } from './rig.ts';

const audio = { audio: true, video: false };
const body = { kind: 'offer', sdp: 'v=0\r\n' } as const;

async function apart(made = rig()) {
  const second = made.peer();
  await settle();
  const alice = await made.join(made.server, { userId: 'alice' });
  const bob = await made.join(second, { userId: 'bob' });
  await settle();
  return { ...made, second, alice, bob };
}

describe('two instances on one store and one bus', () => {
  it('an instance that fell far behind a store which keeps few lines goes on from the facts', async () => {
    const made = await apart(rig({ framesPerSecond: 100_000, frameBurst: 100_000 }));
    const { alice, bob, clock } = made;
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    await bob.ok('call.ring', { callId });
    await bob.ok('call.accept', { callId });
    await settle();
    made.deafen(true);
    for (let n = 0; n < 2_500; n += 1)
      await alice.ok('call.update', { callId, muted: n % 2 === 0 });
    made.deafen(false);
    await clock.advanceAsync(2_500);
    const newest = bob.of('call.events').at(-1)!.events.at(-1)!;
    expect(newest).toMatchObject({ type: 'leg.updated', seq: 2_505, muted: false });
    const { snapshot } = await bob.ok('call.sync', { callId, afterSeq: 5 });
    expect(snapshot?.call.seq).toBe(2_505);
    await bob.ok('call.hang-up', { callId });
    await settle();
    expect(alice.callEventTypes.at(-1)).toBe('call.ended');
    expect(made.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('a call goes across: dial here, accept there, signals both ways, hang up', async () => {
    const { alice, bob, server, second, clock } = await apart();
    const callId = alice.callId();
    const dialed = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    expect(bob.of('call.events')).toEqual([{ callId, events: dialed.events }]);
    await bob.ok('call.ring', { callId });
    await bob.ok('call.accept', { callId });
    await settle();
    expect(alice.callEventTypes).toEqual(['leg.ringing', 'participant.joined', 'call.connecting']);
    const signal = { callId, mediaEpoch: 1, n: 1, afterSeq: 5 };
    alice.notice('signal', { ...signal, toLeg: 'l2', body });
    await settle();
    expect(bob.of('signal')).toEqual([{ ...signal, fromLeg: 'l1', body }]);
    bob.notice('signal.ack', { callId, toLeg: 'l1', mediaEpoch: 1, n: 1 });
    await settle();
    expect(alice.of('signal.ack')).toEqual([{ callId, fromLeg: 'l2', mediaEpoch: 1, n: 1 }]);
    await alice.ok('call.media', { callId, mediaEpoch: 1, connected: true });
    await settle();
    await bob.ok('call.media', { callId, mediaEpoch: 1, connected: true });
    await settle();
    await bob.ok('call.hang-up', { callId });
    await settle();
    expect(alice.callEventTypes.at(-1)).toBe('call.ended');
    expect([server.counts.calls, second.counts.calls]).toEqual([0, 0]);
    await Promise.all([server.close(), second.close()]);
    expect(clock.pending).toBe(0);
  });

  it('of two accepts on two instances one wins, and both callees see the same', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const phone = await made.join(made.server, { userId: 'bob', device: 'phone' });
    const tablet = await made.join(second, { userId: 'bob', device: 'tablet' });
    await settle();
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    const outcomes = await Promise.all([
      phone.request('call.accept', { callId }),
      tablet.request('call.accept', { callId }),
    ]);
    await settle();
    const codes = outcomes.map((outcome) => ('ok' in outcome ? 'won' : outcome.error.code));
    expect(codes.sort()).toEqual(['answered_elsewhere', 'won']);
    expect(tablet.callEventTypes).toContain('participant.joined');
    expect(alice.callEventTypes).toEqual([
      'leg.ringing',
      'participant.joined',
      'leg.lost',
      'call.connecting',
    ]);
  });

  it('a device that moves to another instance leaves the first, unheard by its call', async () => {
    const { alice, bob, second, join } = await apart();
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    await bob.ok('call.accept', { callId });
    await settle();
    const moved = await join(second, { userId: 'alice', known: { [callId]: 4 } });
    await settle();
    expect(alice.closed?.code).toBe(4009);
    expect(bob.callEventTypes).not.toContain('leg.silent');
    await moved.ok('call.hang-up', { callId });
    expect(bob.callEventTypes.at(-1)).toBe('call.ended');
  });

  it('an instance that vanishes is noticed, and its devices fall silent', async () => {
    const made = rig();
    const { alice, bob, server, clock } = await apart(made);
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    await bob.ok('call.accept', { callId });
    await settle();
    expect(server.counts.users).toBe(2);
    made.vanish();
    await clock.advanceAsync(13_000);
    expect(alice.callEventTypes).toContain('leg.silent');
    expect(server.counts.users).toBe(1);
  });

  it('a lost hint heals from the store within a beat', async () => {
    const made = rig();
    const { alice, bob, clock } = await apart(made);
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await settle();
    made.deafen(true);
    await bob.ok('call.accept', { callId });
    await settle();
    expect(alice.callEventTypes).toEqual([]);
    await clock.advanceAsync(2_500);
    expect(alice.callEventTypes).toEqual(['leg.ringing', 'participant.joined', 'call.connecting']);
  });

  it('a device whose coming was not heard is known after the next sign of life', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    made.deafen(true);
    await made.join(second, { userId: 'bob' });
    await settle();
    made.deafen(false);
    expect(made.server.counts.users).toBe(1);
    await made.clock.advanceAsync(3_000);
    expect(made.server.counts.users).toBe(2);
    const callId = alice.callId();
    const { events } = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    expect(events.at(-1)!.type).toBe('leg.offered');
  });
});
