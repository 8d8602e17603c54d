import { describe, expect, test } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import type { Call, ParticipantView } from '../index.ts';
import { createFakePhone } from './fake-phone.ts';

const who = (call: Call): string[] =>
  call.participants.map(({ userId, state }) => `${userId} ${state}`);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof RingfenceError ? error.code : String(error);
  }
}

function talking(from = 'alice') {
  const fake = createFakePhone();
  const call = fake.ring(from);
  call.accept();
  return { ...fake, call };
}

describe('a fake phone in company', () => {
  test('a second call: accepting it holds the first, swap changes over', async () => {
    const { call, ring } = talking();
    const second = ring('bob');
    expect([call.holding, second.state]).toEqual(['none', 'ringing']);
    second.accept();
    expect([call.holding, second.holding, second.state]).toEqual(['local', 'none', 'active']);
    await call.swap();
    expect([call.holding, second.holding]).toEqual(['none', 'local']);
  });

  test('invites a third, who is shown at once, rings and joins', async () => {
    const { call, peer } = talking();
    const changes: string[] = [];
    call.on('participant.changed', ({ userId, state }) => changes.push(`${userId} ${state}`));
    const invited = call.invite('user:carol');
    await invited;
    expect(who(call)).toEqual(['me active', 'alice active', 'carol ringing']);
    peer(call, 'carol').accept();
    expect(who(call)).toEqual(['me active', 'alice active', 'carol active']);
    peer(call).hangUp();
    expect([call.state, who(call)]).toEqual(['active', ['me active', 'carol active']]);
    expect(changes.filter((change) => !change.startsWith('me'))).toEqual([
      'carol inviting',
      'carol ringing',
      'carol connecting',
      'carol active',
      'alice left',
    ]);
  });

  test('is transferred: waits, and talks to somebody else', () => {
    const { call, peer } = talking();
    peer(call).transfer('carol');
    expect([call.state, call.peer.userId, who(call)]).toEqual([
      'ringing',
      'carol',
      ['me connecting', 'carol ringing'],
    ]);
    peer(call, 'carol').accept();
    expect([call.state, call.peer.userId, call.via]).toEqual(['active', 'carol', 'dial']);
  });

  test('transfers, and gets the call back when nobody takes it', async () => {
    const { phone, call, peer } = talking();
    const incoming: Call[] = [];
    phone.on('call.incoming', (back) => incoming.push(back));
    await call.transfer('user:carol');
    expect(await call.ended()).toEqual({ reason: 'transferred', cause: null, by: 'local' });
    peer(call, 'carol').decline();
    expect(incoming.map(({ id, via, state, peer }) => [id, via, state, peer.userId])).toEqual([
      [call.id, 'return', 'ringing', 'alice'],
    ]);
    incoming[0]!.accept();
    expect([incoming[0]!.state, phone.calls]).toEqual(['active', incoming]);
  });

  test('puts two callers through to each other', async () => {
    const { phone, call, ring, peer } = talking();
    const second = ring('bob');
    second.accept();
    await call.transfer(second);
    expect([call.end, second.end]).toEqual([
      { reason: 'transferred', cause: null, by: 'local' },
      { reason: 'transferred', cause: null, by: 'local' },
    ]);
    expect(phone.calls).toEqual([]);
    peer(call, 'bob').hangUp();
  });

  test('merges two calls into one', async () => {
    const { phone, call, ring } = talking();
    const second = ring('bob');
    second.accept();
    await call.merge(second);
    expect([who(call), call.holding, call.state]).toEqual([
      ['me active', 'alice active', 'bob active'],
      'none',
      'active',
    ]);
    expect([second.end?.reason, phone.calls]).toEqual(['transferred', [call]]);
  });

  test.each([false, true])('is put through to somebody else (moves: %s)', (moves) => {
    const { phone, call, peer } = talking();
    const { id } = call;
    const moved: unknown[] = [];
    call.on('call.moved', (event) => moved.push(event));
    peer(call).putThrough('carol', { moves });
    expect([call.state, call.peer.userId, phone.calls]).toEqual(['active', 'carol', [call]]);
    expect(moved).toEqual(moves ? [{ fromCallId: id, toCallId: call.id }] : []);
    peer(call).hangUp();
    expect([call.end?.reason, phone.calls]).toEqual(['completed', []]);
  });

  test('two who dial each other are in one call', async () => {
    const { phone, ring } = createFakePhone();
    const call = await phone.dial('user:alice');
    expect(ring('alice')).toBe(call);
    expect([call.state, phone.calls]).toEqual(['active', [call]]);
  });

  test('a dial to who rings here takes that call', async () => {
    const { phone, ring } = createFakePhone();
    const call = ring('alice');
    expect(await phone.dial('user:alice')).toBe(call);
    expect([call.state, phone.calls]).toEqual(['active', [call]]);
  });

  test('a moderator asks for silence, and the phone mutes', () => {
    const { call, peer } = talking();
    const asked: ParticipantView[] = [];
    call.on('call.mute-requested', ({ by }) => {
      expect(call.muted).toBe(true);
      asked.push(by);
    });
    peer(call).requestMute('me');
    expect(asked.map(({ userId }) => userId)).toEqual(['alice']);
    call.unmute();
    expect(call.muted).toBe(false);
  });

  test('is removed by a moderator; the others go on', async () => {
    const { call, peer } = talking();
    await call.invite('user:carol');
    peer(call, 'carol').accept();
    peer(call).remove('me');
    expect(call.end).toEqual({ reason: 'terminated', cause: null, by: 'remote' });
  });

  test('what the rules refuse rejects, and is taken back', async () => {
    const { call, setReach, peer } = talking();
    setReach('dan', 'offline');
    const before = who(call);
    const refused: string[] = [];
    call.on('call.refused', ({ command, code }) => refused.push(`${command} ${code}`));
    expect(await codeOf(call.invite('user:dan'))).toBe('callee_unavailable');
    expect(await codeOf(call.invite('user:alice'))).toBe('already_there');
    expect(await codeOf(call.requestMute('p1'))).toBe('not_permitted');
    expect(await codeOf(call.remove('p1'))).toBe('not_permitted');
    expect(await codeOf(call.remove('p9'))).toBe('participant_not_found');
    expect([who(call), call.requests]).toEqual([before, []]);
    expect(refused).toEqual([
      'call.invite callee_unavailable',
      'call.invite already_there',
      'call.request-mute not_permitted',
      'call.remove not_permitted',
      'call.remove participant_not_found',
    ]);
    expect([call.may('invite'), call.may('remove', 'p1'), call.may('end-for-all')]).toEqual([
      true,
      false,
      false,
    ]);
    peer(call).hangUp();
    expect(call.may('invite')).toBe(false);
  });

  test('arguments that make no sense reject at once', async () => {
    const { call, ring, peer } = talking();
    expect(await codeOf(call.invite('bob'))).toBe('invalid_address');
    expect(await codeOf(call.invite('user:me'))).toBe('cannot_dial_self');
    expect(await codeOf(call.transfer('user:me'))).toBe('cannot_dial_self');
    expect(await codeOf(call.transfer(call))).toBe('same_call');
    expect(await codeOf(call.merge(call))).toBe('same_call');
    expect(await codeOf(call.swap())).toBe('no_other_call');
    expect(await codeOf(call.sendDtmf('call me'))).toBe('invalid_dtmf');
    const second = ring('bob');
    expect(await codeOf(second.swap())).toBe('wrong_state');
    second.decline();
    expect(await codeOf(call.transfer(second))).toBe('call_ended');
    peer(call).hangUp();
    expect(await codeOf(call.transfer('user:carol'))).toBe('call_ended');
    expect(await codeOf(call.invite('user:carol'))).toBe('call_ended');
  });

  test('without call waiting a second caller hears busy', () => {
    const fake = createFakePhone({ callWaiting: false });
    fake.ring('alice').accept();
    expect(() => fake.ring('bob')).toThrow('it does not take the call');
    expect(fake.phone.calls).toHaveLength(1);
  });

  test('settings, devices, outputs and DTMF', async () => {
    const { phone, call, sentDtmf, setAudioBlocked } = talking();
    const heard: unknown[] = [];
    phone.on('settings.changed', ({ doNotDisturb }) => heard.push(doNotDisturb));
    phone.on('audio.blocked', () => heard.push('blocked'));
    phone.on('audio.unblocked', () => heard.push('unblocked'));
    await phone.updateSettings({ doNotDisturb: true });
    expect(await codeOf(phone.updateSettings({ forwardOnBusy: 'user:me' }))).toBe(
      'cannot_dial_self',
    );
    setAudioBlocked(true);
    await phone.unlockAudio();
    expect(heard).toEqual([true, 'blocked', 'unblocked']);
    await call.sendDtmf('12#');
    await call.setAudioOutput('headset-speaker');
    expect(await codeOf(call.setAudioOutput('nowhere'))).toBe('audio_output_unavailable');
    expect([sentDtmf(), call.audioOutput]).toEqual(['12#', 'headset-speaker']);
    await phone.devices.select({ microphone: 'headset' });
    expect(phone.devices.selected.microphone).toBe('headset');
  });

  test('DTMF is refused where a real call refuses it, and in the same words', async () => {
    const { call, peer, sentDtmf } = talking();
    await expect(call.sendDtmf('call me')).rejects.toMatchObject({
      code: 'invalid_dtmf',
      message: 'unable to send DTMF; it is none',
    });
    expect(await codeOf(call.sendDtmf(5 as never))).toBe('invalid_dtmf');
    call.hold();
    await expect(call.sendDtmf('1')).rejects.toMatchObject({
      code: 'dtmf_unavailable',
      hint: 'Resume the call first.',
    });
    call.resume();
    peer(call).update({ held: true });
    expect(await codeOf(call.sendDtmf('2'))).toBe('dtmf_unavailable');
    peer(call).update({ held: false });
    await call.sendDtmf('3');
    peer(call).hangUp();
    expect(await codeOf(call.sendDtmf('4'))).toBe('dtmf_unavailable');
    expect(sentDtmf()).toBe('3');
  });

  test('DTMF needs a call with sound that is active', async () => {
    const { phone, peer } = createFakePhone();
    const call = await phone.dial('user:alice', { audio: false, video: true });
    expect(await codeOf(call.sendDtmf('1'))).toBe('dtmf_unavailable');
    peer(call).accept();
    expect([call.state, await codeOf(call.sendDtmf('1'))]).toEqual(['active', 'dtmf_unavailable']);
  });

  test('devices and outputs are refused in the words of the real ones', async () => {
    const { phone, call } = talking();
    const refused = { hint: 'Choose one of devices.list().', retryable: true };
    await expect(phone.devices.select({ camera: 'gone' })).rejects.toMatchObject({
      code: 'device_unavailable',
      ...refused,
    });
    await expect(call.setAudioOutput('gone')).rejects.toMatchObject({
      code: 'audio_output_unavailable',
      ...refused,
    });
  });

  test('settings are read as the server reads them', async () => {
    const { phone } = createFakePhone();
    const odd = [{ doNotDisturb: 'yes' }, { forwardOnBsy: 'user:bob' }, { forwardOnBusy: 7 }];
    for (const change of odd) {
      expect(await codeOf(phone.updateSettings(change as never))).toBe('invalid_request');
    }
    await phone.updateSettings({ forwardOnBusy: 'user:bob' });
    await phone.updateSettings({ forwardOnBusy: undefined, doNotDisturb: true });
    expect(phone.settings).toEqual({
      doNotDisturb: true,
      forwardOnBusy: 'user:bob',
      forwardOnNoAnswer: null,
    });
  });

  test('under do not disturb nobody can ring it, and the test is told why', async () => {
    const { phone, ring } = createFakePhone();
    await phone.updateSettings({ doNotDisturb: true });
    expect(() => ring('alice')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('may it be disturbed?') }),
    );
  });

  test('a call that was held while it rang is heard once it is answered', () => {
    const { ring } = createFakePhone();
    const call = ring('alice');
    call.hold();
    expect(call.holding).toBe('local');
    call.accept();
    expect([call.state, call.holding]).toEqual(['active', 'none']);
  });

  test('says who dialed, invited, or passed the call on', async () => {
    const { call, peer } = talking();
    const by = () => call.participants.map(({ userId, invitedBy }) => [userId, invitedBy]);
    expect(by()).toEqual([
      ['me', 'alice'],
      ['alice', null],
    ]);
    await call.invite('user:bob');
    peer(call, 'bob').accept();
    peer(call, 'alice').transfer('carol');
    expect(by()).toEqual([
      ['me', 'alice'],
      ['bob', 'me'],
      ['carol', 'alice'],
    ]);
  });

  test('another device of the user answers, or declines', () => {
    const { phone, ring, peer } = createFakePhone({ hasOtherDevice: true });
    const one = ring('alice');
    peer(one, 'me').accept();
    const other = ring('bob');
    peer(other, 'me').decline();
    expect([one.end, other.end, phone.calls]).toEqual([
      { reason: 'answered-elsewhere', cause: null, by: 'local', answeredBy: 'peer' },
      { reason: 'declined-elsewhere', cause: null, by: 'local' },
      [],
    ]);
    // This device takes its own calls as ever.
    const mine = ring('carol');
    mine.accept();
    expect(mine.state).toBe('active');
  });
});
