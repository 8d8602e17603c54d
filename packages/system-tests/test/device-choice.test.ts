/* Which microphone, which camera, which speaker, changed in the middle of a call; and blocked sound. */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext } from '../src/browser/chromium.ts';
import { connectCall, untilAllHear } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';
import { installProbe } from '../src/browser/probe.ts';

const video = { audio: true, video: true };
const hasChromium = browserPath('chromium') !== undefined;

/** The devices that the tracks of each kind in all connections come from. */
const sources = (page: Page, kind: 'audio' | 'video') =>
  page.evaluate(
    (wanted) =>
      ringfenceProbe.connections.flatMap((connection) =>
        connection
          .getSenders()
          .filter(({ track }) => track?.kind === wanted)
          .map(({ track }) => track!.getSettings().deviceId),
      ),
    kind,
  );
/** A sender has its new track only after `replaceTrack` has done its work (W3C WebRTC 5.2). */
const untilFrom = (page: Page, kind: 'audio' | 'video', deviceId: string) =>
  expect.poll(() => sources(page, kind), { timeout: 10_000 }).toEqual([deviceId]);
const devicesOf = (page: Page) =>
  page.evaluate(async () => {
    const { microphones, cameras, outputs } = await bare.phone.devices.list();
    const idsOf = (devices: readonly { id: string; isDefault: boolean }[]) =>
      devices.filter(({ id, isDefault }) => !isDefault && id !== 'default').map(({ id }) => id);
    return {
      microphones: idsOf(microphones),
      cameras: cameras.map(({ id }) => id),
      outputs: idsOf(outputs),
    };
  });

describe.skipIf(!hasChromium)('devices in a call', () => {
  const shared = onStage({ page: 'bare', cameras: 3 });

  test('another microphone is heard at once, in all calls, and nothing is negotiated', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(alice, bob);
    await connectCall(alice, carol);
    const [, other] = (await devicesOf(alice.page)).microphones;
    const before = await alice.page.evaluate(() => ringfenceProbe.descriptions);
    await alice.page.evaluate((id) => bare.phone.devices.select({ microphone: id }), other!);
    // A call on hold sends nothing, so it has no source.
    await untilFrom(alice.page, 'audio', other!);
    await Promise.all([
      alice.untilGrowing('audioBytesSent'),
      carol.untilGrowing('audioEnergyReceived'),
    ]);
    await alice.ask({ ask: 'swap' }, bob.userId);
    await bob.untilGrowing('audioEnergyReceived');
    await untilFrom(alice.page, 'audio', other!);
    expect(await alice.page.evaluate(() => ringfenceProbe.descriptions)).toBe(before);
    // A later call has it too.
    await alice.tell('hangUp', bob.userId);
    await alice.tell('hangUp', carol.userId);
    await alice.until({ state: 'ended' });
    await connectCall(alice, bob);
    await untilFrom(alice.page, 'audio', other!);
  });

  test('another camera is seen at once', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob, video);
    await bob.untilGrowing('framesDecoded');
    const { cameras } = await devicesOf(alice.page);
    const [used] = await sources(alice.page, 'video');
    // Of Chromium's fake cameras the second makes pictures that no call carries (16-bit depth).
    const other = cameras.filter((id) => id !== used).at(-1);
    await alice.page.evaluate((id) => bare.phone.devices.select({ camera: id }), other!);
    await untilFrom(alice.page, 'video', other!);
    await bob.untilGrowing('framesDecoded');
  });

  test('a device that is not there is refused, and all stays as it was', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob);
    const before = await sources(alice.page, 'audio');
    const code = await alice.page.evaluate(() =>
      bare.phone.devices.select({ microphone: 'none' }).then(
        () => null,
        (thrown: { code: string }) => thrown.code,
      ),
    );
    expect(code).toBe('device_unavailable');
    expect(await sources(alice.page, 'audio')).toEqual(before);
    await untilAllHear([alice, bob]);
  });

  test('a call is moved to another speaker; the other call stays where it is', async () => {
    const [alice, bob, carol] = await shared.users('alice', 'bob', 'carol');
    await connectCall(alice, bob);
    await connectCall(alice, carol);
    const [other] = (await devicesOf(alice.page)).outputs;
    expect(await alice.ask({ ask: 'setAudioOutput', deviceId: other! }, carol.userId)).toBeNull();
    expect(await alice.snapshot(carol.userId)).toMatchObject({ audioOutput: other });
    expect(await alice.snapshot(bob.userId)).toMatchObject({ audioOutput: '' });
    const players = await alice.page.evaluate(() => ringfenceProbe.players());
    expect(new Set(players.map(({ sinkId }) => sinkId))).toEqual(new Set(['', other]));
    expect(players).toHaveLength(2);
    await carol.untilGrowing('audioEnergyReceived');
    expect(
      await alice.ask({ ask: 'setAudioOutput', deviceId: 'none' }, carol.userId),
    ).toMatchObject({ code: 'audio_output_unavailable' });
    expect(await alice.snapshot(carol.userId)).toMatchObject({ audioOutput: other });
  });
});

/**
 * Runs in the page before its scripts: signs in and takes every call without a gesture, to listen
 * alone: Chromium lets a page sound that has the microphone.
 */
function acceptByItself(userId: string): void {
  addEventListener('load', () => {
    void bare.open(userId).then(() => {
      bare.phone.on('call.incoming', (call) => call.accept({ audio: false, video: false }));
      bare.phone.on('audio.blocked', () => console.log('blocked'));
      bare.phone.on('audio.unblocked', () => console.log('unblocked'));
      console.log('ready');
    });
  });
}

describe.skipIf(!hasChromium)('blocked sound', () => {
  const shared = onStage({ page: 'bare', autoplay: false });

  test('a page that nobody touched is told that it is silent, and sounds at a gesture', async () => {
    const alice = await shared.user('alice');
    const context = await callContext(shared.stage.browser);
    await context.addInitScript(installProbe);
    // What a test evaluates counts as a gesture, so this page acts by itself and tells by its console.
    await context.addInitScript(acceptByItself, shared.idOf('bob'));
    const page = await context.newPage();
    const heard = (text: string) =>
      page.waitForEvent('console', { predicate: (message) => message.text() === text });
    const [isReady, isBlocked] = [heard('ready'), heard('blocked')];
    await page.goto(shared.stage.url);
    await isReady;
    await alice.dial(shared.idOf('bob'));
    await isBlocked;
    await alice.until({ state: 'active' });
    const isUnblocked = heard('unblocked');
    await page.keyboard.press('a');
    await isUnblocked;
    expect(await page.evaluate(() => ringfenceProbe.players())).toEqual([
      { sinkId: '', isPlaying: true },
    ]);
  });
});
