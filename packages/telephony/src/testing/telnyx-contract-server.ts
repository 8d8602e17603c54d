import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { TelnyxAccount } from './telnyx-account.ts';
import type { TelnyxAnswer } from './telnyx-account.ts';

/** What the server does wrong. */
export type TelnyxFault =
  /** It does not answer until the client gives up, or `releaseSlow` is called. */
  | { readonly kind: 'slow' }
  /** 429. `retryAfter` as the header has it: seconds or a date. */
  | { readonly kind: 'rate-limited'; readonly retryAfter?: string }
  | { readonly kind: 'failing'; readonly status: number; readonly retryAfter?: string }
  /** As if the account had too many credentials. */
  | { readonly kind: 'limit-reached' }
  /** 200 with a body that is no answer. */
  | { readonly kind: 'malformed'; readonly body?: string }
  /** The connection is cut before anything is done. */
  | { readonly kind: 'cut' }
  /** It is done, and the connection is cut before the answer. */
  | { readonly kind: 'cut-after' }
  /** The answer begins at once, and goes on as with `slow`. */
  | { readonly kind: 'stalling' }
  /** 422 that repeats the key it was sent, in every field, as no server should. */
  | { readonly kind: 'tells-key' }
  /** Sends the client elsewhere. */
  | { readonly kind: 'redirect'; readonly to: string };

export interface TelnyxContractOptions {
  /** The key that is let in. Default `KEY0123456789_contract`. */
  readonly apiKey?: string;
  /** Credentials of each kind that the account may have. Default 5. */
  readonly credentialLimit?: number;
}

/** A signed webhook, as Telnyx would send it. */
export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Planned {
  readonly fault: TelnyxFault;
  readonly path: RegExp;
  left: number;
}

/**
 * Telnyx as its API reference has it, over real HTTP on this machine: credential connections,
 * telephony credentials, tokens, calls, the limit of the account, errors, webhooks. It is stricter
 * than the real one: what the reference does not allow is refused.
 *
 * @example
 * await using telnyx = await TelnyxContractServer.start();
 * telnyx.plan({ kind: 'rate-limited', retryAfter: '2' });
 * const options = { kind: 'telnyx', apiUrl: telnyx.url, apiKey: { env: 'TELNYX_API_KEY' } };
 */
export class TelnyxContractServer implements AsyncDisposable {
  readonly apiKey: string;
  /** What is in the account. */
  readonly account: TelnyxAccount;
  /** Method and path of every request that came, those that met a fault as well. */
  readonly requests: string[] = [];
  /** The public key of its webhooks, base64. */
  readonly webhookPublicKey: string;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #webhookKey: KeyObject;
  readonly #planned: Planned[] = [];
  readonly #slow = new Set<() => void>();
  readonly #waiting = new Set<(request: string) => void>();

  private constructor(options: TelnyxContractOptions, clock: Clock) {
    this.apiKey = options.apiKey ?? 'KEY0123456789_contract';
    this.#clock = clock;
    this.account = new TelnyxAccount(clock, options.credentialLimit ?? 5);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#webhookKey = privateKey;
    const der = publicKey.export({ format: 'der', type: 'spki' });
    this.webhookPublicKey = der.subarray(der.byteLength - 32).toString('base64');
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(
    options: TelnyxContractOptions = {},
    { clock = systemClock }: { readonly clock?: Clock } = {},
  ): Promise<TelnyxContractServer> {
    const server = new TelnyxContractServer(options, clock);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** For the option `apiUrl`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v2`;
  }

  /** Does `fault` to the next `times` requests whose method and path match. Default: the next. */
  plan(
    fault: TelnyxFault,
    { times = 1, path = /./ }: { times?: number; path?: RegExp } = {},
  ): void {
    this.#planned.push({ fault, path, left: times });
  }

  /** Forgets the faults that are planned. */
  heal(): void {
    this.#planned.length = 0;
    this.releaseSlow();
  }

  /** Resolves when the next request comes in, before it is answered. */
  nextRequest(): Promise<string> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Answers what a `slow` fault holds back. */
  releaseSlow(): void {
    for (const release of this.#slow) release();
    this.#slow.clear();
  }

  /** Signs an event as Telnyx does. */
  signWebhook(
    event: {
      readonly type: string;
      readonly id?: string;
      readonly payload?: Readonly<Record<string, unknown>>;
    },
    { timestampMs = this.#clock.now() }: { readonly timestampMs?: number } = {},
  ): SignedWebhook {
    const { type, id = this.account.newId(), payload = {} } = event;
    const occurredAt = new Date(timestampMs).toISOString();
    const body = JSON.stringify({
      data: { record_type: 'event', event_type: type, id, occurred_at: occurredAt, payload },
      meta: { attempt: 1, delivered_to: 'https://app.example.com/webhook' },
    });
    return this.signBody(body, timestampMs);
  }

  /** Signs any body, as if Telnyx had sent it. */
  signBody(body: string, timestampMs = this.#clock.now()): SignedWebhook {
    const timestamp = String(Math.floor(timestampMs / 1_000));
    const signature = sign(null, Buffer.from(`${timestamp}|${body}`), this.#webhookKey);
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'telnyx-timestamp': timestamp,
        'telnyx-signature-ed25519': signature.toString('base64'),
      },
    };
  }

  async close(): Promise<void> {
    this.heal();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request;
    const { pathname, searchParams } = new URL(url, 'http://telnyx');
    const path = pathname.replace(/^\/v2/, '');
    const asked = `${method} ${path}`;
    this.requests.push(asked);
    const fault = this.#takeFault(asked);
    for (const resolve of this.#waiting) resolve(asked);
    this.#waiting.clear();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();

    if (fault?.kind === 'stalling') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(' ');
    }
    if (fault?.kind === 'slow' || fault?.kind === 'stalling') {
      await new Promise<void>((resolve) => {
        this.#slow.add(resolve);
        response.on('close', resolve);
      });
    }
    if (fault?.kind === 'cut') return void response.destroy();
    const faulty = this.#faultyAnswer(fault, headers.authorization ?? '');
    const answer = faulty ?? this.#answer(method, path, searchParams, headers, body);
    if (fault?.kind === 'cut-after') return void response.destroy();
    if (!response.headersSent) {
      response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers });
    }
    response.end(answer.body);
  }

  #takeFault(request: string): TelnyxFault | undefined {
    const planned = this.#planned.find(({ path, left }) => left > 0 && path.test(request));
    if (planned !== undefined) planned.left -= 1;
    return planned?.fault;
  }

  #faultyAnswer(fault: TelnyxFault | undefined, authorization: string): TelnyxAnswer | undefined {
    const { account } = this;
    const after = (retryAfter: string | undefined) =>
      retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    switch (fault?.kind) {
      case 'rate-limited':
        return account.error(429, '10011', 'Too many requests', after(fault.retryAfter));
      case 'failing':
        return account.error(fault.status, '10007', 'Unexpected error', after(fault.retryAfter));
      case 'limit-reached':
        return account.limitReached();
      case 'malformed':
        return account.answer(200, fault.body ?? '{"data":{"id":7', 'application/json');
      case 'tells-key':
        return account.error(422, authorization, `Bad Request: ${authorization}`);
      case 'redirect':
        return { ...account.answer(307, '', 'text/plain'), headers: { location: fault.to } };
      default:
        return undefined;
    }
  }

  #answer(
    method: string,
    path: string,
    query: URLSearchParams,
    headers: IncomingMessage['headers'],
    body: string,
  ): TelnyxAnswer {
    const { account } = this;
    if (headers.authorization !== `Bearer ${this.apiKey}`) {
      return account.error(401, '10009', 'Authentication failed');
    }
    if (body !== '' && headers['content-type'] !== 'application/json') {
      return account.error(415, '10014', 'Unsupported Media Type');
    }
    return account.handle(method, path, query, body);
  }
}
