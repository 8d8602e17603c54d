import { legOfDevice } from '@ringfence/call-rules';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { describe, expect, it } from 'vitest';
import { alice, bob, callId, carol, History, otherCallId } from '../test/histories.ts';
import { createScripted } from '../test/scripted-server.ts';
import type { IncomingSignal } from './index.ts';

const carolId = '018bcfe5-6800-7000-8000-000000000003';

/**
 * Alice, whose client it is, talks to Bob in `call`; Bob talks to Carol in `target`. `transfer()`
 * brings Alice there, as leg l3. Her client knows `call` alone.
 */
async function createTransfer() {
  const scripted = createScripted();
  const { client, clock, welcomed, flush } = scripted;
  const now = (): number => clock.now();
  const call = new History(now);
  const target = new History(now, otherCallId);
  call.connect(bob, alice);
  target.connect(bob, carol);
  const offered: CallFacts[] = [];
  client.on('call.offered', (facts) => offered.push(facts));
  const session = await welcomed({ calls: [{ callId, snapshot: call.facts! }] });

  function transfer() {
    const [callSeq, targetSeq] = [call.events.length, target.events.length];
    target.run(bob, { type: 'call.transfer', toCallId: callId, other: call.facts }, call);
    return {
      ended: { callId, events: call.events.slice(callSeq) },
      joined: { callId: otherCallId, events: target.events.slice(targetSeq) },
    };
  }
  const arrive = async (): Promise<void> => {
    await flush();
    await flush();
  };
  return { ...scripted, session, call, target, offered, transfer, arrive };
}

describe('a call that moves', () => {
  it('is fetched, and followed by whoever has the first one open', async () => {
    const { client, session, call, target, offered, transfer, arrive } = await createTransfer();
    const first = client.channel(callId);
    const seen: unknown[] = [];
    first.on('facts', (facts) => {
      seen.push(facts);
      client.channel(facts.call.movedTo!).on('facts', (there) => seen.push(there));
      first.close();
    });
    session.event('call.events', transfer().ended);
    await arrive();
    expect(seen).toEqual([call.facts]);
    expect(call.facts!.call).toMatchObject({ state: 'ended', movedTo: otherCallId });
    const [sync] = session.asked('call.sync');
    expect(sync!.body).toEqual({ callId: otherCallId, afterSeq: 0 });
    session.answer(sync!, { callId: otherCallId, snapshot: target.facts! });
    await arrive();
    expect(seen).toEqual([call.facts, target.facts]);
    expect(client.channel(otherCallId).facts).toEqual(target.facts);
    expect(offered).toEqual([]);
  });

  it('is followed too when its hint comes before that of the first', async () => {
    const { client, session, target, offered, transfer, arrive } = await createTransfer();
    const first = client.channel(callId);
    const moves = transfer();
    session.event('call.events', moves.joined);
    await arrive();
    session.answer(session.asked('call.sync')[0]!, {
      callId: otherCallId,
      events: [...target.events],
    });
    await arrive();
    // It joined a call nobody knows of here yet.
    expect(offered).toEqual([]);
    session.event('call.events', moves.ended);
    await arrive();
    const next = client.channel(first.facts!.call.movedTo!);
    expect(next.facts).toEqual(target.facts);
    first.close();
    next.close();
    expect(offered).toEqual([]);
  });

  it('is offered when nobody has the first one open', async () => {
    const { session, target, offered, transfer, arrive } = await createTransfer();
    const moves = transfer();
    session.event('call.events', moves.ended);
    session.event('call.events', moves.joined);
    await arrive();
    session.answer(session.asked('call.sync')[0]!, {
      callId: otherCallId,
      snapshot: target.facts!,
    });
    await arrive();
    expect(offered).toEqual([target.facts]);
    expect(target.facts!.legs.at(-1)).toMatchObject({ deviceId: 'phone', state: 'won' });
  });

  it('is offered once more when it rang here, was let go, and a dial has met it since', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const [dial, target] = [callId, otherCallId].map((id) => new History(() => clock.now(), id));
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const session = await welcomed();
    const events = [...target!.dial(bob, alice)];
    session.event('call.events', { callId: otherCallId, events });
    await flush();
    client.channel(otherCallId).close();
    const seen = target!.events.length;
    dial!.cross(alice, bob, target!);
    session.event('call.events', { callId: otherCallId, events: target!.events.slice(seen) });
    session.event('call.events', { callId, events: [...dial!.events] });
    await flush();
    await flush();
    session.answer(session.asked('call.sync')[0]!, { callId: otherCallId, events: [] });
    await flush();
    expect(offered.map(({ legs }) => legs[1]!.state)).toEqual(['offered', 'won']);
    expect(offered[1]).toEqual(target!.facts);
  });

  it('is offered when the first one is closed and nobody follows, and then only once', async () => {
    const { client, session, target, offered, transfer, arrive } = await createTransfer();
    const first = client.channel(callId);
    session.event('call.events', transfer().ended);
    await arrive();
    session.answer(session.asked('call.sync')[0]!, {
      callId: otherCallId,
      snapshot: target.facts!,
    });
    await arrive();
    expect(offered).toEqual([]);
    first.close();
    expect(offered).toEqual([target.facts]);
    client.channel(otherCallId).close();
    const muted = target.run(bob, { type: 'call.hang-up' });
    session.event('call.events', { callId: otherCallId, events: [...muted] });
    await arrive();
    expect(offered).toHaveLength(1);
  });

  it('is not offered again when whoever followed lets go of it', async () => {
    const { client, session, target, offered, transfer, arrive } = await createTransfer();
    const first = client.channel(callId);
    session.event('call.events', transfer().ended);
    await arrive();
    const next = client.channel(otherCallId);
    first.close();
    session.answer(session.asked('call.sync')[0]!, {
      callId: otherCallId,
      snapshot: target.facts!,
    });
    await arrive();
    next.close();
    expect(offered).toEqual([]);
  });

  it('keeps signals until its facts are there and somebody listens', async () => {
    const { client, session, target, transfer, arrive } = await createTransfer();
    client.channel(callId);
    session.event('call.events', transfer().ended);
    await arrive();
    const next = client.channel(otherCallId);
    const body = { kind: 'offer', sdp: 'v=0\r\n' } as const;
    const afterSeq = target.facts!.call.seq;
    const signal = { callId: otherCallId, fromLeg: 'l2', mediaEpoch: 1, n: 1, afterSeq, body };
    session.event('signal', signal);
    await arrive();
    session.answer(session.asked('call.sync')[0]!, {
      callId: otherCallId,
      snapshot: target.facts!,
    });
    await arrive();
    const heard: IncomingSignal[] = [];
    next.on('signal', (each) => heard.push(each));
    await arrive();
    expect(heard).toEqual([{ fromLeg: 'l2', mediaEpoch: 1, body }]);
  });

  it('is read anew when what is known is from when this device was in it before', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const [call, target] = [callId, otherCallId].map((id) => new History(() => clock.now(), id));
    call!.connect(bob, alice);
    // Alice was asked in, and declined, before Bob dialed her.
    target!.connect(bob, carol);
    target!.run(bob, { type: 'call.invite', to: 'user:alice' });
    target!.run(alice, { type: 'call.decline' });
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const session = await welcomed({
      calls: [
        { callId, snapshot: call!.facts! },
        { callId: otherCallId, snapshot: target!.facts! },
      ],
    });
    const first = client.channel(callId);
    target!.run(carol, { type: 'call.update', muted: true });
    const [callSeq, targetSeq] = [call!.events.length, target!.events.length];
    target!.run(bob, { type: 'call.transfer', toCallId: callId, other: call!.facts }, call);
    // The hint of the other call has a gap, so it is being read already.
    const joined = target!.events.slice(targetSeq);
    session.event('call.events', { callId: otherCallId, events: joined });
    await flush();
    const missed = target!.events.slice(session.asked('call.sync')[0]!.body.afterSeq as number);
    session.event('call.events', { callId, events: call!.events.slice(callSeq) });
    await flush();
    await flush();
    const next = client.channel(first.facts!.call.movedTo!);
    expect(next.facts).toBe(null);
    const [stale, anew] = session.asked('call.sync');
    expect(anew!.body).toEqual({ callId: otherCallId, afterSeq: 0 });
    session.answer(stale!, { callId: otherCallId, events: missed });
    await flush();
    session.answer(anew!, { callId: otherCallId, events: [...target!.events] });
    await flush();
    expect([next.facts, session.asked('call.sync').length, offered]).toEqual([
      target!.facts,
      2,
      [],
    ]);
  });

  it('is asked for at the next hello when there was no answer', async () => {
    const { client, network, session, clock, target, transfer, arrive, welcomed } =
      await createTransfer();
    client.channel(callId);
    session.event('call.events', transfer().ended);
    await arrive();
    const next = client.channel(otherCallId);
    network.stall();
    await clock.advanceAsync(10_000);
    const second = await welcomed({ calls: [{ callId: otherCallId, snapshot: target.facts! }] });
    expect(second.asked('hello')[0]!.body.known).toMatchObject({ [otherCallId]: 0 });
    expect(next.facts).toEqual(target.facts);
  });

  it('is shown as ended when the server does not know it', async () => {
    const { client, session, clock, call, transfer, arrive } = await createTransfer();
    client.channel(callId);
    session.event('call.events', transfer().ended);
    await arrive();
    const next = client.channel(otherCallId);
    const seen: CallFacts[] = [];
    next.on('facts', (facts) => seen.push(facts));
    session.answer(session.asked('call.sync')[0]!, { callId: otherCallId, gone: true });
    await arrive();
    expect(seen).toEqual([
      {
        ...call.facts!,
        call: {
          ...call.facts!.call,
          id: otherCallId,
          seq: 0,
          endReason: 'failed',
          endedAt: clock.now(),
          movedTo: null,
        },
      },
    ]);
  });

  it('is offered to who comes there later, though it was unknown before', async () => {
    const { session, call, target, offered, transfer, arrive } = await createTransfer();
    const moves = transfer();
    session.event('call.events', { callId, events: call.events.slice(-moves.ended.events.length) });
    await arrive();
    session.answer(session.asked('call.sync')[0]!, { callId: otherCallId, gone: true });
    await arrive();
    session.event('call.events', moves.joined);
    await arrive();
    const again = session.asked('call.sync')[1]!;
    expect(again.body).toEqual({ callId: otherCallId, afterSeq: 0 });
    session.answer(again, { callId: otherCallId, snapshot: target.facts! });
    await arrive();
    expect(offered).toEqual([target.facts]);
  });

  it('by a dial that crosses another goes on as that one', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const session = await welcomed();
    const theirs = new History(() => clock.now(), otherCallId);
    const mine = new History(() => clock.now());
    const first = client.channel(callId);
    const dial = { to: 'user:bob', media: { audio: true, video: false } };
    void first.command('call.dial', dial);
    await flush();
    // Their call arrives first. Who shows calls knows that a dial to them is under way.
    session.event('call.events', { callId: otherCallId, events: [...theirs.dial(bob, alice)] });
    await flush();
    expect(offered).toEqual([theirs.facts]);
    const known = theirs.events.length;
    const events = [...mine.cross(alice, bob, theirs)];
    session.answer(session.asked('call.dial')[0]!, { callId, seq: events.length, events });
    const accepted = theirs.events.slice(known);
    session.event('call.events', { callId: otherCallId, events: accepted });
    await flush();
    expect(first.facts).toEqual(mine.facts);
    const next = client.channel(mine.facts!.call.movedTo!);
    expect(next.facts).toEqual(theirs.facts);
    expect(theirs.facts!.legs.map(({ state }) => state)).toEqual(['won', 'won']);
    first.close();
    next.close();
    expect(offered).toHaveLength(1);
  });
});

describe('a call that was left', () => {
  /** Alice transferred Bob to Carol, in `call`. */
  async function createLeft() {
    const scripted = createScripted();
    const { client, clock, welcomed, flush } = scripted;
    const call = new History(() => clock.now());
    call.connect(alice, bob);
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const channel = client.channel(callId);
    const session = await welcomed({ calls: [{ callId, events: [...call.events] }] });
    const left = [...call.run(alice, { type: 'call.transfer', to: 'user:carol' })];
    session.event('call.events', { callId, events: left });
    await flush();
    const giveBack = () => [...call.run(carol, { type: 'call.decline' })];
    return { ...scripted, session, channel, call, offered, giveBack };
  }

  it('is offered when it rings here again', async () => {
    const { channel, session, call, offered, giveBack, flush } = await createLeft();
    channel.close();
    const { seq } = call.facts!.call;
    // Nothing was told here while others went on.
    call.run(carol, { type: 'call.ring' });
    session.event('call.events', { callId, events: giveBack() });
    await flush();
    await flush();
    const [sync] = session.asked('call.sync');
    expect(sync!.body).toEqual({ callId, afterSeq: seq });
    session.answer(sync!, { callId, events: call.events.slice(seq) });
    await flush();
    expect(offered).toEqual([call.facts]);
    expect(call.facts!.participants.at(-1)).toMatchObject({ userId: 'alice', via: 'return' });
  });

  it('is offered once its channel is closed, when it rings again before that', async () => {
    const { client, channel, session, call, offered, giveBack, flush } = await createLeft();
    session.event('call.events', { callId, events: giveBack() });
    await flush();
    expect(channel.facts).toEqual(call.facts);
    expect(offered).toEqual([]);
    channel.close();
    expect(offered).toEqual([call.facts]);
    client.channel(callId).close();
    expect(offered).toHaveLength(1);
  });

  it('is offered again when it was lost to silence and rings after all', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const call = new History(() => clock.now());
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const session = await welcomed();
    const tell = async (events: readonly CallEvent[]): Promise<void> => {
      session.event('call.events', { callId, events: [...events] });
      await flush();
    };
    const { userId, deviceId } = alice;
    await tell(call.dial(bob, alice, undefined, [deviceId, 'second']));
    await tell(call.run({ ...alice, deviceId: 'second' }, { type: 'call.ring' }));
    client.channel(callId).close();
    await clock.advanceAsync(2_000);
    await tell(call.system({ type: 'deadline.passed' }));
    expect(legOfDevice(call.facts!, userId, deviceId)).toMatchObject({ lostReason: 'unreachable' });
    expect(offered).toHaveLength(1);
    await tell(call.run(alice, { type: 'call.ring' }));
    expect(offered).toHaveLength(2);
  });

  it('is neither asked for by beats nor brought back by a hint that comes late', async () => {
    const { network, channel, session, call, offered, flush, welcomed } = await createLeft();
    session.event('beat', { n: 1, calls: {} });
    channel.close();
    session.event('beat', { n: 2, calls: {} });
    session.event('call.events', { callId, events: call.events.slice(0, 2) });
    session.event('call.events', { callId, events: call.events.slice(4) });
    session.event('call.events', { callId, events: [...call.events] });
    await flush();
    await flush();
    expect(session.asked('call.sync')).toEqual([]);
    expect(offered).toEqual([]);
    network.cut();
    expect((await welcomed()).asked('hello')[0]!.body.known).toEqual({});
  });

  it('is known to the server for as long as its channel is open', async () => {
    const { network, call, welcomed } = await createLeft();
    network.cut();
    const known = (await welcomed()).asked('hello')[0]!.body.known;
    expect(known).toEqual({ [callId]: call.facts!.call.seq });
  });

  it('rings for an invitation after a decline', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const call = new History(() => clock.now(), carolId);
    call.connect(bob, carol);
    const offered: CallFacts[] = [];
    client.on('call.offered', (facts) => offered.push(facts));
    const session = await welcomed();
    const invite = async () => {
      call.run(bob, { type: 'call.invite', to: 'user:alice' });
      session.event('call.events', { callId: carolId, events: call.events.slice(-2) });
      await flush();
      await flush();
      session.answer(session.asked('call.sync').at(-1)!, {
        callId: carolId,
        snapshot: call.facts!,
      });
      await flush();
      return call.facts;
    };
    const first = await invite();
    const channel = client.channel(carolId);
    void channel.command('call.decline', {});
    channel.close();
    await flush();
    const events = [...call.run(alice, { type: 'call.decline' })];
    const { seq } = call.facts!.call;
    session.answer(session.asked('call.decline')[0]!, { callId: carolId, seq, events });
    await flush();
    expect(offered).toEqual([first]);
    const second = await invite();
    expect(offered).toEqual([first, second]);
  });
});
