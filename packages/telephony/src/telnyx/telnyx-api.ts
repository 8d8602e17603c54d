import { safeParse } from 'valibot';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { optionError } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import type { TelephonyErrorCode } from '../error-codes.ts';
import { ProviderError } from '../provider/provider-error.ts';
import type { ProviderErrorOptions } from '../provider/provider-error.ts';
import { idPattern } from '../input.ts';
import type { Secret } from '../provider/secrets.ts';
import { errorAnswer } from './telnyx-schemas.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TelnyxApiParts {
  /** Without a slash at the end, as `https://api.telnyx.com/v2`. */
  readonly baseUrl: string;
  readonly apiKey: Secret;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** How long one request may take, with its whole answer, milliseconds. */
  readonly timeoutMs: number;
}

export interface TelnyxRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With a slash at the beginning; ids in it are encoded by {@link path}. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

type Schema = BaseSchema<unknown, unknown, BaseIssue<unknown>>;

/** Longer answers are nonsense. */
const mostBytes = 1_048_576;
const dayMs = 86_400_000;
/** Errors of a connection that was never made: nothing was sent. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/**
 * Encodes an id as one segment of a path.
 *
 * @throws {ProviderError} `not_found` for one that would be another path: `.` and `..` are, even
 * when they are encoded (WHATWG URL, single-dot and double-dot path segments).
 */
export function path(strings: TemplateStringsArray, ...ids: readonly string[]): string {
  if (!ids.every((id) => idPattern.test(id))) {
    throw new ProviderError('not_found', 'unable to ask Telnyx; an id has a form that none has', {
      effect: 'none',
    });
  }
  return String.raw({ raw: strings.raw }, ...ids.map((id) => encodeURIComponent(id)));
}

/** What may be one, for errors. */
export const legalBaseUrl = 'an https: URL, or one of this machine, without a login or a query';

/** True for a base URL that a key may be sent to: HTTPS, or this machine. */
export function isBaseUrl(baseUrl: string): boolean {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isLocal = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const isSafe = url?.protocol === 'https:' || (isLocal && url.protocol === 'http:');
  return isSafe && `${url.username}${url.password}${url.search}${url.hash}` === '';
}

/**
 * Gives a base URL without a slash at its end.
 *
 * @throws {RingfenceError} `invalid_option`, which does not repeat it: a login may be in it.
 */
export function readBaseUrl(baseUrl: string): string {
  if (isBaseUrl(baseUrl)) return baseUrl.replace(/\/+$/, '');
  throw optionError('apiUrl', 'what was given', legalBaseUrl);
}

/**
 * Requests to the HTTP API of Telnyx. Every answer is checked; every failure is a
 * {@link ProviderError}, or the reason of the signal. The key goes into one header and nowhere else.
 */
export class TelnyxApi {
  readonly #parts: TelnyxApiParts;

  constructor(parts: TelnyxApiParts) {
    this.#parts = parts;
  }

  /** Sends a request and reads a JSON answer. */
  async json<S extends Schema>(request: TelnyxRequest, schema: S): Promise<InferOutput<S>> {
    const parsed = safeParse(schema, parseJson(await this.#send(request)));
    if (parsed.success) return parsed.output;
    const why = parsed.issues[0].path?.map(({ key }) => String(key)).join('.') ?? 'all of it';
    throw nonsense(request, `its answer has a wrong form: ${why.slice(0, 64)}`);
  }

  /** Sends a request and reads an answer of plain text. */
  text(request: TelnyxRequest): Promise<string> {
    return this.#send(request);
  }

  async #send(asked: TelnyxRequest): Promise<string> {
    const { clock, timeoutMs } = this.#parts;
    asked.signal.throwIfAborted();
    const limit = new AbortController();
    const timer = clock.setTimeout(() => limit.abort(tooLate(asked, timeoutMs)), timeoutMs);
    // Over the answer as well: one that drips keeps nobody waiting.
    const request = { ...asked, signal: AbortSignal.any([asked.signal, limit.signal]) };
    try {
      const response = await this.#fetch(request);
      const body = await this.#read(request, response);
      if (response.ok) return body;
      throw this.#refused(request, response, body);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  async #fetch({ method, path: at, query, body, signal }: TelnyxRequest): Promise<Response> {
    const { baseUrl, apiKey, fetch } = this.#parts;
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    try {
      return await fetch(`${baseUrl}${at}${search}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey.reveal()}`,
          accept: 'application/json, text/plain',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // Elsewhere the key has no business.
        redirect: 'error',
        signal,
      });
    } catch (thrown) {
      throw unreachable(signal, thrown);
    }
  }

  async #read(request: TelnyxRequest, response: Response): Promise<string> {
    const decoder = new TextDecoder();
    let read = '';
    let bytes = 0;
    try {
      for await (const chunk of response.body ?? []) {
        bytes += (chunk as Uint8Array).byteLength;
        if (bytes > mostBytes) throw nonsense(request, `its answer is over ${mostBytes} bytes`);
        read += decoder.decode(chunk as Uint8Array, { stream: true });
      }
      return read + decoder.decode();
    } catch (thrown) {
      if (thrown instanceof ProviderError) throw thrown;
      throw unreachable(request.signal, thrown);
    }
  }

  #refused(request: TelnyxRequest, response: Response, body: string): ProviderError {
    const { status } = response;
    const parsed = safeParse(errorAnswer, parseJson(body));
    const first = parsed.success ? parsed.output.errors[0] : undefined;
    const code = shortCode(first?.code);
    const title = plain(this.#parts.apiKey.scrub(first?.title ?? ''));
    const said = `status ${status}${title && `, "${title}"`}${code && ` (${code})`}`;
    const retryAfterMs = this.#retryAfterMs(response);
    const error = errorOf(status, code, title, request.path);
    return new ProviderError(error, `unable to ${what(request)}; Telnyx answers ${said}`, {
      // A refusal did nothing. Of a failure nobody knows.
      effect: status < 500 && status !== 408 ? 'none' : 'unknown',
      retryAfterMs,
    });
  }

  /** `Retry-After` as RFC 9110 section 10.2.3 has it, else the reset that Telnyx sends. */
  #retryAfterMs({ status, headers }: Response): number | undefined {
    if (status !== 429 && status !== 503) return undefined;
    const value = headers.get('retry-after') ?? headers.get('x-ratelimit-reset');
    if (value === null) return undefined;
    const seconds = Number(value);
    const ms = Number.isFinite(seconds)
      ? seconds * 1_000
      : Date.parse(value) - this.#parts.clock.now();
    return Number.isFinite(ms) ? Math.min(Math.max(0, ms), dayMs) : undefined;
  }
}

/** Codes of the list at developers.telnyx.com/docs/errors. The limit has no code there. */
function errorOf(status: number, code: string, title: string, at: string): TelephonyErrorCode {
  if (status === 429) return 'provider_rate_limited';
  if (status >= 500) return 'provider_failed';
  const isLimit = /limit\s+(?:reached|exceeded)/i.test(title);
  if (isLimit && !at.startsWith('/calls')) return 'credential_limit_reached';
  if (code === '90018') return 'call_ended';
  if (status === 404 || code === '10005' || code === '90015') return 'not_found';
  if (code === '10002' || code === '10016') return 'invalid_number';
  if (status === 401 || status === 403) return 'provider_unauthorized';
  if (status === 408) return 'timeout';
  return 'provider_refused';
}

/** Nothing else than a code gets into a message by this way. */
function shortCode(code: unknown): string {
  const text = typeof code === 'number' ? String(code) : code;
  return typeof text === 'string' && /^\w{1,16}$/.test(text) ? text : '';
}

/** One short line, without what may be a phone number. */
function plain(title: string): string {
  return title
    .slice(0, 1_000)
    .replace(/\p{C}|\p{Z}/gu, ' ')
    .replace(/\+?\d[\d ().-]{5,}\d/g, '[number]')
    .slice(0, 120)
    .trim();
}

function tooLate(request: TelnyxRequest, timeoutMs: number): ProviderError {
  const message = `unable to ${what(request)} at Telnyx; it took more than ${timeoutMs} ms`;
  return new ProviderError('timeout', message);
}

function unreachable(signal: AbortSignal, thrown: unknown): unknown {
  if (signal.aborted) return signal.reason;
  const cause = (thrown as { readonly cause?: { readonly code?: unknown } } | null)?.cause;
  const code = typeof cause?.code === 'string' ? cause.code : 'the connection broke';
  // The cause is not passed on: what a fetch throws may repeat the header that it did not like.
  const options: ProviderErrorOptions = { effect: neverSent.has(code) ? 'none' : 'unknown' };
  return new ProviderError('provider_unreachable', `unable to reach Telnyx; ${code}`, options);
}

function nonsense(request: TelnyxRequest, why: string): ProviderError {
  return new ProviderError('provider_nonsense', `unable to ${what(request)} at Telnyx; ${why}`);
}

/** The request without the ids in it, for messages. */
function what({ method, path: at }: TelnyxRequest): string {
  return `${method} ${at.replace(/^(\/[^/]+\/)[^/]+/, '$1{id}')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
