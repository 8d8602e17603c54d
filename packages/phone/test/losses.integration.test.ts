import { describe, expect, test } from 'vitest';
import type { Call, CallEnd, ViewState } from '../src/index.ts';
import { Pair } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

/** Waits until the call shows a state, and says how long that took. */
async function until(pair: Pair, call: Call, state: ViewState, mostMs: number): Promise<number> {
  const startMs = pair.clock.monotonic();
  while (call.state !== state && pair.clock.monotonic() - startMs < mostMs) await pair.pass(50);
  return pair.clock.monotonic() - startMs;
}

/** The tab is gone: its socket goes dead without a word, and its media stops. */
function kill(victim: TestPhone, peer: TestPhone, callId: string): void {
  victim.network.stall();
  victim.network.connect = () => ({ send: () => {}, close: () => {} });
  victim.media.call(callId)!.disconnect();
  peer.media.call(callId)!.disconnect();
}

const calleeLost: CallEnd = { reason: 'failed', cause: 'callee_lost', by: 'remote' };

describe('losses', () => {
  test('a killed peer: told within 8 s, failed after the grace of 30 s', async () => {
    const pair = await Pair.make();
    const { outgoing, caller } = await pair.talk();
    kill(pair.bob, pair.alice, outgoing.id);
    // Media says so at once; the server within 8 s.
    expect(outgoing.state).toBe('reconnecting');
    const graceStartMs = pair.clock.monotonic();
    await until(pair, outgoing, 'ended', 60_000);
    const tookMs = pair.clock.monotonic() - graceStartMs;
    expect(tookMs).toBeGreaterThan(30_000);
    expect(tookMs).toBeLessThan(38_500);
    expect(caller).toEqual({
      seen: ['preparing', 'dialing', 'ringing', 'connecting', 'active', 'reconnecting', 'ended'],
      ends: [calleeLost],
      refused: [],
    });
    expect(pair.alice.phone.calls).toEqual([]);
  });

  test('a peer that is silent while its media flows: told within 8 s, kept, and back', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    pair.bob.network.stall();
    expect(await until(pair, outgoing, 'reconnecting', 20_000)).toBeLessThanOrEqual(8_000);
    expect(await until(pair, outgoing, 'active', 20_000)).toBeLessThan(10_000);
    expect([outgoing.state, incoming.state]).toEqual(['active', 'active']);
    outgoing.hangUp();
    await pair.pass(100);
    expect(await pair.close()).toBe(0);
  });

  test('a socket that closes is told at once', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    pair.bob.network.latencyMs = 200;
    pair.bob.network.cut();
    expect(pair.bob.phone.state).toBe('reconnecting');
    expect(await until(pair, outgoing, 'reconnecting', 8_000)).toBeLessThan(100);
    // The one who was cut sees its call go on: its media flows.
    expect(incoming.state).toBe('active');
    await until(pair, outgoing, 'active', 10_000);
    await pair.pass(500);
    expect(pair.bob.phone.state).toBe('ready');
    incoming.hangUp();
    await pair.pass(500);
    expect(await outgoing.ended()).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    expect(await pair.close()).toBe(0);
  });

  test('media lost on both sides comes back', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    for (const { media } of [pair.alice, pair.bob]) media.call(outgoing.id)!.disconnect();
    expect([outgoing.state, incoming.state]).toEqual(['reconnecting', 'reconnecting']);
    await pair.pass(1_000);
    for (const { media } of [pair.alice, pair.bob]) media.call(outgoing.id)!.reconnect();
    await pair.pass(1_000);
    expect([outgoing.state, incoming.state]).toEqual(['active', 'active']);
    outgoing.hangUp();
    await pair.pass(100);
    expect(await pair.close()).toBe(0);
  });

  test('a hang-up while the server cannot be heard ends here at once, and arrives later', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    pair.alice.network.cut();
    outgoing.hangUp();
    expect(await outgoing.ended()).toEqual({ reason: 'completed', cause: null, by: 'local' });
    expect([pair.alice.phone.calls, pair.alice.media.size]).toEqual([[], 0]);
    await pair.pass(5_000);
    expect(await incoming.ended()).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    expect(await pair.close()).toBe(0);
  });

  test('a dial without a server is given up after 10 s; the other phone never rings for long', async () => {
    const pair = await Pair.make();
    pair.alice.network.stall();
    const { connect } = pair.alice.network;
    pair.alice.network.connect = () => ({ send: () => {}, close: () => {} });
    const call = await pair.alice.phone.dial('user:bob');
    await pair.pass(9_900);
    expect(call.state).toBe('dialing');
    await pair.pass(200);
    expect(call.end).toEqual({
      reason: 'failed',
      cause: null,
      by: null,
      code: 'server_unreachable',
    });
    pair.alice.network.connect = connect;
    await pair.pass(60_000);
    expect([pair.alice.phone.state, pair.bob.incoming]).toEqual(['ready', []]);
    expect(await pair.close()).toBe(0);
  });

  test('the caller is lost while it rings: the callee stops ringing', async () => {
    const pair = await Pair.make();
    const { incoming } = await pair.ring();
    pair.alice.network.stall();
    pair.alice.network.connect = () => ({ send: () => {}, close: () => {} });
    await until(pair, incoming, 'ended', 30_000);
    expect(await incoming.ended()).toEqual({
      reason: 'canceled',
      cause: 'caller_lost',
      by: 'remote',
    });
  });

  test('the callee is lost before media: failed when the connect time is over', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.ring();
    pair.bob.plan = {};
    incoming.accept();
    await pair.pass(8);
    kill(pair.bob, pair.alice, outgoing.id);
    await until(pair, outgoing, 'ended', 40_000);
    expect(await outgoing.ended()).toEqual({ ...calleeLost, by: null });
  });
});
