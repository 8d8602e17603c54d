import {
  createListeners,
  numberOption,
  optionError,
  randomFraction,
  silentLogger,
  systemClock,
  systemRandom,
} from '@ringfence/base';
import type { Clock, Logger, On, Random, TimerHandle } from '@ringfence/base';

/** What is known of telephony. */
export interface ClientStatus {
  /** As the service says; `unknown` before the first answer, and while none comes. */
  readonly status: 'idle' | 'starting' | 'ready' | 'error' | 'stopped' | 'unknown';
  readonly healthy: boolean;
  /** When the service said so, milliseconds since the Unix epoch; 0 when it did not. */
  readonly timestamp: number;
  /** True while calls can be made. */
  readonly isAvailable: boolean;
}

/** Why something did not work. */
export interface ClientFailure {
  /**
   * A code of the service, or one of here: `unreachable` when it did not answer, `nonsense` when it
   * answered something else, `aborted` when the signal did.
   */
  readonly code: string;
  readonly message: string;
  /**
   * True when the same request may succeed later, and harms nothing when it was done already: false
   * for a call that may have been placed though no answer came.
   */
  readonly retryable: boolean;
  /** What to do about it, one sentence. */
  readonly hint: string;
}

export type ClientResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ClientFailure };

/** A credential as the route answers it. */
export interface ClientCredential {
  readonly username: string;
  readonly password: string;
  readonly expires_at: number;
  readonly realm: string;
  readonly sip_uri: string;
  readonly stun_servers: readonly string[];
  readonly turn_servers: readonly {
    readonly urls: readonly string[];
    readonly username: string;
    readonly credential: string;
  }[];
  readonly token?: string;
}

export interface ClientCall {
  readonly callId: string;
  readonly state: 'ringing' | 'active' | 'ended';
}

export interface TelephonyClientOptions {
  /** Where the routes are. Default `/api/webrtc`. */
  readonly baseUrl?: string;
  /** From one status to the next, milliseconds. Default 10,000; 250 to an hour. */
  readonly pollMs?: number;
  /** How long an answer may take, milliseconds. Default 15,000; 100 to an hour. */
  readonly timeoutMs?: number;
  /** Sent with each request. Cookies of the same site are sent anyway. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TelephonyClientCollaborators {
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Hears of listeners that throw. */
  readonly logger?: Logger;
}

export interface ClientEvents {
  'status.changed': ClientStatus;
  /** Undefined when there is no call any more. */
  'call.changed': ClientCall | undefined;
}

interface WithSignal {
  readonly signal?: AbortSignal;
}

/** The browser's side of the telephony routes. No method throws or rejects. */
export interface TelephonyClient {
  readonly status: ClientStatus;
  /** The call that was made or answered last, until it is over. */
  readonly activeCall: ClientCall | undefined;
  /** Asks for the status again and again, until {@link stop}. A second call does nothing. */
  start(): void;
  stop(): void;
  /** Asks for the status now. */
  refresh(options?: WithSignal): Promise<ClientStatus>;
  makeCall(phoneNumber: string, options?: WithSignal): Promise<ClientResult<ClientCall>>;
  answerCall(callId: string, options?: WithSignal): Promise<ClientResult<ClientCall>>;
  endCall(callId: string, options?: WithSignal): Promise<ClientResult<ClientCall>>;
  issueCredential(
    request: {
      readonly username: string;
      /** Seconds. Default a day. */
      readonly ttl?: number;
      /** True to have a token for the provider's SDK as well. */
      readonly token?: boolean;
    },
    options?: WithSignal,
  ): Promise<ClientResult<ClientCredential>>;
  readonly on: On<ClientEvents>;
}

type Doubt = (result: ClientResult<never>) => ClientResult<never>;

const unknown: ClientStatus = {
  status: 'unknown',
  healthy: false,
  timestamp: 0,
  isAvailable: false,
};
const statuses = ['idle', 'starting', 'ready', 'error', 'stopped'];
const callStates = ['ringing', 'active', 'ended'];
const hourMs = 3_600_000;

/**
 * Makes a client of the telephony routes, for a page. Nothing of it throws: while the service does
 * not answer, its status is `unknown` and calls are not available.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const telephony = createTelephonyClient();
 * telephony.on('status.changed', ({ isAvailable }) => (button.hidden = !isAvailable));
 * telephony.start();
 */
export function createTelephonyClient(
  options: TelephonyClientOptions = {},
  collaborators: TelephonyClientCollaborators = {},
): TelephonyClient {
  const { baseUrl: given = '/api/webrtc' } = options;
  if (typeof given !== 'string') throw optionError('baseUrl', given, 'a URL or a path');
  const baseUrl = given.replace(/\/+$/, '');
  const pollMs = numberOption('pollMs', options.pollMs ?? 10_000, 250, hourMs);
  const timeoutMs = numberOption('timeoutMs', options.timeoutMs ?? 15_000, 100, hourMs);
  const { clock = systemClock, random = systemRandom, logger = silentLogger } = collaborators;
  const fetch = collaborators.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const { on, emit } = createListeners<ClientEvents>(logger);
  let status = unknown;
  let activeCall: ClientCall | undefined;
  /** The number of the run; 0 while it is stopped. */
  let running = 0;
  let runs = 0;
  let timer: TimerHandle;
  /** Answers that were overtaken are dropped. */
  let asked = 0;

  async function send(
    name: string,
    body: unknown,
    { signal }: WithSignal = {},
    /** What became of it, when no answer says so. */
    doubt: Doubt = (result) => result,
  ): Promise<ClientResult<Readonly<Record<string, unknown>>>> {
    if (signal?.aborted) return lost(signal);
    const abort = new AbortController();
    const give = (): void => abort.abort();
    const limit = clock.setTimeout(give, timeoutMs);
    signal?.addEventListener('abort', give, { once: true });
    try {
      const response = await fetch(`${baseUrl}/${name}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...options.headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        credentials: 'same-origin',
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: abort.signal,
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (abort.signal.aborted) return doubt(lost(signal));
      const { ok, status: code } = response;
      // Who answers with 4xx did nothing.
      const isUnclear = ok || code >= 500;
      if (typeof answer !== 'object' || answer === null) {
        return isUnclear ? doubt(nonsense(name)) : nonsense(name);
      }
      const fields = answer as Readonly<Record<string, unknown>>;
      if (ok) return { ok: true, value: fields };
      const isOfService = typeof fields['code'] === 'string';
      const no = refused(fields, code);
      return isOfService || !isUnclear ? no : doubt(no);
    } catch {
      return doubt(lost(signal));
    } finally {
      clock.clearTimeout(limit);
      signal?.removeEventListener('abort', give);
    }
  }

  function setStatus(next: ClientStatus): void {
    const isSame = next.status === status.status && next.healthy === status.healthy;
    status = next;
    if (!isSame) emit('status.changed', next);
  }

  async function refresh(withSignal?: WithSignal): Promise<ClientStatus> {
    const mine = (asked += 1);
    const answer = await send('status', undefined, withSignal);
    const read = answer.ok ? readStatus(answer.value) : unknown;
    if (mine === asked && !withSignal?.signal?.aborted) setStatus(read);
    return read;
  }

  async function poll(run: number): Promise<void> {
    await refresh();
    if (running !== run) return;
    // Pages that were opened together do not ask together.
    const delayMs = pollMs * (0.9 + 0.2 * randomFraction(random));
    timer = clock.setTimeout(() => void poll(run), delayMs);
  }

  function setCall(call: ClientCall): void {
    if (call.state === 'ended') {
      if (activeCall?.callId !== call.callId) return;
      activeCall = undefined;
    } else {
      activeCall = call;
    }
    emit('call.changed', activeCall);
  }

  async function call(
    body: unknown,
    withSignal?: WithSignal,
    doubt: Doubt = (result) => result,
  ): Promise<ClientResult<ClientCall>> {
    const answer = await send('call', body, withSignal, doubt);
    if (!answer.ok) return answer;
    const { callId, state } = answer.value;
    if (typeof callId !== 'string' || !callStates.includes(state as string))
      return doubt(nonsense('call'));
    const value = { callId, state: state as ClientCall['state'] };
    setCall(value);
    return { ok: true, value };
  }

  return {
    on,
    get status() {
      return status;
    },
    get activeCall() {
      return activeCall;
    },
    start() {
      if (running !== 0) return;
      running = runs += 1;
      void poll(running);
    },
    stop() {
      running = 0;
      // What is under way says nothing any more.
      asked += 1;
      clock.clearTimeout(timer);
    },
    refresh,
    makeCall: (phoneNumber, withSignal) =>
      call({ action: 'make', phoneNumber }, withSignal, perhapsPlaced),
    answerCall: (callId, withSignal) => call({ action: 'answer', callId }, withSignal),
    endCall: (callId, withSignal) => call({ action: 'end', callId }, withSignal),
    async issueCredential(request, withSignal) {
      const answer = await send('credential', request, withSignal);
      if (!answer.ok) return answer;
      const { credential } = answer.value;
      if (!isCredential(credential)) return nonsense('credential');
      return { ok: true, value: credential };
    },
  };
}

function readStatus({
  status,
  healthy,
  timestamp,
}: Readonly<Record<string, unknown>>): ClientStatus {
  if (!statuses.includes(status as string) || typeof timestamp !== 'number') return unknown;
  return {
    status: status as ClientStatus['status'],
    healthy: healthy === true,
    timestamp,
    isAvailable: status === 'ready' && healthy === true,
  };
}

function isCredential(value: unknown): value is ClientCredential {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return (
    ['username', 'password', 'realm', 'sip_uri'].every((key) => typeof fields[key] === 'string') &&
    typeof fields['expires_at'] === 'number' &&
    areTexts(fields['stun_servers']) &&
    Array.isArray(fields['turn_servers']) &&
    fields['turn_servers'].every(isTurnServer)
  );
}

/** As `RTCPeerConnection` takes it: of anything else it throws. */
function isTurnServer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { urls, username, credential } = value as Readonly<Record<string, unknown>>;
  return areTexts(urls) && typeof username === 'string' && typeof credential === 'string';
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function failed(
  code: string,
  message: string,
  retryable: boolean,
  hint: string,
): ClientResult<never> {
  return { ok: false, error: { code, message, retryable, hint } };
}

function lost(signal: AbortSignal | undefined): ClientResult<never> {
  if (signal?.aborted) {
    const hint = 'What was asked may have been done.';
    return failed('aborted', 'unable to go on; it was given up', false, hint);
  }
  const hint = 'Check the network, and try again.';
  return failed('unreachable', 'unable to reach telephony; it did not answer', true, hint);
}

function nonsense(name: string): ClientResult<never> {
  const message = `unable to use the answer of ${name}; it has a wrong form`;
  return failed('nonsense', message, true, 'Check baseUrl, and what answers there.');
}

function refused(
  { error, code, retryable, hint }: Readonly<Record<string, unknown>>,
  status: number,
): ClientResult<never> {
  const message = typeof error === 'string' ? error : `unable to go on; status ${status}`;
  return failed(
    typeof code === 'string' ? code : 'nonsense',
    message,
    typeof retryable === 'boolean' ? retryable : status >= 500,
    typeof hint === 'string' ? hint : 'Check baseUrl, and what answers there.',
  );
}

/**
 * Of a call that was to be placed, and of which the service says nothing: the request may have come
 * to it, and once more would ring, and cost, twice.
 */
function perhapsPlaced(result: ClientResult<never>): ClientResult<never> {
  if (result.ok) return result;
  const { code, message } = result.error;
  const hint = 'Ask the one who calls before you place it again: it may have been placed.';
  return failed(code, `${message}, and the call may have been placed`, false, hint);
}
