import { optionError } from '@ringfence/base';
import type { TelephonyCall } from '../call-ledger.ts';
import { readNumber } from '../input.ts';
import { refusal } from '../result.ts';
import type { Result } from '../result.ts';
import type { Telephony } from '../telephony.ts';
import { answerFailure, answerJson } from './answers.ts';
import { readBody, readJsonBody } from './bodies.ts';
import { checkTtl, readCallRequest, readCredentialRequest } from './requests.ts';
import type { CallRequest } from './requests.ts';

/** Who asks. */
export interface TelephonyUser {
  readonly userId: string;
}

/** What somebody asks for. */
export type TelephonyIntent =
  | { readonly route: 'credential'; readonly username: string }
  | { readonly route: 'call'; readonly action: 'make'; readonly phoneNumber: string }
  | {
      readonly route: 'call';
      readonly action: 'answer' | 'end';
      readonly callId: string;
      /** The call, as far as this host knows it. */
      readonly call: TelephonyCall | undefined;
    };

type Awaitable<Value> = Value | Promise<Value>;

export interface TelephonyRouteOptions {
  /** Says who asks; null for somebody who may not. What it throws is answered with 500. */
  readonly authenticate: (request: Request) => Awaitable<TelephonyUser | null>;
  /**
   * Whether they may. Default: a credential of their own name, any call that they place, and calls
   * that are theirs or nobody's. Nothing but `true` lets them.
   */
  readonly authorize?: (user: TelephonyUser, intent: TelephonyIntent) => Awaitable<boolean>;
  /** True to answer the status to everybody, as for a monitor. Default false. */
  readonly isStatusPublic?: boolean;
}

type Handler = (request: Request) => Promise<Response>;

/** Handlers for any host that speaks `Request` and `Response`. None rejects. */
export interface TelephonyRoutes {
  /** `GET`: `{ status, healthy, timestamp }`. */
  readonly status: Handler;
  /** `POST { username, ttl? }`: `{ success, credential }`. `ttl` in seconds. */
  readonly credential: Handler;
  /** `POST { action, phoneNumber | callId }`: `{ success, callId, state }`. */
  readonly call: Handler;
  /** `POST`, by the provider. */
  readonly webhook: Handler;
  /** One of the four, by the last part of the path. */
  readonly handle: Handler;
}

const requestBytes = 16_384;
const webhookBytes = 262_144;

/**
 * Makes the HTTP side of telephony.
 *
 * @throws {RingfenceError} `invalid_option` when `authenticate` is missing, an option is of a wrong
 * type, or is none: a guard that is misspelt guards nothing.
 * @example
 * // Next.js: app/api/webrtc/[route]/route.ts
 * const routes = createTelephonyRoutes(telephony, { authenticate });
 * export const GET = routes.handle;
 * export const POST = routes.handle;
 */
export function createTelephonyRoutes(
  telephony: Telephony,
  options: TelephonyRouteOptions,
): TelephonyRoutes {
  checkOptions(options);
  const { authorize = ownOnly } = options;
  const may = async (user: TelephonyUser, intent: TelephonyIntent): Promise<boolean> =>
    // Whatever else a callback gives is no yes: a text, a row of a database, a list of none.
    (await authorize(user, intent)) === true;
  const userOf = async (request: Request): Promise<TelephonyUser | undefined> => {
    const user: unknown = await options.authenticate(request);
    return isUser(user) ? user : undefined;
  };

  const status = route('GET', async (request) => {
    if (options.isStatusPublic !== true) {
      if ((await userOf(request)) === undefined) return unauthorized();
    }
    return answerJson(200, telephony.status());
  });

  const credential = route('POST', async (request) => {
    const user = await userOf(request);
    if (user === undefined) return unauthorized();
    const asked = await read(request, readCredentialRequest);
    if (!asked.ok) return answerFailure(asked.error);
    const { username } = asked.value;
    if (!(await may(user, { route: 'credential', username }))) return forbidden();
    const ttl = checkTtl(asked.value);
    if (!ttl.ok) return answerFailure(ttl.error);
    const issued = await telephony.issueCredential(asked.value);
    if (!issued.ok) return answerFailure(issued.error);
    const { value } = issued;
    return answerJson(200, {
      success: true,
      credential: {
        username: value.username,
        password: value.password,
        expires_at: value.expiresAt,
        realm: value.realm,
        sip_uri: value.sipUri,
        stun_servers: value.stunServers,
        turn_servers: value.turnServers,
        ...(value.token === undefined ? {} : { token: value.token }),
      },
    });
  });

  const call = route('POST', async (request) => {
    const user = await userOf(request);
    if (user === undefined) return unauthorized();
    const asked = await read(request, readCallRequest);
    if (!asked.ok) return answerFailure(asked.error);
    if (!(await may(user, intentOf(telephony, asked.value)))) return forbidden();
    const done = await doCall(telephony, asked.value, user);
    if (!done.ok) return answerFailure(done.error);
    const { callId, state } = done.value;
    return answerJson(200, { success: true, callId, state });
  });

  const webhook = route('POST', async (request) => {
    const body = await readBody(request, webhookBytes);
    if (!body.ok) return answerFailure(body.error);
    const received = telephony.receiveWebhook({
      signature: request.headers.get('telnyx-signature-ed25519'),
      timestamp: request.headers.get('telnyx-timestamp'),
      body: body.value,
    });
    return received.ok ? answerJson(200, { success: true }) : answerFailure(received.error);
  });

  const routes = { status, credential, call, webhook };
  const handle: Handler = async (request) => {
    const name = new URL(request.url).pathname.split('/').filter(Boolean).at(-1) ?? '';
    if (Object.hasOwn(routes, name)) return routes[name as keyof typeof routes](request);
    const hint = `The path has to end in ${Object.keys(routes).join(', ')}.`;
    const message = 'unable to find this; no route of telephony has this name';
    return answerFailure(refusal('not_found', message, { hint }).error);
  };
  return { ...routes, handle };
}

const callbacks = ['authenticate', 'authorize'] as const;
const known: readonly string[] = [...callbacks, 'isStatusPublic'];

function checkOptions(options: TelephonyRouteOptions): void {
  const given = (options ?? {}) as unknown as Partial<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw optionError(
      unknown.slice(0, 64),
      typeof given[unknown],
      `an option: ${known.join(', ')}`,
    );
  }
  for (const name of callbacks) {
    const value = given[name];
    if (typeof value === 'function' || (name === 'authorize' && value === undefined)) continue;
    throw optionError(name, value === null ? 'null' : typeof value, 'a function');
  }
  const { isStatusPublic: isPublic } = given;
  if (isPublic === undefined || typeof isPublic === 'boolean') return;
  throw optionError('isStatusPublic', typeof isPublic, 'true or false');
}

/** A handler for one method, from which nothing gets out. */
function route(method: 'GET' | 'POST', handler: Handler): Handler {
  return async (request) => {
    try {
      if (request.method === method) return await handler(request);
      const message = `unable to use ${request.method.slice(0, 16)} here; it takes ${method}`;
      return answerFailure(refusal('method_not_allowed', message).error, { allow: method });
    } catch {
      // Of the host's callbacks: what they throw is not for the one who asks.
      const message = 'unable to serve the request; something broke on the server';
      return answerFailure(refusal('internal', message).error);
    }
  };
}

async function read<Value>(
  request: Request,
  parse: (body: unknown) => Result<Value>,
): Promise<Result<Value>> {
  const body = await readJsonBody(request, requestBytes);
  return body.ok ? parse(body.value) : body;
}

function intentOf(telephony: Telephony, asked: CallRequest): TelephonyIntent {
  if (asked.action === 'make') return { route: 'call', ...asked };
  const call = telephony.calls().find(({ callId }) => callId === asked.callId);
  return { route: 'call', ...asked, call };
}

async function doCall(
  telephony: Telephony,
  asked: CallRequest,
  { userId }: TelephonyUser,
): Promise<Result<TelephonyCall>> {
  if (asked.action === 'make') {
    const number = readNumber('phoneNumber', asked.phoneNumber);
    if (!number.ok) return number;
    return telephony.placeCall({ to: number.value, userId });
  }
  const { callId } = asked;
  if (asked.action === 'answer') return telephony.answerCall({ callId, userId });
  return telephony.endCall({ callId, userId });
}

/** Whatever else a callback gives is nobody: undefined and false are easily returned. */
function isUser(user: unknown): user is TelephonyUser {
  if (typeof user !== 'object' || user === null) return false;
  const { userId } = user as { readonly userId?: unknown };
  return typeof userId === 'string' && userId !== '';
}

function ownOnly({ userId }: TelephonyUser, intent: TelephonyIntent): boolean {
  if (intent.route === 'credential') return intent.username === userId;
  if (intent.action === 'make') return true;
  return intent.call?.userId === undefined || intent.call.userId === userId;
}

function unauthorized(): Response {
  return answerFailure(
    refusal('unauthorized', 'unable to tell who asks; nobody is signed in').error,
  );
}

function forbidden(): Response {
  return answerFailure(refusal('forbidden', 'unable to do this for you; it is not yours').error);
}
