import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import type { TestClient } from '@ringfence/signaling-server/testing';
import { hear, rig, talk, typesOf, users } from './rig.ts';
import type { Rig } from './rig.ts';

const media = { audio: true, video: false };

/** Alice talks with Bob; Carol is there. */
async function three(made: Rig) {
  const clients = await users(made, 'alice', 'bob', 'carol');
  const callId = await talk(clients.alice, clients.bob, 'bob');
  return { ...clients, callId };
}

/** Alice talks with Bob in one call and with Carol in another. */
async function twoCalls(made: Rig) {
  const { callId, ...clients } = await three(made);
  const otherId = await talk(clients.alice, clients.carol, 'carol');
  return { ...clients, callId, otherId };
}

const factsOf = async (made: Rig, callId: string) => (await made.store.inner.load('acme', callId))!;

/** Who is in a call, and how. */
async function company(made: Rig, callId: string): Promise<string[]> {
  const { participants } = await factsOf(made, callId);
  return participants.map(
    ({ userId, via, state, leftReason }) => `${userId} ${via} ${leftReason ?? state}`,
  );
}

describe('a blind transfer', () => {
  it('rings somebody in one’s place in one write, and the two talk', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    made.store.taken();
    const { events } = await alice.ok('call.transfer', { callId, to: 'user:carol' });
    expect(made.store.taken()).toEqual({ commit: 1 });
    expect(events.map(({ type }) => type)).toEqual([
      'participant.invited',
      'leg.offered',
      'participant.left',
      'participant.role',
      'call.ringing',
    ]);
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events });
    expect(carol.of('call.events')).toEqual([{ callId, events }]);
    await carol.ok('call.accept', { callId });
    await hear(carol, callId, 'l2');
    await hear(bob, callId, 'l3');
    expect(await company(made, callId)).toEqual([
      'alice dial transferred',
      'bob dial joined',
      'carol transfer joined',
    ]);
    expect((await factsOf(made, callId)).call.state).toBe('active');
  });

  it('who transferred hears nothing after it, and may not act in the call', async () => {
    const made = rig();
    const { alice, carol, callId } = await three(made);
    const { seq } = await alice.ok('call.transfer', { callId, to: 'user:carol' });
    const heard = typesOf(alice, callId).length;
    await made.clock.advanceAsync(1_000);
    await carol.ok('call.accept', { callId });
    await made.clock.advanceAsync(2_000);
    expect(typesOf(alice, callId)).toHaveLength(heard);
    expect(alice.of('beat').at(-1)!.calls).toEqual({});
    const refused = await alice.request('call.update', { callId, muted: true });
    expect(refused).toMatchObject({
      error: { code: 'call_ended', details: { endReason: 'transferred' } },
    });
    // Nor by asking, or by coming back (P-505).
    expect(await alice.ok('call.sync', { callId, afterSeq: seq })).toEqual({ callId, events: [] });
    expect(await alice.ok('call.sync', { callId, afterSeq: 0 })).toEqual({ callId, gone: true });
    expect(await alice.refusal('call.ice-servers', { callId })).toBe('call_ended');
    await alice.ok('call.hang-up', { callId });
  });

  it.each([
    ['is declined', (carol: TestClient, callId: string) => carol.ok('call.decline', { callId })],
    [
      'finds them busy on their only device',
      (carol: TestClient, callId: string) => carol.ok('call.decline', { callId, busy: true }),
    ],
    ['is not answered', (_: TestClient, __: string, made: Rig) => made.clock.advanceAsync(45_250)],
    [
      'is accepted, and media does not connect',
      async (carol: TestClient, callId: string, made: Rig) => {
        await carol.ok('call.accept', { callId });
        await made.clock.advanceAsync(20_250);
      },
    ],
  ])('one that %s goes back to who made it', async (_, fail) => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await carol.ok('call.ring', { callId });
    await fail(carol, callId, made);
    await settle();
    expect((await company(made, callId)).slice(2)).toEqual([
      expect.stringMatching(/^carol transfer (declined|busy|unanswered|failed)$/),
      'alice return invited',
    ]);
    const facts = await factsOf(made, callId);
    expect(facts.legs.at(-1)).toMatchObject({ userId: 'alice', deviceId: 'phone' });
    // The return rings on the same device, by a new leg.
    expect(
      alice
        .of('call.events')
        .at(-1)!
        .events.map(({ type }) => type),
    ).toEqual(expect.arrayContaining(['participant.left', 'participant.invited', 'leg.offered']));
    await alice.ok('call.accept', { callId });
    await hear(alice, callId, 'l2');
    await hear(bob, callId, facts.legs.at(-1)!.id);
    expect((await factsOf(made, callId)).call.state).toBe('active');
    await bob.ok('call.hang-up', { callId });
    expect(typesOf(alice, callId).at(-1)).toBe('call.ended');
    expect(made.server.counts.calls).toBe(0);
  });

  it('who came back sees what happened in between', async () => {
    const made = rig();
    const { alice, carol, callId } = await three(made);
    const { seq } = await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await carol.ok('call.ring', { callId });
    await carol.ok('call.decline', { callId });
    const { events } = await alice.ok('call.sync', { callId, afterSeq: seq });
    expect(events!.map(({ type }) => type)).toEqual([
      'leg.ringing',
      'leg.lost',
      'participant.left',
      'participant.invited',
      'leg.offered',
    ]);
  });

  it('a return that nobody answers ends the call', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await carol.ok('call.decline', { callId });
    await alice.ok('call.ring', { callId });
    await made.clock.advanceAsync(45_250);
    expect(bob.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'unanswered',
    });
  });

  it('who waits may hang up, and the ringing stops', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await bob.ok('call.hang-up', { callId });
    expect(carol.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'canceled',
    });
    expect(made.server.counts.calls).toBe(0);
  });

  it('a device that left and was transferred to rings again', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    await alice.ok('call.transfer', { callId, to: 'user:carol' });
    await carol.ok('call.accept', { callId });
    await carol.ok('call.transfer', { callId, to: 'user:alice' });
    expect(typesOf(alice, callId).slice(-4)).toEqual([
      'participant.invited',
      'leg.offered',
      'participant.left',
      'call.ringing',
    ]);
    await alice.ok('call.accept', { callId });
    expect(typesOf(bob, callId).at(-1)).toBe('call.connecting');
    expect(await company(made, callId)).toEqual([
      'alice dial transferred',
      'bob dial joined',
      'carol transfer transferred',
      'alice transfer joined',
    ]);
  });
});

describe('an attended transfer', () => {
  it('makes one call of two in one write, and leaves', async () => {
    const made = rig();
    const { alice, bob, carol, callId, otherId } = await twoCalls(made);
    made.store.taken();
    const { events } = await alice.ok('call.transfer', { callId, toCallId: otherId });
    expect(made.store.taken()).toEqual({ commit: 1 });
    expect(events.map(({ type }) => type)).toEqual([
      'participant.invited',
      'leg.offered',
      'leg.ringing',
      'participant.joined',
      'participant.left',
      'participant.role',
      'call.connecting',
    ]);
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events });
    // Who is moved hears first that their call goes on as another, then of that.
    expect(carol.of('call.events').slice(-2)).toMatchObject([
      { callId: otherId, events: [{}, {}, { type: 'call.ended', movedTo: callId }] },
      { callId, events },
    ]);
    expect(await company(made, callId)).toEqual([
      'alice dial transferred',
      'bob dial joined',
      'carol transfer joined',
    ]);
    expect((await factsOf(made, otherId)).call).toMatchObject({
      state: 'ended',
      endReason: 'transferred',
      movedTo: callId,
    });
    expect(made.server.counts.calls).toBe(1);
    const { snapshot } = await carol.ok('call.sync', { callId, afterSeq: 0 });
    expect(snapshot!.call.state).toBe('connecting');
    const signal = { callId, mediaEpoch: 1, n: 1, afterSeq: 1 };
    carol.notice('signal', { ...signal, toLeg: 'l2', body: { kind: 'offer', sdp: 'v=0\r\n' } });
    expect(bob.of('signal')).toMatchObject([{ callId, fromLeg: 'l3' }]);
    await made.clock.advanceAsync(2_250);
    expect(Object.keys(carol.of('beat').at(-1)!.calls)).toEqual([callId]);
    expect(alice.of('beat').at(-1)!.calls).toEqual({});
  });

  it('takes in a call that still rings: it rings on in one’s place', async () => {
    const made = rig();
    const { alice, bob, carol, callId } = await three(made);
    const otherId = alice.callId();
    await alice.ok('call.dial', { callId: otherId, to: 'user:carol', media });
    await carol.ok('call.ring', { callId: otherId });
    await alice.ok('call.transfer', { callId, toCallId: otherId });
    expect((await company(made, callId)).at(-1)).toBe('carol transfer ringing');
    expect(typesOf(bob, callId).at(-1)).toBe('call.ringing');
    await carol.ok('call.accept', { callId });
    expect(typesOf(bob, callId).at(-1)).toBe('call.connecting');
  });

  it('one that still rings and is declined goes back', async () => {
    const made = rig();
    const { alice, carol, callId } = await three(made);
    const otherId = alice.callId();
    await alice.ok('call.dial', { callId: otherId, to: 'user:carol', media });
    await carol.ok('call.ring', { callId: otherId });
    await alice.ok('call.transfer', { callId, toCallId: otherId });
    await carol.ok('call.decline', { callId });
    expect((await company(made, callId)).at(-1)).toBe('alice return invited');
    await alice.ok('call.accept', { callId });
  });

  it('finds the other call in the store when no device of this instance is in it', async () => {
    const made = rig();
    const { alice, callId, otherId } = await twoCalls(made);
    const second = made.peer();
    await settle();
    const moved = await made.join(second, { userId: 'alice', known: { [callId]: 1 } });
    await settle();
    await moved.ok('call.transfer', { callId, toCallId: otherId });
    await settle();
    expect(alice.closed?.code).toBe(4009);
    expect((await factsOf(made, otherId)).call.movedTo).toBe(callId);
  });

  it('a repeated one is answered as the first time (P-405)', async () => {
    const made = rig();
    const { alice, callId, otherId } = await twoCalls(made);
    const body = { callId, toCallId: otherId };
    const answer = await alice.ok('call.transfer', body, 'transfer');
    expect(await alice.ok('call.transfer', body, 'transfer')).toEqual(answer);
    expect(await alice.refusal('call.transfer', { callId, to: 'user:dave' }, 'transfer')).toBe(
      'command_reused',
    );
  });

  it.each([
    ['the call', 0],
    ['the other call', 1],
  ])('is decided anew when %s was written meanwhile', async (_, which) => {
    const made = rig();
    const { alice, bob, carol, callId, otherId } = await twoCalls(made);
    const { commit } = made.store;
    let conflicts = 0;
    made.store.commit = async (set) => {
      if (set.calls.length === 2 && conflicts === 0) {
        conflicts += 1;
        made.store.commit = commit;
        // As another instance would: behind the back of this one.
        const facts = await factsOf(made, [callId, otherId][which]!);
        const { call, legs } = facts;
        const seq = call.seq + 1;
        const update = { type: 'leg.updated', legId: 'l2', held: false, muted: true } as const;
        const events = [{ ...update, camera: false, seq, at: made.clock.now() }];
        const written = {
          ...facts,
          call: { ...call, seq },
          legs: legs.map((leg) => (leg.id === 'l2' ? { ...leg, muted: true } : leg)),
        };
        const change = { facts: written, events, nextDeadlineAt: null, directRinging: null };
        await made.store.inner.commit({ orgId: 'acme', guards: [], calls: [change], outbox: [] });
      }
      return commit(set);
    };
    await alice.ok('call.transfer', { callId, toCallId: otherId });
    await settle();
    expect(conflicts).toBe(1);
    const { legs } = await factsOf(made, callId);
    expect(legs.slice(1).map(({ muted }) => muted)).toEqual([which === 0, which === 1]);
    expect([bob, carol][which]!.callEventTypes).toContain('leg.updated');
  });

  it('of two that cross, each putting its call into the other’s, one is done', async () => {
    const made = rig();
    const { alice, callId, otherId } = await twoCalls(made);
    const outcomes = await Promise.all([
      alice.request('call.transfer', { callId, toCallId: otherId }),
      alice.request('call.transfer', { callId: otherId, toCallId: callId }),
    ]);
    const codes = outcomes.map((outcome) => ('ok' in outcome ? 'done' : outcome.error.code));
    expect(codes.sort()).toEqual(['call_ended', 'done']);
    await settle();
    expect(made.server.counts.calls).toBe(1);
  });

  it('and a hang-up at the same time: the first written counts, and nobody hangs in the air', async () => {
    for (const isHangUpFirst of [true, false]) {
      const made = rig();
      const { alice, carol, callId, otherId } = await twoCalls(made);
      const both = [
        () => alice.request('call.transfer', { callId, toCallId: otherId }),
        () => carol.request('call.hang-up', { callId: otherId }),
      ];
      if (isHangUpFirst) both.reverse();
      await Promise.all(both.map((each) => each()));
      await settle();
      const [call, other] = [await factsOf(made, callId), await factsOf(made, otherId)];
      expect(other.call.endReason).toBe(isHangUpFirst ? 'completed' : 'transferred');
      expect(call.participants.filter(({ state }) => state === 'joined')).toHaveLength(2);
    }
  });
});

describe('a merge', () => {
  it('makes one call of two and stays in it', async () => {
    const made = rig();
    const { alice, bob, carol, callId, otherId } = await twoCalls(made);
    const { events } = await alice.ok('call.merge', { callId, fromCallId: otherId });
    expect(events.map(({ type }) => type)).toEqual([
      'participant.invited',
      'leg.offered',
      'leg.ringing',
      'participant.joined',
    ]);
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events });
    expect(carol.of('call.events').at(-1)).toEqual({ callId, events });
    // Who merges hears of the end of the other call too.
    expect(alice.of('call.events').at(-1)).toMatchObject({
      callId: otherId,
      events: [{}, {}, { type: 'call.ended', movedTo: callId }],
    });
    await hear(carol, callId, 'l1');
    await alice.ok('call.hang-up', { callId });
    expect((await factsOf(made, callId)).call.state).not.toBe('ended');
    expect(await company(made, callId)).toEqual([
      'alice dial completed',
      'bob dial joined',
      'carol merge joined',
    ]);
  });

  it('holds, mutes and cameras come with who is moved', async () => {
    const made = rig();
    const { alice, carol, callId, otherId } = await twoCalls(made);
    await carol.ok('call.update', { callId: otherId, held: true, muted: true });
    await alice.ok('call.merge', { callId, fromCallId: otherId });
    const { legs } = await factsOf(made, callId);
    expect(legs.at(-1)).toMatchObject({ userId: 'carol', held: true, muted: true });
  });
});
