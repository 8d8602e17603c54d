/*
 * How long a supervised thread takes until it is ready, beside a bare worker that says so itself.
 * Both run plain JavaScript, ours bundled as a host's bundler does it. Nothing is waited for, so the
 * CPU time of the process is what the time would be on a machine with nothing else to do; the
 * bound is on both.
 */
import { Worker } from 'node:worker_threads';
import { Supervisor, threadChild } from '@ringfence/isolation/supervisor';
import { difference, interleave, median } from '../benchmarks/statistics.ts';
import type { Interval } from '../benchmarks/statistics.ts';
import { bundleChild } from './bundled-child.ts';

const bare = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', () => parentPort.postMessage('pong'));
parentPort.postMessage('ready');
`;

/** In milliseconds. */
export interface Readiness {
  readonly oursMs: number;
  readonly bareMs: number;
  /** How much longer ours takes. */
  readonly more: Interval;
  /** How much more CPU time ours takes. */
  readonly moreCpu: Interval;
  /** The same between two bare workers. */
  readonly control: Interval;
}

export async function measureReadiness(rounds: number): Promise<Readiness> {
  await using ours = await bundleChild(new URL('./lag-control-child.ts', import.meta.url));
  const bareUrl = new URL(`data:text/javascript,${encodeURIComponent(bare)}`);
  const cpu = { ours: [] as number[], bare: [] as number[], control: [] as number[] };
  const contestants = {
    ours: () => measured(() => startOurs(ours.url), cpu.ours),
    bare: () => measured(() => startBare(bareUrl), cpu.bare),
    control: () => measured(() => startBare(bareUrl), cpu.control),
  };
  const warmUp = 3;
  await interleave(warmUp, contestants);
  const costs = await interleave(rounds, contestants);
  return {
    oursMs: median(costs.ours),
    bareMs: median(costs.bare),
    more: difference(costs.ours, costs.bare),
    moreCpu: difference(cpu.ours.slice(warmUp), cpu.bare.slice(warmUp)),
    control: difference(cpu.control.slice(warmUp), cpu.bare.slice(warmUp)),
  };
}

/** Time until what `start` starts is ready, which it ends again; the CPU time goes to `cpu`. */
async function measured(
  start: () => Promise<() => Promise<unknown>>,
  cpu: number[],
): Promise<number> {
  const before = process.cpuUsage();
  const beganMs = performance.now();
  const end = await start();
  const tookMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / 1_000);
  await end();
  return tookMs;
}

async function startOurs(url: URL): Promise<() => Promise<unknown>> {
  const supervisor = new Supervisor([{ name: 'adder', create: () => threadChild(url) }]);
  await supervisor.start();
  return () => supervisor.stop();
}

async function startBare(url: URL): Promise<() => Promise<unknown>> {
  const worker = new Worker(url);
  await new Promise((resolve) => worker.once('message', resolve));
  return () => worker.terminate();
}
