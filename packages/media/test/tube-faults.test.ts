import { settle } from '@ringfence/base/testing';
import { Tube } from '@ringfence/isolation';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { captureOf } from '../src/capture.ts';
import type { CaptureUser } from '../src/capture.ts';
import type { FakePeerConnection } from '../src/testing/index.ts';
import { both, countedSignals, MediaBench, speech } from './media-bench.ts';

let bench: MediaBench;
beforeEach(() => {
  bench = new MediaBench(3);
});
afterEach(() => bench.close());

const failed = { type: 'media.failed', cause: 'media_failed' };

const notThisBrowser = (): never => {
  throw new TypeError('not this browser');
};

/** As a browser has it once the peer took the place of the picture away (RFC 8829 section 5.3.1). */
function stopVideo(connection: FakePeerConnection): void {
  const set = (): never => {
    throw new DOMException('stopped', 'InvalidStateError');
  };
  for (const each of connection.getTransceivers()) {
    if (each.kind === 'video')
      Object.defineProperty(each, 'direction', { get: () => 'stopped', set });
  }
}

describe('what goes wrong inside', () => {
  test('a connection whose event breaks us is a fault of its tube, and of no other', async () => {
    const [first, second] = await bench.connected();
    const [connection] = bench.browser.connections;
    connection!.getTransceivers = notThisBrowser;
    connection!.dispatchEvent(Object.assign(new Event('track'), { track: { kind: 'audio' } }));
    expect(bench.tubes.map(({ faults }) => faults)).toEqual([1, 0, 0]);
    expect(bench.tubes[0]!.statistics().errorSources).toEqual({ track: 1 });
    bench.faults = 1;
    await bench.clock.advanceAsync(1_000);
    expect([first!.session.quality, second!.session.quality]).not.toContain(null);
  });

  test('a track that ends badly is one as well', async () => {
    const [first] = await bench.connected();
    first!.session.localStream!.removeTrack = notThisBrowser;
    bench.browser.microphone.unplug();
    await settle();
    expect(bench.tubes[0]!.statistics().errorSources).toEqual({ ended: 1 });
    bench.faults = 1;
  });

  test('listeners that throw are counted, attributed, and end that session at most', async () => {
    const sides = await bench.connected();
    sides[0]!.session.on('quality.changed', () => {
      throw new TypeError('host app');
    });
    sides[1]!.session.on('quality.changed', () => Promise.reject(new TypeError('host app')));
    await bench.clock.advanceAsync(10_000);
    const [first, second, third] = bench.tubes.map((tube) => tube.statistics());
    expect([first!.errorSources, second!.errorSources, third!.errorSources]).toEqual([
      { 'listener:quality.changed': 20 },
      { 'listener:quality.changed': 20 },
      {},
    ]);
    expect(bench.tubes.map(({ closed }) => closed)).toEqual([false, false, false]);
    for (let listener = 0; listener < 1_000; listener += 1) {
      sides[0]!.session.on('stream.changed', () => {
        throw new TypeError('host app');
      });
    }
    sides[0]!.control({ camera: true });
    await bench.clock.advanceAsync(1_000);
    expect(bench.tubes.map(({ closed }) => closed)).toEqual([true, false, false]);
    expect(sides[0]!.reports.at(-1)).toEqual(failed);
    expect(bench.tubes[2]!.faults).toBe(0);
    bench.faults = bench.tubes[0]!.faults + bench.tubes[1]!.faults;
  });

  test('a listener of the quality that always throws ends no session, of twelve neither', async () => {
    const room = new MediaBench(12);
    const [first] = await room.connected();
    first!.session.on('quality.changed', () => {
      throw new TypeError('host app');
    });
    await room.clock.advanceAsync(15_000);
    const [tube] = room.tubes;
    expect([tube!.closed, tube!.faults]).toEqual([false, 15 * 11]);
    room.faults = tube!.faults;
    await room.close();
  });
});

describe('a picture whose place the peer took away', () => {
  test('leaves a camera that comes on, and a mute, without a fault', async () => {
    const [first] = await bench.connected(speech, [0, 1]);
    stopVideo(bench.browser.connections[0]!);
    first!.control({ camera: true });
    await bench.clock.advanceAsync(1_000);
    first!.control({ muted: true });
    const { localStream } = first!.session;
    expect(localStream!.getVideoTracks()).toHaveLength(1);
    expect(localStream!.getAudioTracks()[0]!.enabled).toBe(false);
    expect(first!.reports.at(-1)!.type).toBe('media.connected');
  });

  test('keeps no other call from a camera that is chosen', async () => {
    await bench.connected(both, [0, 1]);
    const [other] = await bench.connected(both, [0, 2]);
    const camera = bench.browser.addDevice('videoinput', 'second');
    stopVideo(bench.browser.connections[0]!);
    const chosen = bench.engine.devices.select({ camera: camera.id });
    expect(await bench.outcome(chosen)).toBe('done');
    const [track] = other!.session.localStream!.getVideoTracks();
    expect(track!.getSettings().deviceId).toBe(camera.id);
  });
});

test('a call that cannot take a camera keeps no other from it, and the choice stands', async () => {
  const { users } = captureOf(bench.browser);
  const broken: CaptureUser = { letGo() {}, retake: async () => notThisBrowser() };
  users.add(broken);
  const [first] = await bench.connected(both, [0, 1]);
  const camera = bench.browser.addDevice('videoinput', 'second');
  const chosen = bench.engine.devices.select({ camera: camera.id });
  expect(await bench.outcome(chosen)).toBe('done');
  const [track] = first!.session.localStream!.getVideoTracks();
  expect(track!.getSettings().deviceId).toBe(camera.id);
  users.delete(broken);
});

test('a connection that does not close keeps its leg from no new epoch', async () => {
  const [first, second] = await bench.connected(speech, [0, 1]);
  const [connection] = bench.browser.connections;
  const close = connection!.close.bind(connection);
  connection!.close = () => {
    close();
    notThisBrowser();
  };
  first!.connect(2, 'l2');
  second!.connect(2, 'l1');
  await bench.clock.advanceAsync(1_000);
  const connected = { type: 'media.connected', mediaEpoch: 2, peerLegId: 'l2' };
  expect(first!.reports.at(-1)).toEqual(connected);
  bench.faults = 1;
});

test('a connection that takes no track keeps no other call from a camera that is chosen', async () => {
  await bench.connected(both, [0, 1]);
  const [other] = await bench.connected(both, [0, 2]);
  const camera = bench.browser.addDevice('videoinput', 'second');
  for (const { sender } of bench.browser.connections[0]!.getTransceivers()) {
    sender.replaceTrack = notThisBrowser;
  }
  const chosen = bench.engine.devices.select({ camera: camera.id });
  expect(await bench.outcome(chosen)).toBe('done');
  const [track] = other!.session.localStream!.getVideoTracks();
  expect(track!.getSettings().deviceId).toBe(camera.id);
  expect(Object.keys(bench.tubes[0]!.statistics().errorSources)).toEqual(['capture']);
  bench.faults = bench.tubes[0]!.faults;
});

test('a camera that does not close is a fault, and escapes nowhere', async () => {
  const [first] = await bench.connected(both, [0, 1]);
  first!.session.localStream!.removeTrack = notThisBrowser;
  first!.control({ camera: false });
  await settle();
  expect(bench.tubes[0]!.statistics().errorSources).toEqual({ capture: 1 });
  // The microphone cannot be taken out of the stream either.
  bench.faults = 2;
});

test('a session that cannot let go of its devices hears no more signals all the same', async () => {
  const counted = countedSignals();
  let isBroken = true;
  bench.browser.onDeviceChange = () => () => isBroken && notThisBrowser();
  const tube = new Tube('call', { clock: bench.clock });
  const session = bench.engine.session({
    callId: 'call',
    tube,
    signals: counted.signals,
    iceServers: async () => [],
  });
  session.open(() => {});
  expect(counted.listening).toBe(1);
  session.close();
  expect([counted.listening, tube.faults]).toEqual([0, 1]);
  isBroken = false;
});
