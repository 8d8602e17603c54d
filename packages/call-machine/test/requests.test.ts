import { describe, expect, test } from 'vitest';
import type { CallRequest } from '../src/index.ts';
import { CallPair } from './call-pair.ts';
import type { Side } from './call-town.ts';

const invite: CallRequest = { type: 'call.invite', to: 'user:carol' };
const ask = (side: Side, ticket: string, request: CallRequest = invite): void =>
  side.actor.send({ type: 'user.request', ticket, request });
const done = (ticket: string) => ({ type: 'request.done', ticket });
const refused = (ticket: string, code: string, command = 'call.invite') => ({
  type: 'call.refused',
  command,
  code,
  ticket,
});

/** A call whose server hears nothing and says what the test says. */
function talking(): { pair: CallPair; side: Side } {
  const pair = new CallPair().talk();
  pair.caller.signaling.onCommand = undefined;
  return { pair, side: pair.caller };
}

describe('a request has one outcome', () => {
  test('done', () => {
    const { side } = talking();
    ask(side, 'a');
    ask(side, 'b', { type: 'call.remove', participantId: 'p2' });
    expect(side.signaling.commands.slice(-2)).toEqual([
      invite,
      { type: 'call.remove', participantId: 'p2' },
    ]);
    expect(side.signaling.tickets.slice(-2)).toEqual(['a', 'b']);
    expect(side.view.requests.map(({ ticket }) => ticket)).toEqual(['a', 'b']);
    side.signaling.report({ type: 'signaling.done', ticket: 'b' });
    expect(side.view.requests.map(({ ticket }) => ticket)).toEqual(['a']);
    expect(side.told).toEqual([done('b')]);
  });

  test('refused, with the error as it came', () => {
    const { side } = talking();
    ask(side, 'a');
    const error = new Error('full');
    side.signaling.report({
      type: 'signaling.refused',
      command: 'call.invite',
      code: 'call_full',
      ticket: 'a',
      error,
    });
    expect(side.told).toEqual([{ ...refused('a', 'call_full'), error }]);
    expect(side.view.requests).toEqual([]);
  });

  test('and a second word on it changes nothing', () => {
    const { side } = talking();
    ask(side, 'a');
    side.signaling.report({ type: 'signaling.done', ticket: 'a' });
    const before = side.actor.getSnapshot().context;
    side.signaling.report({ type: 'signaling.done', ticket: 'a' });
    side.signaling.report({ type: 'signaling.done', ticket: 'never asked' });
    side.signaling.report({
      type: 'signaling.refused',
      command: 'call.invite',
      code: 'call_full',
      ticket: 'a',
    });
    expect(side.told).toEqual([done('a')]);
    expect(side.actor.getSnapshot().context).toBe(before);
  });

  test('also when the call ends first, by this side: what comes in the meantime counts', () => {
    const { pair, side } = talking();
    ask(side, 'a');
    ask(side, 'b');
    side.actor.send({ type: 'user.hang-up' });
    ask(side, 'c');
    expect(side.told).toEqual([]);
    side.signaling.report({ type: 'signaling.done', ticket: 'b' });
    pair.clock.advance(2_000);
    expect(side.told).toEqual([done('b'), refused('a', 'call_ended'), refused('c', 'call_ended')]);
    expect(side.signaling.commands.filter(({ type }) => type === 'call.invite')).toHaveLength(2);
    expect(side.actor.getSnapshot().status).toBe('done');
  });

  test('also when the call ends first, by the other side', () => {
    const { pair, side } = talking();
    ask(side, 'a');
    pair.callee.actor.send({ type: 'user.hang-up' });
    pair.pass();
    expect(side.told).toEqual([refused('a', 'call_ended')]);
  });

  test('also when a port throws', () => {
    const { side } = talking();
    side.signaling.onCommand = () => {
      throw new Error('broken');
    };
    ask(side, 'a');
    expect(side.told).toEqual([
      { type: 'port.threw', error: new Error('broken') },
      refused('a', 'call_ended'),
    ]);
    expect(side.story.end).toMatchObject({ reason: 'failed', cause: 'internal' });
  });

  test('what ended the call itself was carried out', () => {
    const removed = new CallPair().talk();
    ask(removed.caller, 'r', { type: 'call.remove', participantId: 'p2' });
    removed.pass();
    expect(removed.caller.told).toEqual([done('r')]);
    expect(removed.caller.story.end).toEqual({ reason: 'terminated', cause: null, by: 'local' });
    const gone = new CallPair().talk();
    ask(gone.caller, 't', { type: 'call.transfer', to: 'user:carol' });
    gone.pass();
    expect(gone.caller.told).toEqual([done('t')]);
  });

  test('a request that makes no sense is sent all the same: the server decides', () => {
    const pair = new CallPair();
    pair.caller.actor.start();
    ask(pair.caller, 'a', { type: 'call.transfer', to: 'user:carol' });
    pair.pass();
    expect(pair.caller.told).toEqual([refused('a', 'wrong_state', 'call.transfer')]);
    expect(pair.caller.view.state).toBe('ringing');
    ask(pair.callee, 'b');
    pair.pass();
    expect(pair.callee.told).toEqual([refused('b', 'wrong_state')]);
  });
});

describe('one of several devices is busy', () => {
  test('it is out, and the call rings on where it can', () => {
    const pair = new CallPair({ devices: [bobOf(1), bobOf(2)] }).ring();
    const [first, second] = pair.callees as [Side, Side];
    first.actor.send({ type: 'user.decline', busy: true });
    expect(first.view.end).toEqual({ reason: 'busy', cause: null, by: 'local' });
    pair.pass();
    expect(first.story.end).toEqual({ reason: 'busy', cause: null, by: 'local' });
    expect([pair.caller.view.state, second.view.state]).toEqual(['ringing', 'ringing']);
    second.actor.send({ type: 'user.accept' });
    pair.pass();
    expect([pair.caller.view.state, second.view.state]).toEqual(['active', 'active']);
  });

  test('all are: the caller hears busy', () => {
    const pair = new CallPair({ devices: [bobOf(1), bobOf(2)] }).ring();
    for (const side of pair.callees) side.actor.send({ type: 'user.decline', busy: true });
    pair.pass();
    expect(pair.sides.map(({ story }) => story.end)).toEqual([
      { reason: 'busy', cause: null, by: null },
      { reason: 'busy', cause: null, by: 'local' },
      { reason: 'busy', cause: null, by: 'local' },
    ]);
  });
});

function bobOf(number: number) {
  return { orgId: 'org', userId: 'bob', deviceId: `bob-${number}` };
}
