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

  test('what the rules refuse is thrown at the test', async () => {
    const { phone, peer } = createFakePhone();
    const call = await phone.dial('user:alice');
    peer(call).accept();
    call.hangUp();
    expect(() => peer(call).accept()).toThrow('it has ended');
  });
});
