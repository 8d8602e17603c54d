import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { NamedCommand } from '../named-commands.ts';
import { raceKinds } from './kinds.ts';
import { runBatch } from './rounds.ts';
import type { Batch, BatchResult } from './rounds.ts';

const FULL_RUNS = 10_000;
const QUICK_RUNS = 300;
const BATCH_RUNS = 250;
const MOST_WORKERS = 4;
/** A side of a race that comes out less often is not raced against. */
const LEAST_SHARE = 0.05;
/** How many broken races are told of in full, and how much of their trace. */
const TOLD = 2;
const TAIL_LINES = 80;

interface RaceFigures {
  readonly runs: number;
  readonly outcomes: Record<string, number>;
  /** Races in which somebody's network failed. */
  troubled: number;
  /** Races that are still to come. */
  left: number;
}

type Broken = BatchResult['broken'][number] & { readonly batch: Batch };

/** A thread that runs one batch at a time. */
class RaceWorker {
  readonly #worker = new Worker(new URL('./race-worker.ts', import.meta.url));

  /** Rejects when the thread breaks or ends before it has answered. */
  run(batch: Batch): Promise<BatchResult> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const done = (result: BatchResult): void => {
        worker.off('error', reject);
        worker.off('exit', gone);
        resolve(result);
      };
      const gone = (code: number): void =>
        reject(new Error(`unable to race; the thread ended with ${code}`));
      worker.once('message', done);
      worker.once('error', reject);
      worker.once('exit', gone);
      worker.postMessage(batch);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * `npm run fault -- races`: two or three act against each other at the same moment, 10,000 times a
 * race, on networks that fail now and then. After each the phones and the store agree, every loser
 * is told why, and nothing is left. Both sides of each race have to come out.
 */
export const races: NamedCommand = async ({ quick, print }) => {
  const runs = quick ? QUICK_RUNS : FULL_RUNS;
  const figures = new Map<string, RaceFigures>();
  const broken: Broken[] = [];
  const batches: Batch[] = [];
  for (const kind of Object.keys(raceKinds)) {
    figures.set(kind, { runs, outcomes: {}, troubled: 0, left: runs });
    for (let from = 0; from < runs; from += BATCH_RUNS) {
      const seed = from / BATCH_RUNS + 1;
      batches.push({ kind, seed, runs: Math.min(BATCH_RUNS, runs - from) });
    }
  }
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = new RaceWorker();
    try {
      while (next < batches.length) {
        const batch = batches[next++]!;
        const result = await worker.run(batch);
        const own = figures.get(batch.kind)!;
        own.troubled += result.troubled;
        for (const [outcome, count] of Object.entries(result.outcomes)) {
          own.outcomes[outcome] = (own.outcomes[outcome] ?? 0) + count;
        }
        for (const each of result.broken) broken.push({ ...each, batch });
        own.left -= batch.runs;
        if (own.left === 0) describe(batch.kind, own, print);
      }
    } finally {
      await worker.close();
    }
  };
  const workers = Math.min(availableParallelism(), MOST_WORKERS);
  await Promise.all(Array.from({ length: workers }, work));

  const rare: string[] = [];
  for (const [kind, { outcomes }] of figures) {
    const missing = raceKinds[kind]!.sides.filter(
      (side) => (outcomes[side] ?? 0) < LEAST_SHARE * runs,
    );
    rare.push(...missing.map((side) => `${kind}: ${side}`));
  }
  for (const side of rare) print(`hardly ever happened: ${side}`);
  for (const each of broken.slice(0, TOLD)) await tell(each, print);
  if (broken.length > 0) print(`${broken.length} things are broken`);
  return {
    ok: broken.length === 0 && rare.length === 0,
    figures: {
      races: Object.fromEntries(
        [...figures].map(([kind, { left: _left, ...figure }]) => [kind, figure]),
      ),
      broken: broken.length,
      hardlyEver: rare,
    },
  };
};

function describe(
  kind: string,
  { runs, outcomes, troubled }: RaceFigures,
  print: (line: string) => void,
): void {
  const shares = Object.entries(outcomes)
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `${outcome} ${((100 * count) / runs).toFixed(1)} %`);
  print(`${kind}: ${runs} races, ${troubled} with a network that fails`);
  print(`  ${shares.join(', ')}`);
}

/** What broke, and what went before it: the batch is run once more, and its group followed. */
async function tell({ batch, group, line }: Broken, print: (line: string) => void): Promise<void> {
  print(`broken in "${batch.kind}", batch ${batch.seed}, group ${group}: ${line}`);
  const { lines } = await runBatch(batch, group);
  for (const each of lines.slice(-TAIL_LINES)) print(`  ${each.slice(0, 220)}`);
}
