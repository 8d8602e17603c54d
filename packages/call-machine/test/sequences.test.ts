/*
 * Chance, with a seed that is printed: whatever happens to a call, and in whatever order a device
 * hears of it, the machine ends where the server ended.
 */
import { describe, expect, test } from 'vitest';
import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import type { CallFacts } from '@ringfence/call-rules';
import { createActor } from 'xstate';
import { callMachine } from '../src/index.ts';
import type { CallCommand } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { alice, bob, bobToo, callId, CallTruth, carol, dave } from './call-truth.ts';
import { endOf } from './end-of.ts';

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[randomInteger(random, from.length)]!;

/** How many seeds one test goes through. */
const chunk = 50;
const firstsOf = (total: number): number[] =>
  Array.from({ length: total / chunk }, (_, index) => 1 + index * chunk);

const users = [alice, bob, bobToo, carol, dave];

function anyCommand(random: Random, facts: CallFacts): CallCommand {
  const legId = pick(random, facts.legs).id;
  const participantId = pick(random, facts.participants).id;
  const to = pick(random, ['user:bob', 'user:carol', 'user:dave', 'user:alice'] as const);
  const media = { type: 'call.media', mediaEpoch: 1, legId } as const;
  return pick<CallCommand>(random, [
    { type: 'call.ring' },
    { type: 'call.ring' },
    { type: 'call.ring' },
    { type: 'call.accept' },
    { type: 'call.accept' },
    { ...media, connected: true },
    { ...media, connected: true },
    { ...media, connected: true },
    { ...media, connected: false },
    { type: 'call.update', held: true },
    { type: 'call.update', held: false, muted: true },
    { type: 'call.invite', to },
    { type: 'call.invite', to },
    { type: 'call.transfer', to },
    { type: 'call.remove', participantId },
    { type: 'call.request-mute', participantId },
    { type: 'call.decline' },
    { type: 'call.decline', busy: true },
    { type: 'call.hang-up' },
    { type: 'call.hang-up', everyone: true },
    { type: 'call.hang-up', cause: 'media_failed' },
  ]);
}

/** A life of a call as the server may live it: all the facts it ever had, to the end. */
function lifeOf(random: Random): CallFacts[] {
  const clock = new FakeClock();
  const truth = new CallTruth(clock);
  truth.reach.set('bob', { deviceIds: ['bob-1', 'bob-2'] });
  const life: CallFacts[] = [];
  truth.onChange = (facts) => life.push(facts);
  truth.command(alice, { type: 'call.dial', to: 'user:bob', media: { audio: true, video: false } });
  for (let step = 0; step < 60 && truth.facts!.call.state !== 'ended'; step++) {
    const who = pick(random, users);
    const chance = randomInteger(random, 12);
    if (chance === 0) truth.system({ type: 'device.silent', ...who });
    else if (chance === 1) truth.system({ type: 'device.resumed', ...who });
    else if (chance === 2) clock.advance(randomInteger(random, 20_000));
    else truth.command(who, anyCommand(random, truth.facts!));
  }
  truth.system({ type: 'call.terminate' });
  truth.close();
  return life;
}

describe('facts in any order', () => {
  const reasons = new Set<string>();
  let most = 0;

  /** One device hears all of a life, shuffled, some of it twice. Returns how it ended there. */
  function hear(life: readonly CallFacts[], legId: string, random: Random) {
    const clock = new FakeClock();
    const ports = { signaling: new FakeSignaling(), media: new FakeCallMedia() };
    const first = life.find(({ legs }) => legs.some(({ id }) => id === legId))!;
    const actor = createActor(callMachine, {
      clock,
      input:
        legId === 'l1'
          ? { direction: 'outgoing', callId, to: 'user:bob', ...ports }
          : { direction: 'incoming', facts: first, legId, ...ports },
    }).start();
    ports.media.report({ type: 'media.acquired' });
    if (random.uint32() % 2 === 0) actor.send({ type: 'user.accept' });
    const peers = life.at(-1)!.legs.filter(({ id }) => id !== legId);
    for (const facts of [...life, pick(random, life), pick(random, life)]) {
      clock.setTimeout(
        () => {
          ports.signaling.report({ type: 'signaling.facts', facts });
          if (peers.length === 0 || random.uint32() % 3 === 0) return;
          const type = pick(random, ['media.connected', 'media.disconnected'] as const);
          ports.media.report({ type, mediaEpoch: 1, peerLegId: pick(random, peers).id });
        },
        randomInteger(random, 9_000),
      );
    }
    clock.advance(9_000);
    return { output: actor.getSnapshot().output, pending: clock.pending };
  }

  // Many short tests: each stays far below the time that a test may take.
  test.each(firstsOf(1_000))('lives %i and on, shuffled and doubled, end as the server', (from) => {
    for (let seed = from; seed < from + chunk; seed++) {
      const random = seededRandom(seed);
      const life = lifeOf(random);
      const last = life.at(-1)!;
      most = Math.max(most, last.participants.length);
      for (const { id } of last.legs) {
        const heard = hear(life, id, random);
        expect({ seed, leg: id, ...heard }).toEqual({
          seed,
          leg: id,
          output: endOf(last, id),
          pending: 0,
        });
        reasons.add(heard.output!.reason);
      }
    }
  });

  test('the lives are worth the walk: they end in every way', () => {
    expect([...reasons].sort()).toEqual([
      'answered-elsewhere',
      'busy',
      'canceled',
      'completed',
      'declined',
      'declined-elsewhere',
      'failed',
      'terminated',
      'transferred',
      'unanswered',
      'unreachable',
    ]);
    expect(most).toBeGreaterThan(4);
  });
});
