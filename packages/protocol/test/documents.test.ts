import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { callEvent, callFacts } from '../src/call-messages.ts';
import { notices, requests } from '../src/client-messages.ts';
import type { RequestName } from '../src/client-messages.ts';
import {
  asyncApiDocument,
  closeCodes,
  JsonSchemas,
  openApiDocument,
} from '../src/documents/index.ts';
import type { JsonSchema } from '../src/documents/index.ts';
import { CLOSE } from '../src/index.ts';
import type { Schema } from '../src/index.ts';
import { answerFrame, answerOf, eventFrame, events } from '../src/server-messages.ts';
import { sampleFrames } from '../src/testing/index.ts';
import { asyncApiText, protocolText } from './document-texts.ts';

vi.setConfig({ testTimeout: 60_000 });

const docs = new URL('../../../docs/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

describe('the committed documents say what the code says (write them with `pnpm run documents`)', () => {
  test('docs/asyncapi.json', () => {
    expect(read('asyncapi.json')).toBe(asyncApiText());
  });

  test('the tables of docs/PROTOCOL.md', () => {
    const text = read('PROTOCOL.md');
    expect(text).toBe(protocolText(text));
  });

  test('the clauses of docs/PROTOCOL.md: each id once, and none cited that is not there', () => {
    const text = read('PROTOCOL.md');
    const defined = [...text.matchAll(/(?:^- |^\| )\*\*(P-\d{3})\*\*/gm)].map(([, id]) => id!);
    expect(new Set(defined).size).toBe(defined.length);
    const cited = new Set([...text.matchAll(/P-\d{3}/g)].map(([id]) => id));
    expect([...cited].filter((id) => !defined.includes(id))).toEqual([]);
  });
});

test('the AsyncAPI document holds together: every reference leads somewhere', () => {
  const document = asyncApiDocument();
  const broken: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const ref = (node as { $ref?: unknown }).$ref;
    if (typeof ref === 'string') {
      const target = ref
        .slice(2)
        .split('/')
        .reduce<unknown>(
          (at, step) => (at as Record<string, unknown> | undefined)?.[step],
          document,
        );
      if (target === undefined) broken.push(ref);
    }
    Object.values(node).forEach(walk);
  };
  walk(document);
  expect(broken).toEqual([]);
});

test('the AsyncAPI document names every message, with its direction', () => {
  const { operations } = asyncApiDocument() as { operations: Record<string, object> };
  const actions = Object.values(operations).map((each) => (each as { action: string }).action);
  const receives = Object.keys({ ...requests, ...notices }).length;
  expect(actions.filter((action) => action === 'receive')).toHaveLength(receives);
  expect(actions.filter((action) => action === 'send')).toHaveLength(Object.keys(events).length);
  expect(operations['receiveCallHangUp']).toEqual({
    action: 'receive',
    channel: { $ref: '#/channels/socket' },
    messages: [{ $ref: '#/channels/socket/messages/callHangUpRequest' }],
    reply: {
      channel: { $ref: '#/channels/socket' },
      messages: [
        { $ref: '#/channels/socket/messages/callHangUpAnswer' },
        { $ref: '#/channels/socket/messages/error' },
      ],
    },
  });
});

test('every close code is listed, in order and once', () => {
  expect(closeCodes().map(({ code }) => code)).toEqual(
    [...Object.values(CLOSE)].sort((a, b) => a - b),
  );
});

test('an OpenAPI document from routes and their schemas', () => {
  const live: JsonSchema = { type: 'object', properties: { ok: { const: true } } };
  const document = openApiDocument({
    title: 'Server',
    version: '1.0.0',
    description: 'HTTP',
    routes: [
      {
        method: 'get',
        path: '/livez',
        operationId: 'livez',
        summary: 'Is the process alive?',
        answers: { 200: { description: 'It is.', body: live } },
      },
      {
        method: 'post',
        path: '/v1/dev/token',
        operationId: 'devToken',
        summary: 'Mints a token.',
        body: { type: 'object' },
        answers: { 200: { description: 'The token.' }, 403: { description: 'Not from here.' } },
      },
    ],
  });
  const json = { 'application/json': { schema: live } };
  expect(document).toEqual({
    openapi: '3.1.0',
    info: {
      title: 'Server',
      version: '1.0.0',
      description: 'HTTP',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: {
      '/livez': {
        get: {
          operationId: 'livez',
          summary: 'Is the process alive?',
          responses: { 200: { description: 'It is.', content: json } },
        },
      },
      '/v1/dev/token': {
        post: {
          operationId: 'devToken',
          summary: 'Mints a token.',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { type: 'object' } } },
          },
          responses: {
            200: { description: 'The token.' },
            403: { description: 'Not from here.' },
          },
        },
      },
    },
  });
});

describe('the JSON Schemas let pass what the code lets pass, and nothing else', () => {
  const ajv = new Ajv2020({ strict: false });
  const frames = sampleFrames();
  const bodies = [...frames.client, ...frames.server].map((text) => {
    const frame = JSON.parse(text) as Record<string, unknown>;
    return frame['body'] ?? frame['ok'];
  });
  const inner = bodies.flatMap((body) => {
    const { events: list = [], snapshot, body: signal } = body as Record<string, unknown>;
    return [...(list as unknown[]), ...(snapshot === undefined ? [] : [snapshot]), signal ?? null];
  });
  const samples = [...bodies, ...inner];

  const requestNames = Object.keys(requests) as RequestName[];
  const schemas: [string, Schema][] = [
    ...Object.entries(requests).map(([name, schema]) => [`request ${name}`, schema] as const),
    ...Object.entries(notices).map(([name, schema]) => [`notice ${name}`, schema] as const),
    ...requestNames.map((name) => [`answer ${name}`, answerOf(name)] as const),
    ...Object.entries(events).map(([name, schema]) => [`event ${name}`, schema] as const),
    ['callEvent', callEvent],
    ['callFacts', callFacts],
    ['answer frame', answerFrame],
    ['event frame', eventFrame],
  ].map(([name, schema]) => [name as string, schema as Schema]);

  test.each(schemas)('%s', (_name, schema) => {
    const validate = ajv.compile(new JsonSchemas().write(schema));
    const hold = (value: unknown): void => {
      expect(schema.fault(value) === undefined, JSON.stringify(value)).toBe(validate(value));
    };
    samples.forEach(hold);
    const strange = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>('', 'user:bob', 'l2', 'p2', 0, -1, 1.5, 1e16, [], {}, null, true),
    );
    // One field, or one field of a field, changed, added or gone.
    const changed = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(), strange, fc.boolean())
      .map(([sample, first, second, value, isGone]) => {
        if (typeof sample !== 'object' || sample === null) return value;
        const copy = structuredClone(sample) as Record<string, unknown>;
        const keys = [...Object.keys(copy), 'extra'];
        const key = keys[first % keys.length]!;
        const child = copy[key];
        if (typeof child === 'object' && child !== null && second % 3 > 0) {
          const childKeys = [...Object.keys(child), Array.isArray(child) ? '0' : 'extra'];
          (child as Record<string, unknown>)[childKeys[second % childKeys.length]!] = value;
        } else if (isGone) delete copy[key];
        else copy[key] = value;
        return copy;
      });
    fc.assert(fc.property(fc.oneof(changed, strange), hold), { numRuns: 300 });
  });
});
