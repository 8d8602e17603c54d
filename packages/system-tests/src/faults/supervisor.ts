/* `npm run fault -- supervisor`: every way a child can fail, and what the host notices of it. */
import { processChild } from '@ringfence/isolation/supervisor';
import { median, rounded, roundedInterval } from '../benchmarks/statistics.ts';
import type { Interval } from '../benchmarks/statistics.ts';
import type { NamedCommand } from '../named-commands.ts';
import type { LagControl } from './lag-control-child.ts';
import { LoopLag } from './loop-lag.ts';
import { measureGrowth } from './supervisor-growth.ts';
import { measureReadiness } from './supervisor-ready.ts';
import { callsALife, runScenario, scenarios } from './supervisor-scenarios.ts';
import type { ScenarioResult } from './supervisor-scenarios.ts';

const RESTARTS = 3;
/** From a crash until it is known, each one. */
const CRASH_BOUND_MS = 50;
/** From any failure until it is known; each one. */
const DETECTION_BOUND_BEATS = 2;
/**
 * Of the host's event loop, over everything. In the seconds that one way to fail takes, over what a
 * process that does nothing has meanwhile: its own lag then is the machine's.
 */
const LAG_BOUND_MS = 50;
const GROWTH_BOUND_MB = 20;
const READY_BOUND_MS = 60;

/** With the lag of a process that does nothing meanwhile. */
type Result = ScenarioResult & {
  readonly idle: { readonly p99Ms: number; readonly maxMs: number };
};

function holds(result: Result): boolean {
  const detectionBoundMs = DETECTION_BOUND_BEATS * result.heartbeatMs;
  const boundMs = result.isCrash ? CRASH_BOUND_MS : detectionBoundMs;
  // One that never gets ready is never called.
  const calledLives = result.way === 'never ready' ? 0 : RESTARTS + 1;
  return (
    result.calls === calledLives * callsALife &&
    result.lagP99Ms - result.idle.p99Ms <= LAG_BOUND_MS &&
    result.lives === RESTARTS + 1 &&
    result.restarts === RESTARTS &&
    result.isFatal &&
    result.left === 0 &&
    result.detectedMs.length === RESTARTS + 1 &&
    Math.max(...result.detectedMs) <= Math.min(boundMs, detectionBoundMs)
  );
}

function line(result: Result): string {
  const { kind, way, detectedMs, restarts, codes, calls, left, lagP99Ms } = result;
  const detected = `${median(detectedMs).toFixed(0)} ms, at most ${Math.max(...detectedMs).toFixed(0)}`;
  return [
    `${holds(result) ? '  ' : '! '}${`${kind}: ${way}`.padEnd(30)}`,
    `${codes.join()} after ${detected}`.padEnd(48),
    `${restarts} restarts, then ${result.isFatal ? 'fatal_error' : 'nothing'}`,
    `${left} of ${calls} calls left`,
    `lag p99 ${lagP99Ms.toFixed(0)} ms, idle ${result.idle.p99Ms.toFixed(0)}`,
  ].join('  ');
}

function formatDifference({ estimate, low, high }: Interval): string {
  return `${estimate.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

export const supervisor: NamedCommand = async ({ quick, print }) => {
  const heartbeatMs = quick ? 600 : 1_000;
  const detectionBoundMs = DETECTION_BOUND_BEATS * heartbeatMs;
  const readiness = await measureReadiness(quick ? 10 : 60);
  const { more, moreCpu, control: sameCpu } = readiness;
  const isReadyOk = Math.max(more.high, moreCpu.high) <= READY_BOUND_MS;
  print(
    `ready in ${readiness.oursMs.toFixed(1)} ms, a bare worker in ${readiness.bareMs.toFixed(1)}`,
  );
  print(`  ${formatDifference(more)} ms more, in CPU time ${formatDifference(moreCpu)}`);
  print(`  a bare worker to itself (A/A control), in CPU time ${formatDifference(sameCpu)}`);
  print(`  bound ${READY_BOUND_MS} ms, on the clock and of CPU time`);

  await using control = processChild<LagControl>(
    new URL('./lag-control-child.ts', import.meta.url),
  );
  await control.start();
  const lag = new LoopLag();
  print(
    `a heartbeat each ${heartbeatMs} ms; known within ${detectionBoundMs} ms, a crash within ${CRASH_BOUND_MS}`,
  );
  const results: Result[] = [];
  for (const scenario of scenarios) {
    await control.call('recentLag');
    const found = await runScenario(scenario, heartbeatMs);
    const result = { ...found, idle: await control.call('recentLag') };
    results.push(result);
    print(line(result));
  }
  const idleP99Ms = await control.call('lag');
  lag.stop();
  const isLagOk = lag.p99Ms <= LAG_BOUND_MS;
  print(
    `lag of the host's event loop: p99 ${lag.p99Ms.toFixed(1)} ms, bound ${LAG_BOUND_MS}; of a process ` +
      `that does nothing: ${idleP99Ms.toFixed(1)} ms`,
  );

  const parts = quick ? 5 : 10;
  const growth = [
    await measureGrowth('thread', quick ? 60 : 1_000, parts),
    await measureGrowth('process', quick ? 20 : 1_000, parts),
  ];
  const isGrowthOk = growth.every(
    ({ grownBytes, restarts: count, asked, left }) =>
      grownBytes <= GROWTH_BOUND_MB * 1e6 && count === asked && left === 0,
  );
  for (const { kind, restarts: count, asked, left, grownBytes } of growth) {
    print(
      `${count} of ${asked} restarts of a ${kind}: the host grew by ` +
        `${(grownBytes / 1e6).toFixed(1)} MB, bound ${GROWTH_BOUND_MB}; ${left} calls left`,
    );
  }

  return {
    ok: isReadyOk && isLagOk && isGrowthOk && results.every(holds),
    figures: {
      readyMs: rounded(readiness.oursMs, 1),
      readyMoreMs: roundedInterval(more),
      readyMoreCpuMs: roundedInterval(moreCpu),
      readyControlCpuMs: roundedInterval(sameCpu),
      readyBoundMs: READY_BOUND_MS,
      scenarios: results.map((result) => ({
        kind: result.kind,
        way: result.way,
        ok: holds(result),
        codes: result.codes,
        detectedMs: result.detectedMs.map((ms) => rounded(ms, 1)),
        restarts: result.restarts,
        callsLeft: result.left,
        lagP99Ms: rounded(result.lagP99Ms, 1),
        idleLagP99Ms: rounded(result.idle.p99Ms, 1),
        idleLagMaxMs: rounded(result.idle.maxMs, 1),
      })),
      crashBoundMs: CRASH_BOUND_MS,
      heartbeatMs,
      detectionBoundMs,
      callsLeft: results.reduce((sum, { left }) => sum + left, 0),
      lagP99Ms: rounded(lag.p99Ms, 1),
      lagMaxMs: rounded(lag.maxMs, 1),
      idleLagP99Ms: rounded(idleP99Ms, 1),
      lagBoundMs: LAG_BOUND_MS,
      growth: growth.map(({ kind, restarts: count, left, grownBytes }) => ({
        kind,
        restarts: count,
        callsLeft: left,
        grownMB: rounded(grownBytes / 1e6, 1),
      })),
      growthBoundMB: GROWTH_BOUND_MB,
    },
  };
};
