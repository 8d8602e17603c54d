import { FakeClock } from '@ringfence/base/testing';
import { Tube } from '@ringfence/isolation';
import type { MediaReport } from '@ringfence/call-machine';
import { createFakeMedia } from '@ringfence/media/testing';
import { expect, test } from 'vitest';
import { openChannel } from '../test/open-channel.ts';
import { CallLine } from './call-line.ts';
import { createCallMedia } from './call-media.ts';

async function reportsWhen(state: { connected: boolean; takesSignals: boolean }) {
  const clock = new FakeClock();
  const channel = Object.assign(openChannel('a-call'), state);
  const client = { channel: () => channel, identity: null };
  const line = new CallLine({ client, isShown: () => false }, 'a-call');
  const media = createCallMedia(
    createFakeMedia({ clock }),
    'a-call',
    line,
    new Tube('a-call', { clock }),
  ).session!;
  const reports: MediaReport[] = [];
  media.open((report) => reports.push(report));
  media.acquire({ audio: true, video: false });
  await clock.advanceAsync(100);
  media.connect({ mediaEpoch: 1, legId: 'l1', peerLegId: 'l2', polite: false });
  await clock.advanceAsync(1_000);
  media.close();
  return reports;
}

test('a signal that the wire refuses fails the media with its leg (P-708)', async () => {
  expect(await reportsWhen({ connected: true, takesSignals: false })).toEqual([
    { type: 'media.acquired' },
    { type: 'media.failed', cause: 'media_failed', peerLegId: 'l2' },
  ]);
});

test('a signal that is dropped without a server fails nothing: media may come back by itself', async () => {
  expect(await reportsWhen({ connected: false, takesSignals: false })).toEqual([
    { type: 'media.acquired' },
  ]);
});

test('an engine that throws makes a port that throws when it is opened', () => {
  const engine = {
    ...createFakeMedia({ clock: new FakeClock() }),
    session: () => {
      throw new Error('no media here');
    },
  };
  const { port, session } = createCallMedia(engine, 'a-call', {} as CallLine, new Tube('a-call'));
  expect(() => port.open(() => {})).toThrow('no media here');
  expect(session).toBeUndefined();
  port.close();
});
