import { describe, expect, test } from 'vitest';
import { codeOf, Pair } from './phone-pair.ts';

describe('what a call sounds like', () => {
  test('DTMF is sent in order; what is no tone is refused', async () => {
    const pair = await Pair.make();
    const { outgoing } = await pair.talk();
    const sent: string[] = [];
    const first = outgoing.sendDtmf('12#').then(() => sent.push('12#'));
    const second = outgoing.sendDtmf('9').then(() => sent.push('9'));
    await pair.pass(2_000);
    await Promise.all([first, second]);
    expect(sent).toEqual(['12#', '9']);
    for (const odd of ['', 'x', '12 3', '１', '#'.repeat(65)]) {
      expect(await codeOf(outgoing.sendDtmf(odd))).toBe('invalid_dtmf');
    }
    outgoing.hangUp();
    expect(await codeOf(outgoing.sendDtmf('1'))).toBe('dtmf_unavailable');
    await pair.expectClean();
  });

  test('no DTMF before the call is connected', async () => {
    const pair = await Pair.make();
    const { outgoing } = await pair.ring();
    expect(await codeOf(outgoing.sendDtmf('1'))).toBe('dtmf_unavailable');
    outgoing.hangUp();
    await pair.expectClean();
  });

  test('a call is played on an output of its own, or says that it cannot be', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    const { outputs } = await pair.alice.phone.devices.list();
    const output = outputs.at(-1)!.id;
    await outgoing.setAudioOutput(output);
    expect([outgoing.audioOutput, incoming.audioOutput]).toEqual([output, '']);
    expect(await codeOf(outgoing.setAudioOutput('nowhere'))).toBe('audio_output_unavailable');
    expect(outgoing.audioOutput).toBe(output);
    outgoing.hangUp();
    await pair.expectClean();
  });
});
