/*
 * Chance, with a seed that is printed: whatever happens to a call, and in whatever order a device
 * hears of it, the machine ends where the server ended.
 */
import { describe, expect, test } from 'vitest';
import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { legOfDevice } from '@ringfence/call-rules';
import type { Actor, CallFacts } from '@ringfence/call-rules';
import { createActor } from 'xstate';
import { callMachine } from '../src/index.ts';
import type { CallCommand, CallEnd, UserEvent } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { CallPair } from './call-pair.ts';
import { alice, bob, bobToo, callId, CallTruth } from './call-truth.ts';

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[randomInteger(random, from.length)]!;

/** The end of a call as one device must tell it, read off the facts in plain words. */
function endOf(facts: CallFacts, who: Actor): CallEnd {
  const leg = legOfDevice(facts, who.userId, who.deviceId)!;
  if (leg.lostReason === 'answered-elsewhere' || leg.lostReason === 'declined-elsewhere') {
    return { reason: leg.lostReason, cause: null, by: 'local' };
  }
  const winner = facts.participants.find(({ id }) => id === leg.participantId)!.wonLegId;
  if (leg.state === 'lost' && winner !== null) {
    return { reason: 'answered-elsewhere', cause: null, by: 'local' };
  }
  const { endReason, endCause, endedBy } = facts.call;
  let by: CallEnd['by'] = null;
  if (endedBy !== null) by = endedBy === leg.participantId ? 'local' : 'remote';
  return { reason: endReason!, cause: endCause, by };
}

/** How many seeds one test goes through. */
const chunk = 50;
const firstsOf = (total: number): number[] =>
  Array.from({ length: total / chunk }, (_, index) => 1 + index * chunk);

const commands: readonly CallCommand[] = [
  { type: 'call.ring' },
  { type: 'call.ring' },
  { type: 'call.accept' },
  { type: 'call.media', mediaEpoch: 1, connected: true },
  { type: 'call.media', mediaEpoch: 1, connected: true },
  { type: 'call.media', mediaEpoch: 1, connected: false },
  { type: 'call.update', held: true },
  { type: 'call.update', held: false, muted: true },
  { type: 'call.decline' },
  { type: 'call.hang-up' },
];

/** A life of a call as the server may live it: all the facts it ever had, to the end. */
function lifeOf(random: Random): CallFacts[] {
  const clock = new FakeClock();
  const truth = new CallTruth(clock);
  truth.reach = { deviceIds: ['bob-1', 'bob-2'], busy: false, callerBusy: false };
  const life: CallFacts[] = [];
  truth.onChange = (facts) => life.push(facts);
  truth.command(alice, { type: 'call.dial', to: 'user:bob', media: { audio: true, video: false } });
  for (let step = 0; step < 40 && truth.facts?.call.state !== 'ended'; step++) {
    const who = pick(random, [alice, bob, bob, bobToo]);
    const chance = randomInteger(random, 10);
    if (chance === 0) truth.system({ type: 'device.silent', ...who });
    else if (chance === 1) truth.system({ type: 'device.resumed', ...who });
    else if (chance === 2) clock.advance(randomInteger(random, 20_000));
    else truth.command(who, pick(random, commands.slice(0, step < 6 ? 8 : undefined)));
  }
  truth.system({ type: 'call.terminate' });
  truth.close();
  return life;
}

describe('facts in any order', () => {
  const reasons = new Set<string>();

  // Many short tests: each stays far below the time that a test may take.
  test.each(firstsOf(1_000))(
    'lives %i and on, shuffled and doubled, end as the server',
    (first) => {
      for (let seed = first; seed < first + chunk; seed++) {
        const random = seededRandom(seed);
        const life = lifeOf(random);
        const last = life.at(-1)!;
        for (const who of [alice, bob, bobToo]) {
          const first = life.find(({ legs }) =>
            legs.some(({ deviceId }) => deviceId === who.deviceId),
          );
          const clock = new FakeClock();
          const ports = { signaling: new FakeSignaling(), media: new FakeCallMedia() };
          const actor = createActor(callMachine, {
            clock,
            input:
              who === alice
                ? { direction: 'outgoing', callId, to: 'user:bob', ...ports }
                : {
                    direction: 'incoming',
                    facts: first!,
                    legId: legOfDevice(first!, who.userId, who.deviceId)!.id,
                    ...ports,
                  },
          }).start();
          ports.media.report({ type: 'media.acquired' });
          if (random.uint32() % 2 === 0) actor.send({ type: 'user.accept' });
          for (const facts of [...life, pick(random, life), pick(random, life)]) {
            clock.setTimeout(
              () => {
                ports.signaling.report({ type: 'signaling.facts', facts });
                const epoch = actor.getSnapshot().context.facts?.call.mediaEpoch;
                if (epoch === 1 && random.uint32() % 3 === 0) {
                  const type = pick(random, ['media.connected', 'media.disconnected'] as const);
                  ports.media.report({ type, mediaEpoch: 1 });
                }
              },
              randomInteger(random, 9_000),
            );
          }
          clock.advance(9_000);
          const { output } = actor.getSnapshot();
          expect({ seed, who: who.deviceId, output, pending: clock.pending }).toEqual({
            seed,
            who: who.deviceId,
            output: endOf(last, who),
            pending: 0,
          });
          reasons.add(output!.reason);
        }
      }
    },
  );

  test('the lives are worth the walk: they end in every way', () => {
    expect([...reasons].sort()).toEqual([
      'answered-elsewhere',
      'canceled',
      'completed',
      'declined',
      'declined-elsewhere',
      'failed',
      'terminated',
      'unanswered',
      'unreachable',
    ]);
  });
});

const userEvents: readonly UserEvent[] = [
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.update', held: true },
  { type: 'user.update', held: false },
  { type: 'user.update', muted: true },
  { type: 'user.update', camera: true },
  { type: 'user.decline' },
  { type: 'user.hang-up' },
];

describe('users at random', () => {
  const reasons = new Set<string>();

  test.each(firstsOf(500))('in calls %i and on both sides agree with the server', (first) => {
    for (let seed = first; seed < first + chunk; seed++) {
      const random = seededRandom(seed);
      const pair = new CallPair({
        devices: [bob, bobToo],
        delayMs: () => 1 + randomInteger(random, 400),
      });
      pair.caller.actor.start();
      for (let step = 0; step < 12; step++) {
        pair.clock.advance(randomInteger(random, 1_500));
        const side = pick(random, pair.sides);
        if (side.seen.length === 0 || side.seen.at(-1) === 'ended') continue;
        side.actor.send(pick(random, userEvents));
      }
      if (pair.caller.seen.at(-1) !== 'ended') pair.caller.actor.send({ type: 'user.hang-up' });
      pair.clock.advance(120_000);
      for (const side of pair.sides) {
        const end = side.actor.getSnapshot().output;
        // What a refusal adds is this side's own; the rest is the server's.
        const { reason, cause, by } = end!;
        expect({ seed, who: side.who.deviceId, end: { reason, cause, by } }).toEqual({
          seed,
          who: side.who.deviceId,
          end: endOf(pair.truth.facts!, side.who),
        });
        reasons.add(end!.reason);
      }
      pair.truth.close();
      expect({ seed, pending: pair.clock.pending }).toEqual({ seed, pending: 0 });
    }
  });

  test('the calls are worth the walk: they end in every way users can end them', () => {
    expect([...reasons].sort()).toEqual([
      'answered-elsewhere',
      'canceled',
      'completed',
      'declined',
      'declined-elsewhere',
    ]);
  });
});
