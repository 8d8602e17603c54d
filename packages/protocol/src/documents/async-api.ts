import { callEvent, callFacts } from '../call-messages.ts';
import { notices, requests } from '../client-messages.ts';
import type { RequestName } from '../client-messages.ts';
import { errorTexts } from '../codes.ts';
import { LIMITS, SUBPROTOCOL } from '../limits.ts';
import { answerError, answerOf, events } from '../server-messages.ts';
import { signalBody } from '../signals.ts';
import { commandId, settings } from '../values.ts';
import { closeCodes } from './close-codes.ts';
import { JsonSchemas } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

type Json = Readonly<Record<string, unknown>>;

const channelRef = { $ref: '#/channels/socket' };
const messageRef = (name: string): Json => ({ $ref: `#/channels/socket/messages/${name}` });

/** `call.hang-up` as a name that documents allow: `callHangUp`. */
function camel(...words: readonly string[]): string {
  const [first = '', ...rest] = words.flatMap((word) => word.split(/[.-]/));
  return first + rest.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function frame(fields: Readonly<Record<string, JsonSchema>>, isExact: boolean): JsonSchema {
  return {
    type: 'object',
    properties: fields,
    required: Object.keys(fields),
    ...(isExact && { additionalProperties: false }),
  };
}

/**
 * The AsyncAPI 3.0 document of the wire, seen from the server: it receives requests and notices,
 * and sends answers and events. Every payload is the JSON Schema that the code checks with. What
 * AsyncAPI has no place for stands in `x-close-codes`, `x-error-codes` and `x-limits`. Its version
 * is the wire's, not the package's.
 */
export function asyncApiDocument(): Json {
  const schemas = new JsonSchemas(
    {
      callEvent,
      callFacts,
      catchUp: answerOf('call.sync'),
      commandAnswer: answerOf('call.dial'),
      signalBody,
      settings,
    },
    '#/components/schemas/',
  );
  const id = schemas.write(commandId);
  const messages: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  const define = (name: string, title: string, payload: JsonSchema): Json => {
    messages[name] = { name, title, contentType: 'application/json', payload };
    return messageRef(name);
  };

  const error = define(
    'error',
    'Answer: the request failed (P-404)',
    frame({ id, error: schemas.write(answerError) }, false),
  );
  for (const [name, schema] of Object.entries(requests)) {
    const fields = { id, request: { const: name }, body: schemas.write(schema) };
    const request = define(camel(name, 'request'), `Request: ${name}`, frame(fields, true));
    const answered = schemas.write(answerOf(name as RequestName));
    const answer = define(
      camel(name, 'answer'),
      `Answer: ${name}`,
      frame({ id, ok: answered }, false),
    );
    operations[camel('receive', name)] = {
      action: 'receive',
      channel: channelRef,
      messages: [request],
      reply: { channel: channelRef, messages: [answer, error] },
    };
  }
  for (const [name, schema] of Object.entries(notices)) {
    const payload = frame({ notice: { const: name }, body: schemas.write(schema) }, true);
    const notice = define(camel(name, 'notice'), `Notice: ${name}`, payload);
    operations[camel('receive', name, 'notice')] = {
      action: 'receive',
      channel: channelRef,
      messages: [notice],
    };
  }
  for (const [name, schema] of Object.entries(events)) {
    const payload = frame({ event: { const: name }, body: schemas.write(schema) }, false);
    const event = define(camel(name, 'event'), `Event: ${name}`, payload);
    operations[camel('send', name)] = { action: 'send', channel: channelRef, messages: [event] };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Ringfence signaling',
      version: SUBPROTOCOL.split('.')[1],
      description: `The WebSocket wire, subprotocol ${SUBPROTOCOL}. The rules are in PROTOCOL.md.`,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/v1/socket',
        description: 'One connection of one device (P-108).',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations,
    components: { messages, schemas: schemas.definitions() },
    'x-close-codes': closeCodes(),
    'x-error-codes': Object.entries(errorTexts).map(([code, facts]) => ({ code, ...facts })),
    'x-limits': LIMITS,
  };
}
