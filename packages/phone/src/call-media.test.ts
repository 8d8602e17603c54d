import { FakeClock } from '@ringfence/base/testing';
import type { MediaReport } from '@ringfence/call-machine';
import { createFakeMedia } from '@ringfence/media/testing';
import type { CallChannel } from '@ringfence/signaling-client';
import { expect, test } from 'vitest';
import { CallMedia } from './call-media.ts';

async function reportsWhen(state: { connected: boolean; takesSignals: boolean }) {
  const clock = new FakeClock();
  const channel: CallChannel = {
    callId: 'a-call',
    facts: null,
    connected: state.connected,
    on: () => () => {},
    command: async () => {},
    signal: () => state.takesSignals,
    iceServers: async () => [],
    close() {},
  };
  const events = { streamChanged() {}, qualityChanged() {} };
  const media = new CallMedia(createFakeMedia({ clock }), () => channel, events);
  const reports: MediaReport[] = [];
  media.open((report) => reports.push(report));
  media.acquire({ audio: true, video: false });
  await clock.advanceAsync(100);
  media.connect({ mediaEpoch: 1, legId: 'l1', peerLegId: 'l2', polite: false });
  await clock.advanceAsync(1_000);
  media.close();
  return reports;
}

test('a signal that the wire refuses fails the media of its call (P-708)', async () => {
  expect(await reportsWhen({ connected: true, takesSignals: false })).toEqual([
    { type: 'media.acquired' },
    { type: 'media.failed', cause: 'media_failed' },
  ]);
});

test('a signal that is dropped without a server fails nothing: media may come back by itself', async () => {
  expect(await reportsWhen({ connected: false, takesSignals: false })).toEqual([
    { type: 'media.acquired' },
  ]);
});
