import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { hear, ringing, rig, talking } from './rig.ts';

const audio = { audio: true, video: false };

describe('a call', () => {
  it('goes from dial to hang-up, each side told once (P-503)', async () => {
    const { client, server } = rig();
    const alice = await client({ userId: 'alice' });
    const bob = await client({ userId: 'bob' });
    const callId = alice.callId();

    const dialed = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    expect(dialed.seq).toBe(2);
    expect(dialed.events.map((event) => event.type)).toEqual(['call.created', 'leg.offered']);
    expect(bob.of('call.events')).toEqual([{ callId, events: dialed.events }]);

    const rung = await bob.ok('call.ring', { callId });
    const accepted = await bob.ok('call.accept', { callId });
    expect(accepted.events.map((event) => event.type)).toEqual([
      'participant.joined',
      'call.connecting',
    ]);
    await hear(alice, callId, 'l2');
    await hear(bob, callId, 'l1');
    await bob.ok('call.update', { callId, held: true });
    expect(alice.callEventTypes).toEqual([
      'leg.ringing',
      'participant.joined',
      'call.connecting',
      'leg.media',
      'call.active',
      'leg.updated',
    ]);
    expect(alice.of('call.events')[0]).toEqual({ callId, events: rung.events });

    const ended = await alice.ok('call.hang-up', { callId });
    expect(ended.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'completed',
      by: 'p1',
    });
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events: ended.events });
    expect(server.counts).toEqual({ sessions: 2, calls: 0, users: 2 });
  });

  it('costs one store round trip a command', async () => {
    const made = rig();
    const { store } = made;
    const alice = await made.client({ userId: 'alice' });
    const bob = await made.client({ userId: 'bob' });
    expect(store.taken()).toEqual({ callsOf: 2, settingsOf: 2 });
    const callId = alice.callId();
    const commands = [
      () => alice.ok('call.dial', { callId, to: 'user:bob', media: audio }),
      () => bob.ok('call.ring', { callId }),
      () => bob.ok('call.accept', { callId }),
      () => hear(alice, callId, 'l2'),
      () => hear(bob, callId, 'l1'),
      () => alice.ok('call.update', { callId, muted: true }),
      () => alice.ok('call.hang-up', { callId }),
    ];
    for (const command of commands) {
      await command();
      expect(store.taken()).toEqual({ commit: 1 });
    }
  });

  it('costs one round trip for a command that changes nothing or is refused', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    made.store.taken();
    await expect(bob.ok('call.ring', { callId })).resolves.toEqual({ callId, seq: 3, events: [] });
    expect(made.store.taken()).toEqual({ answerOf: 1 });
    await expect(alice.refusal('call.accept', { callId })).resolves.toBe('wrong_state');
    expect(made.store.taken()).toEqual({ answerOf: 1 });
  });

  it('answers a busy callee and an engaged caller by what the store holds (P-804, P-805)', async () => {
    const made = rig({ callsPerUser: 1 });
    await ringing(made);
    const carol = await made.client({ userId: 'carol' });
    made.store.taken();
    const busy = await carol.ok('call.dial', {
      callId: carol.callId(),
      to: 'user:bob',
      media: audio,
    });
    expect(busy.events.at(-1)).toMatchObject({ type: 'call.ended', reason: 'busy' });
    expect(made.store.taken()).toEqual({ commit: 2 });
    const second = await made.client({ userId: 'alice', device: 'tablet' });
    await expect(
      second.refusal('call.dial', { callId: second.callId(), to: 'user:carol', media: audio }),
    ).resolves.toBe('already_in_call');
  });

  it('rings as many calls as a user may have, where a device takes them (P-805)', async () => {
    const made = rig({ callsPerUser: 2 });
    const bob = await made.client({ userId: 'bob' });
    const tablet = await made.client({ userId: 'bob', device: 'tablet', callWaiting: false });
    const dave = await made.client({ userId: 'dave', callWaiting: false });
    const lines: Record<string, string[]> = { bob: [], dave: [] };
    for (const userId of ['alice', 'carol', 'erin']) {
      const caller = await made.client({ userId });
      for (const callee of ['bob', 'dave']) {
        const callId = caller.callId();
        const dialed = await caller.ok('call.dial', { callId, to: `user:${callee}`, media: audio });
        lines[callee]!.push(dialed.events.at(-1)!.type);
      }
    }
    expect(lines).toEqual({
      bob: ['leg.offered', 'leg.offered', 'call.ended'],
      dave: ['leg.offered', 'call.ended', 'call.ended'],
    });
    expect([bob, tablet, dave].map((client) => client.of('call.events').length)).toEqual([2, 2, 1]);
  });

  it('dials as many calls as a user may have, call waiting or not (P-804)', async () => {
    const made = rig({ callsPerUser: 2 });
    const alice = await made.client({ userId: 'alice', callWaiting: false });
    const outcomes: unknown[] = [];
    for (const userId of ['bob', 'carol', 'dave']) {
      await made.client({ userId });
      const callId = alice.callId();
      const dialed = await alice.request('call.dial', {
        callId,
        to: `user:${userId}`,
        media: audio,
      });
      outcomes.push('ok' in dialed ? dialed.ok.events.at(-1)!.type : dialed.error.code);
    }
    expect(outcomes).toEqual(['leg.offered', 'leg.offered', 'already_in_call']);
  });

  it('a user without a device is unreachable, also while a call waits for them', async () => {
    const made = rig({ callsPerUser: 1 });
    const { bob } = await talking(made);
    bob.cut();
    await made.clock.advanceAsync(10_250);
    const carol = await made.client({ userId: 'carol' });
    made.store.taken();
    const { events } = await carol.ok('call.dial', {
      callId: carol.callId(),
      to: 'user:bob',
      media: audio,
    });
    expect(events.at(-1)).toMatchObject({ type: 'call.ended', reason: 'unreachable' });
    expect(made.store.taken()).toEqual({ commit: 1 });
  });

  it('of 50 calls at once four ring, the others are busy, and none is lost (P-805)', async () => {
    const made = rig();
    const bob = await made.client({ userId: 'bob' });
    const callers = [];
    for (let n = 0; n < 50; n += 1) callers.push(await made.client({ userId: `caller${n}` }));
    const dialed = await Promise.all(
      callers.map((caller) =>
        caller.ok('call.dial', { callId: caller.callId(), to: 'user:bob', media: audio }),
      ),
    );
    const ends = dialed.map(({ events }) => events.at(-1)!);
    expect(ends.filter(({ type }) => type === 'leg.offered')).toHaveLength(4);
    const ended = ends.filter((event) => event.type === 'call.ended');
    expect(ended.map(({ reason }) => reason)).toEqual(Array.from({ length: 46 }, () => 'busy'));
    const offered = dialed.filter(({ events }) => events.at(-1)!.type === 'leg.offered');
    expect(bob.of('call.events').map(({ callId }) => callId)).toEqual(
      offered.map(({ callId }) => callId),
    );
    for (const { callId } of offered) await bob.ok('call.accept', { callId });
    expect(made.server.counts.calls).toBe(4);
  });

  it('rings every device, and tells the losers who won (P-806, P-807)', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const phone = await made.client({ userId: 'bob', device: 'phone' });
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await phone.ok('call.ring', { callId });
    await tablet.ok('call.ring', { callId });
    const [won, lost] = await Promise.all([
      phone.request('call.accept', { callId }),
      tablet.request('call.accept', { callId }),
    ]);
    expect(won).toMatchObject({ ok: { callId } });
    expect(lost).toMatchObject({
      error: {
        code: 'answered_elsewhere',
        details: { lostReason: 'answered-elsewhere', byUserId: 'bob', at: made.clock.now() },
      },
    });
    expect(tablet.callEventTypes.slice(-3)).toEqual([
      'participant.joined',
      'leg.lost',
      'call.connecting',
    ]);
    await alice.ok('call.hang-up', { callId });
    // The lost device hears no more of the call.
    expect(tablet.callEventTypes.at(-1)).toBe('call.connecting');
    expect(phone.callEventTypes.at(-1)).toBe('call.ended');
  });

  it('a cancel and an accept that race: the first written counts (P-812)', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    const [hungUp, accepted] = await Promise.all([
      alice.request('call.hang-up', { callId }),
      bob.request('call.accept', { callId }),
    ]);
    expect(hungUp).toMatchObject({ ok: { seq: 7 } });
    expect(accepted).toMatchObject({
      error: { code: 'call_ended', details: { endReason: 'canceled' } },
    });
  });

  it('a hang-up before its dial leaves a tombstone (P-811)', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const bob = await made.client({ userId: 'bob' });
    const callId = alice.callId();
    const buried = await alice.ok('call.hang-up', { callId, dialed: true });
    expect(buried.events.map((event) => event.type)).toEqual(['call.tombstoned']);
    const dialed = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    expect(dialed).toEqual({ callId, seq: 1, events: [] });
    expect(bob.of('call.events')).toEqual([]);
  });

  it('does not hold one call up for another, and keeps the order within each (P-106)', async () => {
    const made = rig();
    const { bob, callId } = await ringing(made);
    const carol = await made.client({ userId: 'carol' });
    await made.client({ userId: 'dave' });
    let release = (): void => {};
    const commit = made.store.commit;
    made.store.commit = async (set) => {
      if (set.calls[0]?.facts.call.id === callId)
        await new Promise<void>((resolve) => (release = resolve));
      return commit(set);
    };
    const slow = bob.request('call.accept', { callId });
    const behind = bob.request('call.update', { callId, muted: true });
    const other = await carol.ok('call.dial', {
      callId: carol.callId(),
      to: 'user:dave',
      media: audio,
    });
    expect(other.seq).toBe(2);
    made.store.commit = commit;
    release();
    // The two commands of the slow call were run in the order they came.
    expect(await slow).toMatchObject({ ok: { seq: 5 } });
    expect(await behind).toMatchObject({ ok: { seq: 6 } });
  });
});

describe('the answers that are kept (P-407)', () => {
  const day = 24 * 3_600_000;

  it.each([
    ['24 hours', 12 * 3_600_000, day],
    ['the longest a call may last, where that is more', 3 * day, 3 * day],
  ])('are kept for %s', async (_, maximumMs, keptMs) => {
    const made = rig({ deadlines: { maximumMs } });
    const alice = await made.client({ userId: 'alice' });
    const kept: unknown[] = [];
    const { commit } = made.store;
    made.store.commit = (set) => {
      kept.push(set.answer?.keepUntil);
      return commit(set);
    };
    const dial = { callId: alice.callId(), to: 'user:nobody', media: audio };
    await alice.ok('call.dial', dial);
    expect(kept).toEqual([made.clock.now() + keptMs]);
  });

  it('are not those of refusals: a refused command decides again', async () => {
    const made = rig();
    const { bob, callId } = await ringing(made);
    await expect(bob.refusal('call.update', { callId, muted: true }, 'same')).resolves.toBe(
      'wrong_state',
    );
    await bob.ok('call.accept', { callId });
    const { events } = await bob.ok('call.update', { callId, muted: true }, 'same');
    expect(events.map(({ type }) => type)).toEqual(['leg.updated']);
  });
});

describe('deadlines, swept from the store', () => {
  it('45 seconds without an answer end the call (P-808)', async () => {
    const made = rig();
    const { alice, bob } = await ringing(made);
    await made.clock.advanceAsync(44_900);
    expect(alice.callEventTypes).toEqual(['leg.ringing']);
    await made.clock.advanceAsync(350);
    expect(alice.callEventTypes.at(-1)).toBe('call.ended');
    expect(bob.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'unanswered',
    });
    expect(made.server.counts.calls).toBe(0);
  });

  it('a device that does not acknowledge is unreachable (P-806)', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    await made.client({ userId: 'bob' });
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    await made.clock.advanceAsync(2_250);
    expect(alice.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'unreachable',
    });
  });

  it('media that does not connect fails the call (P-813)', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    await bob.ok('call.accept', { callId });
    await made.clock.advanceAsync(20_250);
    expect(alice.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'failed',
      cause: 'media_timeout',
    });
  });

  it('acts on calls that no client of this server is in', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    alice.cut(1001);
    bob.cut(1001);
    await settle();
    expect(made.server.counts).toEqual({ sessions: 0, calls: 0, users: 0 });
    await made.clock.advanceAsync(10_500);
    const facts = await made.store.load('acme', callId);
    expect(facts!.call).toMatchObject({ state: 'ended' });
    expect(made.server.counts).toEqual({ sessions: 0, calls: 0, users: 0 });
  });

  it('the sweep takes on no more calls than it may', async () => {
    const made = rig({ sweepCalls: 1 });
    const alice = await made.client({ userId: 'alice' });
    await made.client({ userId: 'bob' });
    const carol = await made.client({ userId: 'carol' });
    await made.client({ userId: 'dave' });
    for (const [caller, to] of [
      [alice, 'user:bob'],
      [carol, 'user:dave'],
    ] as const) {
      await caller.ok('call.dial', { callId: caller.callId(), to, media: audio });
    }
    await made.clock.advanceAsync(2_000);
    expect([alice, carol].map((client) => client.callEventTypes.at(-1))).toEqual([
      'call.ended',
      undefined,
    ]);
    await made.clock.advanceAsync(250);
    expect(carol.callEventTypes.at(-1)).toBe('call.ended');
  });
});

describe('memory', () => {
  it('holds nothing when every call has ended and every socket has closed', async () => {
    const made = rig();
    for (let round = 0; round < 20; round += 1) {
      const { alice, bob, callId } = await talking(made);
      if (round % 2 === 0) await alice.ok('call.hang-up', { callId });
      alice.cut(round % 3 === 0 ? 1000 : 1006);
      bob.cut(1006);
      await made.clock.advanceAsync(45_000);
    }
    expect(made.server.counts).toEqual({ sessions: 0, calls: 0, users: 0 });
    await made.server.close();
    expect(made.clock.pending).toBe(0);
  });
});
