/*
 * What our call machine costs beside the same machine written by hand in XState, for one whole
 * call, and what a call that is held in `active` keeps of the heap.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NamedCommand } from '../named-commands.ts';
import { talkedCall } from './call-history.ts';
import type { TalkedCall } from './call-history.ts';
import { runCall, runEmptyCall, runPeerCall } from './machine-calls.ts';
import { formatRatio, interleave, median, ratio, rounded, roundedInterval } from './statistics.ts';

/** The most a whole call may cost, in calls of the peer. */
const RATIO_BOUND = 1.3;
/** The most heap one call may keep in `active`, in kB, its fake ports and its facts included. */
const HEAP_BOUND_KB = 8;
/** Calls in one round: some milliseconds, so that a timer's grain does not show. */
const CALLS_A_ROUND = 200;

const run = promisify(execFile);

/** Microseconds for one call, over a round. */
function timed(calls: readonly TalkedCall[], runOne: (call: TalkedCall) => void): () => number {
  return () => {
    const startMs = performance.now();
    for (const call of calls) runOne(call);
    return ((performance.now() - startMs) / calls.length) * 1_000;
  };
}

interface HeapFigures {
  readonly bytesPerCall: number;
}

/** Bytes of heap for each of `count` calls in `active`, in a process of its own. */
async function heapPerCall(count: number): Promise<number> {
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    '--conditions=@ringfence/source',
    join(import.meta.dirname, 'machine-heap-child.ts'),
    String(count),
  ]);
  return (JSON.parse(stdout) as HeapFigures).bytesPerCall;
}

/** `npm run bench -- machine`. */
export const machine: NamedCommand = async ({ quick, print }) => {
  const calls = Array.from({ length: CALLS_A_ROUND }, (_, number) => talkedCall(number));
  const contestants = {
    ours: timed(calls, runCall),
    control: timed(calls, runCall),
    peer: timed(calls, runPeerCall),
    empty: timed(calls, runEmptyCall),
  };
  await interleave(30, contestants);
  const costs = await interleave(quick ? 60 : 300, contestants);
  const toPeer = ratio(costs.ours, costs.peer);
  const toEmpty = ratio(costs.ours, costs.empty);
  const control = ratio(costs.ours, costs.control);
  const callCount = 10_000;
  const heapKB = (await heapPerCall(callCount)) / 1_000;
  const ok = toPeer.high <= RATIO_BOUND && heapKB <= HEAP_BOUND_KB;
  print(`one call, dial to ended: ${median(costs.ours).toFixed(1)} µs`);
  print(`  to the peer written in XState: ${formatRatio(toPeer)}, bound ${RATIO_BOUND}x`);
  print(`  to an empty machine: ${formatRatio(toEmpty)}`);
  print(`  to itself (A/A control): ${formatRatio(control)}`);
  print(
    `heap of a call held in active, of ${callCount}: ${heapKB.toFixed(2)} kB, bound ${HEAP_BOUND_KB} kB`,
  );
  return {
    ok,
    figures: {
      microsecondsPerCall: rounded(median(costs.ours), 1),
      ratioToPeer: roundedInterval(toPeer),
      ratioBound: RATIO_BOUND,
      ratioToEmpty: roundedInterval(toEmpty),
      control: roundedInterval(control),
      heapKBPerCall: rounded(heapKB, 2),
      heapBoundKB: HEAP_BOUND_KB,
    },
  };
};
