import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { randomCalls } from '@ringfence/call-rules/testing';
import { seededRandom } from '@ringfence/base/testing';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { notices, requests } from './client-messages.ts';
import type { RequestName } from './client-messages.ts';
import {
  readAnswerBody,
  readClientFrame,
  readServerFrame,
  writeAnswer,
  writeEvent,
} from './codec.ts';
import type { Schema } from './schema.ts';
import { events } from './server-messages.ts';
import { sampleFrames } from './testing/index.ts';

/* fast-check prints the seed and the smallest input of a run that fails. */
vi.setConfig({ testTimeout: 60_000 });

const runs = { numRuns: 4_000 };
const frames = sampleFrames();
const names = [
  ...Object.keys({ ...requests, ...notices, ...events }),
  ...Object.getOwnPropertyNames(Object.prototype),
];

/** Fails unless the body of what was read is one that its schema lets pass, as it came. */
function holdClientFrame(text: string): void {
  const frame = readClientFrame(text);
  if (frame.kind === 'unreadable') return;
  if (frame.kind === 'refused') {
    expect(frame.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(['invalid_request', 'unknown_request']).toContain(frame.error.code);
    return;
  }
  const schemas: Readonly<Record<string, Schema>> = frame.kind === 'request' ? requests : notices;
  expect(Object.keys(schemas)).toContain(frame.name);
  expect(schemas[frame.name]!.fault(frame.body)).toBe(undefined);
}

function holdServerFrame(text: string): void {
  const frame = readServerFrame(text);
  if (frame.kind !== 'event') return;
  expect(events[frame.name].fault(frame.body)).toBe(undefined);
}

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      holdClientFrame(text);
      holdServerFrame(text);
    }),
    runs,
  );
});

test('no JSON in the form of a frame makes a reader throw', () => {
  const name = fc.oneof(fc.constantFrom(...names), fc.string());
  const body = fc.jsonValue();
  const frame = fc.oneof(
    fc.record({ id: fc.oneof(fc.constant('c1'), body), request: name, body }, { requiredKeys: [] }),
    fc.record({ notice: name, body }, { requiredKeys: [] }),
    fc.record({ event: name, body }, { requiredKeys: [] }),
    fc.record({ id: fc.constant('c1'), ok: body, error: body }, { requiredKeys: ['id'] }),
  );
  fc.assert(
    fc.property(frame, (value) => {
      const text = JSON.stringify(value);
      holdClientFrame(text);
      holdServerFrame(text);
      for (const each of Object.keys(requests) as RequestName[]) {
        readAnswerBody(each, 'body' in value ? value.body : undefined);
      }
    }),
    runs,
  );
});

/** Puts a value in a random place of a JSON tree, or takes a field away, or adds one. */
function mutate(value: unknown, place: number, change: unknown, name: string): unknown {
  let count = 0;
  const walk = (node: unknown): unknown => {
    count += 1;
    if (count === place) return change;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).flatMap(([key, item]) => {
      count += 1;
      if (count === place) return [];
      return [[key, walk(item)] as const];
    });
    count += 1;
    if (count === place) entries.push([name, change]);
    return Object.fromEntries(entries);
  };
  return walk(value);
}

test('a true frame that is changed in one place never passes unchecked', () => {
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>('', 'x'.repeat(70_000), -1, 1.5, 2 ** 53, [], {}, null, true),
  );
  const any = fc.nat({ max: 80 });
  const name = fc.oneof(fc.constantFrom(...names), fc.string());
  fc.assert(
    fc.property(
      fc.constantFrom(...frames.client, ...frames.server),
      any,
      strange,
      name,
      (text, place, change, added) => {
        const changed = JSON.stringify(mutate(JSON.parse(text), place + 1, change, added)) ?? '';
        holdClientFrame(changed);
        holdServerFrame(changed);
      },
    ),
    runs,
  );
});

test('a true frame that loses, gains or swaps a character never passes unchecked', () => {
  const all = [...frames.client, ...frames.server];
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.nat(),
      fc.nat({ max: 3 }),
      fc.string({ maxLength: 3 }),
      (text, at, cut, added) => {
        const place = at % text.length;
        const changed = text.slice(0, place) + added + text.slice(place + cut);
        holdClientFrame(changed);
        holdServerFrame(changed);
      },
    ),
    runs,
  );
});

function holdHistory(callId: string, facts: CallFacts, history: CallEvent[], seed: string): void {
  const event = readServerFrame(writeEvent('call.events', { callId, events: history }));
  expect(event, seed).toEqual({
    kind: 'event',
    name: 'call.events',
    body: { callId, events: history },
  });
  const snapshot = { callId, snapshot: facts };
  const answer = JSON.parse(writeAnswer('c1', 'call.sync', snapshot)) as { ok: unknown };
  expect(readAnswerBody('call.sync', answer.ok), seed).toEqual(snapshot);
}

test('what the rules decide fits the wire, whatever happens to calls', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { callId, facts, events: history } of randomCalls(seededRandom(seed)).calls) {
      if (facts !== null) holdHistory(callId, facts, [...history], `seed ${seed}`);
    }
  }
});
