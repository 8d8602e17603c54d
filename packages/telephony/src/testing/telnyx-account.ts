import { createHash } from 'node:crypto';
import {
  check,
  isoTimestamp,
  maxLength,
  minLength,
  object,
  optional,
  pipe,
  regex,
  safeParse,
  strictObject,
  string,
} from 'valibot';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import type { Clock } from '@ringfence/base';

/** An HTTP answer. */
export interface TelnyxAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A telephony credential of the account. */
export interface AccountCredential {
  readonly id: string;
  readonly connectionId: string;
  readonly name: string;
  readonly tag: string | undefined;
  readonly sipUsername: string;
  readonly sipPassword: string;
  readonly expiresAtMs: number;
}

/** A credential connection of the account. */
export interface AccountConnection {
  readonly id: string;
  readonly name: string;
  readonly userName: string;
  readonly password: string;
}

/** A call of the account. */
export interface AccountCall {
  readonly id: string;
  readonly to: string;
  readonly from: string;
  readonly commandId: string | undefined;
  state: 'ringing' | 'active' | 'ended';
}

const text = pipe(string(), minLength(1));
const phoneNumber = pipe(string(), regex(/^\+[1-9]\d{1,14}$/));
const newCredential = strictObject({
  connection_id: text,
  name: optional(text),
  tag: optional(text),
  expires_at: optional(pipe(string(), isoTimestamp())),
});
const newConnection = object({
  connection_name: text,
  user_name: pipe(string(), regex(/^[A-Za-z0-9]{4,32}$/)),
  password: pipe(string(), minLength(8), maxLength(128)),
});
const newCall = strictObject({
  connection_id: text,
  to: phoneNumber,
  from: phoneNumber,
  command_id: optional(text),
});
const command = strictObject({
  client_state: optional(
    pipe(
      string(),
      check((value) => /^[A-Za-z0-9+/]*=*$/.test(value)),
    ),
  ),
  command_id: optional(text),
});

const json = 'application/json; charset=utf-8';
const yearMs = 365 * 86_400_000;

/** What one account at Telnyx holds, and what the API does to it. It knows no network. */
export class TelnyxAccount {
  /** Call Control applications that exist. */
  readonly apps = new Set(['app-1']);
  readonly connections = new Map<string, AccountConnection>();
  readonly credentials = new Map<string, AccountCredential>();
  readonly calls = new Map<string, AccountCall>();
  readonly #clock: Clock;
  readonly #limit: number;
  #ids = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
    // One that was made by hand, for credentials to be made on. It does not count.
    const base = { id: 'connection-1', name: 'by hand', userName: 'byhand', password: 'by hand 1' };
    this.connections.set(base.id, base);
  }

  newId(): string {
    this.#ids += 1;
    const hex = createHash('sha256').update(String(this.#ids)).digest('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  }

  /** Puts an incoming call into the account. */
  ring(from: string, to: string): AccountCall {
    const call: AccountCall = {
      id: `v3:${this.newId()}`,
      to,
      from,
      commandId: undefined,
      state: 'ringing',
    };
    this.calls.set(call.id, call);
    return call;
  }

  answer(status: number, body: string, type = json): TelnyxAnswer {
    return { status, body, type, headers: {} };
  }

  error(
    status: number,
    code: string,
    title: string,
    headers: Readonly<Record<string, string>> = {},
  ): TelnyxAnswer {
    const body = JSON.stringify({ errors: [{ code, title, detail: `${title}.` }] });
    return { status, body, type: json, headers };
  }

  limitReached(): TelnyxAnswer {
    return this.error(422, '10015', 'Account Level Limit Reached');
  }

  handle(method: string, path: string, query: URLSearchParams, body: string): TelnyxAnswer {
    const [, collection = '', rawId, action, verb] = path.split('/');
    const id = rawId === undefined ? undefined : decodeURIComponent(rawId);
    const route = [method, collection, id === undefined ? '' : '{id}', action, verb]
      .filter(Boolean)
      .join(' ');
    switch (route) {
      case 'POST telephony_credentials':
        return this.#read(newCredential, body, (input) => this.#addCredential(input));
      case 'GET telephony_credentials':
        return this.#listCredentials(query);
      case 'DELETE telephony_credentials {id}':
        return this.#remove(this.credentials, id!);
      case 'POST telephony_credentials {id} token':
        return this.#token(id!);
      case 'POST credential_connections':
        return this.#read(newConnection, body, (input) => this.#addConnection(input));
      case 'GET credential_connections':
        return this.#listConnections(query);
      case 'DELETE credential_connections {id}':
        return this.#remove(this.connections, id!);
      case 'POST calls':
        return this.#read(newCall, body, (input) => this.#dial(input));
      case 'POST calls {id} actions answer':
        return this.#read(command, body, () => this.#command(id!, 'active'));
      case 'POST calls {id} actions hangup':
        return this.#read(command, body, () => this.#command(id!, 'ended'));
      default:
        return this.#notFound();
    }
  }

  #read<Schema extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
    schema: Schema,
    body: string,
    handle: (input: InferOutput<Schema>) => TelnyxAnswer,
  ): TelnyxAnswer {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return this.error(400, '10023', 'Invalid JSON');
    }
    const parsed = safeParse(schema, value);
    if (parsed.success) return handle(parsed.output);
    return this.error(422, '10015', 'Bad Request');
  }

  #addCredential(input: InferOutput<typeof newCredential>): TelnyxAnswer {
    const { connection_id: connectionId, expires_at: expiresAt, tag } = input;
    if (!this.connections.has(connectionId)) return this.error(422, '10017', 'No such connection');
    if (this.credentials.size >= this.#limit) return this.limitReached();
    const now = this.#clock.now();
    const expiresAtMs = expiresAt === undefined ? now + 20 * yearMs : Date.parse(expiresAt);
    if (expiresAtMs <= now) return this.error(422, '10015', 'expires_at is in the past');
    const id = this.newId();
    const credential: AccountCredential = {
      id,
      connectionId,
      name: input.name ?? new Date(now).toISOString(),
      tag,
      sipUsername: `gencred${id.replaceAll('-', '').slice(0, 20)}`,
      sipPassword: createHash('md5').update(id).digest('hex'),
      expiresAtMs,
    };
    this.credentials.set(id, credential);
    return this.answer(201, JSON.stringify({ data: this.#showCredential(credential) }));
  }

  #listCredentials(query: URLSearchParams): TelnyxAnswer {
    const tag = query.get('filter[tag]');
    const matching = [...this.credentials.values()].filter(
      (credential) => tag === null || credential.tag === tag,
    );
    return this.#list(matching, query, (credential) => this.#showCredential(credential));
  }

  #addConnection(input: InferOutput<typeof newConnection>): TelnyxAnswer {
    const { connection_name: name, user_name: userName, password } = input;
    // The one made by hand does not count.
    if (this.connections.size > this.#limit) return this.limitReached();
    const isTaken = [...this.connections.values()].some((each) => each.userName === userName);
    if (isTaken) return this.error(422, '10012', 'Duplicate resource');
    const connection = { id: this.newId(), name, userName, password };
    this.connections.set(connection.id, connection);
    return this.answer(201, JSON.stringify({ data: showConnection(connection) }));
  }

  #listConnections(query: URLSearchParams): TelnyxAnswer {
    const part = query.get('filter[connection_name][contains]');
    if (part !== null && part.length < 3) return this.error(400, '10015', 'Bad Request');
    const matching = [...this.connections.values()].filter(
      ({ name }) => part === null || name.toLowerCase().includes(part.toLowerCase()),
    );
    return this.#list(matching, query, showConnection);
  }

  #token(id: string): TelnyxAnswer {
    const credential = this.credentials.get(id);
    if (credential === undefined || this.#isExpired(credential)) return this.#notFound();
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ sub: id })}.c2lnbmF0dXJl`;
    return this.answer(201, token, 'text/plain');
  }

  #dial(input: InferOutput<typeof newCall>): TelnyxAnswer {
    const { connection_id: app, to, from, command_id: commandId } = input;
    if (!this.apps.has(app)) return this.error(422, '10017', 'No such application');
    const known = [...this.calls.values()].find(
      (call) => commandId !== undefined && call.commandId === commandId,
    );
    const call = known ?? { ...this.ring(from, to), commandId };
    this.calls.set(call.id, call);
    const data = {
      call_control_id: call.id,
      call_leg_id: this.newId(),
      call_session_id: this.newId(),
      is_alive: true,
      record_type: 'call',
    };
    return this.answer(200, JSON.stringify({ data }));
  }

  #command(id: string, state: 'active' | 'ended'): TelnyxAnswer {
    const call = this.calls.get(id);
    if (call === undefined) return this.error(422, '90015', 'Invalid Call Control ID');
    if (call.state === 'ended') return this.error(422, '90018', 'Call has already ended');
    call.state = state;
    return this.answer(200, JSON.stringify({ data: { result: 'ok' } }));
  }

  #remove(from: Map<string, unknown>, id: string): TelnyxAnswer {
    if (!from.delete(id)) return this.#notFound();
    return this.answer(200, JSON.stringify({ data: { id } }));
  }

  #list<Item>(
    items: readonly Item[],
    query: URLSearchParams,
    show: (item: Item) => object,
  ): TelnyxAnswer {
    const number = Number(query.get('page[number]') ?? 1);
    const size = Number(query.get('page[size]') ?? 20);
    const isPage = Number.isInteger(number) && number >= 1 && size >= 1 && size <= 250;
    if (!isPage) return this.error(400, '10015', 'Bad Request');
    const data = items.slice((number - 1) * size, number * size).map(show);
    const meta = {
      page_number: number,
      page_size: size,
      total_pages: Math.ceil(items.length / size),
      total_results: items.length,
    };
    return this.answer(200, JSON.stringify({ data, meta }));
  }

  #isExpired({ expiresAtMs }: AccountCredential): boolean {
    return expiresAtMs <= this.#clock.now();
  }

  #showCredential(credential: AccountCredential): object {
    return {
      id: credential.id,
      record_type: 'credential',
      name: credential.name,
      // As text, and the time without a zone: so the reference has it.
      expired: String(this.#isExpired(credential)),
      user_id: 'user-1',
      resource_id: `connection:${credential.connectionId}`,
      sip_username: credential.sipUsername,
      sip_password: credential.sipPassword,
      expires_at: new Date(credential.expiresAtMs).toISOString().replace(/Z$/, ''),
    };
  }

  #notFound(): TelnyxAnswer {
    return this.error(404, '10005', 'Resource not found');
  }
}

function showConnection({ id, name, userName, password }: AccountConnection): object {
  return {
    id,
    record_type: 'credential_connection',
    active: true,
    user_name: userName,
    password,
    connection_name: name,
  };
}
