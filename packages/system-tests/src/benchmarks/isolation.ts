/*
 * `npm run bench -- isolation`: what it costs that each call runs in a tube with its breakers.
 *
 *   1. The sum: how often a call does what with its tube, times what each costs in a hot loop.
 *   2. End to end: whole calls between whole phones on a real server, with tubes and with bare ones,
 *      in turn. A second set of bare ones is the A/A control.
 *
 * The browser's part of a call is played by fake media, which costs next to nothing: in a browser the
 * shares are smaller.
 */
import { seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tubes } from '@ringfence/phone';
import type { NamedCommand } from '../named-commands.ts';
import { bareTube } from './bare-tube.ts';
import { ChildServer } from './child-server.ts';
import { LivePair } from './live-pair.ts';
import type { TalkTimes } from './recording.ts';
import { median, ratio, rounded, roundedInterval, shuffled } from './statistics.ts';
import type { Interval } from './statistics.ts';
import { countedTube, measureUses } from './tube-costs.ts';
import type { TubeUse } from './tube-costs.ts';

/** The most of a call's client CPU that the sum may be, in percent. */
const SUM_BOUND = 1;
/** The most that CPU with tubes may be, in CPU without. */
const RATIO_BOUND = 1.03;
const PAIRS = 4;
const WARM_ROUNDS = 100;

const talk: TalkTimes = {
  talkMs: 0,
  media: { captureMs: 0, candidatesAfterMs: [0, 0, 0, 0], connectMs: 0 },
};

const kinds = ['tubes', 'bare', 'control'] as const;
type Kind = (typeof kinds)[number];

const makers: Readonly<Record<Kind, Tubes>> = {
  tubes: new TubeRegistry(),
  bare: { create: bareTube },
  control: { create: bareTube },
};

/** Microseconds of CPU a call: of the thread that both phones share, and of the server. */
interface Costs {
  readonly client: Readonly<Record<Kind, number[]>>;
  readonly server: Readonly<Record<Kind, number[]>>;
}

const none = (): Record<Kind, number[]> => ({ tubes: [], bare: [], control: [] });

/** One call of each pair, all at once. */
async function makeCalls(pairs: readonly LivePair[]): Promise<void> {
  await Promise.all(pairs.map((pair) => pair.call()));
  for (const pair of pairs) pair.sent.length = pair.received.length = 0;
}

async function measureCalls(server: ChildServer, rounds: number): Promise<Costs> {
  const stage = Object.fromEntries(
    kinds.map((kind, index) => [
      kind,
      Array.from(
        { length: PAIRS },
        (_, pair) => new LivePair(server.url, index * PAIRS + pair, talk, makers[kind]),
      ),
    ]),
  ) as Record<Kind, LivePair[]>;
  const all = Object.values(stage).flat();
  await Promise.all(all.map((pair) => pair.open()));
  const costs: Costs = { client: none(), server: none() };
  const order = seededRandom(1);
  try {
    for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
      // Short turns, so that what the machine does meanwhile falls on all kinds.
      for (const kind of shuffled(kinds, order)) {
        const serverBefore = await server.ask();
        const before = process.threadCpuUsage();
        await makeCalls(stage[kind]);
        const { user, system } = process.threadCpuUsage(before);
        const serverAfter = await server.ask();
        // Compiled code first, then figures.
        if (round < 0) continue;
        costs.client[kind].push((user + system) / PAIRS);
        costs.server[kind].push((serverAfter.cpuMicros - serverBefore.cpuMicros) / PAIRS);
      }
    }
  } finally {
    await Promise.all(all.map((pair) => pair.close()));
  }
  return costs;
}

/** How often the call of one phone does what with its tube. */
async function countUses(server: ChildServer): Promise<ReadonlyMap<TubeUse, number>> {
  const counts = new Map<TubeUse, number>();
  const counting: Tubes = {
    create: (name, parts) => countedTube(makers.tubes.create(name, parts), counts),
  };
  const pair = new LivePair(server.url, 3 * PAIRS, talk, counting);
  try {
    await pair.open();
    await pair.call();
  } finally {
    await pair.close();
  }
  const tubes = counts.get('life')!;
  // The first is a part of the life.
  counts.set('execute', Math.max(0, counts.get('execute')! - tubes));
  return new Map([...counts].map(([use, count]) => [use, count / tubes]));
}

/** `npm run bench -- isolation`. */
export const isolation: NamedCommand = async ({ quick, print }) => {
  const server = await ChildServer.start('setup-server.ts');
  try {
    const counts = await countUses(server);
    const micros = await measureUses(quick ? 60 : 300);
    const { client, server: served } = await measureCalls(server, quick ? 300 : 3_000);

    // Of one phone: a call has two.
    const callMicros = median(client.bare) / 2;
    let sumMicros = 0;
    print('what a call does with its tube, and what that costs:');
    for (const [use, count] of counts) {
      const each = micros.get(use)!;
      sumMicros += each * count;
      print(`  ${use}: ${count} times ${each.toFixed(3)} µs`);
    }
    const sumPercent = (100 * sumMicros) / callMicros;
    const isSmall = sumPercent < SUM_BOUND;
    print(
      `${isSmall ? '  ' : '! '}together ${sumMicros.toFixed(1)} µs of ${callMicros.toFixed(0)} µs of ` +
        `CPU a phone and call: ${sumPercent.toFixed(2)} %, bound ${SUM_BOUND} %`,
    );

    let ok = isSmall;
    const compared = (what: string, costs: Readonly<Record<Kind, number[]>>) => {
      // Both sets without tubes are the same: together they are the better measure.
      const without = costs.bare.map((bare, round) => (bare + costs.control[round]!) / 2);
      const ours: Interval = ratio(costs.tubes, without);
      const control = ratio(costs.control, costs.bare);
      // A quick run cannot tell a hundredth from none: its interval is wider than the bound.
      const holds = (quick ? ours.estimate : ours.high) <= RATIO_BOUND;
      ok &&= holds;
      print(
        `${holds ? '  ' : '! '}${what}, with tubes to without: ${formatFinely(ours)}, bound ${RATIO_BOUND}x; ` +
          `without to without (A/A control): ${formatFinely(control)}`,
      );
      return {
        microsPerCall: rounded(median(costs.tubes), 0),
        ratio: roundedInterval(ours),
        control: roundedInterval(control),
      };
    };
    const clientFigures = compared('CPU of both phones a call', client);
    const serverFigures = compared('CPU of the server a call', served);
    return {
      ok,
      figures: {
        uses: Object.fromEntries(
          [...counts].map(([use, count]) => [use, { count, micros: rounded(micros.get(use)!) }]),
        ),
        sumMicros: rounded(sumMicros, 1),
        callMicros: rounded(callMicros, 0),
        sumPercent: rounded(sumPercent, 2),
        sumBoundPercent: SUM_BOUND,
        client: clientFigures,
        server: serverFigures,
        ratioBound: RATIO_BOUND,
      },
    };
  } finally {
    await server.close();
  }
};

function formatFinely({ estimate, low, high }: Interval): string {
  return `${estimate.toFixed(3)}x (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
