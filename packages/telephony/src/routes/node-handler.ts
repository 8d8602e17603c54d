import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { refusal } from '../result.ts';
import { answerFailure } from './answers.ts';

/** A request as Express has it: its body may have been read already. */
interface NodeRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * Makes a handler for `node:http` and Express of one for `Request` and `Response`.
 *
 * A webhook needs the bytes as they came: mount it before `express.json()`, or let that keep them
 * as `request.rawBody`.
 *
 * @example
 * app.all('/api/webrtc/:route', nodeHandler(routes.handle));
 */
export function nodeHandler(
  handle: (request: Request) => Promise<Response>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (incoming, outgoing) => {
    try {
      const answer = await handle(toRequest(incoming));
      await send(answer, outgoing);
    } catch {
      const message = 'unable to read the request; it is no valid HTTP';
      const answer = answerFailure(refusal('invalid_request', message).error);
      if (!outgoing.headersSent) await send(answer, outgoing).catch(() => {});
      else outgoing.destroy();
    }
  };
}

function toRequest(incoming: NodeRequest): Request {
  const { method = 'GET' } = incoming;
  const url = new URL(incoming.originalUrl ?? incoming.url ?? '/', 'http://localhost');
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, [value].flat().join(', '));
  }
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  const body = bodyOf(incoming) as NonNullable<RequestInit['body']>;
  // Node wants it said that the answer waits for the whole body; the type does not know.
  return new Request(url, { method, headers, body, duplex: 'half' } as RequestInit);
}

function bodyOf(incoming: NodeRequest): unknown {
  const read = incoming.rawBody ?? incoming.body;
  if (read === undefined) return Readable.toWeb(incoming);
  return typeof read === 'string' || read instanceof Uint8Array ? read : JSON.stringify(read);
}

async function send(answer: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
}
