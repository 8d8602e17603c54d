import { describe, expect, test } from 'vitest';
import type { CallEnd } from '../src/index.ts';
import { CallTown, hopMs } from './call-town.ts';
import type { Side } from './call-town.ts';
import { alice, bob, callIdOf } from './call-truth.ts';

const end = (reason: CallEnd['reason'], by: CallEnd['by']): CallEnd => ({
  reason,
  cause: null,
  by,
});

/**
 * Alice and Bob dial each other, Bob `afterMs` later. While a dial is under way, the call that comes
 * from the other side is not shown, as a phone has it.
 */
function crossed(afterMs: number) {
  const town = new CallTown([alice, bob]);
  const first = town.dial(alice, 'user:bob');
  const second = town.dial(bob, 'user:alice');
  first.actor.start();
  town.clock.advance(afterMs);
  second.actor.start();
  return { town, first, second };
}

/** All that ends leaves nothing. */
function hangUp(town: CallTown, side: Side): void {
  side.actor.send({ type: 'user.hang-up' });
  town.clock.advance(5_000);
  town.truth.close();
  expect(town.clock.pending).toBe(0);
}

describe('two dial each other', () => {
  test('the later dial becomes the accept of the earlier one', () => {
    const { town, first, second } = crossed(hopMs / 2);
    town.pass();
    expect([first.view, second.view]).toMatchObject([
      { callId: callIdOf(1), state: 'active', direction: 'outgoing', via: 'dial' },
      { callId: callIdOf(1), state: 'active', direction: 'outgoing', via: 'dial' },
    ]);
    expect(first.seen).toEqual(['preparing', 'dialing', 'connecting', 'active']);
    expect(second.seen).toEqual(['preparing', 'dialing', 'connecting', 'active']);
    expect(second.told).toEqual([
      { type: 'call.moved', fromCallId: callIdOf(2), toCallId: callIdOf(1) },
    ]);
    expect(second.legId).toBe('l2');
    expect(second.view).toMatchObject({ role: 'member', peer: { userId: 'alice' } });
    // Nobody is asked twice for a microphone.
    expect(second.media.requests.map(({ type }) => type)).toEqual([
      'control',
      'acquire',
      'control',
      'connect',
    ]);
    hangUp(town, second);
    expect([first.story.end, second.story.end]).toEqual([
      end('completed', 'remote'),
      end('completed', 'local'),
    ]);
  });

  test('what was set while dialing goes with the call', () => {
    const { town, first, second } = crossed(hopMs / 2);
    second.actor.send({ type: 'user.update', muted: true });
    town.pass();
    expect([second.view.muted, first.view.peerMuted]).toEqual([true, true]);
    hangUp(town, first);
  });

  test('and one hangs up before the answer: the hang-up reaches the call of the other', () => {
    const { town, first, second } = crossed(hopMs / 2);
    town.clock.advance(2 * hopMs - 1);
    second.actor.send({ type: 'user.hang-up' });
    expect(second.view).toMatchObject({ state: 'ended', end: end('canceled', 'local') });
    town.pass();
    expect(second.signaling.commands.slice(1)).toEqual([
      { type: 'call.hang-up', dialed: true },
      { type: 'call.hang-up' },
    ]);
    expect([first.story.end, second.story.end]).toEqual([
      end('completed', 'remote'),
      end('completed', 'local'),
    ]);
    town.truth.close();
    expect(town.clock.pending).toBe(0);
  });

  test('and the other hangs up at once: the call that it moved to is over', () => {
    const { town, first, second } = crossed(hopMs / 2);
    town.clock.advance(hopMs);
    first.actor.send({ type: 'user.hang-up' });
    town.pass();
    expect([first.story.end, second.story.end]).toEqual([
      end('completed', 'local'),
      end('completed', 'remote'),
    ]);
    town.truth.close();
    expect(town.clock.pending).toBe(0);
  });

  /** Alice's call rings at Bob, who dialed her and hung up in the meantime. */
  function canceled() {
    const { town, first, second } = crossed(hopMs / 2);
    town.clock.advance(hopMs - 1);
    second.actor.send({ type: 'user.hang-up' });
    // The first that Bob's device hears: the call was offered before the dials met.
    const offered = town.show(bob, callIdOf(1));
    return { town, first, second, offered };
  }

  test('and one, who hung up, is shown the call of the other, which the dial took: it is left', () => {
    const { town, first, second, offered } = canceled();
    town.pass();
    expect(offered.seen).toEqual(['ringing', 'ended']);
    expect(offered.media.requests.some(({ type }) => type === 'acquire')).toBe(false);
    expect([first.story.end, second.story.end, offered.story.end]).toEqual([
      end('completed', 'remote'),
      end('transferred', 'local'),
      end('completed', 'local'),
    ]);
    town.clock.advance(5_000);
    town.truth.close();
    expect(town.clock.pending).toBe(0);
  });

  test('and declined before that is known: it is left', () => {
    const { town, first, offered } = canceled();
    offered.actor.send({ type: 'user.decline' });
    town.pass();
    expect(offered.signaling.commands).toEqual([
      { type: 'call.ring' },
      { type: 'call.decline' },
      { type: 'call.hang-up' },
    ]);
    expect([first.story.end, offered.story.end]).toEqual([
      end('completed', 'remote'),
      end('completed', 'local'),
    ]);
    town.clock.advance(5_000);
    town.truth.close();
    expect(town.clock.pending).toBe(0);
  });
});
