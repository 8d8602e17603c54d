import { describe, expect, test } from 'vitest';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';
import type { Call, CallEnd } from '../src/index.ts';
import { codeOf, Pair, watch } from './phone-pair.ts';

const broken: CallEnd = { reason: 'failed', cause: 'internal', by: 'local' };

const bang = (): never => {
  throw new Error('bang');
};

/** Two phones that talk, and the tube of the caller's call. */
async function talk() {
  const pair = await Pair.make();
  const calls = await pair.talk({ audio: true, video: true });
  const tube = pair.tubes.find(({ name }) => name === calls.outgoing.id)!;
  return { pair, tube, ...calls };
}

/** Nothing is left, and the faults were those that the test made. */
async function leave(pair: Pair, faults: number): Promise<void> {
  expect(pair.tubes.reduce((sum, tube) => sum + tube.faults, 0)).toBe(faults);
  pair.logger.lines.length = 0;
  await pair.expectClean();
}

describe('closing the tube of a call', () => {
  test('ends the call for both sides, and leaves nothing of it', async () => {
    const { pair, tube, outgoing, incoming, caller, callee } = await talk();
    const { browser } = pair.alice.media;
    expect([tube.isHealthy, tube.size > 0]).toEqual([true, true]);
    await tube.close();
    expect({
      end: await outgoing.ended(),
      phone: pair.alice.phone.calls.length,
      owned: tube.size,
      sessions: pair.alice.media.size,
      tracks: browser.liveTracks,
      connections: browser.openConnections.length,
      audios: browser.attachedAudios.length,
    }).toEqual({
      end: broken,
      phone: 0,
      owned: 0,
      sessions: 0,
      tracks: 0,
      connections: 0,
      audios: 0,
    });
    await pair.pass(100);
    expect(incoming.end?.by).toBe('remote');
    expect(incoming.state).toBe('ended');
    expect([caller.ends, callee.ends.length]).toEqual([[broken], 1]);
    await leave(pair, 0);
  });

  test('while it rings ends it in the same way', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.ring();
    await pair.pass(5_000);
    for (const tube of pair.tubes.filter(({ name }) => name === outgoing.id)) void tube.close();
    expect([await outgoing.ended(), await incoming.ended()]).toEqual([broken, broken]);
    await leave(pair, 0);
  });

  test('leaves a call that does nothing more, whatever it is asked', async () => {
    const { pair, tube, outgoing, caller } = await talk();
    void tube.close();
    outgoing.hangUp();
    outgoing.mute();
    outgoing.accept();
    expect(await codeOf(outgoing.invite('user:carol'))).toBe('call_ended');
    await pair.pass(60_000);
    expect([outgoing.end, caller.ends, outgoing.muted]).toEqual([broken, [broken], false]);
    await leave(pair, 0);
  });

  test('of a call that was hung up while the server is away ends it as it was hung up', async () => {
    const { pair, tube, outgoing } = await talk();
    pair.alice.network.stall();
    outgoing.hangUp();
    await pair.pass(10);
    expect([outgoing.state, pair.alice.phone.calls.length]).toEqual(['ended', 1]);
    const { end } = outgoing;
    void tube.close();
    expect([await outgoing.ended(), pair.alice.phone.calls.length]).toEqual([end, 0]);
    await pair.pass(30_000);
    await leave(pair, 0);
  });

  test('from within a listener of the call is no different', async () => {
    const { pair, tube, outgoing, caller } = await talk();
    outgoing.on('call.changed', () => tube.close());
    outgoing.mute();
    await pair.pass(1_000);
    expect([outgoing.end, caller.ends]).toEqual([broken, [broken]]);
    await leave(pair, 0);
  });

  test('leaves another call of the same phone alone', async () => {
    const { pair, tube, outgoing } = await talk();
    const carol = await pair.phone('carol');
    const [second] = await pair.connect(pair.alice, carol);
    await tube.close();
    await pair.pass(1_000);
    expect([outgoing.state, second.state, pair.alice.phone.calls]).toEqual([
      'ended',
      'active',
      [second],
    ]);
    second.hangUp();
    await leave(pair, 0);
  });
});

describe('listeners that throw', () => {
  test('run wild, end their call, and no other', async () => {
    const { pair, tube, outgoing, incoming } = await talk();
    const carol = await pair.phone('carol');
    const [second] = await pair.connect(pair.alice, carol);
    for (let listener = 0; listener < 1_000; listener += 1) outgoing.on('call.changed', bang);
    outgoing.mute();
    await pair.pass(1_000);
    expect([outgoing.end, incoming.state, second.state]).toEqual([broken, 'ended', 'active']);
    expect(tube.statistics().errorSources).toEqual({ 'listener:call.changed': tube.faults });
    expect(pair.logger.lines).toContainEqual({
      level: 'error',
      message: 'a fault was contained',
      fields: { tube: outgoing.id, source: 'listener:call.changed', error: new Error('bang') },
    });
    second.hangUp();
    await leave(pair, tube.faults);
  });

  test('now and then end no call', async () => {
    const { pair, tube, outgoing } = await talk();
    outgoing.on('quality.changed', bang);
    await pair.pass(120_000);
    expect([outgoing.state, tube.faults > 100]).toEqual(['active', true]);
    outgoing.hangUp();
    await leave(pair, tube.faults);
  });
});

describe('the breaker to the server', () => {
  async function refusing() {
    const all = await talk();
    all.tube.breaker('signaling').isolate();
    return all;
  }

  test('refuses updates, which are taken back, and requests', async () => {
    const { pair, tube, outgoing, incoming, caller } = await talk();
    outgoing.mute();
    outgoing.hold();
    await pair.pass(100);
    tube.breaker('signaling').isolate();
    outgoing.unmute();
    outgoing.resume();
    expect(await codeOf(outgoing.invite('user:carol'))).toBe('breaker_open');
    await pair.pass(100);
    expect([outgoing.muted, outgoing.holding, incoming.holding]).toEqual([true, 'local', 'remote']);
    expect(new Set(caller.refused)).toEqual(new Set(['breaker_open']));
    outgoing.hangUp();
    await leave(pair, 0);
  });

  test('never keeps a call from being hung up', async () => {
    const { pair, outgoing, incoming } = await refusing();
    outgoing.hangUp();
    await pair.pass(100);
    expect(incoming.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    await leave(pair, 0);
  });

  test('nor answered, declined, or connected', async () => {
    const pair = await Pair.make();
    const isolate = (call: Call): void => {
      for (const tube of pair.tubes) if (tube.name === call.id) tube.breaker('signaling').isolate();
    };
    const first = await pair.ring();
    isolate(first.incoming);
    first.incoming.accept();
    await pair.pass(500);
    expect([first.outgoing.state, first.incoming.state]).toEqual(['active', 'active']);
    first.outgoing.hangUp();
    await pair.pass(100);
    const second = await pair.ring();
    isolate(second.incoming);
    second.incoming.decline();
    await pair.pass(100);
    expect(second.outgoing.end?.reason).toBe('declined');
    await leave(pair, 0);
  });

  test('is reset by whatever is heard of the call', async () => {
    const { pair, tube, outgoing, incoming } = await refusing();
    incoming.mute();
    await pair.pass(100);
    expect([outgoing.peerMuted, tube.breaker('signaling').state]).toEqual([true, 'closed']);
    outgoing.hangUp();
    await leave(pair, 0);
  });

  test('is reset when the connection is back', async () => {
    const { pair, tube, outgoing, incoming } = await refusing();
    pair.alice.network.cut();
    await pair.pass(5_000);
    expect([pair.alice.phone.state, tube.breaker('signaling').state]).toEqual(['ready', 'closed']);
    outgoing.hold();
    await pair.pass(100);
    expect(incoming.holding).toBe('remote');
    outgoing.hangUp();
    await leave(pair, 0);
  });
});

describe('the tubes of a host', () => {
  test('may be those of a registry of its own, which then knows the calls of one phone', async () => {
    const pair = new Pair();
    const tubes = new TubeRegistry({}, { clock: pair.clock });
    pair.alice = await pair.phone('alice', { tubes });
    pair.bob = await pair.phone('bob');
    const { outgoing } = await pair.talk();
    expect(tubes.list().map(({ name }) => name)).toEqual([outgoing.id]);
    expect(tubes.status()).toMatchObject({ tubes: 1, healthy: 1, faults: 0 });
    outgoing.on('call.changed', bang);
    outgoing.hold();
    await pair.pass(100);
    expect(tubes.status().faults).toBeGreaterThan(0);
    outgoing.hangUp();
    await pair.pass(100);
    expect(tubes.status()).toMatchObject({ tubes: 0, closing: 0, created: 1, closed: 1 });
    await tubes[Symbol.asyncDispose]();
    await leave(pair, 0);
  });

  test('that are closed already make calls that have failed', async () => {
    const { pair, outgoing } = await talk();
    const closed = (name: string): Tube => {
      const tube = pair.registry.create(name);
      void tube.close();
      return tube;
    };
    const dave = await pair.phone('dave', { tubes: { create: closed } });
    const call = await dave.phone.dial('user:alice');
    await pair.pass(100);
    const end = { ...broken, cause: 'media_failed' };
    expect([call.state, call.end, dave.phone.calls]).toEqual(['ended', end, []]);
    expect(outgoing.state).toBe('active');
    outgoing.hangUp();
    await leave(pair, 0);
  });

  test('that cannot be had let no call begin, and harm no other', async () => {
    const { pair, outgoing } = await talk();
    const dave = await pair.phone('dave', { tubes: { create: bang } });
    await expect(dave.phone.dial('user:alice')).rejects.toThrow('bang');
    expect([dave.phone.calls, outgoing.state]).toEqual([[], 'active']);
    outgoing.hangUp();
    await leave(pair, 0);
  });
});

test('what a call runs is counted in its tube: calls that go well have no fault', async () => {
  const { pair, tube, outgoing, incoming } = await talk();
  const story = watch(incoming);
  outgoing.hold();
  await pair.pass(1_000);
  outgoing.resume();
  incoming.setCamera(false);
  await pair.pass(1_000);
  expect(tube.statistics()).toMatchObject({
    name: outgoing.id,
    healthy: true,
    errors: 0,
    closed: false,
    turn: { failures: 0 },
  });
  const names = tube.statistics().breakers.map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(['signaling', 'turn', 'media']));
  incoming.hangUp();
  await pair.pass(100);
  expect(story.ends).toHaveLength(1);
  await leave(pair, 0);
});

test('the registry hears of what the last listeners of a call throw', async () => {
  const { pair, outgoing } = await talk();
  outgoing.on('call.ended', bang);
  outgoing.hangUp();
  await pair.pass(5_000);
  expect(pair.registry.status().faults).toBe(1);
});

test('a connection that takes no transceiver is closed', async () => {
  const pair = await Pair.make();
  const { browser } = pair.alice.media;
  const create = browser.createPeerConnection.bind(browser);
  browser.createPeerConnection = (configuration) =>
    Object.assign(create(configuration), { addTransceiver: bang });
  const { incoming, outgoing } = await pair.ring();
  incoming.accept();
  await pair.pass(5_000);
  expect([outgoing.end?.cause, browser.openConnections.length]).toEqual(['media_failed', 0]);
});

test('what a browser throws once a camera is open is a fault of the call, and escapes nowhere', async () => {
  const pair = await Pair.make();
  const { outgoing } = await pair.talk();
  const tube = pair.tubes.find(({ name }) => name === outgoing.id)!;
  const [connection] = pair.alice.media.browser.openConnections;
  for (const each of connection!.getTransceivers()) {
    if (each.kind === 'video') {
      Object.defineProperty(each, 'direction', { get: () => 'recvonly', set: bang });
    }
  }
  outgoing.setCamera(true);
  await pair.pass(100);
  expect([outgoing.state, tube.statistics().errorSources]).toEqual(['active', { capture: 1 }]);
  outgoing.hangUp();
  await leave(pair, 1);
});
