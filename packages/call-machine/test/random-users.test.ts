/*
 * Several users on several devices do anything at any time: dial, cross, answer, hold, invite,
 * transfer, merge, leave. However it goes, each device agrees with the server.
 */
import { describe, expect, test } from 'vitest';
import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { joinedLegs } from '@ringfence/call-rules';
import type { Actor, Address } from '@ringfence/call-rules';
import type { CallRequest, UserEvent } from '../src/index.ts';
import { CallTown } from './call-town.ts';
import type { Side } from './call-town.ts';
import { alice, bob, bobToo, carol, dave } from './call-truth.ts';
import { endOf } from './end-of.ts';

const chunk = 25;
const firsts = Array.from({ length: 20 }, (_, index) => 1 + index * chunk);

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[randomInteger(random, from.length)]!;

const users: readonly Actor[] = [alice, bob, bobToo, carol, dave];
const addresses: readonly Address[] = ['user:alice', 'user:bob', 'user:carol', 'user:dave'];

const isLive = ({ seen }: Side): boolean => seen.length > 0 && seen.at(-1) !== 'ended';

/** How often each thing was seen: chance that does a thing never shows nothing of it. */
const counts: Record<string, number> = {};
const count = (name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

function anyRequest(random: Random, town: CallTown, side: Side): CallRequest {
  const own = town.sides.filter((each) => each.who === side.who && isLive(each));
  const other = pick(random, own).callId;
  const participantId = pick(random, ['p1', 'p2', 'p3', 'p4'] as const);
  return pick<CallRequest>(random, [
    { type: 'call.invite', to: pick(random, addresses) },
    { type: 'call.invite', to: pick(random, addresses) },
    { type: 'call.invite', to: pick(random, addresses) },
    { type: 'call.invite', to: pick(random, addresses), role: 'guest' },
    { type: 'call.remove', participantId },
    { type: 'call.request-mute', participantId },
    { type: 'call.transfer', to: pick(random, addresses) },
    { type: 'call.transfer', toCallId: other },
    { type: 'call.transfer', toCallId: other },
    { type: 'call.merge', fromCallId: other },
    { type: 'call.merge', fromCallId: other },
  ]);
}

const plain: readonly UserEvent[] = [
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.accept' },
  { type: 'user.update', held: true },
  { type: 'user.update', held: false },
  { type: 'user.update', muted: true, camera: true },
  { type: 'user.decline' },
  { type: 'user.decline', busy: true },
  { type: 'user.hang-up' },
  { type: 'user.hang-up', everyone: true },
];

/** Dials, or takes the call that rings here from the same user, as a phone does. */
function dial(town: CallTown, who: Actor, to: Address): void {
  const rings = town.sides.find(
    ({ who: owner, view, seen }) =>
      owner === who &&
      seen.at(-1) === 'ringing' &&
      view.direction === 'incoming' &&
      view.peer.address === to,
  );
  if (rings === undefined) town.dial(who, to).actor.start();
  else rings.actor.send({ type: 'user.accept' });
}

/** Two dial each other, one a little later. */
function cross(random: Random, town: CallTown): void {
  dial(town, alice, 'user:carol');
  town.clock.advance(randomInteger(random, 50));
  dial(town, carol, 'user:alice');
}

function act(random: Random, town: CallTown, ticket: string): string[] {
  const live = town.sides.filter(isLive);
  const chance = randomInteger(random, 12);
  if (live.length === 0 || chance === 0) {
    const who = pick(random, users);
    const own = live.filter((side) => side.who === who);
    const to = pick(random, addresses);
    if (own.length < 3 && to !== `user:${who.userId}`) dial(town, who, to);
    return [];
  }
  if (chance === 1) {
    cross(random, town);
    return [];
  }
  const side = pick(random, live);
  if (chance < 6) {
    side.actor.send(pick(random, plain));
    return [];
  }
  side.actor.send({ type: 'user.request', ticket, request: anyRequest(random, town, side) });
  return [ticket];
}

/** Nothing is under way: everyone in a call is there, is heard, and sees the others. */
function expectAtRest(town: CallTown, seed: number): void {
  for (const side of town.sides.filter(isLive)) {
    const facts = town.truth.calls.get(side.callId)!;
    const joined = joinedLegs(facts);
    const own = joined.find(({ id }) => id === side.legId);
    if (own === undefined) continue;
    const others = joined.filter(({ id }) => id !== own.id);
    const { view } = side;
    expect({
      seed,
      leg: own.id,
      state: view.state,
      hears: [...own.hears].sort(),
      held: own.held,
      muted: own.muted,
      active: view.participants.filter(({ state }) => state === 'active').length,
      requests: view.requests,
    }).toEqual({
      seed,
      leg: own.id,
      state: others.length === 0 ? 'ringing' : 'active',
      hears: others.map(({ id }) => id).sort(),
      held: view.holding === 'local' || view.holding === 'both',
      muted: view.muted,
      active: others.length === 0 ? 0 : joined.length,
      requests: [],
    });
    count(`at rest with ${others.length} others`);
  }
}

describe('users at random', () => {
  // Many short tests: each stays far below the time that a test may take.
  test.each(firsts)('in calls %i and on agree with the server', (first) => {
    for (let seed = first; seed < first + chunk; seed++) {
      const random = seededRandom(seed);
      const delays = seed % 3 === 0 ? 40 : 400;
      const town = new CallTown(users, () => 1 + randomInteger(random, delays));
      const tickets: string[] = [];
      for (let step = 0; step < 40; step++) {
        town.clock.advance(randomInteger(random, pick(random, [50, 500, 1_500])));
        tickets.push(...act(random, town, `t${step}`));
        if (step === 20) {
          town.clock.advance(3_000);
          expectAtRest(town, seed);
        }
      }
      town.clock.advance(3_000);
      expectAtRest(town, seed);
      for (let round = 0; round < 4; round++) {
        for (const side of town.sides.filter(isLive)) side.actor.send({ type: 'user.hang-up' });
        town.clock.advance(60_000);
      }
      for (const side of town.sides) {
        // A call that rings where its own dial is under way was never shown.
        if (side.seen.length === 0) continue;
        const { output } = side.actor.getSnapshot();
        // What a refusal adds is this side's own; the rest is the server's.
        const { reason, cause, by, answeredBy } = output!;
        const facts = town.truth.calls.get(side.callId)!;
        const { answeredBy: winner, ...end } = endOf(facts, side.legId);
        expect({ seed, who: side.who.deviceId, end: { reason, cause, by } }).toEqual({
          seed,
          who: side.who.deviceId,
          end,
        });
        // A refusal that overtakes the facts does not say which device it was.
        expect([winner, undefined]).toContain(answeredBy);
        count(reason);
        for (const { type } of side.told) count(type);
      }
      const told = town.sides.flatMap((side) =>
        side.told.flatMap((each) => ('ticket' in each && each.ticket ? [each.ticket] : [])),
      );
      expect({ seed, told: told.sort() }).toEqual({ seed, told: tickets.sort() });
      town.truth.close();
      expect({ seed, pending: town.clock.pending }).toEqual({ seed, pending: 0 });
    }
  });

  test('the calls are worth the walk: all of it happens, and often', () => {
    const rare = [
      'answered-elsewhere',
      'busy',
      'canceled',
      'completed',
      'declined',
      'declined-elsewhere',
      'terminated',
      'transferred',
      'request.done',
      'call.refused',
      'call.moved',
      'call.mute-requested',
      'at rest with 0 others',
      'at rest with 1 others',
      'at rest with 2 others',
      'at rest with 3 others',
    ].filter((name) => (counts[name] ?? 0) < 10);
    expect({ rare, counts }).toEqual({ rare: [], counts });
  });
});
