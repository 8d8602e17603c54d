/* `npm run bench -- breaker`: what a breaker costs, beside those of cockatiel and opossum. */
import { refused } from '@ringfence/isolation';
import type { CircuitBreaker } from '@ringfence/isolation';
import type { NamedCommand } from '../named-commands.ts';
import { heapOf } from './breaker-heap.ts';
import { bareWork, cockatiel, cockatielTimed, leanOpossum, ours, work } from './breaker-peers.ts';
import { formatRatio, interleave, median, ratio, rounded, roundedInterval } from './statistics.ts';
import type { Interval } from './statistics.ts';

/** The most of ours, in those of the peer. */
const SUCCESS_BOUND = 0.75;
const TIMED_BOUND = 0.1;
const TIMED_LEAN_BOUND = 0.6;
const REFUSED_BOUND = 0.25;
const CLOSED_BOUND = 0.5;
const OPEN_BOUND = 1.5;
/** Bytes. */
const FRESH_BOUND = 400;
const FAILED_BOUND = 1_000;
const TUBE_BOUND = 2_000;
const OPEN_BREAKERS = 100_000;

/** Calls in one round: about a millisecond, so that a timer's grain does not show. */
const CALLS = 1_000;
const CHECKS = 20_000;

/** Nanoseconds for one awaited call, over a round. */
function awaited(call: () => PromiseLike<unknown>, calls = CALLS): () => Promise<number> {
  return async () => {
    const startMs = performance.now();
    for (let done = 0; done < calls; done += 1) await call();
    return ((performance.now() - startMs) / calls) * 1e6;
  };
}

/** The same for a call that rejects. */
function awaitedRefusal(call: () => PromiseLike<unknown>): () => Promise<number> {
  return awaited(async () => {
    try {
      await call();
    } catch {
      return;
    }
    throw new Error('unable to measure a refusal; it was let through');
  });
}

/** Nanoseconds for one synchronous question, over a round. */
function asked(ask: () => number): () => number {
  let sum = 0;
  return () => {
    const startMs = performance.now();
    for (let done = 0; done < CHECKS; done += 1) sum += ask();
    const costNs = ((performance.now() - startMs) / CHECKS) * 1e6;
    if (Number.isNaN(sum)) throw new Error('unable to measure; an answer is no number');
    return costNs;
  };
}

function opened(): CircuitBreaker {
  const breaker = ours('timed');
  for (let failures = 0; failures < 5; failures += 1) breaker.failed(breaker.tryEnter(), 'timeout');
  if (breaker.state !== 'open') throw new Error('unable to measure; the breaker is not open');
  return breaker;
}

/** Timers that were set for 100,000 open breakers, also such as do not keep the process. */
function timersOfOpenBreakers(): number {
  const real = { setTimeout, setInterval, setImmediate };
  let set = 0;
  const counted = Object.entries(real).map(([name, timer]) => {
    const count = (...given: unknown[]): unknown => {
      set += 1;
      return Reflect.apply(timer, globalThis, given);
    };
    return [name, count];
  });
  try {
    Object.assign(globalThis, Object.fromEntries(counted));
    const held = Array.from({ length: OPEN_BREAKERS }, opened);
    if (held.some((breaker) => breaker.tryEnter() !== refused)) {
      throw new Error('unable to count; a breaker let something through');
    }
  } finally {
    Object.assign(globalThis, real);
  }
  return set;
}

async function measureCalls(rounds: number) {
  const { signal } = new AbortController();
  const options = { signal };
  const [plain, control, timed, open] = [ours('plain'), ours('plain'), ours('timed'), opened()];
  const [peer, peerTimed, lean] = [cockatiel(), cockatielTimed(), leanOpossum()];
  const peerQuiet = cockatielTimed(false);
  const openPeer = cockatiel();
  const fail = (): Promise<never> => Promise.reject(new Error('down'));
  for (let failures = 0; failures < 5; failures += 1) await openPeer.execute(fail).catch(() => {});
  const contestants = {
    bare: awaited(bareWork),
    ours: awaited(() => plain.execute(work, options)),
    control: awaited(() => control.execute(work, options)),
    cockatiel: awaited(() => peer.execute(work, signal)),
    timed: awaited(() => timed.execute(work, options)),
    // Each takes many times as long as the others.
    cockatielTimed: awaited(() => peerTimed.execute(work), CALLS / 5),
    cockatielQuiet: awaited(() => peerQuiet.execute(work), CALLS / 5),
    opossum: awaited(() => lean.fire()),
    refused: awaitedRefusal(() => open.execute(work, options)),
    cockatielRefused: awaitedRefusal(() => openPeer.execute(work, signal)),
  };
  await interleave(10, contestants);
  const costs = await interleave(rounds, contestants);
  lean.shutdown();
  return costs;
}

async function measureChecks(rounds: number) {
  const [closed, open] = [ours('timed'), opened()];
  const contestants = {
    closed: asked(() => closed.tryEnter()),
    open: asked(() => open.tryEnter()),
    now: asked(() => performance.now()),
    nowControl: asked(() => performance.now()),
  };
  await interleave(10, contestants);
  return interleave(rounds, contestants);
}

async function measureHeap(count: number) {
  const bytes: Record<string, number> = {};
  for (const kind of ['fresh', 'failed', 'opened', 'heard', 'tube', 'cockatiel']) {
    bytes[kind] = Math.round(await heapOf(kind, count));
  }
  bytes['opossum'] = Math.round(await heapOf('opossum', count / 10));
  return bytes;
}

export const breaker: NamedCommand = async ({ quick, print }) => {
  const calls = await measureCalls(quick ? 60 : 1_200);
  const checks = await measureChecks(quick ? 60 : 400);
  const bytes = await measureHeap(20_000);
  const timers = timersOfOpenBreakers();

  let ok = true;
  const figures: Record<string, unknown> = {};
  const bounded = (what: string, name: string, interval: Interval, bound: number): void => {
    const holds = interval.high <= bound;
    ok &&= holds;
    print(`${holds ? '  ' : '! '}${what}: ${formatRatio(interval)}, bound ${bound}x`);
    figures[name] = { ...roundedInterval(interval), bound };
  };
  const weighed = (what: string, kind: string, bound: number): void => {
    const holds = bytes[kind]! <= bound;
    ok &&= holds;
    print(`${holds ? '  ' : '! '}${what}: ${bytes[kind]} bytes, bound ${bound}`);
  };
  const ns = (costs: readonly number[]): string => `${median(costs).toFixed(0)} ns`;

  print(`a successful awaited call, its signal passed and read: ${ns(calls.ours)}`);
  print(`  a bare await ${ns(calls.bare)}, cockatiel ${ns(calls.cockatiel)}`);
  print(`  to itself (A/A control): ${formatRatio(ratio(calls.ours, calls.control))}`);
  print(`  to a bare await: ${formatRatio(ratio(calls.ours, calls.bare))}`);
  bounded('to cockatiel', 'success', ratio(calls.ours, calls.cockatiel), SUCCESS_BOUND);
  print(`the same with a time limit of 10 s: ${ns(calls.timed)}`);
  print(`  cockatiel ${ns(calls.cockatielTimed)}, opossum lean ${ns(calls.opossum)}`);
  bounded('to cockatiel', 'timed', ratio(calls.timed, calls.cockatielTimed), TIMED_BOUND);
  const toQuiet = ratio(calls.timed, calls.cockatielQuiet);
  print(`  to cockatiel that does not abort on return: ${formatRatio(toQuiet)}`);
  bounded('to opossum lean', 'timedLean', ratio(calls.timed, calls.opossum), TIMED_LEAN_BOUND);
  print(`a refused call, awaited and caught: ${ns(calls.refused)}`);
  const toRefused = ratio(calls.refused, calls.cockatielRefused);
  bounded(`to cockatiel, ${ns(calls.cockatielRefused)}`, 'refused', toRefused, REFUSED_BOUND);
  print(`the synchronous check: closed ${ns(checks.closed)}, open ${ns(checks.open)}`);
  print(`  performance.now() to itself: ${formatRatio(ratio(checks.now, checks.nowControl))}`);
  const now = `to performance.now(), ${ns(checks.now)}`;
  bounded(`closed ${now}`, 'closedCheck', ratio(checks.closed, checks.now), CLOSED_BOUND);
  bounded(`open ${now}`, 'openCheck', ratio(checks.open, checks.now), OPEN_BOUND);
  print('heap of one');
  weighed('breaker before its first failure', 'fresh', FRESH_BOUND);
  weighed('breaker after it', 'failed', FAILED_BOUND);
  weighed('breaker that opened and refused', 'opened', FAILED_BOUND);
  weighed('tube with three breakers', 'tube', TUBE_BOUND);
  print(`  breaker with four listeners: ${bytes['heard']} bytes`);
  print(`  cockatiel ${bytes['cockatiel']}, opossum lean ${bytes['opossum']}`);
  ok &&= timers === 0;
  print(`${OPEN_BREAKERS} open breakers set ${timers} timers`);
  return {
    ok,
    figures: {
      ...figures,
      timedQuiet: roundedInterval(toQuiet),
      control: roundedInterval(ratio(calls.ours, calls.control)),
      toBareAwait: roundedInterval(ratio(calls.ours, calls.bare)),
      nowControl: roundedInterval(ratio(checks.now, checks.nowControl)),
      nanoseconds: Object.fromEntries(
        Object.entries({ ...calls, ...checks }).map(([name, costs]) => [
          name,
          rounded(median(costs), 0),
        ]),
      ),
      heapBytes: bytes,
      heapBounds: { fresh: FRESH_BOUND, failed: FAILED_BOUND, tube: TUBE_BOUND },
      timersOfOpenBreakers: timers,
    },
  };
};
