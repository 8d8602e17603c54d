import { describe, expect, test } from 'vitest';
import type { CallEnd, CallRequest, UserEvent } from '../src/index.ts';
import { CallTown, hopMs } from './call-town.ts';
import type { Side } from './call-town.ts';
import { alice, bob, callIdOf, carol, dave } from './call-truth.ts';
import type { Actor } from '@ringfence/call-rules';

const end = (
  reason: CallEnd['reason'],
  by: CallEnd['by'],
  cause: CallEnd['cause'] = null,
): CallEnd => ({ reason, cause, by });

const town = (): CallTown => new CallTown([alice, bob, carol, dave]);

/** Dials, and with `answer` talks. */
function call(of: CallTown, from: Actor, to: Actor, answer = true): Side {
  const side = of.dial(from, `user:${to.userId}`);
  side.actor.start();
  of.pass();
  if (answer) of.sideOf(to).actor.send({ type: 'user.accept' });
  of.pass();
  return side;
}

const user = (side: Side, event: UserEvent): void => side.actor.send(event);
const ask = (side: Side, ticket: string, request: CallRequest): void =>
  user(side, { type: 'user.request', ticket, request });
const outcomes = ({ told }: Side) =>
  told.filter(({ type }) => type === 'request.done' || type === 'call.refused');
const company = ({ view }: Side) =>
  view.participants.map(({ userId, state }) => `${userId} ${state}`);

/** Every message arrived, nothing rings: nothing may be left. */
function nothingLeft(of: CallTown): void {
  for (const side of of.sides) {
    if (side.view.state !== 'ended') user(side, { type: 'user.hang-up' });
  }
  of.clock.advance(5_000);
  of.truth.close();
  expect(of.sides.map(({ view }) => view.state)).toEqual(of.sides.map(() => 'ended'));
  expect(of.clock.pending).toBe(0);
}

describe('blind transfer', () => {
  /** Alice talks to Bob and passes him to Carol. */
  function transferred() {
    const of = town();
    const from = call(of, alice, bob);
    const waiting = of.sideOf(bob);
    ask(from, 't', { type: 'call.transfer', to: 'user:carol' });
    expect(from.view.requests).toHaveLength(1);
    of.pass();
    return { of, from, waiting };
  }

  test('the transferor leaves, one waits in ringing, the other answers', () => {
    const { of, from, waiting } = transferred();
    expect(from.story.end).toEqual(end('transferred', 'local'));
    expect(outcomes(from)).toEqual([{ type: 'request.done', ticket: 't' }]);
    expect(waiting.view).toMatchObject({
      state: 'ringing',
      direction: 'incoming',
      role: 'moderator',
      peer: { userId: 'carol' },
      end: null,
    });
    expect(company(waiting)).toEqual(['bob connecting', 'carol ringing']);
    expect(waiting.media.requests).toContainEqual({ type: 'disconnect', peerLegId: 'l1' });
    const target = of.sideOf(carol);
    expect(target.view).toMatchObject({ via: 'transfer', peer: { userId: 'bob' } });
    // Who passed it on, though they have left and are not shown any more.
    expect(target.view.participants.map(({ userId, invitedBy }) => [userId, invitedBy])).toEqual([
      ['carol', 'alice'],
      ['bob', 'alice'],
    ]);
    user(target, { type: 'user.accept' });
    of.pass();
    expect([waiting.view.state, target.view.state]).toEqual(['active', 'active']);
    expect(waiting.seen).toEqual([
      'ringing',
      'accepting',
      'connecting',
      'active',
      'ringing',
      'connecting',
      'active',
    ]);
    nothingLeft(of);
  });

  test('who waits cannot take or decline, and hangs up as who cancels', () => {
    const { of, waiting } = transferred();
    user(waiting, { type: 'user.accept' });
    user(waiting, { type: 'user.decline' });
    expect(waiting.view.state).toBe('ringing');
    user(waiting, { type: 'user.hang-up' });
    expect(waiting.view.end).toEqual(end('canceled', 'local'));
    of.pass();
    expect(waiting.story.end).toEqual(end('canceled', 'local'));
    expect(of.sideOf(carol).story.end).toEqual(end('canceled', 'remote'));
    nothingLeft(of);
  });

  const failures: [string, (of: CallTown) => void][] = [
    ['declined', (of) => user(of.sideOf(carol), { type: 'user.decline' })],
    [
      'busy on its only device',
      (of) => user(of.sideOf(carol), { type: 'user.decline', busy: true }),
    ],
    ['unanswered', (of) => of.clock.advance(45_000)],
    [
      'without a microphone',
      (of) => {
        of.onAcquire = ({ media }) =>
          media.report({ type: 'media.refused', cause: 'device_missing' });
        user(of.sideOf(carol), { type: 'user.accept' });
        of.onAcquire = ({ media }) => media.report({ type: 'media.acquired' });
      },
    ],
    [
      'without media',
      (of) => {
        const connect = of.onConnect;
        of.onConnect = () => {};
        user(of.sideOf(carol), { type: 'user.accept' });
        of.clock.advance(20_100);
        of.onConnect = connect;
      },
    ],
  ];
  for (const [name, fail] of failures) {
    test(`${name}: it comes back to who transferred, and they talk again`, () => {
      const { of, from, waiting } = transferred();
      fail(of);
      of.pass();
      const back = of.sideOf(alice);
      expect(back).not.toBe(from);
      expect(back.view).toMatchObject({
        state: 'ringing',
        direction: 'incoming',
        via: 'return',
        peer: { userId: 'bob' },
      });
      expect(waiting.view).toMatchObject({ state: 'ringing', peer: { userId: 'alice' } });
      user(back, { type: 'user.accept' });
      of.pass();
      expect([waiting.view.state, back.view.state]).toEqual(['active', 'active']);
      nothingLeft(of);
    });
  }

  test('patience is measured anew for each that rings', () => {
    const { of, waiting } = transferred();
    of.clock.advance(44_000);
    user(of.sideOf(carol), { type: 'user.decline' });
    of.pass();
    for (const who of [alice, bob]) of.unreachable.add(who.deviceId);
    of.clock.advance(54_000);
    expect(waiting.view.state).toBe('ringing');
    of.clock.advance(1_200);
    expect(waiting.story.end).toMatchObject({ reason: 'failed', code: 'server_unreachable' });
  });

  test('the return fails too: the call ends for who waited', () => {
    const { of, waiting } = transferred();
    user(of.sideOf(carol), { type: 'user.decline' });
    of.pass();
    user(of.sideOf(alice), { type: 'user.decline' });
    of.pass();
    expect(waiting.story.end).toEqual(end('declined', 'remote'));
    nothingLeft(of);
  });

  test('refused: nothing has changed', () => {
    const of = town();
    const from = call(of, alice, bob);
    of.truth.reach.set('carol', { busy: true });
    ask(from, 't', { type: 'call.transfer', to: 'user:carol' });
    of.pass();
    expect(outcomes(from)).toEqual([
      { type: 'call.refused', command: 'call.transfer', code: 'callee_unavailable', ticket: 't' },
    ]);
    expect([from.view.state, from.view.requests]).toEqual(['active', []]);
    nothingLeft(of);
  });

  test('crossing a hang-up of who is transferred: whichever is written first counts', () => {
    for (const first of ['transfer', 'hang-up'] as const) {
      const of = town();
      const from = call(of, alice, bob);
      const other = of.sideOf(bob);
      if (first === 'hang-up') user(other, { type: 'user.hang-up' });
      ask(from, 't', { type: 'call.transfer', to: 'user:carol' });
      if (first === 'transfer') user(other, { type: 'user.hang-up' });
      of.pass();
      expect({ first, ends: [from.story.end, other.story.end], told: outcomes(from) }).toEqual(
        first === 'transfer'
          ? {
              first,
              ends: [end('transferred', 'local'), end('canceled', 'local')],
              told: [{ type: 'request.done', ticket: 't' }],
            }
          : {
              first,
              ends: [end('completed', 'remote'), end('completed', 'local')],
              told: [
                { type: 'call.refused', command: 'call.transfer', code: 'call_ended', ticket: 't' },
              ],
            },
      );
      nothingLeft(of);
    }
  });
});

describe('attended transfer', () => {
  /** Alice talks to Bob, then to Carol, and puts the two together. */
  function consulted(answered = true) {
    const of = town();
    const first = call(of, alice, bob);
    user(first, { type: 'user.update', held: true });
    const second = call(of, alice, carol, answered);
    return { of, first, second };
  }
  const joinCalls = (first: Side): void =>
    ask(first, 't', { type: 'call.transfer', toCallId: callIdOf(2) });

  test('the two talk, and the consultation goes on as the first call', () => {
    const { of, first, second } = consulted();
    const held = of.sideOf(bob);
    const target = of.sideOf(carol);
    joinCalls(first);
    of.clock.advance(2 * hopMs);
    expect(first.story.end).toEqual(end('transferred', 'local'));
    expect(second.story.end).toEqual(end('transferred', 'local'));
    expect(outcomes(first)).toEqual([{ type: 'request.done', ticket: 't' }]);
    expect([held.view.state, target.view.state]).toEqual(['connecting', 'connecting']);
    of.pass();
    expect([held.view, target.view]).toMatchObject([
      { callId: callIdOf(1), state: 'active', holding: 'none', peer: { userId: 'carol' } },
      { callId: callIdOf(1), state: 'active', via: 'transfer', peer: { userId: 'bob' } },
    ]);
    expect(target.told).toEqual([
      { type: 'call.moved', fromCallId: callIdOf(2), toCallId: callIdOf(1) },
    ]);
    expect(target.media.requests.slice(-3)).toEqual([
      { type: 'disconnect', peerLegId: 'l1' },
      { type: 'control', muted: false, camera: false, held: false, heldBy: [] },
      { type: 'connect', mediaEpoch: 1, legId: 'l3', peerLegId: 'l2', polite: true },
    ]);
    expect(target.seen).toEqual([
      'ringing',
      'accepting',
      'connecting',
      'active',
      'connecting',
      'active',
    ]);
    nothingLeft(of);
  });

  test('what the moved one set goes with it, also what the server never heard', () => {
    const { of, first } = consulted();
    const target = of.sideOf(carol);
    user(target, { type: 'user.update', held: true });
    of.pass();
    joinCalls(first);
    of.clock.advance(hopMs);
    // For the call that ended a moment ago.
    user(target, { type: 'user.update', muted: true });
    of.pass();
    expect(target.view).toMatchObject({ holding: 'local', muted: true });
    expect(of.sideOf(bob).view).toMatchObject({ holding: 'remote', peerMuted: true });
    nothingLeft(of);
  });

  test('while the other still rings: it rings on in the first call', () => {
    const { of, first } = consulted(false);
    const target = of.sideOf(carol);
    joinCalls(first);
    of.pass();
    expect(of.sideOf(bob).view).toMatchObject({ state: 'ringing', peer: { userId: 'carol' } });
    expect(target.view).toMatchObject({
      state: 'ringing',
      callId: callIdOf(1),
      via: 'transfer',
      peer: { userId: 'bob' },
    });
    user(target, { type: 'user.accept' });
    of.pass();
    expect([of.sideOf(bob).view.state, target.view.state]).toEqual(['active', 'active']);
    nothingLeft(of);
  });

  test('crossing an accept: the accept reaches the first call', () => {
    const { of, first } = consulted(false);
    const target = of.sideOf(carol);
    joinCalls(first);
    user(target, { type: 'user.accept' });
    of.pass();
    expect([of.sideOf(bob).view.state, target.view.state]).toEqual(['active', 'active']);
    expect(target.seen).toEqual(['ringing', 'accepting', 'connecting', 'active']);
    expect(target.media.requests.filter(({ type }) => type === 'acquire')).toHaveLength(1);
    nothingLeft(of);
  });

  test('crossing an accept that waits for the microphone: it is asked for once', () => {
    const { of, first } = consulted(false);
    const target = of.sideOf(carol);
    of.onAcquire = () => {};
    user(target, { type: 'user.accept' });
    joinCalls(first);
    of.pass();
    expect(target.view).toMatchObject({ state: 'accepting', callId: callIdOf(1) });
    target.media.report({ type: 'media.acquired' });
    of.pass();
    expect([of.sideOf(bob).view.state, target.view.state]).toEqual(['active', 'active']);
    expect(target.media.requests.filter(({ type }) => type === 'acquire')).toHaveLength(1);
    nothingLeft(of);
  });

  test('crossing a hang-up of the target: it reaches the call it was moved to', () => {
    const { of, first } = consulted();
    const target = of.sideOf(carol);
    joinCalls(first);
    of.clock.advance(hopMs / 2);
    user(target, { type: 'user.hang-up' });
    of.pass();
    expect(target.signaling.commands.filter(({ type }) => type === 'call.hang-up')).toHaveLength(2);
    expect(target.story.end).toEqual(end('completed', 'local'));
    expect(of.sideOf(bob).story.end).toEqual(end('completed', 'remote'));
    nothingLeft(of);
  });

  test('refused for a call that ended: both stay as they are', () => {
    const { of, first, second } = consulted();
    user(of.sideOf(carol), { type: 'user.hang-up' });
    joinCalls(first);
    of.pass();
    expect(outcomes(first)).toEqual([
      { type: 'call.refused', command: 'call.transfer', code: 'call_ended', ticket: 't' },
    ]);
    expect([first.view.state, second.view.state]).toEqual(['active', 'ended']);
    nothingLeft(of);
  });
});

describe('merge', () => {
  test('all three talk in the first call, and the second ends here', () => {
    const of = town();
    const first = call(of, alice, bob);
    const second = call(of, alice, carol);
    ask(first, 'm', { type: 'call.merge', fromCallId: callIdOf(2) });
    of.pass();
    expect(second.story.end).toEqual(end('transferred', 'local'));
    expect(outcomes(first)).toEqual([{ type: 'request.done', ticket: 'm' }]);
    expect([first, of.sideOf(bob), of.sideOf(carol)].map(company)).toEqual([
      ['alice active', 'bob active', 'carol active'],
      ['bob active', 'alice active', 'carol active'],
      ['carol active', 'alice active', 'bob active'],
    ]);
    expect(of.sideOf(carol).view).toMatchObject({ callId: callIdOf(1), via: 'merge' });
    nothingLeft(of);
  });

  test('a request of a call that was merged away keeps its outcome', () => {
    const of = town();
    const first = call(of, alice, bob);
    call(of, alice, carol);
    const moved = of.sideOf(carol);
    ask(first, 'm', { type: 'call.merge', fromCallId: callIdOf(2) });
    of.clock.advance(hopMs / 2);
    ask(moved, 'i', { type: 'call.invite', to: 'user:dave' });
    of.clock.advance(hopMs + hopMs / 2 - 1);
    expect([moved.view.callId, moved.view.requests.length]).toEqual([callIdOf(2), 1]);
    of.clock.advance(1);
    expect([moved.view.callId, moved.view.requests.length]).toEqual([callIdOf(1), 1]);
    of.pass();
    expect(outcomes(moved)).toEqual([
      { type: 'call.refused', command: 'call.invite', code: 'call_ended', ticket: 'i' },
    ]);
    expect(moved.view).toMatchObject({ state: 'active', requests: [] });
    nothingLeft(of);
  });

  for (const state of ['connecting', 'reconnecting'] as const) {
    test(`who is moved may be ${state}`, () => {
      const of = town();
      const first = call(of, alice, bob);
      const connect = of.onConnect;
      if (state === 'connecting') of.onConnect = () => {};
      const moved = call(of, carol, alice);
      if (state === 'reconnecting') {
        moved.media.report({ type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' });
      }
      expect(moved.view.state).toBe(state);
      of.onConnect = connect;
      ask(first, 'm', { type: 'call.merge', fromCallId: moved.callId });
      of.pass();
      expect(moved.view).toMatchObject({
        state: 'active',
        direction: 'outgoing',
        callId: callIdOf(1),
        via: 'merge',
      });
      nothingLeft(of);
    });
  }
});

describe('a leg in a call that this device does not show', () => {
  /**
   * Carol hung up where nobody could hear it, and Alice merged the calls before the hang-up came.
   * Her device finds itself in a call.
   */
  function movedUnseen() {
    const of = town();
    const first = call(of, alice, bob);
    call(of, alice, carol);
    const gone = of.sideOf(carol);
    of.unreachable.add(carol.deviceId);
    user(gone, { type: 'user.hang-up' });
    of.clock.advance(3_000);
    expect(gone.story.end).toEqual(end('completed', 'local'));
    ask(first, 'm', { type: 'call.merge', fromCallId: callIdOf(2) });
    of.pass();
    of.unreachable.clear();
    return of;
  }

  test('is started muted, without camera, and connects once capture runs', () => {
    const of = movedUnseen();
    const acquire = of.onAcquire;
    of.onAcquire = () => {};
    const side = of.show(carol, callIdOf(1));
    expect(side.view).toMatchObject({ state: 'connecting', muted: true, camera: false });
    expect(side.media.requests).toEqual([
      { type: 'control', muted: true, camera: false, held: false, heldBy: [] },
      { type: 'acquire', kinds: { audio: true, video: false } },
    ]);
    acquire(side);
    of.pass();
    expect([side.view.state, company(side)]).toEqual([
      'active',
      ['carol active', 'alice active', 'bob active'],
    ]);
    expect(of.sideOf(bob).view.participants[2]).toMatchObject({ userId: 'carol', muted: true });
    nothingLeft(of);
  });

  test('waits where the others have left', () => {
    const of = movedUnseen();
    ask(of.sideOf(alice, callIdOf(1)), 'i', { type: 'call.invite', to: 'user:dave' });
    of.pass();
    for (const who of [alice, bob]) user(of.sideOf(who, callIdOf(1)), { type: 'user.hang-up' });
    of.pass();
    const side = of.show(carol, callIdOf(1));
    expect(side.view).toMatchObject({ state: 'ringing', muted: true });
    user(of.sideOf(dave), { type: 'user.accept' });
    of.pass();
    expect(side.seen).toEqual(['ringing', 'connecting', 'active']);
    nothingLeft(of);
  });
});
