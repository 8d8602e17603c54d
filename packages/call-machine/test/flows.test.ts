import { describe, expect, test } from 'vitest';
import type { CallEnd, ViewState } from '../src/index.ts';
import { bob, bobToo } from './call-truth.ts';
import { CallPair } from './call-pair.ts';
import { hopMs } from './call-town.ts';

const answered: ViewState[] = ['preparing', 'dialing', 'ringing', 'connecting', 'active'];
const taken: ViewState[] = ['ringing', 'accepting', 'connecting', 'active'];

const end = (
  reason: CallEnd['reason'],
  by: CallEnd['by'],
  cause: CallEnd['cause'] = null,
): CallEnd => ({ reason, cause, by });

interface Flow {
  readonly name: string;
  readonly run: (pair: CallPair) => void;
  readonly caller: { readonly seen: ViewState[]; readonly end: CallEnd };
  /** Absent where the call never reached the other side. */
  readonly callee?: { readonly seen: ViewState[]; readonly end: CallEnd };
}

const flows: Flow[] = [
  {
    name: 'talk, the caller hangs up',
    run: (pair) => pair.talk().caller.actor.send({ type: 'user.hang-up' }),
    caller: { seen: [...answered, 'ended'], end: end('completed', 'local') },
    callee: { seen: [...taken, 'ended'], end: end('completed', 'remote') },
  },
  {
    name: 'talk, the callee hangs up',
    run: (pair) => pair.talk().callee.actor.send({ type: 'user.hang-up' }),
    caller: { seen: [...answered, 'ended'], end: end('completed', 'remote') },
    callee: { seen: [...taken, 'ended'], end: end('completed', 'local') },
  },
  {
    name: 'both hang up at once',
    run: (pair) => {
      pair.talk().callee.actor.send({ type: 'user.hang-up' });
      pair.caller.actor.send({ type: 'user.hang-up' });
    },
    caller: { seen: [...answered, 'ended'], end: end('completed', 'remote') },
    callee: { seen: [...taken, 'ended'], end: end('completed', 'local') },
  },
  {
    name: 'decline',
    run: (pair) => pair.ring().callee.actor.send({ type: 'user.decline' }),
    caller: {
      seen: ['preparing', 'dialing', 'ringing', 'ended'],
      end: end('declined', 'remote'),
    },
    callee: { seen: ['ringing', 'ended'], end: end('declined', 'local') },
  },
  {
    name: 'cancel while ringing',
    run: (pair) => pair.ring().caller.actor.send({ type: 'user.hang-up' }),
    caller: { seen: ['preparing', 'dialing', 'ringing', 'ended'], end: end('canceled', 'local') },
    callee: { seen: ['ringing', 'ended'], end: end('canceled', 'remote') },
  },
  {
    name: 'cancel before the dial is answered',
    run: (pair) => {
      pair.caller.actor.start();
      pair.caller.actor.send({ type: 'user.hang-up' });
    },
    caller: { seen: ['preparing', 'dialing', 'ended'], end: end('canceled', 'local') },
    callee: { seen: ['ringing', 'ended'], end: end('canceled', 'remote') },
  },
  {
    name: 'cancel racing accept, the accept comes first: the facts say it was answered',
    run: (pair) => {
      pair.ring().callee.actor.send({ type: 'user.accept' });
      pair.caller.actor.send({ type: 'user.hang-up' });
    },
    caller: { seen: ['preparing', 'dialing', 'ringing', 'ended'], end: end('completed', 'local') },
    callee: {
      seen: ['ringing', 'accepting', 'connecting', 'ended'],
      end: end('completed', 'remote'),
    },
  },
  {
    name: 'cancel racing accept, the cancel comes first',
    run: (pair) => {
      pair.ring().caller.actor.send({ type: 'user.hang-up' });
      pair.callee.actor.send({ type: 'user.accept' });
    },
    caller: { seen: ['preparing', 'dialing', 'ringing', 'ended'], end: end('canceled', 'local') },
    callee: { seen: ['ringing', 'accepting', 'ended'], end: end('canceled', 'remote') },
  },
  {
    name: 'unanswered',
    run: (pair) => {
      pair.ring();
      pair.clock.advance(45_000);
    },
    caller: { seen: ['preparing', 'dialing', 'ringing', 'ended'], end: end('unanswered', null) },
    callee: { seen: ['ringing', 'ended'], end: end('unanswered', null) },
  },
  {
    name: 'busy',
    run: (pair) => {
      pair.truth.reach.set('bob', { busy: true });
      pair.ring();
    },
    caller: { seen: ['preparing', 'dialing', 'ended'], end: end('busy', null) },
  },
  {
    name: 'already in a call',
    run: (pair) => {
      pair.truth.reach.set('alice', { busy: true });
      pair.ring();
    },
    caller: {
      seen: ['preparing', 'dialing', 'ended'],
      end: { ...end('failed', null), code: 'already_in_call' },
    },
  },
  {
    name: 'callee offline',
    run: (pair) => {
      pair.truth.reach.set('bob', { deviceIds: [] });
      pair.ring();
    },
    caller: { seen: ['preparing', 'dialing', 'ended'], end: end('unreachable', null) },
  },
  {
    name: 'the device of the callee does not ring',
    run: (pair) => {
      pair.truth.reach.set('bob', { deviceIds: ['gone'] });
      pair.ring();
      pair.clock.advance(2_000);
    },
    caller: { seen: ['preparing', 'dialing', 'ended'], end: end('unreachable', null) },
  },
  {
    name: 'the caller may not use the microphone: nobody is told',
    run: (pair) => {
      pair.onAcquire = ({ media }) =>
        media.report({ type: 'media.refused', cause: 'permission_denied' });
      pair.ring();
    },
    caller: { seen: ['preparing', 'ended'], end: end('failed', 'local', 'permission_denied') },
  },
  {
    name: 'the caller has no microphone',
    run: (pair) => {
      pair.onAcquire = ({ media }) =>
        media.report({ type: 'media.refused', cause: 'device_missing' });
      pair.ring();
    },
    caller: { seen: ['preparing', 'ended'], end: end('failed', 'local', 'device_missing') },
  },
  {
    name: 'the callee may not use the microphone',
    run: (pair) => {
      pair.ring();
      pair.onAcquire = ({ media }) =>
        media.report({ type: 'media.refused', cause: 'permission_denied' });
      pair.callee.actor.send({ type: 'user.accept' });
    },
    caller: {
      seen: ['preparing', 'dialing', 'ringing', 'ended'],
      end: end('failed', 'remote', 'permission_denied'),
    },
    callee: {
      seen: ['ringing', 'accepting', 'ended'],
      end: end('failed', 'local', 'permission_denied'),
    },
  },
  {
    name: 'the callee has no microphone',
    run: (pair) => {
      pair.ring();
      pair.onAcquire = ({ media }) =>
        media.report({ type: 'media.refused', cause: 'device_missing' });
      pair.callee.actor.send({ type: 'user.accept' });
    },
    caller: {
      seen: ['preparing', 'dialing', 'ringing', 'ended'],
      end: end('failed', 'remote', 'device_missing'),
    },
    callee: {
      seen: ['ringing', 'accepting', 'ended'],
      end: end('failed', 'local', 'device_missing'),
    },
  },
  {
    name: 'the callee thinks again while accepting',
    run: (pair) => {
      pair.ring();
      pair.onAcquire = () => {};
      pair.callee.actor.send({ type: 'user.accept' });
      pair.callee.actor.send({ type: 'user.decline' });
    },
    caller: {
      seen: ['preparing', 'dialing', 'ringing', 'ended'],
      end: end('declined', 'remote'),
    },
    callee: { seen: ['ringing', 'accepting', 'ended'], end: end('declined', 'local') },
  },
  {
    name: 'media does not connect',
    run: (pair) => {
      pair.onConnect = () => {};
      pair.talk();
      pair.clock.advance(20_000);
    },
    caller: {
      seen: [...answered.slice(0, -1), 'ended'],
      end: end('failed', null, 'media_timeout'),
    },
    callee: { seen: [...taken.slice(0, -1), 'ended'], end: end('failed', null, 'media_timeout') },
  },
  {
    name: 'media fails for good',
    run: (pair) => pair.talk().caller.media.report({ type: 'media.failed', cause: 'media_failed' }),
    caller: { seen: [...answered, 'ended'], end: end('failed', 'local', 'media_failed') },
    callee: { seen: [...taken, 'ended'], end: end('failed', 'remote', 'media_failed') },
  },
  {
    name: 'media is lost and comes back',
    run: (pair) => {
      const { media } = pair.talk().caller;
      media.report({ type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' });
      pair.clock.advance(3_000);
      media.report({ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' });
      pair.clock.advance(3_000);
      pair.caller.actor.send({ type: 'user.hang-up' });
    },
    caller: {
      seen: [...answered, 'reconnecting', 'active', 'ended'],
      end: end('completed', 'local'),
    },
    callee: { seen: [...taken, 'ended'], end: end('completed', 'remote') },
  },
  {
    name: 'the peer falls silent and comes back',
    run: (pair) => {
      pair.talk().cut(pair.callee);
      pair.clock.advance(5_000);
      pair.heal(pair.callee);
      pair.clock.advance(5_000);
      pair.callee.actor.send({ type: 'user.hang-up' });
    },
    caller: {
      seen: [...answered, 'reconnecting', 'active', 'ended'],
      end: end('completed', 'remote'),
    },
    callee: { seen: [...taken, 'ended'], end: end('completed', 'local') },
  },
];

const settleMs = 5_000;

describe('flows', () => {
  for (const { name, run, caller, callee } of flows) {
    test(name, () => {
      const pair = new CallPair();
      run(pair);
      pair.clock.advance(settleMs);
      expect(pair.sides.map(({ story }) => story)).toEqual(
        callee === undefined ? [caller] : [caller, callee],
      );
      // What ended holds nothing: no timer, no media, no signaling.
      pair.truth.close();
      expect(pair.clock.pending).toBe(0);
      for (const { media, signaling } of pair.sides) {
        expect(media.requests.filter(({ type }) => type === 'close')).toEqual([{ type: 'close' }]);
        expect(media.requests.at(-1)).toEqual({ type: 'close' });
        expect(signaling.closes).toBe(1);
      }
    });
  }

  test('the peer is killed: reconnecting, then failed after the grace', () => {
    const pair = new CallPair().talk();
    pair.cut(pair.callee);
    pair.clock.advance(hopMs);
    expect(pair.caller.view.state).toBe('reconnecting');
    pair.caller.media.report({ type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' });
    pair.clock.advance(30_000);
    expect(pair.caller.story).toEqual({
      seen: [...answered, 'reconnecting', 'ended'],
      end: end('failed', 'remote', 'callee_lost'),
    });
  });

  test('several devices ring: one wins, the other hears that it was answered elsewhere', () => {
    const pair = new CallPair({ devices: [bob, bobToo] }).ring();
    const [first, second] = pair.callees;
    first!.actor.send({ type: 'user.accept' });
    pair.clock.advance(hopMs / 2);
    second!.actor.send({ type: 'user.accept' });
    pair.clock.advance(1_000);
    expect(pair.sides.map(({ view }) => view.state)).toEqual(['active', 'active', 'ended']);
    expect(second!.story).toEqual({
      seen: ['ringing', 'accepting', 'ended'],
      end: { ...end('answered-elsewhere', 'local'), answeredBy: bob.deviceId },
    });
  });

  test('several devices ring: a decline ends the call for all', () => {
    const pair = new CallPair({ devices: [bob, bobToo] }).ring();
    pair.callees[1]!.actor.send({ type: 'user.decline' });
    pair.clock.advance(1_000);
    expect(pair.sides.map(({ story }) => story.end)).toEqual([
      end('declined', 'remote'),
      end('declined-elsewhere', 'local'),
      end('declined', 'local'),
    ]);
  });

  test('a device that rings late rejoins the call', () => {
    const pair = new CallPair({ devices: [bob, bobToo] });
    pair.unreachable.add('bob-2');
    pair.ring();
    pair.clock.advance(3_000);
    expect(pair.truth.facts!.legs[2]).toMatchObject({ state: 'lost', lostReason: 'unreachable' });
    pair.heal({ who: bobToo });
    pair.clock.advance(100);
    expect(pair.truth.facts!.legs[2]).toMatchObject({ state: 'ringing' });
    pair.callees[1]!.actor.send({ type: 'user.accept' });
    pair.clock.advance(1_000);
    expect(pair.sides.map(({ view }) => view.state)).toEqual(['active', 'ended', 'active']);
  });
});
