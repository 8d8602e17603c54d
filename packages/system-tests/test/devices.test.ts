/* Calls without a microphone or camera: refused by the user, or not there. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { connectCall } from '../src/browser/bare-user.ts';
import { openStage } from '../src/browser/stage.ts';
import type { FakeDevices } from '../src/browser/chromium.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 });

const audio = { audio: true, video: false };
const video = { audio: true, video: true };
const refused = { permissions: [] };

function onStage(devices: FakeDevices): () => Stage {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ page: 'bare', devices });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.[Symbol.asyncDispose]());
  return () => stage;
}

const hasChromium = browserPath('chromium') !== undefined;

describe.skipIf(!hasChromium)('permission refused', () => {
  const stage = onStage('all');

  test('to the caller: the call ends before the callee hears of it', async () => {
    const alice = await stage().user('alice-1', refused);
    const bob = await stage().user('bob-1');
    await alice.dial(bob.userId);
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'permission_denied',
      by: 'local',
    });
    expect(await alice.states()).toEqual(['preparing', 'ended']);
    expect(await bob.snapshot()).toBeNull();
  });

  test('to the callee: accepting ends the call, and the caller hears why', async () => {
    const alice = await stage().user('alice-2');
    const bob = await stage().user('bob-2', refused);
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await bob.accept(audio);
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'permission_denied',
      by: 'local',
    });
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'permission_denied',
      by: 'remote',
    });
  });

  test('to the camera alone, in an audio call: the call goes on without', async () => {
    const alice = await stage().user('alice-3', { permissions: ['microphone'] });
    const bob = await stage().user('bob-3');
    await connectCall(alice, bob);
    const wasOn = await alice.page.evaluate(() => {
      bare.setCamera(true);
      return bare.snapshot()?.camera;
    });
    expect(wasOn).toBe(true);
    await alice.until({ camera: false });
    await bob.untilGrowing('audioEnergyReceived');
    expect(await alice.snapshot()).toMatchObject({ state: 'active', camera: false });
  });
});

describe.skipIf(!hasChromium)('no microphone on the machine', () => {
  const stage = onStage('none');

  test('the call ends and says so', async () => {
    const alice = await stage().user('alice');
    await alice.dial('bob', audio);
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'device_missing',
      by: 'local',
    });
  });

  test('of the callee: accepting ends the call, and the caller hears why', async () => {
    await using elsewhere = await openStage({ page: 'bare', devices: 'all' });
    const alice = await elsewhere.user('alice');
    const bob = await stage().user('bob', { url: elsewhere.url });
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await bob.accept(audio);
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'device_missing',
      by: 'local',
    });
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'device_missing',
      by: 'remote',
    });
  });
});

describe.skipIf(!hasChromium)('no camera on the machine', () => {
  const stage = onStage('no-camera');

  test('a video call goes on with sound alone', async () => {
    const alice = await stage().user('alice');
    const bob = await stage().user('bob');
    await connectCall(alice, bob, video);
    await Promise.all([
      alice.untilGrowing('audioEnergyReceived'),
      bob.untilGrowing('audioEnergyReceived'),
    ]);
    expect(await alice.until({ camera: false })).toMatchObject({ state: 'active' });
    expect(await bob.until({ peerCamera: false })).toMatchObject({ state: 'active' });
  });
});
