import { createActor } from 'xstate';
import { describe, expect, test } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import { callMachine, callView, resolveCallTuning } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { callId } from './call-truth.ts';
import { CallPair } from './call-pair.ts';
import type { Side } from './call-town.ts';

const unreachable = {
  reason: 'failed',
  cause: null,
  by: null,
  code: 'server_unreachable',
} as const;

/** Nothing this side sends or hears passes any more, and nobody tells it so. */
function isolate(pair: CallPair, side: Side): void {
  pair.unreachable.add(side.who.deviceId);
}

describe('a server that cannot be heard does not hold a call', () => {
  test('a dial is given up after 10 s, and a cancel is left for the server', () => {
    const pair = new CallPair();
    isolate(pair, pair.caller);
    pair.caller.actor.start();
    pair.clock.advance(9_999);
    expect(pair.caller.view.state).toBe('dialing');
    pair.clock.advance(1);
    expect(pair.caller.story).toEqual({
      seen: ['preparing', 'dialing', 'ended'],
      end: unreachable,
    });
    expect(pair.caller.signaling.commands).toEqual([
      { type: 'call.dial', to: 'user:bob', media: { audio: true, video: false } },
      { type: 'call.hang-up', dialed: true },
    ]);
  });

  test('a dial the adapter gave up on ends the same', () => {
    const pair = new CallPair();
    isolate(pair, pair.caller);
    pair.caller.actor.start();
    pair.caller.signaling.report({
      type: 'signaling.refused',
      command: 'call.dial',
      code: 'request_expired',
    });
    expect(pair.caller.story.end).toEqual(unreachable);
    expect(pair.caller.signaling.commands.at(-1)).toEqual({ type: 'call.hang-up', dialed: true });
  });

  test.each(['store_unavailable', 'internal', 'invalid_answer'])(
    'a dial that is refused with %s may ring all the same, so a hang-up follows',
    (code) => {
      const pair = new CallPair();
      isolate(pair, pair.caller);
      pair.caller.actor.start();
      pair.caller.signaling.report({ type: 'signaling.refused', command: 'call.dial', code });
      expect(pair.caller.story.end).toEqual({ reason: 'failed', cause: null, by: null, code });
      expect(pair.caller.signaling.commands.at(-1)).toEqual({ type: 'call.hang-up', dialed: true });
    },
  );

  test('ringing is given up 10 s past the ring deadline, on both sides', () => {
    const pair = new CallPair().ring();
    for (const side of pair.sides) isolate(pair, side);
    pair.clock.advance(54_900);
    expect(pair.sides.map(({ view }) => view.state)).toEqual(['ringing', 'ringing']);
    pair.clock.advance(200);
    expect(pair.sides.map(({ story }) => story.end)).toEqual([unreachable, unreachable]);
  });

  test('a dial that was answered but rings nowhere is given up by the same deadline', () => {
    const pair = new CallPair();
    pair.caller.actor.start();
    pair.clock.advance(25);
    expect([pair.caller.view.state, pair.truth.facts?.call.state]).toEqual(['dialing', 'ringing']);
    for (const side of pair.sides) isolate(pair, side);
    pair.clock.advance(20_000);
    expect(pair.caller.view.state).toBe('dialing');
    pair.clock.advance(36_000);
    expect(pair.caller.story.end).toEqual(unreachable);
  });

  test('an accept without an answer is given up', () => {
    const pair = new CallPair().ring();
    isolate(pair, pair.callee);
    pair.callee.actor.send({ type: 'user.accept' });
    pair.callee.signaling.report({
      type: 'signaling.refused',
      command: 'call.accept',
      code: 'request_expired',
    });
    expect(pair.callee.story).toEqual({
      seen: ['ringing', 'accepting', 'ended'],
      end: unreachable,
    });
    expect(pair.callee.signaling.commands.map(({ type }) => type)).toEqual([
      'call.ring',
      'call.accept',
      'call.hang-up',
    ]);
  });

  test('connecting is given up 10 s past the connect deadline', () => {
    const pair = new CallPair();
    pair.onConnect = () => {};
    pair.talk();
    isolate(pair, pair.caller);
    pair.clock.advance(30_100);
    expect(pair.caller.story.end).toEqual({ ...unreachable, cause: 'media_timeout' });
  });

  test('while active, media goes on without the server', () => {
    const pair = new CallPair().talk();
    for (const side of pair.sides) {
      isolate(pair, side);
      side.signaling.report({ type: 'signaling.connection', connected: false });
    }
    pair.clock.advance(3_600_000);
    expect(pair.sides.map(({ view }) => view.state)).toEqual(['active', 'active']);
  });

  test('server and media lost: kept for 60 s from when the second went', () => {
    const pair = new CallPair().talk();
    const { caller } = pair;
    isolate(pair, caller);
    caller.media.report({ type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' });
    pair.clock.advance(100_000);
    expect(caller.view.state).toBe('reconnecting');
    caller.signaling.report({ type: 'signaling.connection', connected: false });
    pair.clock.advance(59_999);
    expect(caller.view.state).toBe('reconnecting');
    pair.clock.advance(1);
    expect(caller.story.end).toEqual(unreachable);
  });

  test('a hang-up that cannot be told ends here at once and is left for the server', () => {
    const pair = new CallPair().talk();
    pair.cut(pair.caller);
    pair.caller.actor.send({ type: 'user.hang-up' });
    expect(pair.caller.story.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
    expect(pair.caller.media.requests.at(-1)).toEqual({ type: 'close' });
    pair.clock.advance(100);
    expect(pair.callee.view.state).toBe('reconnecting');
    pair.heal(pair.caller);
    pair.clock.advance(100);
    expect(pair.callee.story.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
  });

  test('a hang-up nobody answers is shown at once and settled after 2 s', () => {
    const pair = new CallPair().talk();
    isolate(pair, pair.caller);
    pair.caller.actor.send({ type: 'user.hang-up' });
    const end = { reason: 'completed', cause: null, by: 'local' };
    expect(pair.caller.view).toMatchObject({ state: 'ended', end });
    expect(pair.caller.media.requests.at(-1)).toEqual({ type: 'close' });
    pair.clock.advance(1_999);
    expect(pair.caller.actor.getSnapshot().status).toBe('active');
    pair.clock.advance(1);
    expect(pair.caller.actor.getSnapshot()).toMatchObject({ status: 'done', output: end });
  });

  test('a hang-up the server refuses is settled by that', () => {
    const pair = new CallPair().talk();
    isolate(pair, pair.caller);
    pair.caller.actor.send({ type: 'user.hang-up' });
    pair.caller.signaling.report({
      type: 'signaling.refused',
      command: 'call.hang-up',
      code: 'call_not_found',
    });
    expect(pair.caller.story.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
  });
});

describe('refusals', () => {
  const refused = (command: 'call.ring' | 'call.accept', code: string) =>
    ({ type: 'signaling.refused', command, code }) as const;

  test('an accept that may succeed later goes back to ringing and can be tried again', () => {
    const pair = new CallPair().ring();
    const { callee } = pair;
    callee.signaling.onCommand = undefined;
    callee.actor.send({ type: 'user.accept' });
    callee.signaling.report(refused('call.accept', 'store_unavailable'));
    callee.actor.send({ type: 'user.accept' });
    expect(callee.seen).toEqual(['ringing', 'accepting', 'ringing', 'accepting']);
    expect(callee.signaling.commands.map(({ type }) => type)).toEqual([
      'call.ring',
      'call.accept',
      'call.accept',
    ]);
    expect(callee.media.requests.filter(({ type }) => type === 'acquire')).toHaveLength(1);
    expect(callee.told).toEqual([
      { type: 'call.refused', command: 'call.accept', code: 'store_unavailable' },
    ]);
  });

  for (const [code, end] of [
    ['answered_elsewhere', { reason: 'answered-elsewhere', cause: null, by: 'local' }],
    ['deadline_passed', { reason: 'unanswered', cause: null, by: null }],
    ['call_ended', { reason: 'failed', cause: null, by: null }],
  ] as const) {
    test(`an accept refused with ${code} ends the call; the facts may correct it for 2 s`, () => {
      const pair = new CallPair().ring();
      const { callee } = pair;
      isolate(pair, callee);
      callee.actor.send({ type: 'user.accept' });
      callee.signaling.report(refused('call.accept', code));
      expect(callee.view).toMatchObject({ state: 'ended', end: { ...end, code } });
      expect(callee.actor.getSnapshot().status).toBe('active');
      pair.clock.advance(2_000);
      expect(callee.story.end).toEqual({ ...end, code });
    });
  }

  test('a ring refused for good ends the call, with the words of the facts', () => {
    const pair = new CallPair().ring();
    const { callee } = pair;
    callee.signaling.report(refused('call.ring', 'leg_lost'));
    pair.caller.actor.send({ type: 'user.hang-up' });
    pair.clock.advance(100);
    expect(callee.story.end).toEqual({ reason: 'canceled', cause: null, by: 'remote' });
  });
});

describe('tuning', () => {
  test('defaults', () => {
    expect(resolveCallTuning()).toEqual({
      dialMs: 10_000,
      backstopMs: 10_000,
      lostMs: 60_000,
      settleMs: 2_000,
    });
    expect(resolveCallTuning({ settleMs: 0 })).toEqual({
      dialMs: 10_000,
      backstopMs: 10_000,
      lostMs: 60_000,
      settleMs: 0,
    });
  });

  for (const field of ['dialMs', 'backstopMs', 'lostMs', 'settleMs'] as const) {
    test(`${field} out of range is refused by name`, () => {
      let thrown: unknown;
      try {
        resolveCallTuning({ [field]: -1 });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(RingfenceError);
      expect(thrown).toMatchObject({ code: 'invalid_option', details: { field } });
      expect((thrown as Error).message).toContain(`${field}; -1 is not`);
    });
  }
});

describe('without the clock of a test', () => {
  test('the machine runs on the clock of XState', () => {
    const signaling = new FakeSignaling();
    const media = new FakeCallMedia();
    const actor = createActor(callMachine, {
      input: { direction: 'outgoing', callId, to: 'tel:+4930123456', signaling, media },
    }).start();
    expect(callView(actor.getSnapshot())).toEqual({
      callId,
      direction: 'outgoing',
      state: 'preparing',
      peer: { address: 'tel:+4930123456', userId: '+4930123456' },
      participants: [],
      role: 'moderator',
      via: 'dial',
      requests: [],
      media: { audio: true, video: false },
      holding: 'none',
      muted: false,
      camera: false,
      peerMuted: false,
      peerCamera: false,
      end: null,
    });
    actor.send({ type: 'user.hang-up' });
    expect(actor.getSnapshot().output).toEqual({ reason: 'canceled', cause: null, by: 'local' });
  });
});
