/* What flows in a call, by the browser's own statistics. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { connectCall } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { openStage } from '../src/browser/stage.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 });

const audio = { audio: true, video: false };
const video = { audio: true, video: true };

describe.skipIf(browserPath('chromium') === undefined)('media of a call', () => {
  let stage: Stage;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage({ page: 'bare' });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const talk = async (media: typeof audio): Promise<[BareUser, BareUser]> => {
    count += 1;
    const [alice, bob] = await Promise.all([
      stage.user(`alice-${count}`),
      stage.user(`bob-${count}`),
    ]);
    await connectCall(alice, bob, media);
    return [alice, bob];
  };
  const soundGrows = (user: BareUser) =>
    user.untilGrowing('audioBytesSent', 'audioBytesReceived', 'audioEnergyReceived');
  const pictureGrows = (user: BareUser) =>
    user.untilGrowing('videoBytesSent', 'videoBytesReceived', 'framesDecoded');

  test('sound flows both ways, and no picture in an audio call', async () => {
    const [alice, bob] = await talk(audio);
    const samples = await Promise.all([soundGrows(alice), soundGrows(bob)]);
    expect(samples.map(({ connections }) => connections)).toEqual([1, 1]);
    expect(samples.map(({ videoBytesSent }) => videoBytesSent)).toEqual([0, 0]);
  });

  test('sound and picture flow both ways in a video call', async () => {
    const [alice, bob] = await talk(video);
    await Promise.all([alice, bob].flatMap((user) => [soundGrows(user), pictureGrows(user)]));
    expect(await alice.snapshot()).toMatchObject({ camera: true, peerCamera: true });
    expect(await bob.snapshot()).toMatchObject({ camera: true, peerCamera: true });
  });

  test('muted: the other side hears silence and is told; unmuted: it hears again', async () => {
    const [alice, bob] = await talk(audio);
    await soundGrows(bob);
    await alice.tell('mute');
    await bob.until({ peerMuted: true });
    const silent = await bob.untilStill('audioEnergyReceived');
    // One step of 16-bit sound is the codec's own silence.
    expect(silent.audioLevelReceived).toBeLessThanOrEqual(1 / 32_767);
    // The other direction goes on.
    await alice.untilGrowing('audioEnergyReceived');
    await alice.tell('unmute');
    await bob.until({ peerMuted: false });
    await bob.untilGrowing('audioEnergyReceived');
  });

  test('held: no bytes flow, by one side, by both, until both let go', async () => {
    const [alice, bob] = await talk(video);
    await Promise.all([soundGrows(alice), pictureGrows(bob)]);
    const sent = ['audioBytesSent', 'videoBytesSent'] as const;
    const bothStill = () => Promise.all([alice.untilStill(...sent), bob.untilStill(...sent)]);

    await alice.tell('hold');
    await Promise.all([alice.until({ holding: 'local' }), bob.until({ holding: 'remote' })]);
    await bothStill();

    await bob.tell('hold');
    await Promise.all([alice.until({ holding: 'both' }), bob.until({ holding: 'both' })]);
    await alice.tell('resume');
    await Promise.all([alice.until({ holding: 'remote' }), bob.until({ holding: 'local' })]);
    await bothStill();

    await bob.tell('resume');
    await Promise.all([alice.until({ holding: 'none' }), bob.until({ holding: 'none' })]);
    await Promise.all([alice, bob].flatMap((user) => [soundGrows(user), pictureGrows(user)]));
  });

  test('the camera goes on in an audio call, on one side, then on the other', async () => {
    const [alice, bob] = await talk(audio);
    await soundGrows(bob);
    await alice.setCamera(true);
    await bob.until({ peerCamera: true });
    await bob.untilGrowing('videoBytesReceived', 'framesDecoded');
    expect((await alice.sample()).framesDecoded).toBe(0);
    await bob.setCamera(true);
    await alice.until({ peerCamera: true });
    await alice.untilGrowing('videoBytesReceived', 'framesDecoded');
    await Promise.all([soundGrows(alice), soundGrows(bob)]);
  });

  test('both cameras go on at once', async () => {
    const [alice, bob] = await talk(audio);
    await Promise.all([alice.setCamera(true), bob.setCamera(true)]);
    await Promise.all([pictureGrows(alice), pictureGrows(bob)]);
  });

  test('the camera goes off and on again', async () => {
    const [alice, bob] = await talk(video);
    await pictureGrows(bob);
    await alice.setCamera(false);
    await bob.until({ peerCamera: false });
    await bob.untilStill('framesDecoded');
    await alice.setCamera(true);
    await bob.until({ peerCamera: true });
    await bob.untilGrowing('framesDecoded');
  });

  test('after the call nothing is captured and no connection is left', async () => {
    const [alice, bob] = await talk(video);
    await alice.tell('hangUp');
    await Promise.all([alice.until({ state: 'ended' }), bob.until({ state: 'ended' })]);
    for (const user of [alice, bob]) {
      expect((await user.sample()).connections).toBe(0);
    }
  });
});
