/*
 * One connection after another to the server, as one link.
 *
 *   idle ──▶ connecting ──▶ ready ──▶ waiting ──▶ connecting ...
 *               └───────────────────────▲
 *   any ──▶ closed
 *
 *   1. Each phase owns its timer and connection; entering another phase ends them.
 *   2. What a connection says after its phase has ended is not heard.
 *   3. A beat is answered inside the message handler, never from a timer (P-602).
 */
import { fullJitterMs, randomFraction } from '@ringfence/base';
import type { RingfenceError, TimerHandle } from '@ringfence/base';
import {
  closeFlood,
  closeInvalidFrame,
  closeNormal,
  closeOverloaded,
  closeReplaced,
  closeUnauthorized,
  errorFromWire,
  readAnswerBody,
  readServerFrame,
  SUBPROTOCOL,
  writeNotice,
  writeRequest,
} from '@ringfence/protocol';
import type { Answer, AnswerBody, EventBody, EventName, RequestBody } from '@ringfence/protocol';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import { checkToken } from './options.ts';
import type { Connection } from './transport.ts';

type Welcome = AnswerBody<'hello'>;

/** What a link tells its owner. */
export interface LinkEvents {
  /** What the hello says besides the token. */
  hello(): Omit<RequestBody<'hello'>, 'token'>;
  changed(state: LinkState, error?: RingfenceError): void;
  /** The server knows us. Comes before `changed('ready')`. */
  welcomed(welcome: Welcome): void;
  answer(answer: Answer): void;
  /** What hears each event. */
  readonly events: { readonly [Name in EventName]: (body: EventBody<Name>) => unknown };
}

type Phase =
  | {
      readonly name: 'idle' | 'closed';
      readonly timer?: undefined;
      readonly connection?: undefined;
    }
  | { readonly name: 'connecting'; readonly timer: TimerHandle; connection?: Connection }
  | {
      readonly name: 'ready';
      timer: TimerHandle;
      readonly connection: Connection;
      readonly sinceMs: number;
      /** When the last frame came. */
      heardAtMs: number;
    }
  | { readonly name: 'waiting'; readonly timer: TimerHandle; readonly connection?: undefined };

/** How a client stands; the states are drawn at {@link SignalingClient}. */
export type LinkState = Phase['name'];

export interface Link {
  state(): LinkState;
  /** Starts, or ends a wait early. Does nothing in any other state. */
  connect(): void;
  /** Ends for good. */
  close(error?: RingfenceError): void;
  /** Sends a frame; dropped unless `ready`. */
  send(frame: string): void;
  /** Asks the host for a token. Rejects with `token_unavailable`. */
  token(): Promise<string>;
}

/** The first request of a connection needs no other name. */
const helloId = 'hello';
/** A connection that is silent for so many beats is taken for dead (P-606). */
const silentBeats = 3;
/** Tokens refused in a row until the link gives up (P-308). */
const mostRefusals = 3;

export function createLink(environment: Environment, events: LinkEvents): Link {
  const { clock, random, options, transport } = environment;
  let phase: Phase = { name: 'idle' };
  let failures = 0;
  let refusals = 0;
  let spreadMs = 0;

  /** Takes the next phase, and ends what the last one owned. */
  function enter(next: Phase): void {
    const last = phase;
    phase = next;
    clock.clearTimeout(last.timer);
    if (next.name !== 'ready') last.connection?.close(closeNormal, '');
  }

  function close(error?: RingfenceError): void {
    if (phase.name === 'closed') return;
    enter({ name: 'closed' });
    events.changed('closed', error);
  }

  /** Waits before the next attempt (P-109). */
  function fail(error: RingfenceError, code?: number, retryAfterMs = 0): void {
    const { backoffMs, backoffMaximumMs, minimumUptimeMs } = options;
    const uptimeMs = phase.name === 'ready' ? clock.monotonic() - phase.sinceMs : -1;
    if (uptimeMs >= minimumUptimeMs) failures = 0;
    // A server that is full, or finds this client too fast, is given more time.
    if (code === closeOverloaded || code === closeFlood) failures = Math.max(failures, 2);
    // The clients of a server that died must not come back at once, so it named a spread.
    const delayMs =
      failures > 0 || uptimeMs < 0
        ? fullJitterMs(random, failures, backoffMs, backoffMaximumMs)
        : randomFraction(random) * spreadMs;
    failures += 1;
    enter({ name: 'waiting', timer: clock.setTimeout(attempt, retryAfterMs + delayMs) });
    events.changed('waiting', error);
  }

  /** A token that is a string stays what it is, so there is no second try (P-308). */
  function refuse(error: RingfenceError): void {
    refusals += 1;
    if (typeof options.token === 'string' || refusals >= mostRefusals) close(error);
    else fail(error);
  }

  async function token(): Promise<string> {
    const source = options.token;
    try {
      return checkToken(typeof source === 'string' ? source : await source());
    } catch (cause) {
      throw clientError('token_unavailable', { cause });
    }
  }

  function attempt(): void {
    const timer = clock.setTimeout(() => fail(clientError('connection_lost')), options.attemptMs);
    const mine: Phase = { name: 'connecting', timer };
    enter(mine);
    events.changed('connecting');
    token().then(
      (fresh) => {
        if (phase === mine) open(mine, fresh);
      },
      (error: RingfenceError) => {
        if (phase === mine) fail(error);
      },
    );
  }

  function open(connecting: Phase & { name: 'connecting' }, fresh: string): void {
    const isCurrent = (): boolean => phase.connection === connection;
    const connection = transport.connect(options.url, SUBPROTOCOL, {
      opened() {
        if (!isCurrent()) return;
        connection.send(writeRequest(helloId, 'hello', { token: fresh, ...events.hello() }));
      },
      message(text) {
        if (isCurrent()) read(text, connection);
      },
      closed(code, reason) {
        if (!isCurrent()) return;
        if (code === closeReplaced) close(clientError('replaced'));
        else if (code === closeUnauthorized) refuse(clientError('unauthorized'));
        else fail(clientError('connection_lost', { details: { code, reason } }), code);
      },
    });
    connecting.connection = connection;
  }

  function read(text: string, connection: Connection): void {
    const frame = readServerFrame(text);
    // A server that says what cannot be read is broken; what it meant is caught up (P-206).
    if (frame.kind === 'unreadable') {
      connection.close(closeInvalidFrame, '');
      return fail(clientError('invalid_answer'));
    }
    if (phase.name === 'ready') {
      phase.heardAtMs = clock.monotonic();
      if (frame.kind === 'answer') events.answer(frame);
      if (frame.kind !== 'event') return;
      if (frame.name === 'beat') connection.send(writeNotice('beat', { n: frame.body.n }));
      events.events[frame.name](frame.body as never);
    } else if (frame.kind === 'answer' && frame.id === helloId) {
      greet(frame, connection);
    }
  }

  function greet({ error, ok }: Answer, connection: Connection): void {
    if (error) {
      const refusal = errorFromWire(error);
      return refusal.code === 'unauthorized'
        ? refuse(refusal)
        : fail(refusal, undefined, error.retryAfterMs);
    }
    const welcome = readAnswerBody('hello', ok);
    if (!welcome) return fail(clientError('invalid_answer'));
    const silentMs = welcome.beatMs * silentBeats;
    const sinceMs = clock.monotonic();
    const watch = (): void => {
      const leftMs = mine.heardAtMs + silentMs - clock.monotonic();
      if (leftMs > 0) mine.timer = clock.setTimeout(watch, leftMs);
      else fail(clientError('connection_lost'));
    };
    const mine: Phase & { name: 'ready' } = {
      name: 'ready',
      connection,
      sinceMs,
      heardAtMs: sinceMs,
      timer: clock.setTimeout(watch, silentMs),
    };
    refusals = 0;
    spreadMs = welcome.reconnectSpreadMs;
    enter(mine);
    events.welcomed(welcome);
    // A listener may have closed the client meanwhile.
    if (phase === mine) events.changed('ready');
  }

  return {
    state: () => phase.name,
    connect() {
      if (phase.name === 'idle' || phase.name === 'waiting') attempt();
    },
    close,
    send(frame) {
      if (phase.name === 'ready') phase.connection.send(frame);
    },
    token,
  };
}
