import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { SUBPROTOCOL } from '@ringfence/protocol';
import {
  devTokenAnswer,
  devTokenRequest,
  errorAnswer,
  liveAnswer,
  readyAnswer,
} from '../src/http-schemas.ts';

function schemaOf(schema: GenericSchema, typeMode: 'input' | 'output'): object {
  const { $schema: _, ...json } = toJsonSchema(schema, { typeMode });
  return json;
}

const json = (name: string): object => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
});
const answer = (description: string, name: string): object => ({
  description,
  content: json(name),
});
const error = (description: string): object => answer(description, 'Error');

/** The HTTP routes of the server as an OpenAPI 3.1 document, made of the schemas the code uses. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ringfence reference server',
      version: '1',
      description:
        'The HTTP side of ringfence-server. Calls go over the WebSocket, which asyncapi.json describes.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: {
      '/livez': {
        get: {
          operationId: 'live',
          summary: 'Whether the process answers.',
          responses: { 200: answer('It does.', 'Live') },
        },
      },
      '/readyz': {
        get: {
          operationId: 'ready',
          summary: 'Whether it takes calls: it is not stopping, and its store answers.',
          responses: { 200: answer('It does.', 'Ready'), 503: error('Not now (`not_ready`).') },
        },
      },
      '/v1/dev/token': {
        post: {
          operationId: 'createDevToken',
          summary: 'A token for trying things out. Only with --dev.',
          description:
            'Answers loopback alone, unless the server runs with --dev-allow-remote. Without --dev it is not there.',
          requestBody: { required: true, content: json('DevTokenRequest') },
          responses: {
            200: answer('The token.', 'DevToken'),
            400: error('A wrong body (`invalid_request`).'),
            403: error('Not asked from this machine (`forbidden`).'),
            404: error('The server does not run with --dev (`not_found`).'),
            413: error('A body over 16 KiB (`too_large`).'),
          },
        },
      },
      '/v1/socket': {
        get: {
          operationId: 'connect',
          summary: `The WebSocket of the wire, subprotocol ${SUBPROTOCOL}.`,
          responses: {
            101: { description: 'Connected.' },
            400: { description: `${SUBPROTOCOL} was not offered, or the handshake is wrong.` },
            403: { description: 'The Origin is not on the allow-list.' },
            404: error('Not asked for as a WebSocket (`not_found`).'),
          },
        },
      },
    },
    components: {
      schemas: {
        Live: schemaOf(liveAnswer, 'output'),
        Ready: schemaOf(readyAnswer, 'output'),
        DevTokenRequest: schemaOf(devTokenRequest, 'input'),
        DevToken: schemaOf(devTokenAnswer, 'output'),
        Error: schemaOf(errorAnswer, 'output'),
      },
    },
  };
}
