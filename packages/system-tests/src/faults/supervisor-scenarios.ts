/*
 * One way for a child to fail, over all of its lives: the first and three restarts. Heartbeats and
 * restarts come faster than by default; the rules are the same.
 */
import { processChild, Service, threadChild } from '@ringfence/isolation/supervisor';
import type { CallableChild } from '@ringfence/isolation/supervisor';
import { LoopLag } from './loop-lag.ts';
import type { FailingChild, Way } from './supervisor-child.ts';

const restartDelayMs = 100;
const MiB = 2 ** 20;
/** The limit of a call: longer than any child lives, and than who waits for a command that failed. */
export const longMs = 120_000;
/** What waits in a child when it fails. */
const waitingCalls = 20;
/** With the one that makes it fail. */
export const callsALife = waitingCalls + 1;

export type Kind = 'thread' | 'process';

export interface Scenario {
  readonly kind: Kind;
  readonly way: Way | 'never ready';
  /** A crash is told by the system; the rest has to be found out. */
  readonly isCrash: boolean;
}

const crashes: readonly Way[] = ['throw', 'rejection', 'silent exit', 'process.exit', 'nonsense'];
const others = ['endless loop', 'never ready', 'heap limit', 'flood'] as const;

export const scenarios: readonly Scenario[] = (['thread', 'process'] as const).flatMap((kind) => [
  ...crashes.map((way) => ({ kind, way, isCrash: true })),
  ...others.map((way) => ({ kind, way, isCrash: false })),
  ...(kind === 'process' ? [{ kind, way: 'native memory growth' as const, isCrash: false }] : []),
]);

export interface ScenarioResult extends Scenario {
  readonly heartbeatMs: number;
  /** From each failure until the supervisor knew of it. */
  readonly detectedMs: readonly number[];
  readonly lives: number;
  readonly restarts: number;
  readonly isFatal: boolean;
  /** What the children were found to have. */
  readonly codes: readonly string[];
  readonly calls: number;
  /** Calls that were neither answered nor rejected. */
  readonly left: number;
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
}

const url = new URL('./supervisor-child.ts', import.meta.url);

function makeChild({ kind, way }: Scenario): CallableChild<FailingChild> {
  const heapLimitBytes = 64 * MiB;
  const common = { output: 'ignore', stopMs: 500, heapLimitBytes } as const;
  const isNever = way === 'never ready';
  return kind === 'thread'
    ? threadChild(url, { ...common, ...(isNever ? { data: 'never-ready' } : {}) })
    : processChild(url, {
        ...common,
        args: isNever ? ['never-ready'] : [],
        memoryLimitBytes: 300 * MiB,
        memoryCheckMs: 100,
      });
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Lets one child fail in its way until the supervisor gives up. */
export async function runScenario(
  scenario: Scenario,
  heartbeatMs: number,
): Promise<ScenarioResult> {
  /** By life: when it failed, by its own account, and when the supervisor knew. */
  const failedAtMs: number[] = [];
  const knownAtMs: number[] = [];
  const codes = new Set<string>();
  let calls = 0;
  let settled = 0;
  const create = (): CallableChild<FailingChild> => {
    failedAtMs.push(nowMs());
    return makeChild(scenario);
  };
  const service = new Service<FailingChild>(create, {
    heartbeatMs,
    heartbeatTimeoutMs: heartbeatMs / 2,
    restartDelayMs,
    startTimeoutMs: scenario.way === 'never ready' ? heartbeatMs : 30_000,
  });
  const track = (promise: Promise<unknown>): void => {
    calls += 1;
    const isOver = (): void => void (settled += 1);
    promise.then(isOver, isOver);
  };
  const failChild = async (): Promise<void> => {
    const life = failedAtMs.length - 1;
    for (let call = 0; call < waitingCalls; call += 1) {
      track(service.call('wait', undefined, { timeoutMs: longMs }));
    }
    const fail = service.call('fail', scenario.way as Way);
    track(fail);
    failedAtMs[life] = await fail;
  };
  const lag = new LoopLag();
  const isFatal = new Promise<void>((resolve) => {
    service.supervisor.on('fatal_error', () => resolve());
  });
  service.supervisor.on('child.failed', ({ error }) => {
    knownAtMs.push(nowMs());
    codes.add(error.code);
  });
  service.onStateChange(({ state }) => {
    if (state === 'ready') void failChild().catch(() => {});
  });
  await service.start().catch(() => {});
  await isFatal;
  await service.stop();
  lag.stop();
  const detectedMs = knownAtMs.map((atMs, life) => atMs - failedAtMs[life]!);
  return {
    ...scenario,
    heartbeatMs,
    detectedMs,
    lives: failedAtMs.length,
    restarts: service.status().restarts,
    isFatal: service.status().isFatal,
    codes: [...codes],
    calls,
    left: calls - settled,
    lagP99Ms: lag.p99Ms,
    lagMaxMs: lag.maxMs,
  };
}
