/* `npm run fault -- tubes`: what calls that fail in every way there is do to the others. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { rounded, slope } from '../benchmarks/statistics.ts';
import type { NamedCommand } from '../named-commands.ts';
import { liveForReal } from './tube-handles.ts';
import { ways } from './tube-life.ts';
import type { Way } from './tube-life.ts';
import { runWorld } from './tube-world.ts';
import type { World } from './tube-world.ts';

const TUBES = 1_000;
/** Of virtual time. */
const LIFE_MS = 60_000;
/** A call of a closed world may have left so much, on the average of all. */
const LEFT_BOUND_BYTES = 100;

/** What goes wrong without a word, until the call is closed. */
const silent: ReadonlySet<Way> = new Set<Way>(['it makes timers and listeners without end']);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** How many of the calls that were not made to fail wrote down something else. */
function countAffected(calm: World, faulty: World): number {
  return calm.logs.filter((log, number) => {
    const other = faulty.logs[number];
    return log !== null && log.join('\n') !== other?.join('\n');
  }).length;
}

/**
 * Bytes a call that whole worlds leave behind, each closed before the next one begins: by the slope
 * over all of them, as compiled code comes and goes.
 */
async function measureLeft(worlds: number): Promise<number> {
  const lifeMs = LIFE_MS / 6;
  for (let warm = 0; warm < 4; warm += 1) await runWorld(TUBES, lifeMs, true);
  const bytes: number[] = [];
  for (let world = 0; world < worlds; world += 1) {
    await runWorld(TUBES, lifeMs, true);
    bytes.push(heapBytes());
  }
  return slope(bytes) / TUBES;
}

export const tubes: NamedCommand = async ({ quick, print }) => {
  let escaped = 0;
  const escape = (thrown: unknown): void => {
    escaped += 1;
    if (escaped === 1) print(`escaped: ${String(thrown)}`);
  };
  process.on('unhandledRejection', escape);
  process.on('uncaughtException', escape);

  // First, while nothing else is kept.
  const real = await liveForReal(quick ? 200 : TUBES);
  const leftBytes = await measureLeft(quick ? 8 : 20);
  const calm = await runWorld(TUBES, LIFE_MS, false);
  const faulty = await runWorld(TUBES, LIFE_MS, true);
  const failing = [...faulty.byWay.values()].reduce((sum, count) => sum + count, 0);
  const others = faulty.logs.filter((log) => log !== null);
  const events = others.reduce((sum, log) => sum + log.length, 0);
  const contained = [...faulty.told.values()].reduce((sum, count) => sum + count, 0);
  const affected = countAffected(calm, faulty);
  print(`${TUBES} calls, ${failing} of them made to fail in ${faulty.byWay.size} ways`);
  print(`  their ${contained} failures were contained, counted and told; ${escaped} escaped`);
  for (const way of ways) print(`    ${way}: ${faulty.told.get(way) ?? 0}`);
  print(
    `  the other ${others.length} wrote down ${events} events; ${affected} of them something ` +
      `else than without faults; ${faulty.faultsElsewhere} faults of theirs`,
  );
  const { left } = faulty;
  print(
    `  after closing: ${left.tubes} tubes, ${left.timers} timers, ${left.listeners} listeners, ` +
      `${left.connections} connections; ${left.stuck} did not end in time and were given up`,
  );

  print(
    `on the real clock: ${real.before} handles before, ${real.during} open, ${real.after} after`,
  );
  print(`heap a closed call leaves: ${leftBytes.toFixed(0)} bytes, bound ${LEFT_BOUND_BYTES}`);
  process.off('unhandledRejection', escape);
  process.off('uncaughtException', escape);

  const isClean = Object.values(left).every((count) => count === 0);
  // Code that runs wild ends its own tube, and no other.
  const wild = faulty.byWay.get('a timer throws without end') ?? 0;
  const isWildOver = faulty.status.tubes === TUBES - wild;
  return {
    ok:
      affected === 0 &&
      isWildOver &&
      escaped === 0 &&
      events > 0 &&
      ways.every((way) => faulty.told.has(way) || silent.has(way)) &&
      faulty.faultsElsewhere === 0 &&
      faulty.byWay.size === ways.length &&
      isClean &&
      real.after === real.before &&
      real.during > real.before &&
      leftBytes <= LEFT_BOUND_BYTES,
    figures: {
      tubes: TUBES,
      failing,
      ways: faulty.byWay.size,
      contained,
      escaped,
      others: others.length,
      events,
      affected,
      left,
      handles: real,
      leftBytesPerTube: rounded(leftBytes, 0),
      leftBoundBytes: LEFT_BOUND_BYTES,
    },
  };
};
