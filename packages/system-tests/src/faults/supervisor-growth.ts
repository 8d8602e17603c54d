/* What the host keeps of children that crashed and were restarted. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { processChild, Service, threadChild } from '@ringfence/isolation/supervisor';
import { slope } from '../benchmarks/statistics.ts';
import { bundleChild } from './bundled-child.ts';
import type { FailingChild } from './supervisor-child.ts';
import { longMs } from './supervisor-scenarios.ts';
import type { Kind } from './supervisor-scenarios.ts';

/** Services that crash beside each other: a start waits more than it works. */
const abreast = 4;

export interface Growth {
  readonly kind: Kind;
  /** How many were to be. */
  readonly asked: number;
  /** How many the supervisors counted. */
  readonly restarts: number;
  /** Calls that were neither answered nor rejected. */
  readonly left: number;
  readonly grownBytes: number;
}

/** What one service, or several, went through. */
type Crashes = Pick<Growth, 'restarts' | 'left'>;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function residentBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collect();
    // What ends with a thread ends in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage.rss();
}

/** Lets a child crash as soon as it is ready, until it was restarted so often. */
async function crashAgainAndAgain(kind: Kind, url: URL, restarts: number): Promise<Crashes> {
  const make = kind === 'thread' ? threadChild<FailingChild> : processChild<FailingChild>;
  const service = new Service<FailingChild>(() => make(url, { output: 'ignore' }), {
    maxRestarts: restarts,
    restartDelayMs: 0,
    startTimeoutMs: 60_000,
  });
  const isFatal = new Promise<void>((resolve) => {
    service.supervisor.on('fatal_error', () => resolve());
  });
  let lives = 0;
  let left = 0;
  const track = (call: Promise<unknown>): void => {
    left += 1;
    const isOver = (): void => void (left -= 1);
    call.then(isOver, isOver);
  };
  service.onStateChange(({ state }) => {
    if (state !== 'ready') return;
    lives += 1;
    track(service.call('wait', undefined, { timeoutMs: longMs }));
    track(service.call('fail', lives % 2 === 0 ? 'throw' : 'process.exit'));
  });
  await service.start();
  await isFatal;
  await service.stop();
  // Each was ready before it crashed.
  return { restarts: Math.min(lives - 1, service.status().restarts), left };
}

/**
 * Restarts children, and says by how much this process grew with them: by the slope of many
 * measures, as an allocator gives back late what it has.
 */
export async function measureGrowth(kind: Kind, restarts: number, parts: number): Promise<Growth> {
  await using child = await bundleChild(new URL('./supervisor-child.ts', import.meta.url));
  const { url } = child;
  const each = Math.ceil(restarts / parts / abreast);
  const found = { restarts: 0, left: 0 };
  const bytes: number[] = [];
  // The first part is there to have everything compiled and every pool filled.
  for (let part = 0; part <= parts; part += 1) {
    const crashes = await Promise.all(
      Array.from({ length: abreast }, () => crashAgainAndAgain(kind, url, each)),
    );
    bytes.push(await residentBytes());
    if (part === 0) continue;
    for (const crash of crashes) {
      found.restarts += crash.restarts;
      found.left += crash.left;
    }
  }
  return { kind, asked: each * parts * abreast, ...found, grownBytes: slope(bytes) * parts };
}
