import { randomFraction } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { chance, pick } from './chance.ts';
import { countHistory } from './coverage.ts';
import { checkClosed, checkWorld } from './invariants.ts';
import { Monitor } from './monitor.ts';
import { checkTalks } from './talks.ts';
import { Tally } from './tally.ts';
import { SimulatedUser } from './user.ts';
import type { Neighbourhood } from './user.ts';
import { drawClimate, drawMediaPlan, Weather } from './weather.ts';
import { World } from './world.ts';
import type { Device } from './world.ts';

/** What came of one seed. */
export interface RunResult {
  readonly seed: number;
  /** The same for the same seed, whatever ran before. */
  readonly digest: string;
  /** What is broken, one line each. Must be empty. */
  readonly broken: readonly string[];
  /** The whole trace, one line an event. */
  readonly lines: readonly string[];
  /** How often what happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** Virtual milliseconds from start to end. */
  readonly elapsedMs: number;
}

/** The longest a call may go on after everyone has hung up and the network is back. */
const LAST_CALL_MS = 150_000;
/** How long it takes at most until all have connected again and know what they missed. */
const QUIET_MS = 30_000;
/** What a phone needs beside the network's time. */
const SETTLE_MS = 300;
/** The longest closing may take. */
const CLOSE_MS = 20_000;

/** Two to six phones of two to five users. */
function drawDevices(random: Random): Device[] {
  const skew = (): number => (chance(random, 0.3) ? (randomFraction(random) - 0.5) * 600_000 : 0);
  const device = (name: string, userId = name): Device => ({
    name,
    userId,
    callWaiting: chance(random, 0.7),
    wallOffsetMs: skew(),
  });
  const devices = [device('alice'), device('bob')];
  if (chance(random, 0.6)) devices.push(device('carol'));
  if (chance(random, 0.35)) devices.push(device('dave'));
  if (chance(random, 0.1)) devices.push(device('erin'));
  if (chance(random, 0.3)) devices.push(device('bob-2', 'bob'));
  if (chance(random, 0.1)) devices.push(device('alice-2', 'alice'));
  return devices;
}

/** A run as it is drawn: who is there, and what the server allows. */
interface Scene {
  readonly world: World;
  readonly random: Random;
  /** How long it takes at most until a phone shows what was written. */
  readonly settleMs: number;
  readonly callsPerUser: number;
  readonly tally: Tally;
  readonly broken: string[];
}

/** Runs one seed from start to end. Never rejects for what the simulated system does. */
export async function runSeed(seed: number): Promise<RunResult> {
  const random = seededRandom(seed);
  const devices = drawDevices(random);
  const mediaRandom = seededRandom(random.uint32());
  const latency = { longestMs: pick(random, [5, 150, 500]), jitterMs: pick(random, [1, 40, 200]) };
  const storeMs = pick(random, [0, 0, 10, 120]);
  const callsPerUser = pick(random, [4, 4, 2]);
  const world = new World({
    seed: random.uint32(),
    devices,
    latency,
    storeMs,
    server: { callsPerUser },
    mediaPlan: () => drawMediaPlan(mediaRandom),
  });
  const broken: string[] = [];
  const tally = new Tally();
  const unhandled = (thrown: unknown): void => {
    broken.push(`S7: nobody handled ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  };
  process.on('unhandledRejection', unhandled);
  try {
    // A command, its round trips to the store and the word of it; twice, where a call moved.
    const settleMs = 5 * (latency.longestMs + latency.jitterMs) + 6 * storeMs + SETTLE_MS;
    await act({ world, random, settleMs, callsPerUser, tally, broken });
  } catch (thrown) {
    broken.push(`S7: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  for (const call of world.store.calls.values()) countHistory(call, tally);
  return {
    seed,
    digest: world.trace.digest(),
    broken,
    lines: world.trace.lines,
    counts: tally.counts,
    elapsedMs: world.time.elapsedMs,
  };
}

/** The users of a world. Who is dialed may dial back at the same moment. */
function settleIn({ world, random, tally }: Scene): readonly SimulatedUser[] {
  const userIds = [...new Set(world.stations.map(({ device }) => device.userId))];
  const addresses = [...userIds, ...userIds, ...userIds].map((userId) => `user:${userId}`);
  if (chance(random, 0.3)) addresses.push('user:nobody', 'nonsense');
  const users: SimulatedUser[] = [];
  const crossing = pick(random, [0, 0.1, 0.5]);
  const meeting = world.random();
  const neighbourhood: Neighbourhood = {
    addresses,
    trace: world.trace,
    tally,
    isStoreFailing: () => world.store.failing > 0,
    dialed(from, userId) {
      const others = users.filter((user) => user.userId === userId);
      if (others.length === 0 || !chance(meeting, crossing)) return;
      pick(meeting, others).dialSoon(from.userId, 100);
    },
  };
  for (const station of world.stations) {
    const clock = world.time.clock(`${station.device.name}'s hand`);
    users.push(new SimulatedUser(station, neighbourhood, { clock, random: world.random() }));
  }
  return users;
}

async function act(scene: Scene): Promise<void> {
  const { world, random, broken } = scene;
  const users = settleIn(scene);
  const monitor = new Monitor(world, users, scene);
  const weather = new Weather(world, users, drawClimate(random));
  const durationMs = pick(random, [8_000, 25_000, 70_000]) * (0.5 + randomFraction(random));
  for (const user of users) user.act();
  weather.blow(durationMs);
  await world.advance(durationMs);

  weather.clear();
  for (const user of users) user.rest();
  await world.advance(QUIET_MS);
  broken.push(...checkTalks(world, users, scene.settleMs));
  // In some runs one side alone hangs up; the other must hear of it.
  const silent = chance(random, 0.3) ? pick(random, users) : undefined;
  for (const user of users) if (user !== silent && !user.isGone) user.hangUpAll();
  const isOver = (): boolean =>
    users.every((user) => user.isGone || user.live.length === 0) &&
    [...world.store.calls.values()].every(({ facts }) => facts.call.state === 'ended');
  // A call that came late, one that came back, or one that only the silent side could end.
  for (let round = 0; round < 2 && !(await world.until(isOver, LAST_CALL_MS / 3)); round += 1) {
    for (const user of users) if (!user.isGone) user.hangUpAll();
  }
  await world.until(isOver, LAST_CALL_MS / 3);
  await world.advance(5_000);
  monitor.stop();
  broken.push(...monitor.broken, ...(await checkWorld(world, users)));

  for (const { phone, tubes, isKilled, device } of world.stations) {
    if (isKilled) continue;
    const closed = await world.finish(Promise.all([phone.close(), tubes.close()]), CLOSE_MS);
    if (closed === undefined) broken.push(`S6: ${device.name} does not close`);
  }
  await world.advance(CLOSE_MS);
  const closed = await world.finish(world.server.close(), CLOSE_MS);
  if (closed === undefined) broken.push('S6: the server does not close');
  broken.push(...checkClosed(world));
}
