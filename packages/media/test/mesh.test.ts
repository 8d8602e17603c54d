import { settle } from '@ringfence/base/testing';
import { Tube } from '@ringfence/isolation';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { both, countedSignals, kindsOf, MediaBench, speech } from './media-bench.ts';

let bench: MediaBench;
beforeEach(() => {
  bench = new MediaBench(3);
});
afterEach(() => bench.close());

/** What the first page sends on each of its connections, in the order they were made. */
const sent = () =>
  bench.browser.connections.map((connection) =>
    connection.getTransceivers().map(({ sender }) => sender.track?.kind ?? null),
  );

describe('a call of three', () => {
  test('sends the same capture to each, from one microphone', async () => {
    const [first] = await bench.connected(both);
    expect(sent()).toEqual([
      ['audio', 'video'],
      ['audio', 'video'],
    ]);
    expect(bench.browser.asked).toHaveLength(1);
    const [one, other] = bench.browser.connections.map((connection) =>
      connection.getTransceivers().map(({ sender }) => sender.track),
    );
    expect(one).toEqual(other);
    expect(one).toEqual(first!.session.localStream!.getTracks());
  });

  test('asks for ICE servers once for the legs that connect together, and again later', async () => {
    let asked = 0;
    const session = bench.engine.session({
      callId: 'call',
      tube: new Tube('call', { clock: bench.clock }),
      signals: { send() {}, receive: () => () => {} },
      iceServers: async () => {
        asked += 1;
        return [];
      },
    });
    session.open(() => {});
    for (const peerLegId of ['l2', 'l3', 'l4']) {
      session.connect({ mediaEpoch: 1, legId: 'l1', peerLegId, polite: false });
    }
    await bench.clock.advanceAsync(100);
    expect({ asked, connections: bench.browser.connections.length }).toEqual({
      asked: 1,
      connections: 3,
    });
    session.connect({ mediaEpoch: 1, legId: 'l1', peerLegId: 'l5', polite: false });
    await bench.clock.advanceAsync(100);
    expect(asked).toBe(2);
  });

  test('tells whose stream changed, and keeps the first as the remote one', async () => {
    const sides = bench.call(both);
    const [first, second, third] = sides;
    const seen: unknown[] = [];
    first!.session.on('stream.changed', ({ local, remote, legId }) => {
      seen.push([legId ?? 'own', kindsOf(local), kindsOf(remote)]);
    });
    for (const side of sides) side.session.acquire(both);
    await bench.clock.advanceAsync(10);
    for (const [side, peer] of [
      [first, second],
      [second, first],
    ] as const) {
      side!.connect(1, peer!.legId);
    }
    await bench.clock.advanceAsync(500);
    for (const [side, peer] of [
      [first, third],
      [third, first],
    ] as const) {
      side!.connect(1, peer!.legId);
    }
    await bench.clock.advanceAsync(500);
    const { session } = first!;
    const [ofSecond, ofThird] = [...session.remoteStreams.values()];
    expect([...session.remoteStreams.keys()]).toEqual(['l2', 'l3']);
    expect(session.remoteStream).toBe(ofSecond);
    session.disconnect('l2');
    expect(session.remoteStream).toBe(ofThird);
    session.disconnect('l3');
    expect(session.remoteStream).toBe(null);
    const all = ['audio', 'video'];
    expect(seen).toEqual([
      ['own', all, null],
      ['l2', all, ['audio']],
      ['l2', all, all],
      ['l3', all, all],
      ['l3', all, all],
      ['l2', all, all],
      ['l3', all, null],
    ]);
  });

  test('turns a camera on for everyone, each negotiating on its own', async () => {
    const [first, second, third] = await bench.connected();
    second!.control({ camera: true });
    await bench.clock.advanceAsync(500);
    expect([
      kindsOf(first!.session.remoteStreams.get('l2')),
      kindsOf(third!.session.remoteStreams.get('l2')),
      kindsOf(first!.session.remoteStreams.get('l3')),
    ]).toEqual([['audio', 'video'], ['audio', 'video'], ['audio']]);
  });
});

describe('a hold', () => {
  test('of one leg sends nothing to it, and goes on sending to the others', async () => {
    const sides = await bench.connected();
    const [first] = sides;
    const before = sides.mesh.sent.length;
    first!.control({ heldBy: ['l3'] });
    await settle();
    expect(sent()).toEqual([
      ['audio', null],
      [null, null],
    ]);
    first!.control({ held: true });
    await settle();
    expect(sent()).toEqual([
      [null, null],
      [null, null],
    ]);
    first!.control({ held: false, heldBy: [] });
    await settle();
    expect(sent()).toEqual([
      ['audio', null],
      ['audio', null],
    ]);
    await bench.clock.advanceAsync(500);
    expect(sides.mesh.sent).toHaveLength(before);
  });

  test('holds for a leg that connects later', async () => {
    const sides = bench.call();
    const [first, second] = sides;
    for (const side of sides) side.session.acquire(speech);
    await bench.clock.advanceAsync(10);
    first!.control({ heldBy: ['l2'] });
    first!.connect(1, 'l2');
    second!.connect(1, 'l1');
    await bench.clock.advanceAsync(500);
    expect(sent()).toEqual([[null, null]]);
    const [track] = first!.session.remoteStream!.getTracks();
    expect(track!.enabled).toBe(false);
    first!.control({ heldBy: [] });
    await settle();
    expect([sent(), track!.enabled]).toEqual([[['audio', null]], true]);
  });
});

test('a leg that is asked for twice in an epoch is connected once', async () => {
  const [first, second] = await bench.connected(speech, [0, 1]);
  first!.connect(1, 'l2');
  await bench.clock.advanceAsync(500);
  expect(first!.reports).toHaveLength(2);
  expect(bench.browser.connections).toHaveLength(1);
  expect(second!.reports).toHaveLength(2);
});

describe('a leg that is let go', () => {
  test('while ICE servers are asked for is not connected', async () => {
    const [first] = bench.call();
    first!.connect(1, 'l2');
    first!.session.disconnect('l2');
    await bench.clock.advanceAsync(100);
    expect(bench.browser.connections).toEqual([]);
  });

  test('while ICE servers are asked for, and connected anew, is connected once', async () => {
    const [first, second] = bench.call();
    first!.connect(1, 'l2');
    first!.session.disconnect('l2');
    first!.connect(1, 'l2');
    second!.connect(1, 'l1');
    await bench.clock.advanceAsync(500);
    expect(bench.browser.connections).toHaveLength(1);
    expect(first!.reports).toEqual([{ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' }]);
  });

  test('says nothing more, whatever its connection does', async () => {
    const [first] = await bench.connected();
    const [connection] = bench.browser.connections;
    const before = first!.reports.length;
    first!.session.disconnect('l2');
    connection!.turn('failed');
    await bench.clock.advanceAsync(5_000);
    expect({
      reports: first!.reports.length,
      quality: first!.session.qualityOf('l2'),
      state: connection!.connectionState,
    }).toEqual({ reports: before, quality: null, state: 'closed' });
  });

  test('says nothing of what its browser had queued', async () => {
    const sides = await bench.connected();
    const [first] = sides;
    const [connection] = bench.browser.connections;
    const [transceiver] = connection!.getTransceivers();
    first!.session.disconnect('l2');
    const before = sides.mesh.sent.length;
    const candidate = { candidate: 'candidate:late', sdpMid: '0' };
    const queued = { candidate, track: transceiver!.receiver.track, transceiver };
    for (const type of ['icecandidate', 'track']) {
      connection!.dispatchEvent(Object.assign(new Event(type), queued));
    }
    await bench.clock.advanceAsync(500);
    expect([...first!.session.remoteStreams.keys()]).toEqual(['l3']);
    expect(sides.mesh.sent).toHaveLength(before);
  });

  test('that nobody knows is no matter', async () => {
    const [first] = bench.call();
    first!.session.disconnect('l9');
    expect(first!.reports).toEqual([]);
  });
});

describe('signals that come early', () => {
  const offer = { kind: 'offer', sdp: 'v=0\r\nnonsense' } as const;
  const failed = (peerLegId: string) => ({
    type: 'media.failed',
    cause: 'media_failed',
    peerLegId,
  });

  test('wait, but not more than 64 of one leg', async () => {
    const sides = bench.call();
    const [first, second, third] = sides;
    for (let index = 0; index < 64; index += 1) {
      const body = { kind: 'candidates' as const, candidates: [{ candidate: '' }] };
      sides.mesh.inject('l3', { fromLeg: 'l1', mediaEpoch: 1, body });
    }
    // The offer of the first is one too many; that of the second is not.
    first!.connect(1, 'l3');
    second!.connect(1, 'l3');
    await bench.clock.advanceAsync(500);
    third!.connect(1, 'l1');
    third!.connect(1, 'l2');
    await bench.clock.advanceAsync(500);
    expect(third!.reports).toEqual([{ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' }]);
  });

  test('of legs without number do not fill the memory', async () => {
    const sides = bench.call();
    const [, second, third] = sides;
    for (let leg = 100; leg < 1_000; leg += 1) {
      sides.mesh.inject('l3', { fromLeg: `l${leg}`, mediaEpoch: 1, body: offer });
    }
    // A leg that the machine names is connected all the same.
    third!.connect(1, 'l2');
    second!.connect(1, 'l3');
    await bench.clock.advanceAsync(500);
    expect(third!.reports).toEqual([{ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' }]);
    // What the 64th said was kept, and fails; what the 65th said was not.
    for (const peerLegId of ['l163', 'l164']) {
      third!.session.connect({ mediaEpoch: 1, legId: 'l3', peerLegId, polite: true });
    }
    await bench.clock.advanceAsync(500);
    expect(third!.reports.slice(1)).toEqual([failed('l163')]);
  });

  test('of a newer epoch wait for it; those of an older one are dropped', async () => {
    const sides = bench.call();
    const [first, second] = sides;
    sides.mesh.inject('l2', { fromLeg: 'l1', mediaEpoch: 1, body: offer });
    first!.connect(2, 'l2');
    second!.connect(2, 'l1');
    await bench.clock.advanceAsync(500);
    const connected = { type: 'media.connected', mediaEpoch: 2, peerLegId: 'l1' };
    expect(second!.reports).toEqual([connected]);
    // Those of an older one take no place.
    for (let index = 0; index < 64; index += 1) {
      sides.mesh.inject('l2', { fromLeg: 'l1', mediaEpoch: 1, body: offer });
    }
    sides.mesh.inject('l2', { fromLeg: 'l1', mediaEpoch: 3, body: offer });
    second!.connect(3, 'l1');
    await bench.clock.advanceAsync(100);
    expect(second!.reports).toEqual([connected, failed('l1')]);
    // It has failed in this epoch; what comes is dropped, and asking again does not help.
    sides.mesh.inject('l2', { fromLeg: 'l1', mediaEpoch: 3, body: offer });
    second!.connect(3, 'l1');
    await bench.clock.advanceAsync(100);
    expect(second!.reports).toHaveLength(2);
    first!.connect(4, 'l2');
    second!.connect(4, 'l1');
    await bench.clock.advanceAsync(500);
    expect(second!.reports.slice(2)).toEqual([{ ...connected, mediaEpoch: 4 }]);
  });
});

describe('quality', () => {
  test('is known by leg, and of the call as the worst of them', async () => {
    const [first] = await bench.connected();
    const { session } = first!;
    const heard: string[] = [];
    session.on('quality.changed', ({ legId }) => heard.push(legId));
    await bench.clock.advanceAsync(1_000);
    expect([...new Set(heard)].sort()).toEqual(['l2', 'l3']);
    // The network of the first page gets worse between the samples of its two legs.
    const [worse] = bench.browser.connections;
    const getStats = worse!.getStats.bind(worse);
    worse!.getStats = async () => {
      bench.browser.network.lossPercent = 30;
      const report = await getStats();
      bench.browser.network.lossPercent = 0;
      return report;
    };
    await bench.clock.advanceAsync(1_000);
    expect(session.qualityOf('l2')!.mos).toBeLessThan(session.qualityOf('l3')!.mos!);
    expect(session.quality).toBe(session.qualityOf('l2'));
    session.disconnect('l2');
    expect(session.quality).toBe(session.qualityOf('l3'));
    expect(session.quality).not.toBe(null);
    session.disconnect('l3');
    expect(session.quality).toBe(null);
  });
});

describe('a session that is closed', () => {
  test('listens to no signals, and waits for no ICE servers once its tube is closed', async () => {
    const counted = countedSignals();
    const tube = new Tube('call', { clock: bench.clock });
    const session = bench.engine.session({
      callId: 'call',
      tube,
      signals: counted.signals,
      iceServers: () => new Promise<never>(() => {}),
    });
    session.open(() => {});
    session.connect({ mediaEpoch: 1, legId: 'l1', peerLegId: 'l2', polite: false });
    await bench.clock.advanceAsync(100);
    expect({ listening: counted.listening, timers: bench.clock.pending }).toEqual({
      listening: 1,
      timers: 1,
    });
    session.close();
    expect(counted.listening).toBe(0);
    await tube.close();
    expect(bench.clock.pending).toBe(0);
  });
});

describe('what fails', () => {
  test('on one leg leaves the others alone', async () => {
    const [first, second, third] = await bench.connected();
    for (const connection of [bench.browser, bench.browsers[1]!].map(
      ({ connections }) => connections[0]!,
    )) {
      connection.isReachable = false;
      connection.turn('disconnected');
    }
    await bench.clock.advanceAsync(60_000);
    expect(first!.reports.slice(3)).toEqual([
      { type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' },
      { type: 'media.failed', cause: 'media_failed', peerLegId: 'l2' },
    ]);
    expect(second!.reports.at(-1)).toEqual({
      type: 'media.failed',
      cause: 'media_failed',
      peerLegId: 'l1',
    });
    expect(third!.reports).toHaveLength(3);
    expect(first!.session.qualityOf('l2')).toBe(null);
    expect(first!.session.qualityOf('l3')).not.toBe(null);
    expect([...first!.session.remoteStreams.keys()]).toEqual(['l3']);
  });

  test('altogether, as an engine that closes, is said once and of no leg', async () => {
    const [first] = await bench.connected();
    await bench.engine.close();
    expect(first!.reports.slice(3)).toEqual([{ type: 'media.failed', cause: 'media_failed' }]);
  });

  test('because a signal can never be carried fails its leg', async () => {
    const reports: unknown[] = [];
    const session = bench.engine.session({
      callId: 'call',
      tube: new Tube('call', { clock: bench.clock }),
      signals: {
        send({ toLeg }) {
          if (toLeg === 'l3') throw new TypeError('too long');
        },
        receive: () => () => {},
      },
      iceServers: async () => [],
    });
    session.open((report) => reports.push(report));
    for (const peerLegId of ['l2', 'l3']) {
      session.connect({ mediaEpoch: 1, legId: 'l1', peerLegId, polite: false });
    }
    await bench.clock.advanceAsync(100);
    expect(reports).toEqual([{ type: 'media.failed', cause: 'media_failed', peerLegId: 'l3' }]);
    expect(bench.browser.openConnections).toHaveLength(1);
  });
});
