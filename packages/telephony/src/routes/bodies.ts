import { refusal, success } from '../result.ts';
import type { Result } from '../result.ts';

/** Reads a body of at most `mostBytes`, as the bytes it came in. */
export async function readBody(
  request: Request,
  mostBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > mostBytes) {
        return refusal('too_large', `unable to read the body; it is over ${mostBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch {
    const message = 'unable to read the body; it was read before, or the connection broke';
    return refusal('invalid_request', message);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return success(body);
}

/**
 * Reads a JSON body. It has to say that it is one: a page of another site can send a form with our
 * user's cookies, and JSON only after it asked.
 */
export async function readJsonBody(request: Request, mostBytes: number): Promise<Result<unknown>> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
    return refusal('invalid_request', 'unable to read the body; its type is not application/json');
  }
  const body = await readBody(request, mostBytes);
  if (!body.ok) return body;
  try {
    return success(JSON.parse(new TextDecoder().decode(body.value)));
  } catch {
    return refusal('invalid_request', 'unable to read the body; it is no JSON');
  }
}
