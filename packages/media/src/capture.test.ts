import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { captureCause, errorName } from './capture-cause.ts';
import { Capture, captureOf } from './capture.ts';
import { resolveMediaOptions } from './options.ts';
import { FakeBrowser } from './testing/index.ts';

const constraints = resolveMediaOptions().capture;
let clock: FakeClock;
let browser: FakeBrowser;
let capture: Capture;

beforeEach(() => {
  clock = new FakeClock();
  browser = new FakeBrowser({}, { clock, random: seededRandom(1) });
  capture = new Capture(browser);
});

async function passing<Result>(work: Promise<Result>): Promise<PromiseSettledResult<Result>> {
  const settled = Promise.allSettled([work]);
  await clock.advanceAsync(50);
  return (await settled)[0]!;
}

async function taken(kinds: readonly ('audio' | 'video')[]) {
  const result = await passing(capture.take(kinds, constraints));
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

const live = () => ({
  microphone: browser.microphone.tracks.size,
  camera: browser.camera.tracks.size,
});

test('both kinds are asked for in one prompt', async () => {
  await taken(['audio', 'video']);
  expect(browser.asked).toEqual([{ audio: constraints.audio, video: constraints.video }]);
});

test('a device is opened once and stops with its last user', async () => {
  const [first] = await taken(['audio']);
  const [second] = await taken(['audio']);
  expect(browser.asked).toEqual([{ audio: constraints.audio, video: false }]);
  expect(first!.track).not.toBe(second!.track);
  first!.release();
  first!.release();
  expect([first!.track.readyState, second!.track.readyState]).toEqual(['ended', 'live']);
  second!.release();
  await clock.advanceAsync(0);
  expect(live()).toEqual({ microphone: 0, camera: 0 });
  await taken(['audio']);
  expect(browser.asked).toHaveLength(2);
});

test('a clone that ends before its original says that the device is gone', async () => {
  const [first] = await taken(['audio']);
  const [second] = await taken(['audio']);
  (first!.track as unknown as EventTarget).dispatchEvent(new Event('ended'));
  first!.release();
  // The second user still holds the device that was pulled out.
  const [next] = await taken(['audio']);
  expect(browser.asked).toHaveLength(2);
  second!.release();
  expect(next!.track.readyState).toBe('live');
});

test('who comes while the user is asked joins the prompt', async () => {
  const both = capture.take(['audio', 'video'], constraints);
  const one = capture.take(['audio'], constraints);
  await clock.advanceAsync(50);
  expect((await both).map(({ track }) => track.kind)).toEqual(['audio', 'video']);
  expect((await one).map(({ track }) => track.kind)).toEqual(['audio']);
  expect(browser.asked).toHaveLength(1);
});

test('a kind that fails holds nothing of the other', async () => {
  browser.refusals.set('video', 'NotFoundError');
  const result = await passing(capture.take(['audio', 'video'], constraints));
  expect(result).toMatchObject({ status: 'rejected', reason: { name: 'NotFoundError' } });
  expect(live()).toEqual({ microphone: 0, camera: 0 });
});

test('a microphone that is open stays open for its user when the camera fails', async () => {
  const [microphone] = await taken(['audio']);
  browser.refusals.set('video', 'NotFoundError');
  const result = await passing(capture.take(['audio', 'video'], constraints));
  expect(result.status).toBe('rejected');
  expect(microphone!.track.readyState).toBe('live');
});

test('who joined a prompt that failed for another kind is asked by itself', async () => {
  browser.refusals.set('video', 'NotFoundError');
  const both = passing(capture.take(['audio', 'video'], constraints));
  const one = passing(capture.take(['audio'], constraints));
  expect((await both).status).toBe('rejected');
  expect((await one).status).toBe('fulfilled');
  expect(browser.asked).toHaveLength(2);
});

test('an unplugged device is opened anew by the next user', async () => {
  browser.addDevice('audioinput', 'spare');
  const [first] = await taken(['audio']);
  browser.microphone.unplug();
  const [second] = await taken(['audio']);
  expect([first!.track.readyState, second!.track.readyState]).toEqual(['ended', 'live']);
  first!.release();
  expect(second!.track.readyState).toBe('live');
  second!.release();
  await clock.advanceAsync(0);
  expect(browser.liveTracks).toBe(0);
});

test('engines of one page share its capture', () => {
  expect(captureOf(browser)).toBe(captureOf(browser));
  const other = new FakeBrowser({}, { clock, random: seededRandom(1) });
  expect(captureOf(browser)).not.toBe(captureOf(other));
});

describe('a chosen device that nobody uses', () => {
  const choose = (choice: { readonly audio?: string; readonly video?: string }) =>
    capture.select({ audio: '', video: '', ...choice }, new Set(), constraints);
  const labels = async (kinds: readonly ('audio' | 'video')[]) =>
    (await taken(kinds)).map(({ track }) => track.label);

  beforeEach(async () => {
    browser.addDevice('audioinput', 'headset');
    browser.addDevice('videoinput', 'webcam');
    // Ids are known once the user has allowed a device.
    for (const { release } of await taken(['audio', 'video'])) release();
    await clock.advanceAsync(0);
  });

  test('is what the next user gets: it is ordered, as browsers take no wish for a microphone', async () => {
    await choose({ audio: 'id-of-headset', video: 'id-of-webcam' });
    expect(await labels(['audio', 'video'])).toEqual(['headset', 'webcam']);
    expect(browser.asked.at(-1)).toEqual({
      audio: { ...constraints.audio, deviceId: { exact: 'id-of-headset' } },
      video: { ...constraints.video, deviceId: { exact: 'id-of-webcam' } },
    });
  });

  test('and is away gives way to the default, the other is ordered still', async () => {
    await choose({ audio: 'id-of-headset', video: 'gone' });
    expect(await labels(['audio', 'video'])).toEqual(['headset', 'camera']);
    expect(browser.asked).toHaveLength(2);
  });

  test.each(['OverconstrainedError', 'NotFoundError'])(
    'and goes while it is asked for gives way to the default: %s',
    async (name) => {
      await choose({ audio: 'id-of-headset' });
      const headset = browser.devices.find(({ label }) => label === 'headset')!;
      headset.refusal = name;
      expect(await labels(['audio'])).toEqual(['microphone']);
      expect(browser.asked).toHaveLength(3);
    },
  );

  test('and is refused is not replaced', async () => {
    await choose({ audio: 'id-of-headset' });
    const headset = browser.devices.find(({ label }) => label === 'headset')!;
    headset.refusal = 'NotAllowedError';
    const result = await passing(capture.take(['audio'], constraints));
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'NotAllowedError' } });
    expect(browser.asked).toHaveLength(2);
  });

  test('is wished for where the devices cannot be listed', async () => {
    await choose({ video: 'id-of-webcam' });
    browser.enumerateDevices = () =>
      Promise.reject(new DOMException('by policy', 'NotAllowedError'));
    expect(await labels(['video'])).toEqual(['webcam']);
  });
});

test('the error of a browser that does not make it an Error is known by its name', () => {
  expect(errorName({ name: 'OverconstrainedError', constraint: 'deviceId' })).toBe(
    'OverconstrainedError',
  );
});

describe('the cause of a refusal', () => {
  test.each([
    ['NotAllowedError', 'permission_denied'],
    ['SecurityError', 'permission_denied'],
    ['NotFoundError', 'device_missing'],
    ['OverconstrainedError', 'device_missing'],
    ['NotReadableError', 'device_missing'],
    ['AbortError', 'device_missing'],
  ])('%s is %s', (name, cause) => {
    expect(captureCause(new DOMException('refused', name))).toBe(cause);
  });

  test('what is no error is a missing device', () => {
    expect(captureCause('what is this')).toBe('device_missing');
  });
});
