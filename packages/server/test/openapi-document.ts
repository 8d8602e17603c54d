import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { SUBPROTOCOL } from '@ringfence/protocol';
import { openApiDocument } from '@ringfence/protocol/documents';
import type { HttpAnswer, HttpRoute, JsonSchema } from '@ringfence/protocol/documents';
import {
  devTokenAnswer,
  devTokenRequest,
  errorAnswer,
  liveAnswer,
  readyAnswer,
} from '../src/http-schemas.ts';

function schemaOf(schema: GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = toJsonSchema(schema, { typeMode });
  return json as JsonSchema;
}

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const answer = (description: string, name: string): HttpAnswer => ({
  description,
  body: ref(name),
});
const error = (description: string): HttpAnswer => answer(description, 'Error');

const routes: readonly HttpRoute[] = [
  {
    method: 'get',
    path: '/livez',
    operationId: 'live',
    summary: 'Whether the process answers.',
    answers: { 200: answer('It does.', 'Live') },
  },
  {
    method: 'get',
    path: '/readyz',
    operationId: 'ready',
    summary: 'Whether it takes calls: it is not stopping, and its store answers.',
    description:
      'Each question runs the checks of the health of the process, those of its host included. Only a required one that is unhealthy makes it 503.',
    answers: { 200: answer('It does.', 'Ready'), 503: error('Not now (`not_ready`).') },
  },
  {
    method: 'post',
    path: '/v1/dev/token',
    operationId: 'createDevToken',
    summary: 'A token for trying things out. Only with --dev.',
    description:
      'Answers loopback alone, unless the server runs with --dev-allow-remote. Without --dev it is not there.',
    body: ref('DevTokenRequest'),
    answers: {
      200: answer('The token.', 'DevToken'),
      400: error('A wrong body (`invalid_request`).'),
      403: error('Not asked from this machine (`forbidden`).'),
      404: error('The server does not run with --dev (`not_found`).'),
      413: error('A body over 16 KiB (`too_large`).'),
    },
  },
  {
    method: 'get',
    path: '/v1/socket',
    operationId: 'connect',
    summary: `The WebSocket of the wire, subprotocol ${SUBPROTOCOL}.`,
    answers: {
      101: { description: 'Connected.' },
      400: { description: `${SUBPROTOCOL} was not offered, or the handshake is wrong.` },
      403: { description: 'The Origin is not on the allow-list.' },
      404: error('Not asked for as a WebSocket (`not_found`).'),
    },
  },
];

/** The HTTP routes of the server as an OpenAPI 3.1 document, made of the schemas the code uses. */
export function serverDocument(): object {
  return openApiDocument({
    title: 'Ringfence reference server',
    version: '1',
    description:
      'The HTTP side of ringfence-server. Calls go over the WebSocket, which asyncapi.json describes.',
    routes,
    schemas: {
      Live: schemaOf(liveAnswer, 'output'),
      Ready: schemaOf(readyAnswer, 'output'),
      DevTokenRequest: schemaOf(devTokenRequest, 'input'),
      DevToken: schemaOf(devTokenAnswer, 'output'),
      Error: schemaOf(errorAnswer, 'output'),
    },
  });
}
