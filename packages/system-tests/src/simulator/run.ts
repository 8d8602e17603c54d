import { randomFraction } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { checkClosed, checkTalks, checkWorld } from './invariants.ts';
import { Monitor } from './monitor.ts';
import { chance, pick, SimulatedUser } from './user.ts';
import { drawClimate, drawMediaPlan, Weather } from './weather.ts';
import { World } from './world.ts';
import type { Device } from './world.ts';
import type { Random } from '@ringfence/base';

/** What came of one seed. */
export interface RunResult {
  readonly seed: number;
  /** The same for the same seed, whatever ran before. */
  readonly digest: string;
  /** What is broken, one line each. Must be empty. */
  readonly broken: readonly string[];
  /** The whole trace, one line an event. */
  readonly lines: readonly string[];
  /** How many calls of the store ended how: the reason, and the cause where there is one. */
  readonly endings: Readonly<Record<string, number>>;
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

/** Two phones mostly; else a third user, or a second phone of the same user. */
function drawDevices(random: Random): Device[] {
  const skew = (): number => (chance(random, 0.3) ? (randomFraction(random) - 0.5) * 600_000 : 0);
  const callWaiting = (): boolean => chance(random, 0.3);
  const device = (name: string, userId: string): Device => ({
    name,
    userId,
    callWaiting: callWaiting(),
    wallOffsetMs: skew(),
  });
  const devices = [device('alice', 'alice'), device('bob', 'bob')];
  if (chance(random, 0.4)) devices.push(device('carol', 'carol'));
  if (chance(random, 0.3)) devices.push(device('bob-2', 'bob'));
  return devices;
}

/** Runs one seed from start to end. Never rejects for what the simulated system does. */
export async function runSeed(seed: number): Promise<RunResult> {
  const random = seededRandom(seed);
  const devices = drawDevices(random);
  const mediaRandom = seededRandom(random.uint32());
  const latency = { longestMs: pick(random, [5, 150, 500]), jitterMs: pick(random, [1, 40, 200]) };
  const storeMs = pick(random, [0, 0, 10, 120]);
  const world = new World({
    seed: random.uint32(),
    devices,
    latency,
    storeMs,
    mediaPlan: () => drawMediaPlan(mediaRandom),
  });
  const broken: string[] = [];
  const unhandled = (thrown: unknown): void => {
    broken.push(`S7: nobody handled ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  };
  process.on('unhandledRejection', unhandled);
  try {
    // A command and its round trips to the store, and the word of it.
    const settleMs = 3 * (latency.longestMs + latency.jitterMs) + 3 * storeMs + SETTLE_MS;
    await act(world, random, settleMs, broken);
  } catch (thrown) {
    broken.push(`S7: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  const endings: Record<string, number> = {};
  for (const { facts } of world.store.calls.values()) {
    const { endReason, endCause } = facts.call;
    const ending = endCause === null ? String(endReason) : `${endReason}/${endCause}`;
    endings[ending] = (endings[ending] ?? 0) + 1;
  }
  return {
    seed,
    digest: world.trace.digest(),
    broken,
    lines: world.trace.lines,
    endings,
    elapsedMs: world.time.elapsedMs,
  };
}

async function act(
  world: World,
  random: Random,
  settleMs: number,
  broken: string[],
): Promise<void> {
  const userIds = [...new Set(world.stations.map(({ device }) => device.userId))];
  const addresses = [...userIds, ...userIds, ...userIds].map((userId) => `user:${userId}`);
  if (chance(random, 0.3)) addresses.push('user:nobody', 'nonsense');
  const users = world.stations.map(
    (station) =>
      new SimulatedUser(station, addresses, {
        clock: world.time.clock(`${station.device.name}'s hand`),
        random: world.random(),
        trace: world.trace,
        isStoreFailing: () => world.store.failing > 0,
      }),
  );
  const monitor = new Monitor(world, users, settleMs);
  const weather = new Weather(world, drawClimate(random));
  const durationMs = pick(random, [8_000, 25_000, 70_000]) * (0.5 + randomFraction(random));
  for (const user of users) user.act();
  weather.blow(durationMs);
  await world.advance(durationMs);

  weather.clear();
  for (const user of users) user.rest();
  await world.advance(QUIET_MS);
  broken.push(...checkTalks(world, users));
  // In some runs one side alone hangs up; the other must hear of it.
  const silent = chance(random, 0.3) ? pick(random, users) : undefined;
  for (const user of users) if (user !== silent && !user.isGone) user.hangUpAll();
  const isOver = (): boolean =>
    users.every((user) => user.isGone || user.calls.every((call) => call.state === 'ended')) &&
    [...world.store.calls.values()].every(({ facts }) => facts.call.state === 'ended');
  if (!(await world.until(isOver, LAST_CALL_MS / 2))) {
    // A call that came late, or that only the silent side could end.
    for (const user of users) if (!user.isGone) user.hangUpAll();
    await world.until(isOver, LAST_CALL_MS / 2);
  }
  await world.advance(5_000);
  monitor.stop();
  broken.push(...monitor.broken, ...(await checkWorld(world, users)));

  for (const { phone, isKilled, device } of world.stations) {
    if (isKilled) continue;
    const closed = await world.finish(phone.close(), CLOSE_MS);
    if (closed === undefined) broken.push(`S6: ${device.name} does not close`);
  }
  await world.advance(CLOSE_MS);
  const closed = await world.finish(world.server.close(), CLOSE_MS);
  if (closed === undefined) broken.push('S6: the server does not close');
  broken.push(...checkClosed(world));
}
