import { expect, test } from 'vitest';
import {
  anything,
  either,
  exact,
  flag,
  list,
  map,
  nullable,
  numeric,
  oneOf,
  open,
  optional,
  tagged,
  text,
  whole,
} from '../schema.ts';
import type { Schema } from '../schema.ts';
import { JsonSchemas } from './json-schema.ts';

test.each<readonly [Schema, unknown]>([
  [anything, {}],
  [flag, { type: 'boolean' }],
  [text(3), { type: 'string', minLength: 1, maxLength: 3 }],
  [text(4, 2, /^a+$/), { type: 'string', minLength: 2, maxLength: 4, pattern: '^a+$' }],
  [numeric(2), { type: 'number', minimum: 0, maximum: 2 }],
  [whole(2, 1), { type: 'integer', minimum: 1, maximum: 2 }],
  [list(flag), { type: 'array', items: { type: 'boolean' }, maxItems: 1_000 }],
  [oneOf('a', 'b'), { enum: ['a', 'b'] }],
  [nullable(flag), { anyOf: [{ type: 'boolean' }, { type: 'null' }] }],
  [list(flag, 2), { type: 'array', items: { type: 'boolean' }, maxItems: 2 }],
  [
    map(text(2, 0), flag, 3),
    {
      type: 'object',
      propertyNames: { type: 'string', minLength: 0, maxLength: 2 },
      additionalProperties: { type: 'boolean' },
      maxProperties: 3,
    },
  ],
  [
    exact({ x: flag, y: optional(flag) }),
    {
      type: 'object',
      properties: { x: { type: 'boolean' }, y: { type: 'boolean' } },
      required: ['x'],
      additionalProperties: false,
    },
  ],
  [open({ x: flag }), { type: 'object', properties: { x: { type: 'boolean' } }, required: ['x'] }],
  [
    tagged('kind', open, {}, { dot: {} }),
    {
      oneOf: [{ type: 'object', properties: { kind: { enum: ['dot'] } }, required: ['kind'] }],
    },
  ],
  [
    either({ x: flag }, { y: flag, z: text(3) }),
    {
      oneOf: [
        {
          type: 'object',
          properties: { x: { type: 'boolean' }, y: { type: 'boolean' } },
          required: ['x', 'y'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: {
            x: { type: 'boolean' },
            z: { type: 'string', minLength: 1, maxLength: 3 },
          },
          required: ['x', 'z'],
          additionalProperties: false,
        },
      ],
    },
  ],
])('form %#', (schema, json) => {
  expect(new JsonSchemas().write(schema)).toEqual(json);
});
test('what is shared is written once, and stands as a reference elsewhere', () => {
  const point = open({ x: flag });
  const schemas = new JsonSchemas({ point, points: list(point, 3) });
  const ref = { $ref: '#/$defs/point' };
  expect(schemas.write(open({ from: point, via: nullable(point) }))).toEqual({
    type: 'object',
    properties: { from: ref, via: { anyOf: [ref, { type: 'null' }] } },
    required: ['from', 'via'],
  });
  expect(schemas.definitions()).toEqual({
    point: { type: 'object', properties: { x: { type: 'boolean' } }, required: ['x'] },
    points: { type: 'array', items: ref, maxItems: 3 },
  });
});
