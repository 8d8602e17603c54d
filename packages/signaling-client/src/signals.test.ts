import type { CallEvent } from '@ringfence/call-rules';
import type { SignalBody } from '@ringfence/protocol';
import { describe, expect, it } from 'vitest';
import { alice, bob, callId, carol, History } from '../test/histories.ts';
import { createScripted } from '../test/scripted-server.ts';
import type { IncomingSignal } from './index.ts';

const offer: SignalBody = { kind: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n' };
const candidates = (name: string): SignalBody => ({
  kind: 'candidates',
  candidates: [{ candidate: name, sdpMid: '0', sdpMLineIndex: 0 }],
});

/** Alice (leg l2, polite) in a call with Bob (leg l1). */
async function createConnected() {
  const scripted = createScripted();
  const { client, clock, welcomed } = scripted;
  const history = new History(() => clock.now());
  history.connect(bob, alice);
  const calls = [{ callId, snapshot: history.facts! }];
  const session = await welcomed({ calls });
  const channel = client.channel(callId);
  const heard: IncomingSignal[] = [];
  channel.on('signal', (signal) => heard.push(signal));
  await Promise.resolve();
  return { ...scripted, session, channel, heard, history };
}

type Session = Awaited<ReturnType<typeof createConnected>>['session'];
const sent = (session: Session): number[] =>
  session.notices.flatMap((notice) => (notice.name === 'signal' ? [notice.body.n] : []));
const acknowledged = (session: Session): number[] =>
  session.notices.flatMap((notice) => (notice.name === 'signal.ack' ? [notice.body.n] : []));

describe('signals that go out', () => {
  it('are numbered for each leg and epoch, and name the facts they rest on (P-701)', async () => {
    const { channel, session, flush, history } = await createConnected();
    const afterSeq = history.facts!.call.seq;
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer })).toBe(true);
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: candidates('a') })).toBe(true);
    expect(channel.signal({ toLeg: 'l3', mediaEpoch: 1, body: offer })).toBe(true);
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 2, body: offer })).toBe(true);
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: candidates('late') })).toBe(false);
    await flush();
    expect(session.notices).toEqual([
      {
        kind: 'notice',
        name: 'signal',
        body: { callId, toLeg: 'l1', mediaEpoch: 1, n: 1, afterSeq, body: offer },
      },
      {
        kind: 'notice',
        name: 'signal',
        body: { callId, toLeg: 'l1', mediaEpoch: 1, n: 2, afterSeq, body: candidates('a') },
      },
      {
        kind: 'notice',
        name: 'signal',
        body: { callId, toLeg: 'l3', mediaEpoch: 1, n: 1, afterSeq, body: offer },
      },
      {
        kind: 'notice',
        name: 'signal',
        body: { callId, toLeg: 'l1', mediaEpoch: 2, n: 1, afterSeq, body: offer },
      },
    ]);
  });

  it('go again after 1 s unacknowledged, with a growing delay, until they are acknowledged (P-705)', async () => {
    const { channel, session, clock, flush } = await createConnected();
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: candidates('a') });
    await flush();
    expect(sent(session)).toEqual([1, 2]);
    // Beats keep the connection up while time passes.
    const wait = async (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        session.event('beat', { n: 1, calls: { [callId]: channel.facts!.call.seq } });
        await clock.advanceAsync(Math.min(500, left));
      }
      await flush();
    };
    await wait(999);
    expect(sent(session)).toEqual([1, 2]);
    await wait(1);
    expect(sent(session)).toEqual([1, 2, 1, 2]);
    await wait(2_000);
    expect(sent(session)).toEqual([1, 2, 1, 2, 1, 2]);
    session.event('signal.ack', { callId, fromLeg: 'l1', mediaEpoch: 1, n: 1 });
    await wait(1_000);
    expect(sent(session).slice(6)).toEqual([2]);
    session.event('signal.ack', { callId, fromLeg: 'l1', mediaEpoch: 1, n: 2 });
    session.event('signal.ack', { callId, fromLeg: 'l1', mediaEpoch: 1, n: 1 });
    await wait(20_000);
    expect(sent(session)).toHaveLength(7);
  });

  it('wait while there is no connection, and go again after it', async () => {
    const { channel, session, network, welcomed, flush } = await createConnected();
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
    await flush();
    network.cut();
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: candidates('a') });
    const second = await welcomed();
    await flush();
    expect(sent(session)).toEqual([1]);
    expect(sent(second)).toEqual([1, 2]);
  });

  it('go again when the other device is back', async () => {
    const { channel, session, flush, history } = await createConnected();
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
    await flush();
    const device = { userId: 'bob', deviceId: 'desk' };
    const silent = [...history.system({ type: 'device.silent', ...device })];
    session.event('call.events', { callId, events: silent });
    await flush();
    expect(sent(session)).toEqual([1]);
    const resumed = [...history.system({ type: 'device.resumed', ...device })];
    session.event('call.events', { callId, events: resumed });
    await flush();
    await flush();
    expect(sent(session)).toEqual([1, 1]);
  });

  it.each<[string, SignalBody]>([
    ['an SDP that is none', { kind: 'offer', sdp: 'nonsense' }],
    ['an SDP that is too long', { kind: 'answer', sdp: `v=0\r\n${'a'.repeat(49_152)}` }],
    ['a frame of too many bytes', { kind: 'offer', sdp: `v=0\r\n${'ü'.repeat(40_000)}` }],
    ['too many candidates', { kind: 'candidates', candidates: Array(65).fill({ candidate: '' }) }],
  ])('are dropped where the wire would refuse them: %s (P-708)', async (_, body) => {
    const { channel, session, flush, changes } = await createConnected();
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body })).toBe(false);
    expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer })).toBe(true);
    await flush();
    expect(sent(session)).toEqual([1]);
    expect(changes).toEqual(['connecting', 'ready']);
  });

  it('are bounded in number', async () => {
    const { channel, network } = await createConnected();
    network.stall();
    const results = Array.from({ length: 600 }, (_, index) =>
      channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: candidates(String(index)) }),
    );
    expect(results.filter(Boolean)).toHaveLength(512);
  });

  it('stop for a leg that left, and go on for the others', async () => {
    const { channel, session, clock, flush, history } = await createConnected();
    const arrive = async (events: readonly CallEvent[]) => {
      session.event('call.events', { callId, events: [...events] });
      await flush();
    };
    await arrive(history.run(bob, { type: 'call.invite', to: 'user:carol' }));
    await arrive(history.run(carol, { type: 'call.accept' }));
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
    channel.signal({ toLeg: 'l3', mediaEpoch: 1, body: offer });
    await arrive(history.run(carol, { type: 'call.hang-up' }));
    const from = session.notices.length;
    await clock.advanceAsync(1_000);
    const resent = session.notices.slice(from).map(({ body }) => body);
    expect(resent).toMatchObject([{ toLeg: 'l1', n: 1 }]);
  });

  it('stop when the server does not know the call any more', async () => {
    const { channel, session, clock, network, welcomed, flush } = await createConnected();
    channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
    await flush();
    expect(sent(session)).toEqual([1]);
    network.cut();
    const second = await welcomed({ calls: [{ callId, gone: true }] });
    const before = sent(second).length;
    await clock.advanceAsync(5_000);
    expect(channel.facts!.call.state).toBe('ended');
    expect([before, sent(second).length]).toEqual([0, 0]);
  });

  it('stop when the call has ended, or its channel is closed', async () => {
    for (const isEnded of [true, false]) {
      const { channel, client, session, clock, flush, history } = await createConnected();
      channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer });
      await flush();
      if (isEnded) {
        const events = [...history.run(bob, { type: 'call.hang-up' })];
        session.event('call.events', { callId, events });
        await flush();
      } else {
        channel.close();
        expect(channel.signal({ toLeg: 'l1', mediaEpoch: 1, body: offer })).toBe(false);
      }
      await clock.advanceAsync(5_000);
      expect(sent(session)).toEqual([1]);
      await client.close();
      await clock.advanceAsync(0);
      expect(clock.pending).toBe(0);
    }
  });
});

describe('signals that come in', () => {
  const incoming = (n: number, afterSeq = 0, mediaEpoch = 1) => ({
    callId,
    fromLeg: 'l1',
    mediaEpoch,
    n,
    afterSeq,
    body: candidates(String(n)),
  });
  const heardAs = (...numbers: number[]) =>
    numbers.map((n) => ({ fromLeg: 'l1', mediaEpoch: 1, body: candidates(String(n)) }));

  it('come in order and once, and are acknowledged together (P-702, P-704)', async () => {
    const { session, heard, clock } = await createConnected();
    for (const n of [2, 1, 1, 4, 2, 3]) session.event('signal', incoming(n));
    await clock.advanceAsync(0);
    expect(heard).toEqual(heardAs(1, 2, 3, 4));
    expect(acknowledged(session)).toEqual([]);
    await clock.advanceAsync(20);
    expect(acknowledged(session)).toEqual([4]);
    session.event('signal', incoming(3));
    await clock.advanceAsync(20);
    expect(acknowledged(session)).toEqual([4, 4]);
    expect(heard).toHaveLength(4);
  });

  it('are held until their facts are known, which are asked for (P-703)', async () => {
    const { session, heard, clock, flush, history, channel } = await createConnected();
    const known = channel.facts!.call.seq;
    history.run(bob, { type: 'call.update', muted: true });
    session.event('signal', incoming(1, known));
    session.event('signal', incoming(2, known + 1));
    session.event('signal', incoming(3, known));
    await clock.advanceAsync(20);
    expect(heard).toEqual(heardAs(1));
    expect(acknowledged(session)).toEqual([1]);
    await flush();
    expect(session.asked('call.sync').map(({ body }) => body)).toEqual([
      { callId, afterSeq: known },
    ]);
    session.answer(session.asked('call.sync')[0]!, { callId, events: history.events.slice(known) });
    await flush();
    expect(heard).toEqual(heardAs(1, 2, 3));
  });

  it('are dropped when they are of an old epoch (P-706)', async () => {
    const { session, heard, clock } = await createConnected();
    session.event('signal', incoming(1, 0, 0));
    await clock.advanceAsync(50);
    expect(heard).toEqual([]);
    expect(acknowledged(session)).toEqual([]);
  });

  it('are held for an epoch that is not known yet', async () => {
    const { session, heard, clock, channel } = await createConnected();
    session.event('signal', incoming(1, channel.facts!.call.seq + 1, 2));
    await clock.advanceAsync(50);
    expect(heard).toEqual([]);
    expect(acknowledged(session)).toEqual([]);
  });

  it('wait for somebody to listen', async () => {
    const { client, welcomed, clock, flush } = createScripted();
    const history = new History(() => clock.now());
    history.connect(bob, alice);
    const session = await welcomed({ calls: [{ callId, snapshot: history.facts! }] });
    const channel = client.channel(callId);
    session.event('signal', incoming(1));
    await clock.advanceAsync(50);
    expect(acknowledged(session)).toEqual([]);
    const heard: IncomingSignal[] = [];
    channel.on('signal', (signal) => heard.push(signal));
    expect(heard).toEqual([]);
    await flush();
    expect(heard).toEqual(heardAs(1));
    await clock.advanceAsync(50);
    expect(acknowledged(session)).toEqual([1]);
  });

  it('are dropped for a call without a channel, so that they come again', async () => {
    const { session, channel, heard, clock } = await createConnected();
    channel.close();
    session.event('signal', incoming(1));
    session.event('signal.ack', { callId, fromLeg: 'l1', mediaEpoch: 1, n: 1 });
    await clock.advanceAsync(50);
    expect(heard).toEqual([]);
    expect(acknowledged(session)).toEqual([]);
  });

  it('do not break the channel when a listener throws or closes it', async () => {
    const { session, channel, heard, clock, client } = await createConnected();
    channel.on('signal', () => {
      throw new Error('a broken host');
    });
    channel.on('signal', ({ body }) => {
      if (body.kind === 'candidates' && body.candidates[0]!.candidate === '2') channel.close();
    });
    for (const n of [1, 2, 3]) session.event('signal', incoming(n));
    await clock.advanceAsync(50);
    expect(heard).toEqual(heardAs(1, 2));
    await client.close();
    await clock.advanceAsync(0);
    expect(clock.pending).toBe(0);
  });
});
