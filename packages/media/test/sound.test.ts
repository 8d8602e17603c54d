import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { both, MediaBench } from './media-bench.ts';

let bench: MediaBench;
let events: string[];

function prepare(options = {}) {
  bench = new MediaBench(3, options);
  events = [];
  bench.engine.on('audio.blocked', () => events.push('blocked'));
  bench.engine.on('audio.unblocked', () => events.push('unblocked'));
}
beforeEach(() => prepare());
afterEach(() => bench.close());

const heard = () => bench.browser.audios.filter(({ isHeard }) => isHeard);

describe('what comes', () => {
  test('is played by one element for each leg, which ends with it', async () => {
    const [first] = await bench.connected(both);
    expect(heard().map(({ srcObject }) => srcObject)).toEqual([
      ...first!.session.remoteStreams.values(),
    ]);
    first!.session.disconnect('l2');
    expect(heard().map(({ srcObject }) => srcObject)).toEqual([
      first!.session.remoteStreams.get('l3'),
    ]);
    first!.session.close();
    expect(bench.browser.attachedAudios).toEqual([]);
  });

  test('of a newer epoch is played anew', async () => {
    const [first, second] = await bench.connected();
    const before = heard();
    first!.connect(2, 'l2');
    second!.connect(2, 'l1');
    await bench.clock.advanceAsync(500);
    expect(heard()).toHaveLength(2);
    expect(heard()).not.toEqual(before);
  });

  test('is left to the page when it wants so', async () => {
    prepare({ playsAudio: false });
    const [first] = await bench.connected();
    expect({
      audios: bench.browser.audios,
      output: await bench.outcome(first!.session.setAudioOutput('')),
    }).toEqual({ audios: [], output: 'audio_output_unavailable' });
  });
});

describe('a browser that refuses sound', () => {
  beforeEach(() => {
    bench.browser.allowsSound = false;
  });

  test('is told of once, and plays all of it with the next gesture', async () => {
    await bench.connected();
    expect({ events, heard: heard().length }).toEqual({ events: ['blocked'], heard: 0 });
    bench.browser.gesture();
    await bench.clock.advanceAsync(1);
    expect({ events, heard: heard().length }).toEqual({
      events: ['blocked', 'unblocked'],
      heard: 2,
    });
    // Nothing listens for gestures any more; the calls alone listen for devices.
    expect(bench.browser.listeners).toBe(1);
  });

  test('plays when the app says that it may', async () => {
    await bench.connected();
    await bench.engine.unlockAudio();
    expect(events).toEqual(['blocked']);
    bench.browser.allowsSound = true;
    await bench.engine.unlockAudio();
    expect({ events, heard: heard().length }).toEqual({
      events: ['blocked', 'unblocked'],
      heard: 2,
    });
  });

  test('is no matter to a leg that is gone before it said so', async () => {
    const [first, second] = bench.call();
    for (const side of [first, second]) side!.session.acquire({ audio: true, video: false });
    first!.session.on('stream.changed', ({ legId }) => {
      if (legId !== undefined) first!.session.disconnect(legId);
    });
    await bench.clock.advanceAsync(10);
    first!.connect(1, 'l2');
    second!.connect(1, 'l1');
    await bench.clock.advanceAsync(500);
    expect({ events, made: bench.browser.audios.length, left: bench.browser.listeners }).toEqual({
      events: [],
      made: 1,
      left: 1,
    });
  });

  test('keeps waiting while one of two calls is left, and no longer', async () => {
    const [first] = await bench.connected();
    const [second] = await bench.connected();
    first!.session.close();
    expect(events).toEqual(['blocked']);
    second!.session.close();
    expect(events).toEqual(['blocked', 'unblocked']);
    expect(bench.browser.listeners).toBe(0);
    await bench.connected();
    expect(events).toEqual(['blocked', 'unblocked', 'blocked']);
  });
});

test('sound that fails for another reason is logged, and waits for no gesture', async () => {
  const { createAudio } = bench.browser;
  bench.browser.createAudio = () =>
    Object.assign(createAudio.call(bench.browser), {
      play: () => Promise.reject(new DOMException('codec', 'NotSupportedError')),
    });
  await bench.connected();
  expect({ events, listeners: bench.browser.listeners }).toEqual({ events: [], listeners: 1 });
  expect(bench.logger.lines).toContainEqual({
    level: 'warn',
    message: 'sound lost',
    fields: { error: 'NotSupportedError' },
  });
});

describe('an output', () => {
  const sinks = () => bench.browser.attachedAudios.map(({ sinkId }) => sinkId);

  test('is set for one call, for those who are there and who come', async () => {
    const headset = bench.browser.addDevice('audiooutput', 'headset');
    const sides = await bench.connected();
    const [first] = sides;
    const [other] = await bench.connected();
    expect(await bench.outcome(first!.session.setAudioOutput(headset.id))).toBe('done');
    expect(first!.session.audioOutput).toBe(headset.id);
    expect(other!.session.audioOutput).toBe('');
    expect(sinks()).toEqual([headset.id, headset.id, '', '']);
    first!.connect(2, 'l2');
    sides[1]!.connect(2, 'l1');
    await bench.clock.advanceAsync(500);
    expect(sinks()).toEqual([headset.id, '', '', headset.id]);
  });

  test('that is not there is refused, and the call is heard where it was', async () => {
    const [first] = await bench.connected();
    const outcome = await bench.outcome(first!.session.setAudioOutput('nobody'));
    expect({ outcome, output: first!.session.audioOutput, sinks: sinks() }).toEqual({
      outcome: 'audio_output_unavailable',
      output: '',
      sinks: ['', ''],
    });
  });

  test('cannot be set in a browser that offers no choice', async () => {
    const { createAudio } = bench.browser;
    bench.browser.createAudio = () =>
      Object.assign(createAudio.call(bench.browser), { setSinkId: undefined });
    const [first] = await bench.connected();
    expect(heard()).toHaveLength(2);
    const outcome = await bench.outcome(first!.session.setAudioOutput(bench.browser.speaker.id));
    expect(outcome).toBe('audio_output_unavailable');
    expect(await bench.outcome(first!.session.setAudioOutput(''))).toBe('done');
  });

  test('that is pulled out gives way to the default, and is taken again', async () => {
    const headset = bench.browser.addDevice('audiooutput', 'headset');
    const [first] = await bench.connected();
    await bench.outcome(first!.session.setAudioOutput(headset.id));
    headset.unplug();
    await bench.clock.advanceAsync(10);
    expect({ sinks: sinks(), heard: heard().length }).toEqual({ sinks: ['', ''], heard: 2 });
    expect(first!.session.audioOutput).toBe(headset.id);
    headset.plugIn();
    await bench.clock.advanceAsync(10);
    expect(sinks()).toEqual([headset.id, headset.id]);
  });
});
