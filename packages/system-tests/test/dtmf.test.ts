/* DTMF in a call: the other side hears the two frequencies of each key, out of its own speaker. */
import { describe, expect, test } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { connectCall } from '../src/browser/bare-user.ts';
import { onStage } from '../src/browser/on-stage.ts';
import { installToneListener } from '../src/browser/tone-listener.ts';

describe.skipIf(browserPath('chromium') === undefined)('DTMF', () => {
  const shared = onStage({ page: 'bare' });

  test('the tones arrive, in order, and the promise says when they are sent', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob);
    // What the fake microphone beeps would cover the tones.
    await alice.tell('mute');
    await bob.until({ peerMuted: true });
    await bob.page.evaluate(installToneListener);
    const heard = bob.page.evaluate(() => untilTones('159D*0#'));
    expect(await alice.ask({ ask: 'sendDtmf', tones: '159D*0#' })).toBeNull();
    await heard;
    // RFC 4733 in what was agreed, not sound of the microphone.
    const sdp = await alice.page.evaluate(
      () => ringfenceProbe.connections[0]!.remoteDescription!.sdp,
    );
    expect(sdp).toMatch(/a=rtpmap:\d+ telephone-event\/\d+/);
  });

  test('what is no tone is refused, and so are tones where nobody hears them', async () => {
    const [alice, bob] = await shared.users('alice', 'bob');
    await connectCall(alice, bob);
    expect(await alice.ask({ ask: 'sendDtmf', tones: '12x' })).toMatchObject({
      code: 'invalid_dtmf',
    });
    await alice.tell('hangUp');
    await alice.until({ state: 'ended' });
    expect(await alice.ask({ ask: 'sendDtmf', tones: '1' })).toMatchObject({
      code: 'dtmf_unavailable',
    });
  });
});
