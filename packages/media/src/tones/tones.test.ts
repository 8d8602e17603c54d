import { FakeClock, RecordingLogger } from '@ringfence/base/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAudioContext } from '../testing/index.ts';
import { tonePlans } from './plans.ts';
import { createTones } from './tones.ts';
import type { Tones, TonesOptions } from './tones.ts';
import { drawTone } from './waveform.ts';

let clock: FakeClock;
let logger: RecordingLogger;
let contexts: FakeAudioContext[];
let tones: Tones;
let events: string[];

function prepare(options: TonesOptions = {}, isAllowed = true) {
  clock = new FakeClock();
  logger = new RecordingLogger();
  contexts = [];
  events = [];
  const audioContext = () => {
    contexts.push(new FakeAudioContext({ clock, isAllowed, outputs: ['loudspeaker'] }));
    return contexts.at(-1) as unknown as AudioContext;
  };
  tones = createTones({ audioContext, ...options }, { clock, logger });
  tones.on('tones.blocked', () => events.push('blocked'));
  tones.on('tones.unblocked', () => events.push('unblocked'));
}
beforeEach(() => prepare());
afterEach(async () => {
  await tones.close();
  await clock.advanceAsync(10);
  expect(clock.pending).toBe(0);
});

const context = () => contexts[0]!;
/** Which tones can be heard, by their samples. */
const heard = (region: 'europe' | 'north-america' = 'europe') =>
  context().sounding.map(({ buffer, loop }) => {
    const known = Object.entries(tonePlans[region]).find(
      ([, plan]) =>
        Buffer.compare(
          Buffer.from(drawTone(plan, 8_000).buffer),
          Buffer.from(buffer!.samples.buffer),
        ) === 0,
    );
    return `${known?.[0]}${loop ? '' : ' once'}`;
  });

describe('a tone', () => {
  test('sounds until it is stopped; stopping twice is harmless', async () => {
    const stop = tones.play('ring-back');
    await clock.advanceAsync(2);
    expect(heard()).toEqual(['ring-back']);
    stop();
    stop();
    expect(context().sources.map(({ isStopped }) => isStopped)).toEqual([true]);
  });

  test('sounds beside others, each stopped on its own', async () => {
    const stop = tones.play('ring');
    tones.play('call-waiting');
    await clock.advanceAsync(2);
    expect(heard()).toEqual(['ring', 'call-waiting']);
    stop();
    expect(heard()).toEqual(['call-waiting']);
  });

  test('that sounds once ends by itself', async () => {
    tones.play('ended');
    await clock.advanceAsync(2);
    expect(heard()).toEqual(['ended once']);
    await clock.advanceAsync(700);
    expect(heard()).toEqual([]);
  });

  test('is that of its region, as loud as asked', async () => {
    await tones.close();
    prepare({ region: 'north-america', loudness: 0.25 });
    tones.play('busy');
    await clock.advanceAsync(2);
    expect({ heard: heard('north-america'), gain: context().gain }).toEqual({
      heard: ['busy'],
      gain: 0.25,
    });
  });

  test('opens one context, when it is first due', async () => {
    expect(contexts).toHaveLength(0);
    tones.play('busy')();
    tones.play('busy')();
    await clock.advanceAsync(10);
    expect(contexts).toHaveLength(1);
  });

  test('wakes a context that was let sleep, also while it falls asleep', async () => {
    tones.play('busy')();
    await clock.advanceAsync(10);
    const stop = tones.play('busy');
    await clock.advanceAsync(10);
    expect(context().state).toBe('running');
    stop();
    // Its `suspend` is under way.
    tones.play('ring');
    await clock.advanceAsync(10);
    expect(heard()).toEqual(['ring']);
    expect(events).toEqual([]);
  });

  test('lets the context sleep when none is due', async () => {
    const stop = tones.play('ring');
    await clock.advanceAsync(10);
    stop();
    await clock.advanceAsync(10);
    expect(context().state).toBe('suspended');
  });
});

describe('a browser that refuses sound', () => {
  beforeEach(async () => {
    await tones.close();
    prepare({}, false);
  });

  test('is told of once; what goes on begins when it may', async () => {
    tones.play('ring');
    tones.play('ring-back');
    await clock.advanceAsync(499);
    expect({ events, blocked: tones.blocked }).toEqual({ events: [], blocked: false });
    await clock.advanceAsync(1);
    tones.play('busy');
    await clock.advanceAsync(1_000);
    expect({ events, blocked: tones.blocked }).toEqual({ events: ['blocked'], blocked: true });
    tones.unlock();
    await clock.advanceAsync(10);
    expect(events).toEqual(['blocked']);
    context().allow();
    tones.unlock();
    await clock.advanceAsync(10);
    expect({ events, blocked: tones.blocked, heard: heard() }).toEqual({
      events: ['blocked', 'unblocked'],
      blocked: false,
      heard: ['ring', 'ring-back', 'busy'],
    });
  });

  test('is told of in time, however many tones follow', async () => {
    for (const atMs of [0, 200, 200]) {
      await clock.advanceAsync(atMs);
      tones.play('ring');
    }
    await clock.advanceAsync(100);
    expect(events).toEqual(['blocked']);
  });

  test('drops what sounds once: late, it would tell of nothing', async () => {
    tones.play('ended');
    await clock.advanceAsync(1_000);
    tones.play('ring');
    await clock.advanceAsync(1_000);
    tones.play('ended');
    context().allow();
    tones.unlock();
    await clock.advanceAsync(10);
    expect({ events, heard: heard() }).toEqual({
      events: ['blocked', 'unblocked'],
      heard: ['ring'],
    });
  });

  test('has nothing blocked once nothing is due', async () => {
    const stop = tones.play('ring');
    await clock.advanceAsync(1_000);
    stop();
    expect({ events, blocked: tones.blocked }).toEqual({
      events: ['blocked', 'unblocked'],
      blocked: false,
    });
  });

  test('is not waited for when the tone is over first', async () => {
    tones.play('ring')();
    expect(clock.pending).toBe(0);
    await clock.advanceAsync(1_000);
    expect(events).toEqual([]);
  });

  test('allows later tones when the page was touched before the first', async () => {
    tones.unlock();
    context().allow();
    tones.unlock();
    await clock.advanceAsync(10);
    tones.play('ring');
    await clock.advanceAsync(10);
    expect({ events, heard: heard() }).toEqual({ events: [], heard: ['ring'] });
  });
});

test('a context that stops by itself is woken, and its tone goes on', async () => {
  tones.play('ring');
  await clock.advanceAsync(10);
  await Promise.all([context().suspend(), clock.advanceAsync(10)]);
  expect(heard()).toEqual(['ring']);
});

test('an output is used by the tones that sound and by later ones', async () => {
  await tones.setOutput('loudspeaker');
  expect(context().sinkId).toBe('loudspeaker');
  await expect(tones.setOutput('nobody')).rejects.toMatchObject({
    code: 'audio_output_unavailable',
  });
  expect(context().sinkId).toBe('loudspeaker');
  Object.assign(context(), { setSinkId: undefined });
  await expect(tones.setOutput('loudspeaker')).rejects.toMatchObject({
    code: 'audio_output_unavailable',
  });
  await tones.setOutput('');
});

test('a page without audio context is logged, and breaks nothing', async () => {
  await tones.close();
  tones = createTones({}, { clock, logger });
  const stop = tones.play('ring');
  stop();
  expect(logger.lines).toEqual([
    { level: 'warn', message: 'tone not played', fields: { error: 'TypeError' } },
  ]);
});

describe('closing', () => {
  test('ends every tone, and leaves a context that was given open', async () => {
    tones.play('ring');
    await clock.advanceAsync(10);
    await tones.close();
    await tones.close();
    tones.play('ring')();
    tones.unlock();
    await clock.advanceAsync(10);
    expect({
      sources: context().sources.length,
      sounding: heard(),
      state: context().state,
    }).toEqual({ sources: 1, sounding: [], state: 'suspended' });
  });

  test('opens nothing any more, whatever it is asked', async () => {
    prepare();
    await tones.close();
    await expect(tones.setOutput('loudspeaker')).rejects.toMatchObject({
      code: 'audio_output_unavailable',
    });
    tones.unlock();
    tones.play('ring')();
    expect(contexts).toEqual([]);
  });

  test('closes a context of its own', async () => {
    await tones.close();
    const own = new FakeAudioContext({ clock });
    const globals = globalThis as { AudioContext?: unknown };
    globals.AudioContext = function AudioContext() {
      return own;
    };
    tones = createTones({}, { clock, logger });
    tones.play('ring');
    await clock.advanceAsync(10);
    await tones.close();
    delete globals.AudioContext;
    expect(own.state).toBe('closed');
  });
});

test.each([
  [{ region: 'mars' as 'europe' }, 'region'],
  [{ region: 'toString' as 'europe' }, 'region'],
  [{ loudness: 1.5 }, 'loudness'],
  [{ loudness: Number.NaN }, 'loudness'],
])('%j is out of range', (options, field) => {
  expect(() => createTones(options)).toThrow(
    expect.objectContaining({ code: 'invalid_option', details: { field } }),
  );
});

test('a listener that throws breaks nothing', async () => {
  await tones.close();
  prepare({}, false);
  tones.on('tones.blocked', () => {
    throw new TypeError('host app');
  });
  tones.play('ring');
  await clock.advanceAsync(1_000);
  expect(logger.lines).toMatchObject([{ message: 'a listener failed' }]);
});
