import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { rig, talk, typesOf, users } from './rig.ts';

const media = { audio: true, video: false };

describe('two dials that cross (glare)', () => {
  it('the later one becomes the accept of the earlier, and both talk in that', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const first = alice.callId();
    const second = bob.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    made.store.taken();
    const { seq, events } = await bob.ok('call.dial', { callId: second, to: 'user:alice', media });
    expect(made.store.taken()).toEqual({ commit: 2 });
    expect(events.map(({ type }) => type)).toEqual([
      'call.created',
      'participant.left',
      'participant.left',
      'call.ended',
    ]);
    expect(events.at(-1)).toMatchObject({ reason: 'transferred', movedTo: first, seq });
    // Who dialed first sees their call answered and hears nothing of the other.
    expect(typesOf(alice, first)).toEqual(['leg.ringing', 'participant.joined', 'call.connecting']);
    expect(typesOf(alice, second)).toEqual([]);
    expect(typesOf(bob, first)).toEqual([
      'call.created',
      'leg.offered',
      'leg.ringing',
      'participant.joined',
      'call.connecting',
    ]);
    expect(made.server.counts.calls).toBe(1);
    await bob.ok('call.hang-up', { callId: first });
    expect(made.server.counts.calls).toBe(0);
  });

  it('of two at the same moment one is written first, whichever it is', async () => {
    for (const isAliceFirst of [true, false]) {
      const made = rig();
      const { alice, bob } = await users(made, 'alice', 'bob');
      const toBob = alice.callId();
      const toAlice = bob.callId();
      const dials = [
        () => alice.ok('call.dial', { callId: toBob, to: 'user:bob', media }),
        () => bob.ok('call.dial', { callId: toAlice, to: 'user:alice', media }),
      ];
      if (!isAliceFirst) dials.reverse();
      await Promise.all(dials.map((dial) => dial()));
      const [kept, moved] = isAliceFirst ? [toBob, toAlice] : [toAlice, toBob];
      const facts = await made.store.inner.load('acme', kept!);
      expect(facts!.call).toMatchObject({ state: 'connecting', movedTo: null });
      expect(facts!.participants.map(({ state }) => state)).toEqual(['joined', 'joined']);
      const other = await made.store.inner.load('acme', moved!);
      expect(other!.call).toMatchObject({ endReason: 'transferred', movedTo: kept });
    }
  });

  it('the answer says where the call goes on, and that call’s events came before it', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice');
    const callId = alice.callId();
    const frames: string[] = [];
    const bob = made.raw('bob', (text) => frames.push(text));
    await settle();
    await alice.ok('call.dial', { callId, to: 'user:bob', media });
    frames.length = 0;
    bob.ask('call.dial', { callId: made.mint(), to: 'user:alice', media });
    await settle();
    const read = frames.map((text) => JSON.parse(text) as { body?: object; ok?: object });
    expect(read).toMatchObject([
      { event: 'call.events', body: { callId, events: [{}, {}, { type: 'call.connecting' }] } },
      { ok: { events: [{}, {}, {}, { movedTo: callId }] } },
    ]);
  });

  it('the user’s other devices hear who answered', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    const first = alice.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    await bob.ok('call.dial', { callId: bob.callId(), to: 'user:alice', media });
    expect(tablet.of('call.events').at(-1)!.events).toMatchObject([
      { type: 'leg.ringing', legId: 'l2' },
      { type: 'participant.joined', legId: 'l2' },
      { type: 'leg.lost', legId: 'l3', reason: 'answered-elsewhere', toLegId: 'l2' },
      { type: 'call.connecting' },
    ]);
  });

  it('a device that came after the first dial answers it too', async () => {
    const made = rig();
    const { alice } = await users(made, 'alice', 'bob');
    const first = alice.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    const { events } = await tablet.ok('call.dial', {
      callId: tablet.callId(),
      to: 'user:alice',
      media,
    });
    expect(events.at(-1)).toMatchObject({ movedTo: first });
    const facts = await made.store.inner.load('acme', first);
    expect(facts!.legs.map(({ deviceId, state }) => [deviceId, state])).toEqual([
      ['phone', 'won'],
      ['phone', 'lost'],
      ['tablet', 'won'],
    ]);
    await tablet.ok('call.update', { callId: first, muted: true });
    expect(typesOf(alice, first).at(-1)).toBe('leg.updated');
  });

  it('a first dial that is taken back in between leaves the second one ringing', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const first = alice.callId();
    const second = bob.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    const { commit } = made.store;
    let isHeld = false;
    made.store.commit = async (set) => {
      const result = await commit(set);
      // The guard met the call; before the accept is written, it ends.
      if (!isHeld && result.outcome === 'conflict') {
        isHeld = true;
        made.store.commit = commit;
        await alice.ok('call.hang-up', { callId: first });
      }
      return result;
    };
    const { events } = await bob.ok('call.dial', { callId: second, to: 'user:alice', media });
    expect(isHeld).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(['call.created', 'leg.offered']);
    expect(typesOf(alice, second)).toEqual(['call.created', 'leg.offered']);
    expect((await made.store.inner.load('acme', first))!.call.endReason).toBe('canceled');
  });

  it('a first dial whose ring time is over, and that nobody ended yet, crosses nothing (P-843)', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const first = alice.callId();
    const second = bob.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    await bob.ok('call.ring', { callId: first });
    // The sweep comes late.
    made.store.breaks = (method) => (method === 'due' ? 'before' : null);
    await made.clock.advanceAsync(45_000);
    const { events } = await bob.ok('call.dial', { callId: second, to: 'user:alice', media });
    expect(events.map(({ type }) => type)).toEqual(['call.created', 'leg.offered']);
    made.store.breaks = () => null;
    await made.clock.advanceAsync(250);
    expect((await made.store.inner.load('acme', first))!.call.endReason).toBe('unanswered');
    await alice.ok('call.accept', { callId: second });
  });

  it('a user who dials the same one twice rings twice: that is no glare', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    for (let n = 0; n < 2; n += 1) {
      const callId = alice.callId();
      const { events } = await alice.ok('call.dial', { callId, to: 'user:bob', media });
      expect(events.at(-1)!.type).toBe('leg.offered');
    }
    expect(bob.of('call.events')).toHaveLength(2);
  });

  it('a call that is answered, or a room that rings, crosses nothing', async () => {
    const made = rig();
    const { alice, bob, carol } = await users(made, 'alice', 'bob', 'carol');
    await talk(alice, bob, 'bob');
    const back = await bob.ok('call.dial', { callId: bob.callId(), to: 'user:alice', media });
    expect(back.events.at(-1)!.type).toBe('leg.offered');
    const room = await talk(alice, carol, 'carol');
    await alice.ok('call.invite', { callId: room, to: 'user:bob' });
    const again = await bob.ok('call.dial', { callId: bob.callId(), to: 'user:carol', media });
    expect(again.events.at(-1)!.type).toBe('leg.offered');
  });

  it('a user with one line answers by dialing: the crossing call is the one they are in', async () => {
    const made = rig({ callsPerUser: 1 });
    const { alice, bob } = await users(made, 'alice', 'bob');
    const first = alice.callId();
    await alice.ok('call.dial', { callId: first, to: 'user:bob', media });
    made.store.taken();
    const { events } = await bob.ok('call.dial', { callId: bob.callId(), to: 'user:alice', media });
    expect(events.at(-1)).toMatchObject({ movedTo: first });
    expect(made.store.taken()).toEqual({ commit: 2 });
  });

  it('a repeated dial is answered as the first time (P-405)', async () => {
    const made = rig();
    const { alice, bob } = await users(made, 'alice', 'bob');
    const callId = bob.callId();
    await alice.ok('call.dial', { callId: alice.callId(), to: 'user:bob', media });
    const dial = { callId, to: 'user:alice', media };
    const answer = await bob.ok('call.dial', dial, 'dial');
    expect(await bob.ok('call.dial', dial, 'dial')).toEqual(answer);
  });

  it('goes across instances: dialed here, and there', async () => {
    const made = rig();
    const second = made.peer();
    await settle();
    const alice = await made.join(made.server, { userId: 'alice' });
    const bob = await made.join(second, { userId: 'bob' });
    await settle();
    const toBob = alice.callId();
    const toAlice = bob.callId();
    await Promise.all([
      alice.ok('call.dial', { callId: toBob, to: 'user:bob', media }),
      bob.ok('call.dial', { callId: toAlice, to: 'user:alice', media }),
    ]);
    await settle();
    expect(typesOf(alice, toBob)).toEqual(['leg.ringing', 'participant.joined', 'call.connecting']);
    expect([made.server.counts.calls, second.counts.calls]).toEqual([1, 1]);
    await bob.ok('call.hang-up', { callId: toBob });
    await settle();
    expect(typesOf(alice, toBob).at(-1)).toBe('call.ended');
    expect([made.server.counts.calls, second.counts.calls]).toEqual([0, 0]);
  });
});
