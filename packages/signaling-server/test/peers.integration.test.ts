import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { hear, rig, talk, typesOf } from './rig.ts';

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

/** Alice is on the first instance, Bob on the second, Carol on the third. */
async function threeApart(made = rig()) {
  const second = made.peer();
  const third = made.peer();
  await settle();
  const alice = await made.join(made.server, { userId: 'alice' });
  const bob = await made.join(second, { userId: 'bob' });
  const carol = await made.join(third, { userId: 'carol' });
  await settle();
  const callId = await talk(alice, bob, 'bob');
  const otherId = await talk(alice, carol, 'carol');
  await settle();
  return { ...made, second, third, alice, bob, carol, callId, otherId };
}

it('who lost to a device of another instance reads who answered before they are refused', async () => {
  const made = rig();
  const second = made.peer();
  await settle();
  const alice = await made.join(made.server, { userId: 'alice' });
  const frames: string[] = [];
  const bob = made.raw('bob', (text) => frames.push(text));
  const tablet = await made.join(second, { userId: 'bob', device: 'tablet' });
  await settle();
  const callId = alice.callId();
  await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
  await settle();
  made.deafen(true);
  await tablet.ok('call.accept', { callId });
  frames.length = 0;
  bob.ask('call.accept', { callId });
  await settle();
  expect(frames.map((text) => JSON.parse(text) as object)).toMatchObject([
    {
      event: 'call.events',
      body: { events: [{}, { type: 'participant.joined' }, { type: 'leg.lost' }, {}] },
    },
    { error: { code: 'answered_elsewhere', details: { byUserId: 'bob' } } },
  ]);
});

describe('two calls that become one, over three instances', () => {
  it('an attended transfer reaches everyone, and signals and hang-ups go across', async () => {
    const { alice, bob, carol, callId, otherId, ...made } = await threeApart();
    const { events } = await alice.ok('call.transfer', { callId, toCallId: otherId });
    await settle();
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events });
    expect(typesOf(carol, otherId).at(-1)).toBe('call.ended');
    const signal = { callId, toLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq: 5, body };
    carol.notice('signal', signal);
    await settle();
    expect(bob.of('signal')).toMatchObject([{ callId, fromLeg: 'l3' }]);
    const heard = alice.of('call.events').length;
    await carol.ok('call.hang-up', { callId });
    await settle();
    expect(bob.of('call.events').at(-1)!.events.at(-1)).toMatchObject({ type: 'call.ended' });
    expect(alice.of('call.events')).toHaveLength(heard);
    const counts = [made.server, made.second, made.third].map((each) => each.counts.calls);
    expect(counts).toEqual([0, 0, 0]);
  });

  it('one whose every hint is lost heals within a beat, also for who is moved', async () => {
    const { alice, bob, carol, callId, otherId, ...made } = await threeApart();
    made.deafen(true);
    await alice.ok('call.transfer', { callId, toCallId: otherId });
    await settle();
    expect(typesOf(carol, otherId)).not.toContain('call.ended');
    await made.clock.advanceAsync(2_500);
    expect(typesOf(carol, otherId).at(-1)).toBe('call.ended');
    expect(typesOf(carol, callId)).toContain('participant.joined');
    expect(typesOf(bob, callId)).toContain('participant.joined');
    made.deafen(false);
    carol.notice('signal', { callId, toLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq: 5, body });
    await settle();
    expect(bob.of('signal')).toHaveLength(1);
  });

  it('who is moved into a call that this instance remembers from before may ask for it', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const bob = await made.join(second, { userId: 'bob' });
    const carol = await made.join(second, { userId: 'carol' });
    await settle();
    const callId = await talk(alice, bob, 'bob');
    const fromCallId = await talk(alice, carol, 'carol');
    await settle();
    made.deafen(true);
    const { seq } = await alice.ok('call.merge', { callId, fromCallId });
    expect(await carol.ok('call.sync', { callId, afterSeq: 0 })).toMatchObject({
      snapshot: { call: { seq } },
    });
    // Bob heard of it by another way, and asks for what comes after.
    expect(await bob.ok('call.sync', { callId, afterSeq: seq })).toEqual({ callId, events: [] });
  });

  it('a removal and what follows, read together, end with the removal for who was removed', async () => {
    const { alice, bob, carol, callId, otherId, ...made } = await threeApart();
    await alice.ok('call.merge', { callId, fromCallId: otherId });
    await settle();
    made.deafen(true);
    await alice.ok('call.remove', { callId, participantId: 'p2' });
    await made.clock.advanceAsync(1);
    await alice.ok('call.update', { callId, muted: true });
    await made.clock.advanceAsync(2_500);
    expect(typesOf(bob, callId).slice(-2)).toEqual(['participant.left', 'call.connecting']);
    expect(typesOf(carol, callId).at(-1)).toBe('leg.updated');
  });

  it('who was removed and invited again, read together, hears it once', async () => {
    const { alice, bob, callId, otherId, ...made } = await threeApart();
    await alice.ok('call.merge', { callId, fromCallId: otherId });
    await settle();
    const heard = bob.of('call.events').length;
    made.deafen(true);
    await alice.ok('call.remove', { callId, participantId: 'p2' });
    await alice.ok('call.invite', { callId, to: 'user:bob' });
    await made.clock.advanceAsync(2_000);
    expect(bob.of('call.events').slice(heard)).toMatchObject([
      {
        callId,
        events: [
          { type: 'participant.left' },
          { type: 'call.connecting' },
          { type: 'participant.invited' },
          { type: 'leg.offered', userId: 'bob' },
        ],
      },
    ]);
  });

  it.each([
    ['leaves a call', 'call.transfer'],
    ['ends it', 'call.hang-up'],
  ] as const)(
    'who %s elsewhere, unheard, and comes here: the others here hear of it',
    async (_, name) => {
      const made = rig();
      const second = made.peer();
      await settle();
      const alice = await made.join(made.server, { userId: 'alice' });
      const carol = await made.join(made.server, { userId: 'carol' });
      const bob = await made.join(second, { userId: 'bob' });
      await settle();
      const callId = await talk(alice, bob, 'bob');
      await settle();
      made.deafen(true);
      if (name === 'call.transfer') await bob.ok(name, { callId, to: 'user:carol' });
      else await bob.ok(name, { callId });
      await settle();
      // A new page of Bob's, which knows nothing, comes to the first instance.
      await made.join(made.server, { userId: 'bob' });
      made.deafen(false);
      await made.clock.advanceAsync(250);
      const last = { 'call.transfer': 'call.ringing', 'call.hang-up': 'call.ended' }[name];
      expect(typesOf(alice, callId).at(-1)).toBe(last);
      expect(typesOf(carol, callId)).toHaveLength(name === 'call.transfer' ? 4 : 0);
    },
  );

  it('a device that another instance thinks silent, unheard, is resumed where it is', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const bob = await made.join(second, { userId: 'bob' });
    await settle();
    const callId = await talk(alice, bob, 'bob');
    await settle();
    // Bob's silence cannot be written, and his coming to the first instance is not heard.
    made.store.breaks = (method) => (method === 'commit' ? 'before' : null);
    bob.cut();
    await settle();
    made.deafen(true);
    await made.join(made.server, { userId: 'bob' });
    made.store.breaks = () => null;
    await made.clock.advanceAsync(1_000);
    expect((await made.store.inner.load('acme', callId))!.legs[1]!.silent).toBe(true);
    await made.clock.advanceAsync(8_000);
    expect((await made.store.inner.load('acme', callId))!.legs[1]!.silent).toBe(false);
    expect(typesOf(alice, callId).slice(-2)).toEqual(['leg.silent', 'leg.resumed']);
  });

  it('a deadline that another instance acted on, unheard, heals too', async () => {
    const made = rig();
    const alice = await made.join(made.server, { userId: 'alice' });
    await made.join(made.server, { userId: 'bob' });
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    made.peer();
    await settle();
    // The first instance is handed nothing: the other one acts, and says so to nobody.
    const { due } = made.store;
    let asked = 0;
    made.store.due = (limit) => ((asked += 1) % 2 === 1 ? Promise.resolve([]) : due(limit));
    made.deafen(true);
    await made.clock.advanceAsync(5_000);
    expect(typesOf(alice, callId).at(-1)).toBe('call.ended');
  });
});

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
    await hear(alice, callId, 'l2');
    await settle();
    await hear(bob, callId, 'l1');
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
