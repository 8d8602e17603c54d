/*
 * What validation costs: reading every frame of one whole call, beside parsing the same frames
 * alone. What is over the parse is the price of validation. The parse stands twice, as a control:
 * a difference below theirs is noise. Rounds are interleaved, so that a busy machine slows all.
 */
import { systemClock } from '@ringfence/base';
import { readAnswerBody, readClientFrame, readServerFrame } from '../src/index.ts';
import type { RequestName } from '../src/index.ts';
import { callFrames } from '../src/testing/sample-call-frames.ts';

const rounds = 60;
const repeats = 400;
const { client, server } = callFrames();
/** Which request each answer of the sample belongs to, by id. */
const names = new Map<string, RequestName>(
  client
    .map((text) => JSON.parse(text) as { id?: string; request?: RequestName })
    .filter(({ request }) => request !== undefined)
    .map(({ id, request }) => [id!, request!]),
);

function readServer(text: string): void {
  const frame = readServerFrame(text);
  if (frame.kind === 'answer') readAnswerBody(names.get(frame.id)!, frame.ok);
}

function measure(run: () => void): number {
  const start = systemClock.monotonic();
  for (let count = 0; count < repeats; count += 1) run();
  return ((systemClock.monotonic() - start) * 1_000) / repeats;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

function compare(title: string, frames: readonly string[], read: (text: string) => void): void {
  const parse = (): void => frames.forEach((text) => JSON.parse(text));
  const runs = [parse, () => frames.forEach(read), parse];
  const times: number[][] = runs.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    runs.forEach((run, index) => times[index]!.push(measure(run)));
  }
  const [parsed, checked, again] = times.slice(0, 3).map(median) as [number, number, number];
  const lines = [
    `${title}: ${frames.length} frames`,
    `  JSON.parse         ${parsed.toFixed(1)} us a call`,
    `  with validation    ${checked.toFixed(1)} us a call, ${(checked / parsed).toFixed(2)} x`,
    `  validation alone   ${(checked - parsed).toFixed(1)} us a call`,
    `  JSON.parse again   ${(again / parsed).toFixed(2)} x (control)`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

compare('server, reading what clients send', client, readClientFrame);
compare('clients, reading what the server sends', server, readServer);
