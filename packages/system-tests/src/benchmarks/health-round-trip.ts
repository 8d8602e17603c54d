/* How long a health check of a supervised child takes, there and back. */
import { processChild, Service, threadChild } from '@ringfence/isolation/supervisor';
import type { LagControl } from '../faults/lag-control-child.ts';
import { median } from './statistics.ts';

export interface RoundTrip {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Checks a thread and a process, `rounds` times each, one after another. */
export async function measureHealthRoundTrip(
  rounds: number,
): Promise<{ readonly thread: RoundTrip; readonly process: RoundTrip }> {
  return {
    thread: await measure(rounds, threadChild<LagControl>),
    process: await measure(rounds, processChild<LagControl>),
  };
}

async function measure(rounds: number, make: typeof threadChild<LagControl>): Promise<RoundTrip> {
  // Any module that serves will do.
  const url = new URL('../faults/lag-control-child.ts', import.meta.url);
  await using service = new Service(() => make(url), { startTimeoutMs: 60_000 });
  await service.start();
  for (let round = 0; round < 20; round += 1) await service.check();
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { isHealthy, roundTripMs } = await service.check();
    if (!isHealthy) throw new Error('the child is not well');
    tookMs.push(roundTripMs);
  }
  tookMs.sort((a, b) => a - b);
  return { medianMs: median(tookMs), p99Ms: tookMs[Math.ceil(rounds * 0.99) - 1]! };
}
