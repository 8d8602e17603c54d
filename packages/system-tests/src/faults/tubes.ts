/*
 * `npm run fault -- tubes`: what calls that fail in every way there is do to the others. First calls
 * with a made-up life, for all that a tube is; then real ones, for all that runs in it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { rounded, slope } from '../benchmarks/statistics.ts';
import type { NamedCommand } from '../named-commands.ts';
import { callWayNames } from './tube-call-ways.ts';
import { runCalls } from './tube-calls.ts';
import type { CallsWorld } from './tube-calls.ts';
import { liveForReal } from './tube-handles.ts';
import { ways } from './tube-life.ts';
import type { Way } from './tube-life.ts';
import { runWorld } from './tube-world.ts';

const TUBES = 1_000;
/** Of virtual time. */
const LIFE_MS = 60_000;
/** A call of a closed world may have left so much, on the average of all. */
const LEFT_BOUND_BYTES = 100;
/** Of real calls, of two phones each. Of every fifth one side fails; in a quick run, of every third. */
const CALLS = { calls: 500, failEvery: 5 };
/** Each way once. */
const QUICK_CALLS = { calls: 3 * callWayNames.length, failEvery: 3 };
/** Of virtual time: all that is played, and some more. */
const CALLS_LIFE_MS = 36_000;
/**
 * A real call runs all the code there is, and compiled code and what it learnt weigh more the longer
 * it runs: the bound is above that, and far below any part of a call that is kept.
 */
const CALLS_LEFT_BOUND_BYTES = 1_000;

/** What goes wrong without a word, until the call is closed. */
const silent: ReadonlySet<Way> = new Set<Way>(['it makes timers and listeners without end']);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Of a world of either kind: null for calls that were made to fail. */
interface Logged {
  readonly logs: readonly (readonly string[] | null)[];
}

/** How many of the calls that were not made to fail wrote down something else. */
function countAffected(calm: Logged, faulty: Logged): number {
  return calm.logs.filter((log, number) => {
    const other = faulty.logs[number];
    return log !== null && log.join('\n') !== other?.join('\n');
  }).length;
}

const isClean = (left: object): boolean => Object.values(left).every((count) => count === 0);

/**
 * Bytes a call that whole worlds leave behind, each closed before the next one begins: by the slope
 * over all of them, as compiled code comes and goes.
 */
async function measureLeft(
  counts: { readonly warm: number; readonly worlds: number },
  live: () => Promise<{ readonly tubes: number }>,
): Promise<number> {
  const bytes: number[] = [];
  let tubes = 0;
  for (let world = 0; world < counts.warm + counts.worlds; world += 1) {
    ({ tubes } = await live());
    if (world >= counts.warm) bytes.push(heapBytes());
  }
  return slope(bytes) / tubes;
}

type Part = Awaited<ReturnType<NamedCommand>>;
type Print = Parameters<NamedCommand>[0]['print'];

/** A thousand tubes in which something like a call lives. */
async function liveMadeUp(quick: boolean, print: Print): Promise<Part> {
  const leftBytes = await measureLeft({ warm: 4, worlds: quick ? 8 : 20 }, () =>
    runWorld(TUBES, LIFE_MS / 6, true),
  );
  const calm = await runWorld(TUBES, LIFE_MS, false);
  const faulty = await runWorld(TUBES, LIFE_MS, true);
  const failing = [...faulty.byWay.values()].reduce((sum, count) => sum + count, 0);
  const others = faulty.logs.filter((log) => log !== null);
  const events = others.reduce((sum, log) => sum + log.length, 0);
  const contained = [...faulty.told.values()].reduce((sum, count) => sum + count, 0);
  const affected = countAffected(calm, faulty);
  print(`${TUBES} calls, ${failing} of them made to fail in ${faulty.byWay.size} ways`);
  print(`  their ${contained} failures were contained, counted and told`);
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
  print(`  heap a closed call leaves: ${leftBytes.toFixed(0)} bytes, bound ${LEFT_BOUND_BYTES}`);
  // Code that runs wild ends its own tube, and no other.
  const wild = faulty.byWay.get('a timer throws without end') ?? 0;
  return {
    ok:
      affected === 0 &&
      faulty.status.tubes === TUBES - wild &&
      events > 0 &&
      ways.every((way) => faulty.told.has(way) || silent.has(way)) &&
      faulty.faultsElsewhere === 0 &&
      faulty.byWay.size === ways.length &&
      isClean(left) &&
      leftBytes <= LEFT_BOUND_BYTES,
    figures: {
      tubes: TUBES,
      failing,
      ways: faulty.byWay.size,
      contained,
      others: others.length,
      events,
      affected,
      left,
      leftBytesPerTube: rounded(leftBytes, 0),
      leftBoundBytes: LEFT_BOUND_BYTES,
    },
  };
}

/** How many ways there are of which a failing call showed no trace, or which none took. */
function countUntraced({ byWay }: CallsWorld): number {
  return callWayNames.filter((way) => {
    const { made, traced } = byWay.get(way) ?? { made: 0, traced: 0 };
    return made === 0 || traced < made;
  }).length;
}

/** Real calls between real phones, over one server. */
async function liveCalls(quick: boolean, print: Print): Promise<Part> {
  const size = quick ? QUICK_CALLS : CALLS;
  const { calls } = size;
  const leftBytes = quick
    ? null
    : await measureLeft({ warm: 8, worlds: 16 }, () =>
        runCalls({ calls: 2 * callWayNames.length, failEvery: 2, forMs: 6_000, faulty: true }),
      );
  const calm = await runCalls({ ...size, forMs: CALLS_LIFE_MS, faulty: false });
  const faulty = await runCalls({ ...size, forMs: CALLS_LIFE_MS, faulty: true });
  const failing = [...faulty.byWay.values()].reduce((sum, { made }) => sum + made, 0);
  const others = faulty.logs.filter((log) => log !== null);
  const events = others.reduce((sum, log) => sum + log.length, 0);
  const affected = countAffected(calm, faulty);
  const untraced = countUntraced(faulty);
  const escaped = [...calm.escaped, ...faulty.escaped];
  print(
    `${2 * calls} phones in ${calls} real calls, ${failing} of their tubes made to fail in ` +
      `${faulty.byWay.size} ways`,
  );
  print(`  ${faulty.faults} faults were contained, counted and told`);
  for (const [way, { made, traced }] of faulty.byWay)
    print(`    ${way}: ${traced} of ${made} seen`);
  print(
    `  the phones of the other ${others.length / 2} calls wrote down ${events} events; ` +
      `${affected} of them something else than without faults; ` +
      `${faulty.faultsElsewhere} faults of theirs`,
  );
  if (escaped.length > 0) print(`  escaped from a timer: ${String(escaped[0])}`);
  const kinds = Object.entries(faulty.left).map(([kind, count]) => `${count} ${kind}`);
  print(`  after closing: ${kinds.join(', ')}`);
  if (leftBytes !== null) {
    const heap = leftBytes.toFixed(0);
    print(`  heap a closed tube leaves: ${heap} bytes, bound ${CALLS_LEFT_BOUND_BYTES}`);
  }
  return {
    ok:
      affected === 0 &&
      untraced === 0 &&
      escaped.length === 0 &&
      // Each wrote down more than that it was there.
      others.every((log) => log.length > 50) &&
      calm.faults + calm.faultsElsewhere + faulty.faultsElsewhere === 0 &&
      isClean(calm.left) &&
      isClean(faulty.left) &&
      (leftBytes ?? 0) <= CALLS_LEFT_BOUND_BYTES,
    figures: {
      calls,
      phones: 2 * calls,
      failing,
      ways: faulty.byWay.size,
      untraced,
      contained: faulty.faults,
      otherCalls: others.length / 2,
      events,
      affected,
      left: faulty.left,
      leftBytesPerTube: leftBytes === null ? null : rounded(leftBytes, 0),
      leftBoundBytes: CALLS_LEFT_BOUND_BYTES,
    },
  };
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
  const madeUp = await liveMadeUp(quick, print);
  const calls = await liveCalls(quick, print);
  print(
    `on the real clock: ${real.before} handles before, ${real.during} open, ${real.after} after`,
  );
  print(`${escaped} failures escaped, of all`);
  process.off('unhandledRejection', escape);
  process.off('uncaughtException', escape);
  return {
    ok:
      madeUp.ok &&
      calls.ok &&
      escaped === 0 &&
      real.after === real.before &&
      real.during > real.before,
    figures: { ...madeUp.figures, escaped, handles: real, calls: calls.figures },
  };
};
