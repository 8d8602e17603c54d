import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { hear, join, rig, talk, typesOf, users } from './rig.ts';
import type { Rig } from './rig.ts';

const media = { audio: true, video: false };
const offer = { kind: 'offer', sdp: 'v=0\r\n' } as const;

/** Alice, Bob and Carol are in one call; Alice dialed, and invited Carol. */
async function room(made: Rig) {
  const clients = await users(made, 'alice', 'bob', 'carol');
  const { alice, bob, carol } = clients;
  const callId = await talk(alice, bob, 'bob');
  await join(alice, callId, carol, 'carol');
  return { ...clients, callId };
}

async function parts(made: Rig, callId: string): Promise<string[]> {
  const { participants } = (await made.store.inner.load('acme', callId))!;
  return participants.map(
    ({ userId, role, state, leftReason }) => `${userId} ${role} ${leftReason ?? state}`,
  );
}

describe('an invitation', () => {
  it('rings one more, who hears all and is heard by all', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    expect(carol.of('call.events').flatMap(({ events }) => events.map(({ type }) => type))).toEqual(
      ['participant.invited', 'leg.offered'],
    );
    const { snapshot } = await carol.ok('call.sync', { callId, afterSeq: 0 });
    expect(snapshot!.participants).toHaveLength(3);
    // Any two of a mesh signal to each other.
    const signal = { callId, mediaEpoch: 1, n: 1, afterSeq: 1, body: offer };
    for (const client of [alice, bob, carol]) {
      for (const toLeg of ['l1', 'l2', 'l3']) client.notice('signal', { ...signal, toLeg });
    }
    const from = [alice, bob, carol].map((client) =>
      client.of('signal').map(({ fromLeg }) => fromLeg),
    );
    expect(from).toEqual([
      ['l2', 'l3'],
      ['l1', 'l3'],
      ['l1', 'l2'],
    ]);
    await hear(carol, callId, 'l1');
    await hear(alice, callId, 'l3');
    expect(typesOf(bob, callId).slice(-2)).toEqual(['leg.media', 'leg.media']);
  });

  it('finds room for four; a fifth is refused, and so is who is there', async () => {
    const made = rig();
    const { alice, bob, callId } = await room(made);
    const { dave } = await users(made, 'dave', 'erin');
    await bob.ok('call.invite', { callId, to: 'user:dave' });
    expect(await alice.refusal('call.invite', { callId, to: 'user:erin' })).toBe('call_full');
    expect(await alice.refusal('call.invite', { callId, to: 'user:dave' })).toBe('already_there');
    await dave.ok('call.decline', { callId });
    await alice.ok('call.invite', { callId, to: 'user:erin' });
    expect(await parts(made, callId)).toEqual([
      'alice moderator joined',
      'bob member joined',
      'carol member joined',
      'dave member declined',
      'erin member invited',
    ]);
  });

  it('to one who cannot be reached is refused, and says why', async () => {
    const made = rig({ callsPerUser: 1 });
    const { alice, callId } = await room(made);
    const { dave } = await users(made, 'dave', 'erin');
    await dave.ok('call.dial', { callId: dave.callId(), to: 'user:erin', media });
    const refused = [
      await alice.request('call.invite', { callId, to: 'user:nobody' }),
      await alice.request('call.invite', { callId, to: 'user:erin' }),
    ];
    expect(refused).toMatchObject([
      { error: { code: 'callee_unavailable', details: { endReason: 'unreachable' } } },
      { error: { code: 'callee_unavailable', details: { endReason: 'busy' } } },
    ]);
    expect(await parts(made, callId)).toHaveLength(3);
  });

  it('rings all devices of a user, and one of them joins', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const carol = await made.client({ userId: 'carol' });
    const tablet = await made.client({ userId: 'carol', device: 'tablet' });
    const callId = await talk(alice, bob, 'bob');
    await alice.ok('call.invite', { callId, to: 'user:carol' });
    const outcomes = await Promise.all([
      carol.request('call.accept', { callId }),
      tablet.request('call.accept', { callId }),
    ]);
    const codes = outcomes.map((outcome) => ('ok' in outcome ? 'joined' : outcome.error.code));
    expect(codes).toEqual(['joined', 'answered_elsewhere']);
    const heard = tablet.of('call.events').length;
    await alice.ok('call.update', { callId, muted: true });
    expect(tablet.of('call.events')).toHaveLength(heard);
  });

  it('that one device declines as busy rings on at the others', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const phone = await made.client({ userId: 'bob' });
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media });
    await phone.ok('call.decline', { callId, busy: true });
    await tablet.ok('call.accept', { callId });
    const second = alice.callId();
    await alice.ok('call.dial', { callId: second, to: 'user:bob', media });
    await phone.ok('call.decline', { callId: second, busy: true });
    await tablet.ok('call.decline', { callId: second, busy: true });
    expect(alice.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'busy',
    });
  });

  it('counts towards how often a user rings others (P-412)', async () => {
    const made = rig({ dialBurst: 3, dialsPerSecond: 1 });
    const { alice, callId } = await room(made);
    expect(await alice.refusal('call.invite', { callId, to: 'user:nobody' })).toBe(
      'callee_unavailable',
    );
    const refused = await alice.request('call.invite', { callId, to: 'user:nobody' });
    expect(refused).toMatchObject({ error: { code: 'rate_limited', retryAfterMs: 1_000 } });
    expect(await alice.refusal('call.transfer', { callId, to: 'user:nobody' })).toBe(
      'rate_limited',
    );
    // What rings nobody does not count.
    await alice.ok('call.update', { callId, muted: true });
    expect(await alice.refusal('call.transfer', { callId, toCallId: callId })).toBe('same_call');
  });
});

describe('leaving', () => {
  it('lets the others go on; who left hears that, and nothing later', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    const { events, seq } = await alice.ok('call.hang-up', { callId });
    expect(events).toMatchObject([
      { type: 'participant.left', participantId: 'p1', reason: 'completed', by: 'p1' },
      { type: 'participant.role', participantId: 'p2', role: 'moderator' },
      { type: 'call.connecting' },
    ]);
    const heard = alice.of('call.events').length;
    await made.clock.advanceAsync(10);
    await hear(bob, callId, 'l3');
    await hear(carol, callId, 'l2');
    await carol.ok('call.update', { callId, muted: true });
    expect(alice.of('call.events')).toHaveLength(heard);
    // Also after it comes back with what it knew before it left (P-505).
    alice.cut();
    const back = made.stranger();
    const { calls } = await back.ok('hello', made.hello('alice', { [callId]: seq - 3 }));
    expect(calls).toEqual([{ callId, events: events.slice(0, 1) }]);
    const anew = made.stranger();
    expect((await anew.ok('hello', made.hello('alice', { [callId]: 0 }))).calls).toEqual([
      { callId, gone: true },
    ]);
    expect((await anew.ok('call.sync', { callId, afterSeq: 10_000 })).gone).toBe(true);
    // Nor does its silence matter to the call.
    expect(typesOf(bob, callId)).not.toContain('leg.silent');
    await bob.ok('call.hang-up', { callId });
    expect(carol.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'completed',
    });
    await settle();
    expect(made.server.counts.calls).toBe(0);
  });

  it('long ago still shows the leaving alone, however much came after', async () => {
    const made = rig({ framesPerSecond: 100_000, frameBurst: 100_000 });
    const { alice, bob, callId } = await room(made);
    const { events, seq } = await alice.ok('call.hang-up', { callId });
    await made.clock.advanceAsync(10);
    for (let n = 0; n < 1_200; n += 1) await bob.ok('call.update', { callId, muted: n % 2 === 0 });
    const sync = (afterSeq: number) => alice.ok('call.sync', { callId, afterSeq });
    expect(await sync(seq - 3)).toEqual({ callId, events: events.slice(0, 1) });
    expect(await sync(seq)).toEqual({ callId, events: [] });
    // Of a longer history the first lines are not kept: there is nothing to show but what came later.
    for (let n = 0; n < 1_200; n += 1) await bob.ok('call.update', { callId, muted: n % 2 === 0 });
    expect(await sync(seq - 3)).toEqual({ callId, gone: true });
  });

  it('shows nothing of the same millisecond that came after it (P-833)', async () => {
    const made = rig();
    const { alice, bob, callId } = await room(made);
    const { events, seq } = await alice.ok('call.hang-up', { callId });
    const { events: later } = await bob.ok('call.update', { callId, muted: true });
    expect(later[0]!.at).toBe(events[0]!.at);
    const sync = (afterSeq: number) => alice.ok('call.sync', { callId, afterSeq });
    expect(await sync(seq - 3)).toEqual({ callId, events: events.slice(0, 1) });
    expect(await sync(seq)).toEqual({ callId, events: [] });
  });

  it('while ringing takes the invitation back for all devices', async () => {
    const made = rig();
    const { alice, bob, callId } = await room(made);
    const dave = await made.client({ userId: 'dave' });
    await alice.ok('call.invite', { callId, to: 'user:dave' });
    await dave.ok('call.decline', { callId });
    const heard = dave.of('call.events').length;
    await made.clock.advanceAsync(10);
    await bob.ok('call.update', { callId, muted: true });
    expect(dave.of('call.events')).toHaveLength(heard);
    expect(await dave.ok('call.sync', { callId, afterSeq: 0 })).toEqual({ callId, gone: true });
  });

  it('with everyone, by who may not end it for all, is a leave (P-828)', async () => {
    const made = rig();
    const { bob, callId } = await room(made);
    const hangUp = { callId, everyone: true };
    const answer = await bob.ok('call.hang-up', hangUp, 'hang-up');
    expect(await bob.ok('call.hang-up', hangUp, 'hang-up')).toEqual(answer);
    expect(await parts(made, callId)).toEqual([
      'alice moderator joined',
      'bob member completed',
      'carol member joined',
    ]);
  });

  it('with everyone ends the call for all', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    const { events } = await alice.ok('call.hang-up', { callId, everyone: true });
    for (const client of [bob, carol]) {
      expect(client.of('call.events').at(-1)).toEqual({ callId, events });
    }
    expect(events.at(-1)).toMatchObject({ type: 'call.ended', reason: 'completed' });
    await settle();
    expect(made.server.counts.calls).toBe(0);
  });

  it('the last moderator makes who joined first one', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    await alice.ok('call.hang-up', { callId });
    expect(await parts(made, callId)).toEqual([
      'alice moderator completed',
      'bob moderator joined',
      'carol member joined',
    ]);
    expect(await carol.refusal('call.request-mute', { callId, participantId: 'p2' })).toBe(
      'not_permitted',
    );
    await bob.ok('call.request-mute', { callId, participantId: 'p3' });
  });
});

describe('removing', () => {
  it('makes one leave, who hears it and nothing later', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    const { events } = await alice.ok('call.remove', { callId, participantId: 'p3' });
    expect(events[0]).toMatchObject({
      type: 'participant.left',
      participantId: 'p3',
      reason: 'terminated',
      by: 'p1',
    });
    expect(carol.of('call.events').at(-1)).toEqual({ callId, events });
    const heard = carol.of('call.events').length;
    await bob.ok('call.update', { callId, muted: true });
    expect(carol.of('call.events')).toHaveLength(heard);
    await made.clock.advanceAsync(2_250);
    expect(carol.of('beat').at(-1)!.calls).toEqual({});
  });

  it('takes an invitation back, and frees its place', async () => {
    const made = rig();
    const { alice, callId } = await room(made);
    const { dave } = await users(made, 'dave', 'erin');
    await alice.ok('call.invite', { callId, to: 'user:dave' });
    await alice.ok('call.remove', { callId, participantId: 'p4' });
    expect(dave.of('call.events').at(-1)!.events).toMatchObject([
      { type: 'leg.lost', reason: 'canceled' },
      { type: 'participant.left', reason: 'canceled', by: 'p1' },
    ]);
    await alice.ok('call.invite', { callId, to: 'user:erin' });
  });

  it('is for the moderator, and for a member of whom they invited', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    const dave = await made.client({ userId: 'dave' });
    await join(bob, callId, dave, 'dave', 'guest');
    expect(await bob.refusal('call.remove', { callId, participantId: 'p3' })).toBe('not_permitted');
    expect(await dave.refusal('call.remove', { callId, participantId: 'p3' })).toBe(
      'not_permitted',
    );
    expect(await dave.refusal('call.invite', { callId, to: 'user:erin' })).toBe('not_permitted');
    await bob.ok('call.remove', { callId, participantId: 'p4' });
    await alice.ok('call.remove', { callId, participantId: 'p2' });
    expect(typesOf(carol, callId).slice(-1)).not.toEqual(['call.ended']);
  });
});

describe('a request to mute', () => {
  it('reaches the device, which decides', async () => {
    const made = rig();
    const { alice, bob, callId } = await room(made);
    await alice.ok('call.request-mute', { callId, participantId: 'p2' });
    expect(bob.of('call.events').at(-1)!.events).toMatchObject([
      { type: 'leg.mute-requested', legId: 'l2', by: 'p1' },
    ]);
    await bob.ok('call.update', { callId, muted: true });
    expect(await alice.ok('call.request-mute', { callId, participantId: 'p2' })).toMatchObject({
      events: [],
    });
  });
});

describe('a device in a room', () => {
  it('that falls silent leaves it after its grace; the others go on', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await room(made);
    await hear(carol, callId, 'l1');
    await hear(alice, callId, 'l3');
    await hear(alice, callId, 'l2', false);
    await hear(bob, callId, 'l1');
    bob.cut();
    await made.clock.advanceAsync(30_250);
    expect(await parts(made, callId)).toEqual([
      'alice moderator joined',
      'bob member failed',
      'carol member joined',
    ]);
    await made.client({ userId: 'bob', known: { [callId]: 1 } });
    expect(typesOf(alice, callId)).not.toContain('leg.resumed');
  });

  it('that joins and whose media does not connect leaves it; the others go on', async () => {
    const made = rig();
    const { alice, callId } = await room(made);
    await made.clock.advanceAsync(20_250);
    expect((await parts(made, callId))[2]).toBe('carol member failed');
    expect((await made.store.inner.load('acme', callId))!.call.state).toBe('active');
    await alice.ok('call.hang-up', { callId });
  });
});
