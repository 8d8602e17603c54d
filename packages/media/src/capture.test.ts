import { RingfenceError } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { captureCause } from './capture-cause.ts';
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
  const [first] = await taken(['audio']);
  browser.microphone.unplug();
  const [second] = await taken(['audio']);
  expect([first!.track.readyState, second!.track.readyState]).toEqual(['ended', 'live']);
  first!.release();
  expect(second!.track.readyState).toBe('live');
  second!.release();
  await clock.advanceAsync(0);
  expect(live()).toEqual({ microphone: 0, camera: 0 });
});

test('engines of one page share its capture', () => {
  expect(captureOf(browser)).toBe(captureOf(browser));
  const other = new FakeBrowser({}, { clock, random: seededRandom(1) });
  expect(captureOf(browser)).not.toBe(captureOf(other));
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

  test('a page without devices is refused by its browser', () => {
    const error = new RingfenceError('capture_unavailable', 'unable', {
      fault: 'caller',
      retryable: false,
      hint: '',
    });
    expect(captureCause(error)).toBe('permission_denied');
    expect(captureCause('what is this')).toBe('device_missing');
  });
});
