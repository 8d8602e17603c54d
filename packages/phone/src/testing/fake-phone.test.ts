import { describe, expect, test } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import type { Call } from '../index.ts';
import { createFakePhone } from './fake-phone.ts';

const states = (call: Call): string[] => {
  const seen: string[] = [call.state];
  call.on('call.changed', ({ state }) => {
    if (state !== seen.at(-1)) seen.push(state);
  });
  return seen;
};

describe('a fake phone', () => {
  test('is called, accepts, and the peer hangs up', () => {
    const { phone, clock, ring, peer } = createFakePhone();
    const incoming: Call[] = [];
    phone.on('call.incoming', (call) => incoming.push(call));
    const call = ring('alice', { video: true });
    const seen = states(call);
    expect(incoming).toEqual([call]);
    call.accept();
    peer(call).update({ held: true, muted: true });
    expect([call.holding, call.peerMuted, call.peerCamera]).toEqual(['remote', true, true]);
    peer(call).hangUp();
    expect(seen).toEqual(['ringing', 'accepting', 'connecting', 'active', 'ended']);
    expect(call.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    expect([phone.calls, clock.pending]).toEqual([[], 0]);
  });

  test('a call that the app accepts at once is active when ring returns', () => {
    const { phone, ring } = createFakePhone();
    phone.on('call.incoming', (call) => call.accept());
    expect(ring('alice').state).toBe('active');
  });

  test('dials, rings, is accepted, loses the peer and hangs up', async () => {
    const { phone, clock, peer } = createFakePhone({ userId: 'bob' });
    expect(phone.identity).toEqual({ userId: 'bob', orgId: 'test' });
    const call = await phone.dial('user:alice');
    const seen = states(call);
    peer(call).ring();
    peer(call).accept();
    peer(call).lose();
    peer(call).resume();
    call.hangUp();
    expect(seen).toEqual([
      'dialing',
      'ringing',
      'connecting',
      'active',
      'reconnecting',
      'active',
      'ended',
    ]);
    expect(await call.ended()).toEqual({ reason: 'completed', cause: null, by: 'local' });
    expect(clock.pending).toBe(0);
  });

  test('deadlines pass when the clock is moved', async () => {
    const { phone, clock, peer } = createFakePhone({ deadlines: { ringMs: 5_000 } });
    const call = await phone.dial('user:alice');
    peer(call).ring();
    clock.advance(5_000);
    expect(call.end).toEqual({ reason: 'unanswered', cause: null, by: null });
  });

  test('the peer is busy, offline, or declines', async () => {
    const { phone, setReach, peer } = createFakePhone();
    setReach('busy', 'busy');
    setReach('offline', 'offline');
    setReach('online', 'online');
    const calls = await Promise.all(
      ['busy', 'offline', 'online'].map((userId) => phone.dial(`user:${userId}`)),
    );
    peer(calls[2]!).decline();
    expect(calls.map(({ end }) => end?.reason)).toEqual(['busy', 'unreachable', 'declined']);
  });

  test('the user refuses the microphone', async () => {
    const { phone, setMicrophone } = createFakePhone();
    setMicrophone('permission_denied');
    const call = await phone.dial('user:alice');
    expect(call.end).toEqual({ reason: 'failed', cause: 'permission_denied', by: 'local' });
  });

  test('the server is lost and found: the call goes on, and hears what it missed', async () => {
    const { phone, ring, peer, setConnected } = createFakePhone();
    const call = ring('alice');
    call.accept();
    setConnected(false);
    expect([phone.state, call.state]).toEqual(['reconnecting', 'active']);
    peer(call).hangUp();
    expect(call.state).toBe('active');
    setConnected(true);
    expect([phone.state, call.end?.reason]).toEqual(['ready', 'completed']);
    await phone.close();
    expect(phone.state).toBe('closed');
    expect(() => ring('alice')).toThrow(RingfenceError);
  });

  test('a dial while the server is away waits for it, 10 s at most', async () => {
    const { phone, clock, setConnected } = createFakePhone();
    setConnected(false);
    const late = await phone.dial('user:alice');
    await clock.advanceAsync(9_999);
    expect(late.state).toBe('dialing');
    await clock.advanceAsync(1);
    expect(late.end).toMatchObject({ reason: 'failed', code: 'server_unreachable' });
    const kept = await phone.dial('user:bob');
    await clock.advanceAsync(5_000);
    setConnected(true);
    await clock.advanceAsync(0);
    expect([kept.state, phone.calls]).toEqual(['dialing', [kept]]);
    kept.hangUp();
    await phone.close();
    expect(clock.pending).toBe(0);
  });

  test('what is asked for while the server is away is done, expires, or is hung up on', async () => {
    const { phone, clock, ring, peer, setConnected } = createFakePhone();
    const call = ring('alice');
    call.accept();
    const codeOf = (asked: Promise<unknown>) => asked.then(String, ({ code }) => String(code));
    setConnected(false);
    call.mute();
    const settings = codeOf(phone.updateSettings({ doNotDisturb: true }));
    const invited = codeOf(call.invite('user:bob'));
    await clock.advanceAsync(10_000);
    expect([await settings, await invited]).toEqual(['request_expired', 'request_expired']);
    const second = codeOf(call.invite('user:carol'));
    setConnected(true);
    await clock.advanceAsync(0);
    expect([await second, call.muted, call.participants.map(({ userId }) => userId)]).toEqual([
      'undefined',
      true,
      ['me', 'alice', 'carol'],
    ]);
    peer(call, 'carol').decline();
    setConnected(false);
    const third = codeOf(call.invite('user:dan'));
    call.hangUp();
    setConnected(true);
    await clock.advanceAsync(0);
    expect([await third, await call.ended()]).toEqual([
      'call_ended',
      { reason: 'completed', cause: null, by: 'local' },
    ]);
    setConnected(false);
    const last = codeOf(phone.updateSettings({}));
    await phone.close();
    expect([await last, clock.pending]).toEqual(['client_closed', 0]);
  });

  test('what the rules refuse is thrown at the test', async () => {
    const { phone, peer } = createFakePhone();
    const call = await phone.dial('user:alice');
    peer(call).accept();
    call.hangUp();
    expect(() => peer(call).accept()).toThrow('it has ended');
  });
});
