import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeDevice } from '../src/testing/index.ts';
import { both, MediaBench, speech } from './media-bench.ts';

let bench: MediaBench;
let headset: FakeDevice;
let webcam: FakeDevice;
beforeEach(() => {
  bench = new MediaBench(2);
  headset = bench.browser.addDevice('audioinput', 'headset');
  webcam = bench.browser.addDevice('videoinput', 'webcam');
});
afterEach(() => bench.close());

/** How many tracks of each device are live. */
const inUse = () =>
  Object.fromEntries(
    bench.browser.devices
      .filter(({ tracks }) => tracks.size > 0)
      .map((d) => [d.label, d.tracks.size]),
  );
const select = (choice: Parameters<typeof bench.engine.devices.select>[0]) =>
  bench.outcome(bench.engine.devices.select(choice));
const sending = () =>
  bench.browser.connections.map((connection) =>
    connection.getTransceivers().map(({ sender }) => sender.track?.label ?? null),
  );

describe('the list', () => {
  test('has one nameless device of each kind before the user allowed any', async () => {
    const one = [{ id: '', label: '', isDefault: true }];
    expect(await bench.engine.devices.list()).toEqual({
      microphones: one,
      cameras: one,
      outputs: one,
    });
  });

  test('has all of them afterwards, the default first', async () => {
    await bench.connected();
    const { microphones, cameras, outputs } = await bench.engine.devices.list();
    expect(microphones).toEqual([
      { id: 'id-of-microphone', label: 'microphone', isDefault: true },
      { id: 'id-of-headset', label: 'headset', isDefault: false },
    ]);
    expect(cameras.map(({ label }) => label)).toEqual(['camera', 'webcam']);
    expect(outputs.map(({ label }) => label)).toEqual(['speaker']);
  });

  test('is empty where the browser refuses it', async () => {
    bench.browser.enumerateDevices = () =>
      Promise.reject(new DOMException('by policy', 'NotAllowedError'));
    expect(await bench.engine.devices.list()).toEqual({
      microphones: [],
      cameras: [],
      outputs: [],
    });
    expect(await select({ microphone: headset.id })).toBe('device_unavailable');
  });

  test('is told anew while somebody listens or a call runs, and no longer', async () => {
    const heard: string[][] = [];
    const off = bench.engine.devices.on('devices.changed', ({ microphones }) =>
      heard.push(microphones.map(({ label }) => label)),
    );
    expect(bench.browser.listeners).toBe(1);
    const [first] = await bench.connected();
    expect(bench.browser.listeners).toBe(1);
    headset.unplug();
    await bench.clock.advanceAsync(1);
    off();
    off();
    expect(bench.browser.listeners).toBe(1);
    headset.plugIn();
    await bench.clock.advanceAsync(1);
    first!.session.close();
    expect(bench.browser.listeners).toBe(0);
    expect(heard).toEqual([['microphone']]);
  });

  test('and a listener that throws breaks nothing', async () => {
    bench.engine.devices.on('devices.changed', () => {
      throw new TypeError('host app');
    });
    headset.unplug();
    await bench.clock.advanceAsync(1);
    expect(bench.logger.lines).toEqual([
      {
        level: 'error',
        message: 'a listener failed',
        fields: { event: 'devices.changed', thrown: new TypeError('host app') },
      },
    ]);
  });
});

describe('a choice', () => {
  test('moves every call that runs, without a signal, and later ones', async () => {
    const sides = await bench.connected(both);
    const other = await bench.connected();
    const before = sides.mesh.sent.length;
    sides[0]!.control({ muted: true });
    expect(await select({ microphone: headset.id, camera: webcam.id })).toBe('done');
    expect(bench.engine.devices.selected).toEqual({
      microphone: headset.id,
      camera: webcam.id,
      output: '',
    });
    expect(sending()).toEqual([
      ['headset', 'webcam'],
      ['headset', null],
    ]);
    // The original and a clone for each call.
    expect(inUse()).toEqual({ headset: 3, webcam: 2 });
    const enabled = [sides, other].map(
      ([side]) => side!.session.localStream!.getAudioTracks()[0]!.enabled,
    );
    expect(enabled).toEqual([false, true]);
    await bench.clock.advanceAsync(500);
    expect(sides.mesh.sent).toHaveLength(before);
    for (const [side] of [sides, other]) side!.session.close();
    expect(inUse()).toEqual({});
    await bench.connected(both);
    expect(sending().at(-1)).toEqual(['headset', 'webcam']);
    expect(await select({ microphone: '' })).toBe('done');
    expect(sending().at(-1)).toEqual(['microphone', 'webcam']);
  });

  test('without a gap of the microphone: the new one is open before the old one stops', async () => {
    await bench.connected();
    const using: unknown[] = [];
    const { getUserMedia } = bench.browser;
    bench.browser.getUserMedia = async (constraints) => {
      using.push(inUse());
      const stream = await getUserMedia.call(bench.browser, constraints);
      using.push(inUse());
      return stream;
    };
    await select({ microphone: headset.id });
    expect(using).toEqual([{ microphone: 2 }, { microphone: 2, headset: 1 }]);
  });

  test('of a camera closes the old one first: phones cannot open two', async () => {
    await bench.connected(both);
    const using: unknown[] = [];
    const { getUserMedia } = bench.browser;
    bench.browser.getUserMedia = (constraints) => {
      using.push(inUse());
      return getUserMedia.call(bench.browser, constraints);
    };
    await select({ camera: webcam.id });
    expect(using).toEqual([{ microphone: 2 }]);
    expect(inUse()).toEqual({ microphone: 2, webcam: 2 });
  });

  test('is remembered while nothing runs, and opens nothing', async () => {
    const [first] = await bench.connected();
    first!.session.close();
    const asked = bench.browser.asked.length;
    expect(await select({ microphone: headset.id })).toBe('done');
    expect(bench.browser.asked).toHaveLength(asked);
    await bench.connected();
    expect(sending().at(-1)).toEqual(['headset', null]);
  });

  test('of what is in use already opens nothing', async () => {
    await bench.connected();
    await select({ microphone: headset.id });
    const asked = bench.browser.asked.length;
    expect(await select({ microphone: headset.id })).toBe('done');
    expect(await select({})).toBe('done');
    expect(bench.browser.asked).toHaveLength(asked);
  });

  test('does not turn a camera on that is off, nor one that is turned off meanwhile', async () => {
    const [first] = await bench.connected(both);
    first!.control({ camera: false });
    await select({ camera: webcam.id });
    expect(inUse()).toEqual({ microphone: 2 });
    first!.control({ camera: true });
    await bench.clock.advanceAsync(10);
    expect(inUse()).toEqual({ microphone: 2, webcam: 2 });
    const chosen = bench.engine.devices.select({ camera: bench.browser.camera.id });
    await bench.clock.advanceAsync(1);
    first!.control({ camera: false });
    expect(await bench.outcome(chosen)).toBe('done');
    expect(inUse()).toEqual({ microphone: 2 });
  });

  test('made twice in a row ends with the second', async () => {
    await bench.connected();
    const one = bench.engine.devices.select({ microphone: headset.id });
    const other = bench.engine.devices.select({ microphone: bench.browser.microphone.id });
    expect(await bench.outcome(Promise.all([one, other]))).toBe('done');
    expect(inUse()).toEqual({ microphone: 2 });
  });

  test('made while the user is asked waits for the answer', async () => {
    const [first] = await bench.connected();
    first!.session.close();
    const [second] = bench.call(speech);
    second!.session.acquire(speech);
    const chosen = bench.engine.devices.select({ microphone: headset.id });
    expect(await bench.outcome(chosen)).toBe('done');
    expect(inUse()).toEqual({ headset: 2 });
  });

  test('whose call ends meanwhile leaves nothing open', async () => {
    const [first] = await bench.connected(both);
    const chosen = bench.engine.devices.select({ microphone: headset.id, camera: webcam.id });
    await bench.clock.advanceAsync(1);
    first!.session.close();
    expect(await bench.outcome(chosen)).toBe('done');
    expect(inUse()).toEqual({});
  });

  test('of an output moves every call, also one that had its own', async () => {
    const [first] = await bench.connected();
    const speaker = bench.browser.addDevice('audiooutput', 'headphones');
    await bench.outcome(first!.session.setAudioOutput(bench.browser.speaker.id));
    expect(await select({ output: speaker.id })).toBe('done');
    expect(first!.session.audioOutput).toBe(speaker.id);
    const [second] = await bench.connected();
    expect(second!.session.audioOutput).toBe(speaker.id);
    expect(bench.browser.attachedAudios.map(({ sinkId }) => sinkId)).toEqual([
      speaker.id,
      speaker.id,
    ]);
  });

  test('is shared by the engines of a page, as the capture is', async () => {
    await bench.connected();
    await select({ microphone: headset.id });
    const [first] = await bench.connected(speech, [0, 0]);
    expect(first!.session.localStream!.getTracks()[0]!.label).toBe('headset');
  });
});

describe('a choice that fails', () => {
  const unchanged = { microphone: '', camera: '', output: '' };

  test.each([
    [{ microphone: 'nobody' }],
    [{ camera: 'nobody' }],
    [{ output: 'nobody' }],
    [{ microphone: 'id-of-headset', camera: 'nobody' }],
  ])('of %j leaves all as it was', async (choice) => {
    await bench.connected(both);
    const before = { sending: sending(), inUse: inUse(), asked: bench.browser.asked.length };
    expect(await select(choice)).toBe('device_unavailable');
    expect({ sending: sending(), inUse: inUse(), asked: bench.browser.asked.length }).toEqual(
      before,
    );
    expect(bench.engine.devices.selected).toEqual(unchanged);
  });

  test('because the device is taken rolls back, the camera by opening the old one', async () => {
    const [first] = await bench.connected(both);
    webcam.refusal = 'NotReadableError';
    expect(await select({ microphone: headset.id, camera: webcam.id })).toBe('device_unavailable');
    expect(bench.engine.devices.selected).toEqual(unchanged);
    expect(sending()).toEqual([['microphone', 'camera']]);
    expect(inUse()).toEqual({ microphone: 2, camera: 2 });
    // Nobody was told that a camera was refused.
    expect(first!.reports).toHaveLength(2);
    const [second] = await bench.connected();
    expect(second!.session.localStream!.getTracks()[0]!.label).toBe('microphone');
    expect(inUse()).toEqual({ microphone: 3, camera: 2 });
  });

  test('carries what the browser said', async () => {
    await bench.connected();
    headset.refusal = 'NotAllowedError';
    await expect(
      Promise.all([
        bench.engine.devices.select({ microphone: headset.id }),
        bench.clock.advanceAsync(100),
      ]),
    ).rejects.toMatchObject({
      code: 'device_unavailable',
      fault: 'device',
      cause: { name: 'NotAllowedError' },
    });
  });

  test('of an output alone has touched no microphone', async () => {
    await bench.connected();
    const { createAudio } = bench.browser;
    bench.browser.createAudio = () =>
      Object.assign(createAudio.call(bench.browser), { setSinkId: undefined });
    const choice = { microphone: headset.id, output: bench.browser.speaker.id };
    expect(await select(choice)).toBe('device_unavailable');
    expect(sending()).toEqual([['microphone', null]]);
    expect(bench.engine.devices.selected).toEqual(unchanged);
  });
});

describe('a device that vanishes', () => {
  test('gives way to the default, and is taken again when it returns', async () => {
    const [first] = await bench.connected(both);
    await select({ microphone: headset.id, camera: webcam.id });
    first!.control({ muted: true });
    headset.unplug();
    webcam.unplug();
    await bench.clock.advanceAsync(10);
    expect(sending()).toEqual([['microphone', 'camera']]);
    expect(bench.engine.devices.selected).toMatchObject({
      microphone: headset.id,
      camera: webcam.id,
    });
    headset.plugIn();
    webcam.plugIn();
    await bench.clock.advanceAsync(20);
    expect(sending()).toEqual([['headset', 'webcam']]);
    expect(inUse()).toEqual({ headset: 2, webcam: 2 });
    expect(first!.session.localStream!.getAudioTracks()[0]!.enabled).toBe(false);
    expect(first!.reports).toHaveLength(2);
  });

  test('and does not come back by itself when something else was chosen meanwhile', async () => {
    await bench.connected();
    await select({ microphone: headset.id });
    headset.unplug();
    await bench.clock.advanceAsync(10);
    await select({ microphone: '' });
    headset.plugIn();
    await bench.clock.advanceAsync(10);
    expect(sending()).toEqual([['microphone', null]]);
  });

  test('in a list without ids changes nothing', async () => {
    await bench.connected();
    const { enumerateDevices } = bench.browser;
    bench.browser.enumerateDevices = async () =>
      (await enumerateDevices.call(bench.browser)).map((each) =>
        Object.assign(each, { deviceId: '' }),
      );
    const asked = bench.browser.asked.length;
    headset.unplug();
    await bench.clock.advanceAsync(20);
    expect(bench.browser.asked).toHaveLength(asked);
  });

  test('lets another one be chosen while it is away', async () => {
    await bench.connected(both);
    await select({ microphone: headset.id });
    headset.unplug();
    await bench.clock.advanceAsync(10);
    expect(await select({ camera: webcam.id })).toBe('done');
    expect(sending()).toEqual([['microphone', 'webcam']]);
  });

  test('and was the only microphone is heard again when it returns', async () => {
    const [first] = await bench.connected();
    headset.unplug();
    bench.browser.microphone.unplug();
    await bench.clock.advanceAsync(10);
    expect(first!.session.localStream).toBe(null);
    bench.browser.microphone.plugIn();
    await bench.clock.advanceAsync(10);
    expect(sending()).toEqual([['microphone', null]]);
  });

  test('and was the only camera stays off until it is asked for', async () => {
    const [first] = await bench.connected(both);
    webcam.unplug();
    bench.browser.camera.unplug();
    await bench.clock.advanceAsync(10);
    expect(first!.reports.slice(2)).toEqual([
      { type: 'media.camera-refused', cause: 'device_missing' },
    ]);
    bench.browser.camera.plugIn();
    await bench.clock.advanceAsync(10);
    expect(sending()).toEqual([['microphone', null]]);
    first!.control({ camera: false });
    first!.control({ camera: true });
    await bench.clock.advanceAsync(10);
    expect(sending()).toEqual([['microphone', 'camera']]);
  });

  test('and returns broken leaves the default in use', async () => {
    await bench.connected();
    await select({ microphone: headset.id });
    headset.unplug();
    await bench.clock.advanceAsync(10);
    headset.refusal = 'NotReadableError';
    headset.plugIn();
    await bench.clock.advanceAsync(20);
    expect(inUse()).toEqual({ microphone: 2 });
    expect(bench.logger.lines.at(-1)).toMatchObject({
      message: 'device not taken',
      fields: { error: 'NotReadableError' },
    });
  });
});
