import { parseArgs } from 'node:util';
import { guardAmbient } from './ambient-guard.ts';
import type { AmbientGuard } from './ambient-guard.ts';
import { expectedInThousand, expectedOften } from './coverage.ts';
import { runSeed } from './run.ts';
import type { RunResult } from './run.ts';
import { Tally } from './tally.ts';

/** Lines of the trace that a failing seed prints. */
const TAIL_LINES = 60;
/** How many failing seeds are told of in full. */
const TOLD_FAILURES = 3;
const DEFAULT_SEEDS = 1_000;
const QUICK_SEEDS = 100;
/** The largest share of ends that may be shown without the word of a server that could be heard. */
const MOST_EARLY = 0.01;
const endedByTime = 'ended before the server said how';
const EXIT_USAGE = 2;
const USAGE = `usage: npm run sim [-- [--seeds N] [--from N] [--seed N] [--quick]]

  --seeds N  run so many seeds; default 1000
  --from N   begin with this seed; default 1
  --seed N   run one seed and print its trace
  --quick    100 seeds
  --help     this text`;

interface Options {
  readonly first: number;
  readonly count: number;
  readonly isReplay: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean' },
    },
  });
  const whole = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new RangeError(`unable to use --${name}; ${text} is not a whole number from ${least} on`);
  };
  if (values.seed !== undefined) {
    return { first: whole('seed', values.seed, 0), count: 1, isReplay: true };
  }
  const seeds = values.seeds === undefined ? undefined : whole('seeds', values.seeds, 1);
  return {
    first: values.from === undefined ? 1 : whole('from', values.from, 0),
    count: seeds ?? (values.quick === true ? QUICK_SEEDS : DEFAULT_SEEDS),
    isReplay: false,
  };
}

/** The result of a seed, what packages used behind the back of their ports included. */
async function runGuarded(seed: number, guard: AmbientGuard): Promise<RunResult> {
  const before = guard.uses.length;
  const result = await runSeed(seed);
  const leaks = guard.uses
    .slice(before)
    .map(({ name, stack }) => `S8: real ${name} used\n${stack}`);
  return { ...result, broken: [...result.broken, ...leaks] };
}

/**
 * Runs seeds one after the other. The first few are run a second time at the end, in another
 * order: a trace that differs shows that something beside the seed decided.
 *
 * @returns the exit code: 0 when nothing is broken.
 */
export async function runSimulator(
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  if (args.includes('--help')) {
    print(USAGE);
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(args);
  } catch (thrown) {
    print(`${(thrown as Error).message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  const { first, count, isReplay } = options;
  const startMs = performance.now();
  const guard = guardAmbient();
  const digests = new Map<number, string>();
  const tally = new Tally();
  const failures: RunResult[] = [];
  let virtualMs = 0;
  try {
    for (let seed = first; seed < first + count; seed += 1) {
      const result = await runGuarded(seed, guard);
      digests.set(seed, result.digest);
      virtualMs += result.elapsedMs;
      tally.addAll(result.counts);
      if (result.broken.length > 0) failures.push(result);
      if (failures.length === TOLD_FAILURES && !isReplay) break;
      if (isReplay) print(result.lines.join('\n'));
    }
    const again = [...digests.keys()].slice(0, 20).reverse();
    for (const seed of again) {
      const result = await runGuarded(seed, guard);
      if (result.digest === digests.get(seed)) continue;
      failures.push({ ...result, broken: [`S9: seed ${seed} ran differently the second time`] });
    }
  } finally {
    guard.release();
  }
  for (const failure of failures.slice(0, TOLD_FAILURES)) tell(failure, print);
  const seconds = (performance.now() - startMs) / 1_000;
  const distinct = new Set(digests.values()).size;
  print(
    `${digests.size} seeds, ${failures.length} broken, ${distinct} different traces, ` +
      `${Math.round(virtualMs / 60_000)} virtual minutes in ${seconds.toFixed(1)} s`,
  );
  const expected = [
    ...(count < QUICK_SEEDS ? [] : expectedOften),
    ...(count < DEFAULT_SEEDS ? [] : expectedInThousand),
  ];
  const unseen = expected.filter((name) => !Object.hasOwn(tally.counts, name));
  if (unseen.length > 0) print(`never happened in these seeds: ${unseen.join(', ')}`);
  // A phone that never waited for the server would be believed every time.
  const { ended = 0, [endedByTime]: early = 0 } = tally.counts;
  const isHasty = early > MOST_EARLY * ended;
  if (isHasty) print(`${early} of ${ended} ends were shown before the server said how`);
  const ok = !isHasty && failures.length === 0 && distinct === digests.size && unseen.length === 0;
  const digest = isReplay ? { digest: digests.get(first) } : {};
  print(
    JSON.stringify({
      name: 'sim',
      ok,
      seeds: digests.size,
      broken: failures.map(({ seed }) => seed),
      differentTraces: distinct,
      happened: tally.sorted(),
      unseen,
      ...digest,
    }),
  );
  return ok ? 0 : 1;
}

function tell({ seed, broken, lines }: RunResult, print: (line: string) => void): void {
  const width = 240;
  const cut = (line: string): string => (line.length > width ? `${line.slice(0, width)}…` : line);
  print(`seed ${seed} is broken:`);
  for (const line of broken) print(`  ${line}`);
  print(`the last of its trace:\n${lines.slice(-TAIL_LINES).map(cut).join('\n')}`);
  print(`replay it with: npm run sim -- --seed ${seed}`);
}
