import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { describe, expect, it } from 'vitest';
import { alice, bob, callId, History } from '../test/histories.ts';
import { createScripted } from '../test/scripted-server.ts';

function createCalls() {
  const scripted = createScripted();
  const history = new History(() => scripted.clock.now());
  const offered: CallFacts[] = [];
  scripted.client.on('call.offered', (facts) => offered.push(facts));
  return { ...scripted, history, offered };
}

describe('an offered call', () => {
  it('is told once, with its facts, and folds what follows (P-502)', async () => {
    const { client, welcomed, flush, history, offered } = createCalls();
    const session = await welcomed();
    session.event('call.events', { callId, events: [...history.dial(bob, alice)] });
    await flush();
    expect(offered).toEqual([history.facts]);
    const channel = client.channel(callId);
    expect(channel.facts).toEqual(history.facts);
    const seen: CallFacts[] = [];
    channel.on('facts', (facts) => seen.push(facts));
    session.event('call.events', {
      callId,
      events: [...history.run(alice, { type: 'call.ring' })],
    });
    await flush();
    expect(seen).toEqual([history.facts]);
    expect(client.channel(callId)).toBe(channel);
    expect(offered).toHaveLength(1);
  });

  it('is told from the welcome too, and not again after a reconnect', async () => {
    const { network, welcomed, flush, history, offered } = createCalls();
    history.dial(bob, alice);
    const calls = [{ callId, events: [...history.events] }];
    await welcomed({ calls });
    network.cut();
    const session = await welcomed({ calls: [] });
    expect(session.asked('hello')[0]!.body.known).toEqual({ [callId]: 2 });
    await flush();
    expect(offered).toEqual([history.facts]);
  });

  it('keeps its channel open when a listener opens it, and lets a thrown error pass', async () => {
    const { client, logger, welcomed, history, offered } = createCalls();
    client.on('call.offered', () => {
      throw new Error('a broken host');
    });
    client.on('call.offered', ({ call }) => client.channel(call.id));
    history.dial(bob, alice);
    await welcomed({ calls: [{ callId, snapshot: history.facts! }] });
    expect(offered).toHaveLength(1);
    expect(client.channel(callId).facts).toEqual(history.facts);
    expect(
      logger.lines.map(({ level, message, fields }) => [level, message, fields['event']]),
    ).toEqual([['error', 'a listener failed', 'call.offered']]);
  });

  it('may close the client from within its listener', async () => {
    const { client, clock, changes, welcomed, history } = createCalls();
    history.dial(bob, alice);
    client.on('call.offered', () => client.close());
    await welcomed({ calls: [{ callId, events: [...history.events] }] });
    expect(changes).toEqual(['connecting', 'closed']);
    await clock.advanceAsync(0);
    expect(clock.pending).toBe(0);
  });

  it('is not told when it was over before it came', async () => {
    const { welcomed, flush, history, offered, network } = createCalls();
    history.dial(bob, alice);
    history.run(bob, { type: 'call.hang-up' });
    const session = await welcomed({ calls: [{ callId, events: [...history.events] }] });
    // Nor when a hint of it comes late.
    session.event('call.events', { callId, events: history.events.slice(0, 2) });
    await flush();
    expect(offered).toEqual([]);
    network.cut();
    expect((await welcomed()).asked('hello')[0]!.body.known).toEqual({});
  });

  it('is not told when another device of this user answered it before it came', async () => {
    const { client, welcomed, flush, history, offered } = createCalls();
    history.dial(bob, alice, { audio: true, video: false }, ['phone', 'laptop']);
    history.run({ ...alice, deviceId: 'laptop' }, { type: 'call.accept' });
    const session = await welcomed({ calls: [{ callId, snapshot: history.facts! }] });
    expect(history.facts!.legs.map(({ state }) => state)).toEqual(['won', 'lost', 'won']);
    session.event('beat', { n: 1, calls: {} });
    await flush();
    await flush();
    expect(offered).toEqual([]);
    expect(session.asked('call.sync')).toEqual([]);
    expect(client.channel(callId).facts).toEqual(history.facts);
  });

  it('is not told when it is for another device of this user', async () => {
    const { welcomed, flush, history, offered } = createCalls();
    const session = await welcomed();
    const elsewhere = { ...alice, deviceId: 'laptop' };
    session.event('call.events', { callId, events: [...history.dial(bob, elsewhere)] });
    await flush();
    expect(offered).toEqual([]);
  });
});

describe('the facts of a call', () => {
  it('drop what is folded, and heal a gap by call.sync (P-504)', async () => {
    const { client, welcomed, flush, history } = createCalls();
    const session = await welcomed();
    const channel = client.channel(callId);
    const seqs: number[] = [];
    channel.on('facts', ({ call }) => seqs.push(call.seq));
    const first = [...history.dial(bob, alice)];
    session.event('call.events', { callId, events: first });
    session.event('call.events', { callId, events: first });
    const lost = [...history.run(alice, { type: 'call.ring' })];
    const later = [...history.run(alice, { type: 'call.accept' })];
    session.event('call.events', { callId, events: later });
    session.event('call.events', { callId, events: later.slice(-1) });
    await flush();
    await flush();
    expect(seqs).toEqual([2]);
    expect(session.asked('call.sync').map(({ body }) => body)).toEqual([{ callId, afterSeq: 2 }]);
    session.answer(session.asked('call.sync')[0]!, { callId, events: [...lost, ...later] });
    await flush();
    expect(seqs).toEqual([2, history.facts!.call.seq]);
    expect(channel.facts).toEqual(history.facts);
  });

  it('follow a snapshot, never an older one', async () => {
    const { client, welcomed, history } = createCalls();
    history.connect(bob, alice);
    const channel = client.channel(callId);
    await welcomed({
      calls: [
        { callId, snapshot: history.facts! },
        { callId, snapshot: history.at(2) },
      ],
    });
    expect(channel.facts).toEqual(history.facts);
  });

  it('heal by the next beat when a hint was lost (P-603)', async () => {
    const { client, welcomed, flush, history } = createCalls();
    history.dial(bob, alice);
    const session = await welcomed({ calls: [{ callId, events: [...history.events] }] });
    const channel = client.channel(callId);
    history.run(bob, { type: 'call.hang-up' });
    // The call has ended, so the beat does not name it.
    session.event('beat', { n: 1, calls: {} });
    await flush();
    await flush();
    expect(session.asked('call.sync').map(({ body }) => body)).toEqual([{ callId, afterSeq: 2 }]);
    session.answer(session.asked('call.sync')[0]!, { callId, events: history.events.slice(2) });
    await flush();
    expect(channel.facts).toEqual(history.facts);
    session.event('beat', { n: 2, calls: {} });
    await flush();
    await flush();
    expect(session.asked('call.sync')).toHaveLength(1);
  });

  it('are asked for by each beat that misses a call, one answer at a time', async () => {
    const { client, welcomed, flush, history } = createCalls();
    history.dial(bob, alice);
    const session = await welcomed({ calls: [{ callId, events: [...history.events] }] });
    const channel = client.channel(callId);
    session.event('beat', { n: 1, calls: {} });
    session.event('beat', { n: 2, calls: {} });
    await flush();
    await flush();
    expect(session.asked('call.sync')).toHaveLength(1);
    session.answer(session.asked('call.sync')[0]!, { callId, events: [] });
    // It ends after that answer, and the hint is lost.
    history.run(bob, { type: 'call.hang-up' });
    session.event('beat', { n: 3, calls: {} });
    await flush();
    await flush();
    session.answer(session.asked('call.sync')[1]!, { callId, events: history.events.slice(2) });
    await flush();
    expect(channel.facts).toEqual(history.facts);
  });

  it('find a call that only a beat tells of', async () => {
    const { welcomed, flush, history, offered } = createCalls();
    const session = await welcomed();
    history.dial(bob, alice);
    session.event('beat', { n: 1, calls: { [callId]: 2 } });
    await flush();
    await flush();
    expect(session.asked('call.sync').map(({ body }) => body)).toEqual([{ callId, afterSeq: 0 }]);
    session.answer(session.asked('call.sync')[0]!, { callId, snapshot: history.facts! });
    await flush();
    expect(offered).toEqual([history.facts]);
  });

  it('are read again when a command is refused', async () => {
    const { client, welcomed, flush, history } = createCalls();
    history.dial(bob, alice);
    const session = await welcomed({ calls: [{ callId, events: [...history.events] }] });
    const channel = client.channel(callId);
    history.run(bob, { type: 'call.hang-up' });
    const outcome = channel
      .command('call.accept', {})
      .catch((error: { code: string }) => error.code);
    await flush();
    session.refuse(session.asked('call.accept')[0]!, 'call_ended');
    await flush();
    await flush();
    session.answer(session.asked('call.sync')[0]!, { callId, events: history.events.slice(2) });
    await flush();
    expect(await outcome).toBe('call_ended');
    expect(channel.facts).toEqual(history.facts);
  });

  it('show a call the server forgot as failed', async () => {
    const { client, network, clock, session, welcomed, flush, history } = createCalls();
    history.connect(bob, alice);
    await welcomed({ calls: [{ callId, snapshot: history.facts! }] });
    const channel = client.channel(callId);
    network.cut();
    await welcomed({ calls: [{ callId, gone: true }] });
    expect(channel.facts).toEqual({
      ...history.facts!,
      call: {
        ...history.facts!.call,
        state: 'ended',
        seq: history.facts!.call.seq + 1,
        endedAt: clock.now(),
        endReason: 'failed',
      },
    });
    session().event('beat', { n: 1, calls: {} });
    await flush();
    await flush();
    expect(session().asked('call.sync')).toEqual([]);
  });

  it("survive a joined leg that is nobody's, in events", async () => {
    const { client, clock, welcomed, flush, history } = createCalls();
    const session = await welcomed();
    const channel = client.channel(callId);
    const at = clock.now();
    const stray = { legId: 'l3', participantId: 'p9' };
    const device = { userId: 'zoe', deviceId: 'pad' };
    const events: CallEvent[] = [
      ...history.dial(bob, alice),
      { type: 'leg.offered', ...stray, ...device, acknowledgeDeadlineAt: at, seq: 3, at },
      { type: 'participant.joined', ...stray, connectDeadlineAt: null, seq: 4, at },
      { type: 'call.active', seq: 5, at },
    ];
    session.event('call.events', { callId, events });
    await flush();
    await flush();
    // A leg without a participant counts for nothing.
    expect(channel.facts?.call.seq).toBe(5);
    expect(session.asked('call.sync')).toEqual([]);
    expect(client.state).toBe('ready');
  });

  it("survive an own leg that is nobody's, in a snapshot", async () => {
    const { client, welcomed, history, offered } = createCalls();
    history.connect(bob, alice);
    const participants = history.facts!.participants.filter(({ id }) => id !== 'p2');
    await welcomed({ calls: [{ callId, snapshot: { ...history.facts!, participants } }] });
    expect(client.state).toBe('ready');
    expect(offered).toEqual([]);
  });

  it('survive events that cannot be folded, and ask once', async () => {
    const { client, welcomed, flush, history } = createCalls();
    const session = await welcomed();
    const channel = client.channel(callId);
    const orphan = { type: 'leg.ringing', legId: 'l9', seq: 1, at: 0 } as const;
    session.event('call.events', { callId, events: [orphan] });
    await flush();
    await flush();
    session.answer(session.asked('call.sync')[0]!, { callId, events: [orphan] });
    await flush();
    await flush();
    expect(session.asked('call.sync')).toHaveLength(1);
    expect(channel.facts).toBe(null);
    session.event('call.events', { callId, events: [...history.dial(bob, alice)] });
    await flush();
    expect(channel.facts).toEqual(history.facts);
  });
});

describe('a channel', () => {
  it('says when the connection is there', async () => {
    const { client, network, welcomed } = createCalls();
    const channel = client.channel(callId);
    const seen: boolean[] = [];
    channel.on('connection', (connected) => seen.push(connected));
    expect(channel.connected).toBe(false);
    await welcomed();
    expect(channel.connected).toBe(true);
    network.cut();
    expect(channel.connected).toBe(false);
    await welcomed();
    await client.close();
    expect(seen).toEqual([true, false, true, false]);
    expect(channel.connected).toBe(false);
  });

  it('hears nothing after it has closed, and the call is not offered again', async () => {
    const { client, welcomed, flush, history, offered } = createCalls();
    const session = await welcomed();
    session.event('call.events', { callId, events: [...history.dial(bob, alice)] });
    await flush();
    const channel = client.channel(callId);
    const seen: unknown[] = [];
    channel.on('facts', (facts) => seen.push(facts));
    channel.close();
    channel.close();
    session.event('call.events', {
      callId,
      events: [...history.run(alice, { type: 'call.ring' })],
    });
    await flush();
    expect(seen).toEqual([]);
    expect(offered).toHaveLength(1);
    channel.on('facts', (facts) => seen.push(facts));
    expect(client.channel(callId)).not.toBe(channel);
  });

  it('makes no more of a call once it has ended and its channel closed', async () => {
    const { client, network, welcomed, flush, history, offered } = createCalls();
    const session = await welcomed();
    session.event('call.events', { callId, events: [...history.dial(bob, alice)] });
    await flush();
    const channel = client.channel(callId);
    session.event('call.events', {
      callId,
      events: [...history.run(bob, { type: 'call.hang-up' })],
    });
    await flush();
    channel.close();
    network.cut();
    const second = await welcomed();
    expect(second.asked('hello')[0]!.body.known).toEqual({});
    second.event('beat', { n: 1, calls: {} });
    second.event('call.events', { callId, events: [...history.events] });
    await flush();
    await flush();
    expect(second.asked('call.sync')).toEqual([]);
    expect(offered).toHaveLength(1);
  });

  it('is let go when it is over and many others came after it, and not before', async () => {
    const { client, clock, welcomed, flush, history } = createCalls();
    const session = await welcomed();
    session.event('call.events', { callId, events: [...history.dial(bob, alice)] });
    const others = Array.from(
      { length: 70 },
      (_, index) => new History(() => clock.now(), callId.replace(/001$/, String(index + 100))),
    );
    for (const other of others) {
      other.dial(bob, alice);
      other.run(bob, { type: 'call.hang-up' });
      session.event('call.events', { callId: other.callId, events: [...other.events] });
    }
    await flush();
    const factsOf = (call: History) => client.channel(call.callId).facts;
    expect(factsOf(history)).toEqual(history.facts);
    expect(others.map((other) => factsOf(other) !== null)).toEqual(
      others.map((_, index) => index >= 7),
    );
  });
});
