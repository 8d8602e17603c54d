import { describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { testToken } from '@ringfence/signaling-server/testing';
import { hear, rig, ringing, talking } from './rig.ts';

const audio = { audio: true, video: false };

describe('hello', () => {
  it('answers who it is and what a client needs (P-304)', async () => {
    const made = rig();
    const stranger = made.stranger();
    const expiresAt = made.clock.now() + 3_600_000;
    const token = testToken({ userId: 'alice', expiresAt });
    const answer = await stranger.ok('hello', { token, device: 'phone' });
    expect(answer).toEqual({
      session: expect.any(String),
      userId: 'alice',
      orgId: 'acme',
      now: made.clock.now(),
      beatMs: 2_000,
      reconnectSpreadMs: 501,
      tokenExpiresAt: expiresAt,
      settings: { doNotDisturb: false, forwardOnBusy: null, forwardOnNoAnswer: null },
      calls: [],
    });
  });

  it('the same device again takes over, and its calls hear nothing of it (P-108)', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    const heard = bob.events.length;
    const again = await made.client({ userId: 'alice' });
    expect(alice.closed?.code).toBe(4009);
    expect(bob.events).toHaveLength(heard);
    await again.ok('call.hang-up', { callId });
    expect(bob.callEventTypes.at(-1)).toBe('call.ended');
    expect(made.server.counts).toEqual({ sessions: 2, calls: 0, users: 2 });
  });

  it('a take-over whose hello then fails leaves no call believing in the device', async () => {
    const made = rig();
    const { bob } = await talking(made);
    made.store.breaks = (method) => (method === 'callsOf' ? 'before' : null);
    const stranger = made.stranger();
    const token = testToken({ userId: 'alice' });
    const refused = await stranger.request('hello', { token, device: 'phone' });
    expect(refused).toMatchObject({ error: { code: 'store_unavailable', retryAfterMs: 1_000 } });
    expect(stranger.closed?.code).toBe(1013);
    await settle();
    expect(bob.callEventTypes.at(-1)).toBe('leg.silent');
  });
});

describe('a hello that is not answered', () => {
  it('closes with 1013 when tokens are not checked in time (P-110)', async () => {
    const made = rig();
    made.beforeAuth = () => new Promise(() => {});
    const stranger = made.stranger();
    const asked = stranger
      .request('hello', { token: 'any', device: 'phone' })
      .catch(() => 'closed');
    await made.clock.advanceAsync(4_750);
    expect(stranger.closed).toBeNull();
    await made.clock.advanceAsync(250);
    expect(stranger.closed?.code).toBe(1013);
    expect(await asked).toBe('closed');
    expect(made.server.counts).toEqual({ sessions: 0, calls: 0, users: 0 });
  });

  it('closes with 1013 when the store hangs (P-110), with 1011 when it answers nonsense (P-113)', async () => {
    const made = rig();
    const hello = { token: testToken({ userId: 'alice' }), device: 'phone' };
    made.store.callsOf = () => new Promise(() => {});
    const hung = made.stranger();
    hung.request('hello', hello).catch(() => {});
    await made.clock.advanceAsync(5_000);
    expect(hung.closed?.code).toBe(1013);

    made.store.callsOf = () => Promise.resolve(null as never);
    const broken = made.stranger();
    expect(await broken.refusal('hello', hello)).toBe('internal');
    expect(broken.closed?.code).toBe(1011);
  });
});

describe('catching up (P-505, P-506)', () => {
  it('keeps the answer to hello within a frame; what has no room follows (P-202)', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const known: Record<string, number> = {};
    for (let count = 0; count < 64; count += 1) {
      const callId = alice.callId();
      await alice.ok('call.dial', { callId, to: 'user:nobody', media: audio });
      known[callId] = 0;
    }
    alice.cut();
    const back = made.stranger();
    const token = testToken({ userId: 'alice' });
    const answer = await back.ok('hello', { token, device: 'phone', known });
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(65_000);
    const later = back.of('call.events');
    const told = [...answer.calls, ...later].map(({ callId }) => callId);
    expect(told.sort()).toEqual(Object.keys(known).sort());
    expect(later.length).toBeGreaterThan(0);
    for (const { callId, events } of later) {
      expect(events).toMatchObject([{ type: 'call.ended', reason: 'unreachable' }]);
      const synced = await back.ok('call.sync', { callId, afterSeq: 0 });
      expect(synced.snapshot?.call.seq).toBe(events[0]!.seq);
    }
  });

  it('sends the events missed since the seq a client names', async () => {
    const made = rig();
    const { alice, bob, callId } = await ringing(made);
    alice.cut();
    await settle();
    await bob.ok('call.accept', { callId });
    const back = made.stranger();
    const token = testToken({ userId: 'alice' });
    const { calls } = await back.ok('hello', { token, device: 'phone', known: { [callId]: 3 } });
    expect(calls).toMatchObject([{ callId }]);
    expect(calls[0]!.events!.map((event) => event.type)).toEqual([
      'leg.silent',
      'participant.joined',
      'call.connecting',
    ]);
    await settle();
    expect(back.callEventTypes).toEqual(['leg.resumed']);
    expect(bob.callEventTypes.at(-1)).toBe('leg.resumed');
  });

  it('sends a snapshot of a live call the client does not name, and of one it is ahead of (P-507)', async () => {
    const made = rig();
    const { alice, callId } = await talking(made);
    alice.cut();
    await settle();
    const token = testToken({ userId: 'alice' });
    for (const known of [undefined, { [callId]: 9_999 }]) {
      const facts = await made.store.load('acme', callId);
      const back = made.stranger();
      const hello = { token, device: 'phone', ...(known && { known }) };
      const { calls } = await back.ok('hello', hello);
      expect(calls).toEqual([{ callId, snapshot: facts }]);
      back.cut();
      await settle();
    }
  });

  it('says of an ended call what was missed, and of an unknown one that it is gone', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    alice.cut();
    await bob.ok('call.hang-up', { callId });
    const unknown = alice.callId();
    const back = made.stranger();
    const token = testToken({ userId: 'alice' });
    const known = { [callId]: 8, [unknown]: 4 };
    const { calls } = await back.ok('hello', { token, device: 'phone', known });
    expect(calls).toMatchObject([
      { callId, events: [{ type: 'leg.silent' }, {}, {}, { type: 'call.ended' }] },
      { callId: unknown, gone: true },
    ]);
    const later = await made.client({ userId: 'alice' });
    expect(later.events).toEqual([]);
  });

  it('a call that ends while hello reads it is told as ended, and not remembered', async () => {
    const made = rig();
    const { alice, callId } = await talking(made);
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { callsOf } = made.store;
    made.store.callsOf = async (...args) => {
      const found = await callsOf(...args);
      await gate;
      return found;
    };
    const joining = made.client({ userId: 'bob' });
    await settle();
    await alice.ok('call.hang-up', { callId });
    open();
    const again = await joining;
    await settle();
    expect(made.server.counts.calls).toBe(0);
    expect(again.callEventTypes.at(-1)).toBe('call.ended');
  });

  it('a gap over 200 events gets a snapshot, also by call.sync', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    for (let count = 0; count < 201; count += 1) {
      await bob.ok('call.update', { callId, muted: count % 2 === 0 });
      await made.clock.advanceAsync(50);
    }
    const near = await alice.ok('call.sync', { callId, afterSeq: 9 });
    expect(near.events).toHaveLength(200);
    const far = await alice.ok('call.sync', { callId, afterSeq: 8 });
    expect(far.snapshot?.call.seq).toBe(209);
    expect(await alice.ok('call.sync', { callId, afterSeq: 209 })).toEqual({ callId, events: [] });
  });

  it('does not offer a ringing call to a device that came after the dial', async () => {
    const made = rig();
    await ringing(made);
    const late = made.stranger();
    const token = testToken({ userId: 'bob' });
    const { calls } = await late.ok('hello', { token, device: 'tablet' });
    expect(calls).toEqual([]);
  });

  it('events that come while hello is answered follow the answer', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const bob = made.stranger();
    const token = testToken({ userId: 'bob' });
    let release = (): void => {};
    const { callsOf } = made.store;
    made.store.callsOf = async (...args) => {
      const found = await callsOf(...args);
      await new Promise<void>((resolve) => (release = resolve));
      return found;
    };
    let answeredAfter = -1;
    const hello = bob.ok('hello', { token, device: 'phone' }).then(() => {
      answeredAfter = bob.events.length;
    });
    await settle();
    const callId = alice.callId();
    await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    expect(bob.events).toEqual([]);
    release();
    await hello;
    expect(bob.callEventTypes).toEqual(['call.created', 'leg.offered']);
    expect(answeredAfter).toBeGreaterThanOrEqual(0);
    await bob.ok('call.accept', { callId });
  });
});

describe('presence', () => {
  it('a closed socket is told at once, and a hello ends it (P-604, P-605)', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    alice.cut();
    await settle();
    expect(bob.of('call.events').at(-1)!.events).toMatchObject([
      { type: 'leg.silent', legId: 'l1', graceDeadlineAt: made.clock.now() + 30_000 },
    ]);
    await made.client({ userId: 'alice', known: { [callId]: 8 } });
    await settle();
    expect(bob.callEventTypes.at(-1)).toBe('leg.resumed');
  });

  it('a client that answers no beat is told of within 8 seconds, and closed', async () => {
    const made = rig();
    const { alice, bob } = await talking(made);
    alice.answersBeats = false;
    await made.clock.advanceAsync(5_750);
    expect(bob.callEventTypes).not.toContain('leg.silent');
    await made.clock.advanceAsync(2_250);
    expect(bob.callEventTypes.at(-1)).toBe('leg.silent');
    expect(alice.closed?.code).toBe(4008);
    await made.clock.advanceAsync(60_000);
    expect(bob.of('call.events').at(-1)!.events.at(-1)).toMatchObject({ type: 'leg.graced' });
    await hear(bob, bob.of('call.events')[0]!.callId, 'l1', false);
    await made.clock.advanceAsync(31_000);
    expect(bob.of('call.events').at(-1)!.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'failed',
      cause: 'caller_lost',
    });
  });

  it('a process that stood still takes nobody for silent', async () => {
    const made = rig();
    const { alice, bob } = await talking(made);
    // All timers are late by ten seconds, as after a suspended machine.
    const { monotonic } = made.clock;
    let behindMs = 0;
    made.clock.monotonic = () => monotonic.call(made.clock) + behindMs;
    behindMs = 10_000;
    await made.clock.advanceAsync(250);
    await made.clock.advanceAsync(2_000);
    expect([alice.closed, bob.closed]).toEqual([null, null]);
  });

  it('beats carry the newest seq of each live call (P-601)', async () => {
    const made = rig();
    const { alice, callId } = await talking(made);
    const carol = await made.client({ userId: 'carol' });
    await made.clock.advanceAsync(2_250);
    expect(alice.of('beat').at(-1)!.calls).toEqual({ [callId]: 8 });
    expect(carol.of('beat').at(-1)!.calls).toEqual({});
  });

  it('a device that was cut a moment ago is still offered calls', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const bob = await made.client({ userId: 'bob' });
    bob.cut();
    const callId = alice.callId();
    const { events } = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
    expect(events.at(-1)!.type).toBe('leg.offered');
    const back = made.stranger();
    const token = testToken({ userId: 'bob' });
    const { calls } = await back.ok('hello', { token, device: 'phone' });
    expect(calls).toMatchObject([{ callId, snapshot: { call: { state: 'ringing' } } }]);
    await back.ok('call.ring', { callId });
    expect(alice.callEventTypes.at(-1)).toBe('leg.ringing');
  });

  it('a device that said goodbye, or has been gone for 10 seconds, is not', async () => {
    const made = rig();
    const alice = await made.client({ userId: 'alice' });
    const bob = await made.client({ userId: 'bob' });
    const dial = async (): Promise<unknown> => {
      const callId = alice.callId();
      const { events } = await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
      return events.at(-1);
    };
    bob.cut(1001);
    expect(await dial()).toMatchObject({ type: 'call.ended', reason: 'unreachable' });
    const again = await made.client({ userId: 'bob' });
    again.cut(1006);
    await made.clock.advanceAsync(10_250);
    expect(await dial()).toMatchObject({ type: 'call.ended', reason: 'unreachable' });
  });
});

describe('tokens', () => {
  it('an expiring token is told of, can be refreshed, and else closes (P-306, P-307)', async () => {
    const made = rig();
    const alice = made.stranger();
    alice.answersBeats = true;
    const expiresAt = made.clock.now() + 90_000;
    await alice.ok('hello', { token: testToken({ userId: 'alice', expiresAt }), device: 'phone' });
    await made.clock.advanceAsync(29_750);
    expect(alice.of('token.expiring')).toEqual([]);
    await made.clock.advanceAsync(250);
    expect(alice.of('token.expiring')).toEqual([{ expiresAt }]);
    const later = expiresAt + 90_000;
    const refreshed = await alice.ok('token.refresh', {
      token: testToken({ userId: 'alice', expiresAt: later }),
    });
    expect(refreshed).toEqual({ tokenExpiresAt: later });
    await made.clock.advanceAsync(60_000);
    expect(alice.closed).toBeNull();
    await made.clock.advanceAsync(90_000);
    expect(alice.closed?.code).toBe(4001);
    expect(alice.of('token.expiring')).toEqual([{ expiresAt }, { expiresAt: later }]);
  });

  it('a step of the wall clock leaves a token the time it had (P-307)', async () => {
    const made = rig();
    const alice = made.stranger();
    alice.answersBeats = true;
    const expiresAt = made.clock.now() + 90_000;
    await alice.ok('hello', { token: testToken({ userId: 'alice', expiresAt }), device: 'phone' });
    made.clock.stepWallClock(3_600_000);
    await made.clock.advanceAsync(29_750);
    expect([alice.closed, alice.of('token.expiring')]).toEqual([null, []]);
    made.clock.stepWallClock(-7_200_000);
    await made.clock.advanceAsync(60_000);
    expect(alice.of('token.expiring')).toEqual([{ expiresAt }]);
    await made.clock.advanceAsync(250);
    expect(alice.closed?.code).toBe(4001);
  });

  it('why a token was refused is in the log, and is not told (P-305)', async () => {
    const made = rig();
    for (const token of ['bad', testToken({ userId: 'alice', expiresAt: made.clock.now() - 1 })]) {
      const stranger = made.stranger();
      const refused = await stranger.request('hello', { token, device: 'phone' });
      expect(refused).toMatchObject({ error: { code: 'unauthorized' } });
    }
    expect(made.logger.lines.filter(({ message }) => message === 'a token was refused')).toEqual([
      {
        level: 'info',
        message: 'a token was refused',
        fields: { session: expect.any(String), reason: 'unknown' },
      },
      {
        level: 'info',
        message: 'a token was refused',
        fields: { session: expect.any(String), reason: 'expired' },
      },
    ]);
  });

  it('a refresh for another user, or a bad one, closes with 4001', async () => {
    const made = rig();
    for (const token of [
      'bad',
      testToken({ userId: 'bob' }),
      testToken({ userId: 'alice', orgId: 'x' }),
    ]) {
      const alice = await made.client({ userId: 'alice' });
      await expect(alice.refusal('token.refresh', { token })).resolves.toBe('unauthorized');
      expect(alice.closed?.code).toBe(4001);
    }
  });
});

describe('signals', () => {
  it('go between the joined legs, with the sender’s leg (P-701, P-704)', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    const body = { kind: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n' } as const;
    alice.notice('signal', { callId, toLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq: 5, body });
    bob.notice('signal.ack', { callId, toLeg: 'l1', mediaEpoch: 1, n: 1 });
    expect(bob.of('signal')).toEqual([
      { callId, fromLeg: 'l1', mediaEpoch: 1, n: 1, afterSeq: 5, body },
    ]);
    expect(alice.of('signal.ack')).toEqual([{ callId, fromLeg: 'l2', mediaEpoch: 1, n: 1 }]);
  });
});

describe('signals to a slow reader', () => {
  it('are dropped before they would cut it off (P-707)', async () => {
    const made = rig();
    const { alice, bob, callId } = await talking(made);
    const body = { kind: 'offer', sdp: 'v=0\r\n' } as const;
    const signal = { callId, toLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq: 5, body };
    bob.bufferedBytes = 600_000;
    alice.notice('signal', signal);
    expect([bob.of('signal'), bob.closed]).toEqual([[], null]);
    bob.bufferedBytes = 0;
    alice.notice('signal', signal);
    expect(bob.of('signal')).toHaveLength(1);
  });
});

describe('going away', () => {
  it('closes every socket with 1012, and new ones too (P-110)', async () => {
    const made = rig();
    const { alice, bob } = await talking(made);
    expect(made.server.healthy()).toBe(true);
    await made.server.drain();
    expect([alice.closed?.code, bob.closed?.code]).toEqual([1012, 1012]);
    expect(made.server.healthy()).toBe(false);
    expect(made.stranger().closed?.code).toBe(1012);
  });

  it('waits for the writes in flight, but not for ever', async () => {
    const made = rig();
    const { alice, callId } = await talking(made);
    let release = (): void => {};
    const { commit } = made.store;
    made.store.commit = async (set) => {
      await new Promise<void>((resolve) => (release = resolve));
      return commit(set);
    };
    const hangUp = alice.request('call.hang-up', { callId }).catch(() => 'not answered');
    let isDrained = false;
    const drained = made.server.drain({ deadlineMs: 1_000 }).then(() => (isDrained = true));
    await settle();
    expect(isDrained).toBe(false);
    made.store.commit = commit;
    release();
    await drained;
    expect(await hangUp).toBe('not answered');
    expect((await made.store.load('acme', callId))!.call.endReason).toBe('completed');

    const stuck = rig();
    const pair = await talking(stuck);
    stuck.store.commit = () => new Promise(() => {});
    pair.alice.request('call.hang-up', { callId: pair.callId }).catch(() => {});
    const given = stuck.server.drain({ deadlineMs: 1_000 });
    await stuck.clock.advanceAsync(1_000);
    await given;
  });
});
