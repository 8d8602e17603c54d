/*
 * `npm run bench -- status`: what it costs to ask how things are, and what a tube weighs; and how
 * long telephony takes to answer.
 *
 * The tubes are not idle: some failed, breakers are open, alerts stand. Between two questions one
 * tube changes, so that no answer can be kept.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TubeRegistry } from '@ringfence/isolation';
import type { NamedCommand } from '../named-commands.ts';
import { measureHealthRoundTrip } from './health-round-trip.ts';
import type { RoundTrip } from './health-round-trip.ts';
import { median, rounded } from './statistics.ts';
import { measureTelephony } from './telephony-times.ts';
import type { AnswerTime, TelephonyTimes } from './telephony-times.ts';

/** One question about all tubes; 99 of 100. */
const STATUS_BOUND_MS = 1;
/** A check of a child, there and back; half of them. */
const ROUND_TRIP_BOUND_MS = 5;
/** Of telephony; 99 of 100. As seed 000 has them. */
const TELEPHONY_BOUNDS_MS = {
  status: 50,
  statusRoute: 50,
  health: 100,
  placeCall: 200,
  start: 2_000,
};
/** A tube with three breakers, in its registry. */
const TUBE_BOUND_KB = 2;
const TUBES = 10_000;

const run = promisify(execFile);

interface StatusTime {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** What looking at each tube takes: what the registry spares. */
  readonly lookingAtAllMs: number;
}

async function measureStatus(questions: number): Promise<StatusTime> {
  await using registry = new TubeRegistry();
  for (let number = 0; number < TUBES; number += 1) {
    const tube = registry.create(`call ${number}`);
    for (const dependency of ['signaling', 'media', 'turn']) {
      const breaker = tube.breaker(dependency);
      if (number % 10 === 0) breaker.failed(breaker.tryEnter(), 'timeout');
      else breaker.succeeded(breaker.tryEnter());
    }
    if (number % 20 === 0) tube.breaker('turn').isolate();
  }
  const tubes = registry.list();
  const tookMs: number[] = [];
  for (let question = 0; question < questions; question += 1) {
    const tube = tubes[question % TUBES]!;
    if (question % 2 === 0) tube.breaker('media').isolate();
    else tube.fault('listener', new Error('broken'));
    const startMs = performance.now();
    const { alerts, healthy, unhealthy } = registry.status();
    tookMs.push(performance.now() - startMs);
    if (healthy + unhealthy !== TUBES || alerts.length === 0) throw new Error('a status is wrong');
  }
  const startMs = performance.now();
  const unhealthy = tubes.filter(({ isHealthy }) => !isHealthy).length;
  const lookingAtAllMs = performance.now() - startMs;
  if (unhealthy !== registry.status().unhealthy) throw new Error('the registry has miscounted');
  tookMs.sort((a, b) => a - b);
  return {
    medianMs: median(tookMs),
    p99Ms: tookMs[Math.ceil(questions * 0.99) - 1]!,
    lookingAtAllMs,
  };
}

interface HeapFigures {
  readonly withBreakers: number;
  readonly withIceServers: number;
}

async function measureHeap(): Promise<HeapFigures> {
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    '--conditions=@ringfence/source',
    join(import.meta.dirname, 'tube-heap-child.ts'),
    String(TUBES),
  ]);
  return JSON.parse(stdout) as HeapFigures;
}

function line(kind: string, { medianMs, p99Ms }: RoundTrip): string {
  return `health check of a ${kind} and back: ${medianMs.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

const telephonyNames: readonly (readonly [name: keyof TelephonyTimes, title: string])[] = [
  ['status', 'telephony.status()'],
  ['statusRoute', 'GET /api/webrtc/status'],
  ['health', 'telephony.health()'],
  ['placeCall', 'telephony.placeCall(), without what a provider takes'],
  ['start', 'telephony.start(), until its worker is ready'],
];

function telephonyLine(title: string, { medianMs, p99Ms }: AnswerTime, boundMs: number): string {
  return `${title}: ${medianMs.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms, bound ${boundMs} ms`;
}

export const status: NamedCommand = async ({ quick, print }) => {
  const time = await measureStatus(quick ? 2_000 : 10_000);
  const heap = await measureHeap();
  const trips = await measureHealthRoundTrip(quick ? 200 : 2_000);
  const telephony = await measureTelephony(quick ? 200 : 1_000);
  const heapKB = heap.withBreakers / 1_000;
  print(
    `status of ${TUBES} tubes: ${(time.medianMs * 1_000).toFixed(1)} µs, p99 ` +
      `${(time.p99Ms * 1_000).toFixed(1)} µs, bound ${STATUS_BOUND_MS} ms`,
  );
  print(`  looking at each of them instead: ${time.lookingAtAllMs.toFixed(1)} ms`);
  print(`${line('thread', trips.thread)}, bound ${ROUND_TRIP_BOUND_MS} ms`);
  print(`${line('process', trips.process)}, bound ${ROUND_TRIP_BOUND_MS} ms`);
  print(
    `heap of a tube with three breakers: ${heapKB.toFixed(2)} kB, bound ${TUBE_BOUND_KB} kB; ` +
      `with ICE servers ${(heap.withIceServers / 1_000).toFixed(2)} kB`,
  );
  for (const [name, title] of telephonyNames) {
    print(telephonyLine(title, telephony[name], TELEPHONY_BOUNDS_MS[name]));
  }
  return {
    ok:
      telephonyNames.every(([name]) => telephony[name].p99Ms <= TELEPHONY_BOUNDS_MS[name]) &&
      time.p99Ms <= STATUS_BOUND_MS &&
      trips.thread.medianMs <= ROUND_TRIP_BOUND_MS &&
      trips.process.medianMs <= ROUND_TRIP_BOUND_MS &&
      heapKB <= TUBE_BOUND_KB,
    figures: {
      tubes: TUBES,
      statusMedianMs: rounded(time.medianMs, 4),
      statusP99Ms: rounded(time.p99Ms, 4),
      statusBoundMs: STATUS_BOUND_MS,
      lookingAtAllMs: rounded(time.lookingAtAllMs, 1),
      threadRoundTripMs: rounded(trips.thread.medianMs, 2),
      processRoundTripMs: rounded(trips.process.medianMs, 2),
      roundTripBoundMs: ROUND_TRIP_BOUND_MS,
      heapKBPerTube: rounded(heapKB, 2),
      heapKBPerTubeWithIceServers: rounded(heap.withIceServers / 1_000, 2),
      heapBoundKB: TUBE_BOUND_KB,
      telephonyP99Ms: Object.fromEntries(
        telephonyNames.map(([name]) => [name, rounded(telephony[name].p99Ms)]),
      ),
      telephonyBoundsMs: TELEPHONY_BOUNDS_MS,
    },
  };
};
