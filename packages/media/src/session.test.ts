import { FakeClock, RecordingLogger, seededRandom, settle } from '@ringfence/base/testing';
import { Tube } from '@ringfence/isolation';
import type { IceServer } from '@ringfence/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMedia } from './engine.ts';
import type { MediaEngine } from './engine.ts';
import { createSignalPair, createTestCall, FakeBrowser } from './testing/index.ts';
import type { TestCall } from './testing/index.ts';

const both = { audio: true, video: true };
const speech = { audio: true, video: false };

let clock: FakeClock;
let logger: RecordingLogger;
let browser: FakeBrowser;
let peerBrowser: FakeBrowser;
let engine: MediaEngine;
let peerEngine: MediaEngine;
const calls: TestCall[] = [];
let iceServers: () => Promise<readonly IceServer[]>;

beforeEach(() => {
  clock = new FakeClock();
  logger = new RecordingLogger();
  const random = seededRandom(1);
  browser = new FakeBrowser({}, { clock, random });
  peerBrowser = new FakeBrowser({}, { clock, random });
  engine = createMedia({}, { browser, clock, random, logger });
  peerEngine = createMedia({}, { browser: peerBrowser, clock, random, logger });
  iceServers = async () => [];
});

afterEach(async () => {
  await engine.close();
  await peerEngine.close();
  for (const call of calls.splice(0)) call.close();
  await clock.advanceAsync(200);
  expect({
    listeners: browser.listeners + peerBrowser.listeners,
    audios: browser.attachedAudios.length + peerBrowser.attachedAudios.length,
    timers: clock.pending,
    tracks: browser.liveTracks + peerBrowser.liveTracks,
    connections: browser.openConnections.length + peerBrowser.openConnections.length,
  }).toEqual({ listeners: 0, audios: 0, timers: 0, tracks: 0, connections: 0 });
});

function createCall(kinds = speech, callId = 'call'): TestCall {
  const call = createTestCall({
    callId,
    clock,
    caller: engine,
    callee: peerEngine,
    kinds,
    signals: createSignalPair({}, { clock, random: seededRandom(1) }),
    iceServers: () => iceServers(),
  });
  calls.push(call);
  return call;
}

async function connected(kinds = speech): Promise<TestCall> {
  const call = createCall(kinds);
  for (const side of [call.caller, call.callee]) {
    side.session.acquire(kinds);
    side.connect(1);
  }
  await clock.advanceAsync(1_000);
  expect(call.caller.reports).toEqual([{ type: 'media.acquired' }, connectedTo('l2')]);
  return call;
}

const connectedTo = (peerLegId: string) => ({ type: 'media.connected', mediaEpoch: 1, peerLegId });

const kindsOf = (stream: MediaStream | null) =>
  stream === null ? null : stream.getTracks().map((track) => track.kind);

describe('acquire', () => {
  test.each([
    ['NotAllowedError', 'permission_denied'],
    ['NotFoundError', 'device_missing'],
  ])('a microphone that ends in %s refuses the call: %s', async (name, cause) => {
    browser.refusals.set('audio', name);
    const call = createCall();
    call.caller.session.acquire(speech);
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([{ type: 'media.refused', cause }]);
    expect(call.caller.session.localStream).toBe(null);
  });

  test('a video call without a camera goes on with sound, and says so', async () => {
    browser.refusals.set('video', 'NotFoundError');
    const call = createCall(both);
    call.caller.session.acquire(both);
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([
      { type: 'media.camera-refused', cause: 'device_missing' },
      { type: 'media.acquired' },
    ]);
    expect(kindsOf(call.caller.session.localStream)).toEqual(['audio']);
    expect(browser.asked.map(({ audio, video }) => [Boolean(audio), Boolean(video)])).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  test('a video call without either is refused for its microphone', async () => {
    browser.refusals.set('video', 'NotFoundError');
    browser.refusals.set('audio', 'NotAllowedError');
    const call = createCall(both);
    call.caller.session.acquire(both);
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([{ type: 'media.refused', cause: 'permission_denied' }]);
  });

  test('a call of pictures alone is refused without a camera', async () => {
    browser.refusals.set('video', 'NotReadableError');
    const call = createCall({ audio: false, video: true });
    call.caller.session.acquire({ audio: false, video: true });
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([{ type: 'media.refused', cause: 'device_missing' }]);
  });

  test('a camera turned off before the prompt is not asked for', async () => {
    const call = createCall(both);
    call.caller.control({ camera: false });
    call.caller.session.acquire(both);
    await clock.advanceAsync(100);
    expect(kindsOf(call.caller.session.localStream)).toEqual(['audio']);
  });

  test('a call muted before it has a microphone starts muted', async () => {
    const call = createCall();
    call.caller.control({ muted: true });
    call.caller.session.acquire(speech);
    await clock.advanceAsync(100);
    expect(call.caller.session.localStream!.getTracks()[0]!.enabled).toBe(false);
  });

  test('a call that ends while the user is asked opens nothing', async () => {
    const call = createCall(both);
    call.caller.session.acquire(both);
    call.caller.session.close();
    await clock.advanceAsync(100);
    expect({ reports: call.caller.reports, live: browser.liveTracks }).toEqual({
      reports: [],
      live: 0,
    });
  });
});

describe('the camera', () => {
  test('is refused without ending the call, and asked again only when wished anew', async () => {
    const call = await connected();
    browser.refusals.set('video', 'NotAllowedError');
    call.caller.control({ camera: true });
    await clock.advanceAsync(100);
    // The machine may repeat what it wants before it has taken the refusal in.
    call.caller.control({ camera: true, muted: true });
    await clock.advanceAsync(100);
    expect(call.caller.reports.slice(2)).toEqual([
      { type: 'media.camera-refused', cause: 'permission_denied' },
    ]);
    browser.refusals.clear();
    call.caller.control({ camera: false });
    call.caller.control({ camera: true });
    await clock.advanceAsync(1_000);
    expect(kindsOf(call.callee.session.remoteStream)).toEqual(['audio', 'video']);
  });

  test('follows the newest of hasty wishes', async () => {
    const call = await connected();
    for (const camera of [true, false, true, false]) call.caller.control({ camera });
    await clock.advanceAsync(1_000);
    expect({
      live: browser.camera.tracks.size,
      local: kindsOf(call.caller.session.localStream),
    }).toEqual({ live: 0, local: ['audio'] });
    for (const camera of [true, false, true]) call.caller.control({ camera });
    await clock.advanceAsync(1_000);
    expect(kindsOf(call.caller.session.localStream)).toEqual(['audio', 'video']);
  });

  test('that is unplugged is reported, and its picture taken down', async () => {
    const call = await connected(both);
    browser.camera.unplug();
    await clock.advanceAsync(100);
    expect(call.caller.reports.slice(2)).toEqual([
      { type: 'media.camera-refused', cause: 'device_missing' },
    ]);
    expect(kindsOf(call.caller.session.localStream)).toEqual(['audio']);
  });
});

describe('the microphone', () => {
  test('that is unplugged is replaced by the next one', async () => {
    const call = await connected();
    browser.addDevice('audioinput', 'spare');
    const [before] = call.caller.session.localStream!.getTracks();
    call.caller.control({ muted: true });
    browser.microphone.unplug();
    await clock.advanceAsync(100);
    const [after] = call.caller.session.localStream!.getTracks();
    expect(after).not.toBe(before);
    expect(after).toMatchObject({ kind: 'audio', readyState: 'live', enabled: false });
    const [sender] = browser.connections[0]!.getTransceivers();
    expect(sender!.sender.track).toBe(after);
    expect(call.caller.reports).toHaveLength(2);
  });

  test('that is unplugged without another leaves the call silent, not broken', async () => {
    const call = await connected();
    browser.microphone.unplug();
    await clock.advanceAsync(100);
    expect(call.caller.session.localStream).toBe(null);
    expect(call.caller.reports).toHaveLength(2);
    expect(logger.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'capture refused',
      fields: { kinds: ['audio'], error: 'NotFoundError' },
    });
  });
});

describe('hold', () => {
  const sent = () =>
    browser.connections[0]!.getTransceivers().map(({ sender }) => sender.track?.kind ?? null);

  test('sends nothing, keeps the devices, and needs no signal', async () => {
    const call = await connected(both);
    const before = call.signals.sent.length;
    call.caller.control({ held: true });
    await settle();
    expect(sent()).toEqual([null, null]);
    expect(kindsOf(call.caller.session.localStream)).toEqual(['audio', 'video']);
    call.caller.control({ held: false });
    await settle();
    expect(sent()).toEqual(['audio', 'video']);
    await clock.advanceAsync(1_000);
    expect(call.signals.sent).toHaveLength(before);
  });

  test('also holds a camera that comes on meanwhile', async () => {
    const call = await connected();
    call.caller.control({ held: true });
    call.caller.control({ camera: true });
    await clock.advanceAsync(1_000);
    expect(sent()).toEqual([null, null]);
    call.caller.control({ held: false });
    await settle();
    expect(sent()).toEqual(['audio', 'video']);
    // The direction was agreed on while held.
    expect(kindsOf(call.callee.session.remoteStream)).toEqual(['audio', 'video']);
  });

  test('also silences a track that comes while held', async () => {
    const call = await connected();
    call.callee.control({ held: true });
    call.caller.control({ camera: true });
    await clock.advanceAsync(1_000);
    expect(call.callee.session.remoteStream!.getTracks().map(({ enabled }) => enabled)).toEqual([
      false,
      false,
    ]);
  });
});

describe('the connection', () => {
  test('gets its ICE servers, and fresh ones before a restart', async () => {
    let fetched = 0;
    iceServers = async () => {
      fetched += 1;
      return [{ urls: ['turn:turn.example'], username: `user ${fetched}`, credential: 'secret' }];
    };
    await connected();
    const [connection] = browser.connections;
    const before = fetched;
    connection!.turn('failed');
    await clock.advanceAsync(1_000);
    expect(fetched).toBe(before + 1);
    expect(connection!.configuration).toEqual({
      iceServers: [
        { urls: ['turn:turn.example'], username: `user ${fetched}`, credential: 'secret' },
      ],
      iceTransportPolicy: 'all',
      bundlePolicy: 'max-bundle',
    });
  });

  test.each([
    ['that cannot be had', () => Promise.reject(new Error('no server'))],
    ['that never come', () => new Promise<never>(() => {})],
  ])('goes on without ICE servers %s', async (_, fetch) => {
    iceServers = fetch;
    const call = createCall();
    for (const side of [call.caller, call.callee]) {
      side.session.acquire(speech);
      side.connect(1);
    }
    await clock.advanceAsync(4_000);
    expect(call.caller.reports.at(-1)).toEqual(connectedTo('l2'));
  });

  test('goes on without ICE servers that the browser cannot read', async () => {
    iceServers = async () => [{ urls: ['http://turn.example'] }];
    await connected();
    expect(browser.connections.map(({ configuration }) => configuration.iceServers)).toEqual([[]]);
  });

  test('loses no ICE server to another that the browser cannot read', async () => {
    const good = { urls: ['turn:turn.example'], username: 'user', credential: 'secret' };
    iceServers = async () => [{ urls: ['http://turn.example'] }, good];
    await connected();
    expect(browser.connections[0]!.configuration.iceServers).toEqual([good]);
  });

  test('that is lost is reported, restarted and reported again', async () => {
    const call = await connected();
    const [connection] = browser.connections;
    const before = connection!.generation;
    connection!.turn('disconnected');
    expect(call.caller.reports.slice(2)).toEqual([
      { type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' },
    ]);
    await clock.advanceAsync(4_000);
    expect(call.caller.reports.slice(3)).toEqual([connectedTo('l2')]);
    expect(connection!.generation!.local).not.toBe(before!.local);
  });

  test('that no restart helps fails, and the media of the epoch is gone', async () => {
    const call = await connected();
    const changes: unknown[] = [];
    call.caller.session.on('stream.changed', ({ remote }) => changes.push(remote));
    for (const { connections } of [browser, peerBrowser]) connections[0]!.isReachable = false;
    browser.connections[0]!.turn('disconnected');
    await clock.advanceAsync(60_000);
    expect(call.caller.reports.slice(2)).toEqual([
      { type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' },
      { type: 'media.failed', cause: 'media_failed', peerLegId: 'l2' },
    ]);
    expect(changes.at(-1)).toBe(null);
    expect(call.caller.session.remoteStream).toBe(null);
    expect(logger.lines).toContainEqual({
      level: 'warn',
      message: 'media failed',
      fields: { callId: 'call', code: 'media_unreachable' },
    });
    expect(browser.openConnections).toEqual([]);
  });

  test('that the browser does not offer fails the call', async () => {
    browser.createPeerConnection = () => {
      throw new ReferenceError('RTCPeerConnection is not defined');
    };
    const call = createCall();
    call.caller.connect(1);
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([
      { type: 'media.failed', cause: 'media_failed', peerLegId: 'l2' },
    ]);
  });

  test('does not wait for a microphone', async () => {
    const call = createCall();
    for (const side of [call.caller, call.callee]) side.connect(1);
    await clock.advanceAsync(1_000);
    expect(call.caller.reports).toEqual([connectedTo('l2')]);
  });

  test('keeps signals that come before its epoch does', async () => {
    const call = createCall();
    call.caller.session.acquire(speech);
    call.callee.session.acquire(speech);
    await clock.advanceAsync(100);
    call.caller.connect(1);
    await clock.advanceAsync(2_000);
    call.callee.connect(1);
    await clock.advanceAsync(1_000);
    expect(call.callee.reports.at(-1)).toEqual(connectedTo('l1'));
    expect(call.signals.sent.filter(({ body }) => body.kind === 'offer')).toHaveLength(1);
  });
});

describe('events', () => {
  test('tell of each change of a stream, and of each sample', async () => {
    const call = createCall(both);
    const seen: unknown[] = [];
    call.caller.session.on('stream.changed', ({ local, remote }) => {
      seen.push([kindsOf(local), kindsOf(remote)]);
    });
    const off = call.caller.session.on('quality.changed', (quality) => seen.push(quality.at));
    for (const side of [call.caller, call.callee]) side.session.acquire(both);
    await clock.advanceAsync(100);
    for (const side of [call.caller, call.callee]) side.connect(1);
    await clock.advanceAsync(1_500);
    off();
    expect(seen).toEqual([
      [['audio', 'video'], null],
      [['audio', 'video'], ['audio']],
      [
        ['audio', 'video'],
        ['audio', 'video'],
      ],
      expect.any(Number),
    ]);
    expect(call.caller.session.quality).toMatchObject({
      roundTripMs: 40,
      lossPercent: 0,
      jitterMs: 4,
      sendKbps: 832,
      receiveKbps: 832,
      framesPerSecond: 30,
      warnings: [],
    });
  });

  test('a listener that throws is a fault of the tube and breaks nothing', async () => {
    const call = createCall();
    call.caller.session.on('stream.changed', () => {
      throw new TypeError('host app');
    });
    call.caller.session.acquire(speech);
    await clock.advanceAsync(100);
    expect(call.caller.reports).toEqual([{ type: 'media.acquired' }]);
    const { errorSources } = call.caller.tube.statistics();
    expect(errorSources).toEqual({ 'listener:stream.changed': 1 });
  });
});

test('who listens and throws breaks nothing', async () => {
  await using tube = new Tube('call', { clock });
  const session = engine.session({
    callId: 'call',
    tube,
    signals: {
      send: () => {
        throw new TypeError('host app');
      },
      receive: () => () => {},
    },
    iceServers: async () => [],
  });
  session.open(() => {
    throw new TypeError('host app');
  });
  session.acquire(speech);
  await clock.advanceAsync(100);
  session.connect({ mediaEpoch: 1, legId: 'l1', peerLegId: 'l2', polite: false });
  await clock.advanceAsync(100);
  const lines = logger.lines.map(({ message, fields }) => [message, fields]);
  expect(lines).toContainEqual(['report failed', { report: 'media.acquired', error: 'TypeError' }]);
  expect(lines).toContainEqual(['media failed', { callId: 'call', code: 'TypeError' }]);
});

test('an engine that has closed fails a call that asks for capture, and opens nothing', async () => {
  await engine.close();
  const call = createCall();
  await clock.advanceAsync(1_000);
  expect(call.caller.reports).toEqual([]);
  call.caller.session.acquire(speech);
  call.caller.connect(1);
  await clock.advanceAsync(1_000);
  expect({ reports: call.caller.reports, asked: browser.asked }).toEqual({
    reports: [{ type: 'media.failed', cause: 'media_failed' }],
    asked: [],
  });
});

test('an engine that closes tells the calls that run, and no other', async () => {
  const talking = await connected();
  const ringing = createCall(speech, 'ringing');
  const before = talking.caller.reports.length;
  await engine.close();
  await engine.close();
  expect({
    talking: talking.caller.reports.slice(before),
    ringing: ringing.caller.reports,
  }).toEqual({ talking: [{ type: 'media.failed', cause: 'media_failed' }], ringing: [] });
});
