import { randomFraction, randomInteger } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { hasJoined, isLive, legOfDevice } from '@ringfence/call-rules';
import type { CallFacts } from '@ringfence/call-rules';
import { afterAll, describe, expect, it } from 'vitest';
import { ChaosUser } from './chaos-user.ts';
import { foldAll, ModelServer } from './model-server.ts';

const seeds = Array.from({ length: 100 }, (_, index) => index + 1);

async function run(seed: number) {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const chance = (share: number) => (): boolean => isWild && randomFraction(random) < share;
  let isWild = true;
  const server = new ModelServer(clock, {
    losesHint: chance(0.2),
    doubles: chance(0.1),
    fails: chance(0.1),
  });
  const users = ['alice', 'bob', 'carol', 'dave'].map(
    (name) => new ChaosUser(name, server, clock, random),
  );

  for (let step = 0; step < 60; step++) {
    for (const user of users) user.act(users.filter((other) => other !== user));
    await clock.advanceAsync(randomInteger(random, 1_500));
    if (step % 2 === 0) server.tick();
  }
  // The network behaves again, and whoever still talks goes on talking.
  isWild = false;
  // With an even seed all heals by resuming; with an odd one by beats, resends and watchdogs.
  if (seed % 2 === 0) for (const user of users) user.network.cut();
  for (let round = 0; round < 75; round++) {
    server.tick();
    await clock.advanceAsync(2_000);
    for (const user of users) user.tidy();
  }
  return { clock, server, users };
}

/** This user's leg in a call, while it takes part. */
function liveLegId(facts: CallFacts, { name }: ChaosUser): string | undefined {
  const leg = legOfDevice(facts, name, `${name}-phone`);
  return facts.call.state !== 'ended' && leg && isLive(facts, leg) ? leg.id : undefined;
}

describe('chaos: lost connections, lost and doubled hints, failing commands, calls that move', () => {
  const totals = { followed: 0, rungAgain: 0, signals: 0, rooms: 0 };
  let finished = 0;

  afterAll(() => {
    // What is claimed has happened, when all seeds ran.
    if (finished < seeds.length) return;
    for (const [what, count] of Object.entries(totals)) {
      expect(count, what).toBeGreaterThan(seeds.length);
    }
  });

  it.each(seeds)('seed %i', async (seed) => {
    const { clock, server, users } = await run(seed);
    for (const user of users) {
      expect(user.client.state).toBe('ready');
      expect(user.logger.lines).toEqual([]);
      // Every command came to exactly one end.
      expect(user.outcomes).toHaveLength(user.commands);
      expect(user.outcomes.filter((code) => /invalid|unknown|Error/.test(code))).toEqual([]);
      for (const [callId, { channel }] of user.lines) {
        const seen = server.seen(callId, user.name);
        expect(channel.facts).toEqual(seen && foldAll(callId, seen));
      }
      // Whoever has a leg in a call has that call open, and nothing else.
      const open = [...user.lines].map(([callId, { legId }]) => `${callId} ${legId}`);
      const live = [...server.histories].flatMap(([callId, { facts }]) => {
        const legId = liveLegId(facts, user);
        return legId === undefined ? [] : [`${callId} ${legId}`];
      });
      expect(open.sort()).toEqual(live.sort());
      totals.followed += user.followed;
      totals.rungAgain += user.rungAgain;
    }
    expect(Math.max(1, ...server.runs.values())).toBe(1);
    for (const user of users) {
      for (const numbers of user.heard.values()) {
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        totals.signals += numbers.length;
      }
    }
    // Between legs that are still in a call everything that was signaled has arrived.
    for (const { sent } of users) {
      for (const [stream, count] of sent) {
        const [callId, ...ends] = stream.split(' ');
        const { facts } = server.histories.get(callId!)!;
        const joined = facts.legs.filter((leg) => hasJoined(facts, leg)).map(({ id }) => id);
        totals.rooms += joined.length > 2 ? 1 : 0;
        if (!ends.every((legId) => joined.includes(legId))) continue;
        expect(users.flatMap(({ heard }) => heard.get(stream) ?? [])).toHaveLength(count);
      }
    }
    finished += 1;
    for (const user of users) await user.client.close();
    await clock.advanceAsync(1_000);
    expect(clock.pending).toBe(0);
  });

  it('is the same for the same seed', async () => {
    const trace = async () => {
      const { clock, server, users } = await run(7);
      return [clock.monotonic(), [...server.histories], users.map((user) => user.outcomes)];
    };
    expect(await trace()).toEqual(await trace());
  });
});
