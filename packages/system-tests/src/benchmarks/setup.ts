/*
 * What our server costs a call beside a relay of the same frames. Both run in processes of their
 * own and tell their CPU time over IPC; the phones and their media run in this one. Every frame a
 * phone sends goes to our server and, at the same moment, to two relays: so all three are measured
 * under the same load, and the relays control each other.
 */
import { delay, systemClock } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { readClientFrame } from '@ringfence/protocol';
import type { NamedCommand } from '../named-commands.ts';
import { ChildServer } from './child-server.ts';
import { LivePair } from './live-pair.ts';
import { countCommands, recordCall, relayScript } from './recording.ts';
import type { Recording, TalkTimes } from './recording.ts';
import { Mirror } from './mirror.ts';
import { ProfileFolder, validationPercent } from './validation-share.ts';
import { formatRatio, median, ratio, rounded, roundedInterval, shuffled } from './statistics.ts';
import type { Interval } from './statistics.ts';

/** The most our server may cost, in costs of the relay. */
const RATIO_BOUND = 1.8;
/** The most of the server's CPU time that validation may take, in percent. */
const VALIDATION_BOUND = 8;
const PAIRS = 32;

const talk: TalkTimes = {
  talkMs: 15,
  media: { captureMs: 0, candidatesAfterMs: [0, 0, 4, 8], connectMs: 3 },
};

/** Makes `count` calls, `width` at a time, each pair one call at a time. */
async function makeCalls(pairs: readonly LivePair[], count: number, width: number): Promise<void> {
  let left = count;
  await Promise.all(
    pairs.slice(0, width).map(async (pair) => {
      while (left > 0) {
        left -= 1;
        await pair.call();
      }
    }),
  );
}

interface Stage {
  readonly server: ChildServer;
  readonly relays: readonly [ChildServer, ChildServer];
  readonly live: readonly LivePair[];
  readonly mirrors: readonly (readonly Mirror[])[];
}

interface WidthFigures {
  readonly width: number;
  /** How many were made. */
  readonly calls: number;
  readonly serverMicros: number;
  readonly relayMicros: number;
  readonly ratio: Interval;
  readonly control: Interval;
  readonly tripsPerCommand: number;
}

/** Measures our server and both relays with `width` calls at a time. */
async function compare(
  { server, relays, live }: Stage,
  options: { readonly width: number; readonly calls: number; readonly rounds: number },
): Promise<WidthFigures> {
  const { width, calls, rounds } = options;
  const processes = [server, ...relays];
  const costs: number[][] = processes.map(() => []);
  let trips = 0;
  let commands = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const pair of live) pair.sent.length = pair.received.length = 0;
    const before = await Promise.all(processes.map((each) => each.ask()));
    await makeCalls(live, calls, width);
    const after = await Promise.all(processes.map((each) => each.ask()));
    for (const [index, usage] of after.entries()) {
      costs[index]!.push((usage.cpuMicros - before[index]!.cpuMicros) / calls);
    }
    trips += after[0]!.trips - before[0]!.trips;
    for (const pair of live) commands += countCommands(pair.sent);
  }
  const [ours, theirs, control] = costs as [number[], number[], number[]];
  return {
    width,
    calls: calls * rounds,
    serverMicros: median(ours),
    relayMicros: median(theirs),
    ratio: ratio(ours, theirs),
    control: ratio(theirs, control),
    tripsPerCommand: trips / commands,
  };
}

/** Microseconds that validating the frames of one call takes, parsing left out, in a hot loop. */
function validationMicros({ steps }: Recording): number {
  const texts = steps.map(({ text }) => text);
  const timed = (read: (text: string) => unknown): number => {
    const startMs = performance.now();
    for (let call = 0; call < 50; call += 1) for (const text of texts) read(text);
    return ((performance.now() - startMs) * 1_000) / 50;
  };
  const parse = (text: string): unknown => JSON.parse(text);
  const differences: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    differences.push(timed(readClientFrame) - timed(parse));
  }
  return median(differences.slice(30));
}

/** The share of our server's CPU time that validation takes, in percent, from a profile of it. */
async function profileValidation(calls: number): Promise<number> {
  const folder = await ProfileFolder.create();
  const server = await ChildServer.start('setup-server.ts', folder.execArgv);
  const pairs = Array.from({ length: PAIRS }, (_, pair) => new LivePair(server.url, pair, talk));
  await Promise.all(pairs.map((pair) => pair.open()));
  await makeCalls(pairs, calls, PAIRS);
  await Promise.all(pairs.map((pair) => pair.close()));
  await server.close();
  return validationPercent(await folder.take());
}

interface Traffic {
  readonly frames: number;
  readonly bytes: number;
}

const traffic = (texts: readonly string[]): Traffic => ({
  frames: texts.length,
  bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
});

async function open(recording: Recording): Promise<Stage> {
  const server = await ChildServer.start('setup-server.ts');
  const relays = [
    await ChildServer.start('relay.ts'),
    await ChildServer.start('relay.ts'),
  ] as const;
  const script = relayScript(recording);
  await Promise.all(relays.map((relay) => relay.ask({ script })));
  const numbers = Array.from({ length: PAIRS }, (_, pair) => pair);
  const live = numbers.map((pair) => new LivePair(server.url, pair, talk));
  const mirrors = numbers.map((pair) => relays.map((relay) => new Mirror(relay.url, pair)));
  await Promise.all([...live, ...mirrors.flat()].map((each) => each.open()));
  const order = seededRandom(1);
  for (const [index, pair] of live.entries()) {
    const ways = mirrors[index]!;
    // Who is served first warms the machine for the others, so the order is drawn for each frame.
    pair.onSend = (side, text, send) => {
      const says = [send, ...ways.map((mirror) => () => mirror.say(side, text))];
      for (const say of shuffled(says, order)) say();
    };
  }
  return { server, relays, live, mirrors };
}

/** `npm run bench -- setup`. */
export const setup: NamedCommand = async ({ quick, print }) => {
  const recording = await recordCall(talk);
  const inbound = traffic(recording.steps.map(({ text }) => text));
  const outbound = traffic(recording.steps.flatMap(({ sentOn }) => sentOn.map(({ text }) => text)));
  print(
    `one recorded call: ${inbound.frames} frames in (${inbound.bytes} bytes), ` +
      `${outbound.frames} out (${outbound.bytes} bytes), ${recording.commands} commands`,
  );
  const stage = await open(recording);
  try {
    // Compiled code first, then figures.
    await makeCalls(stage.live, quick ? 400 : 1_000, PAIRS);
    const one = await compare(stage, { width: 1, calls: 25, rounds: quick ? 7 : 40 });
    const pair = stage.live[0]!;
    const [mirror] = stage.mirrors[0]!;
    pair.sent.length = pair.received.length = 0;
    mirror!.received = mirror!.characters = 0;
    await pair.call();
    await delay(systemClock, 50);
    const liveIn = traffic(pair.sent);
    const liveOut = traffic(pair.received);
    print(
      `one real call: ${liveIn.frames} frames in (${liveIn.bytes} bytes), ` +
        `${liveOut.frames} out (${liveOut.bytes} bytes), of the relay ` +
        `${mirror!.received} out (${mirror!.characters} bytes)`,
    );
    const many = await compare(stage, { width: PAIRS, calls: 100, rounds: quick ? 20 : 80 });
    for (const figures of [one, many]) describe(figures, print);
    const alone = validationMicros(recording);
    const share = await profileValidation(quick ? 600 : 4_000);
    print(
      `validation: ${share.toFixed(1)} % of the server's CPU time, bound ${VALIDATION_BOUND} %; ` +
        `${alone.toFixed(1)} µs a call when nothing else runs`,
    );
    const tripsPerCommand = Math.max(one.tripsPerCommand, many.tripsPerCommand);
    return {
      ok:
        one.ratio.high <= RATIO_BOUND &&
        many.ratio.high <= RATIO_BOUND &&
        share <= VALIDATION_BOUND &&
        tripsPerCommand === 1,
      figures: {
        oneAtATime: summary(one),
        [`${PAIRS}AtATime`]: summary(many),
        ratioBound: RATIO_BOUND,
        validationMicrosAlone: rounded(alone, 1),
        validationPercent: rounded(share, 1),
        validationBoundPercent: VALIDATION_BOUND,
        storeTripsPerCommand: rounded(tripsPerCommand, 3),
      },
    };
  } finally {
    for (const mirror of stage.mirrors.flat()) mirror.close();
    await Promise.all(stage.live.map((pair) => pair.close()));
    await Promise.all([stage.server, ...stage.relays].map((child) => child.close()));
  }
};

function describe(figures: WidthFigures, print: (line: string) => void): void {
  const { width, calls, serverMicros, relayMicros, tripsPerCommand } = figures;
  print(`${calls} calls, ${width === 1 ? 'one' : width} at a time:`);
  print(
    `  server ${serverMicros.toFixed(0)} µs of CPU a call, relay ${relayMicros.toFixed(0)} µs: ` +
      `${formatRatio(figures.ratio)}, bound ${RATIO_BOUND}x`,
  );
  print(`  relay to a second relay (A/A control): ${formatRatio(figures.control)}`);
  print(`  store round trips a command: ${tripsPerCommand.toFixed(3)}`);
}

function summary({
  calls,
  serverMicros,
  relayMicros,
  ratio: toRelay,
  control,
}: WidthFigures): object {
  return {
    calls,
    serverMicrosPerCall: rounded(serverMicros, 0),
    relayMicrosPerCall: rounded(relayMicros, 0),
    ratio: roundedInterval(toRelay),
    control: roundedInterval(control),
  };
}
