import { FakeClock, RecordingLogger, seededRandom } from '@ringfence/base/testing';
import { defaultSettings } from '@ringfence/call-rules';
import {
  readClientFrame,
  wireError,
  writeAnswer,
  writeError,
  writeEvent,
} from '@ringfence/protocol';
import type {
  AnswerBody,
  ErrorCode,
  EventBody,
  EventName,
  Notice,
  Request,
  RequestName,
} from '@ringfence/protocol';
import { createSignalingClient } from '../src/index.ts';
import type { SignalingClientOptions } from '../src/index.ts';
import { createMemoryTransport } from '../src/testing/index.ts';
import type { MemorySocket } from '../src/testing/index.ts';

/** One connection of the client, as the test drives it. Frames are read by the real codec. */
export class ScriptedSession {
  readonly requests: Request[] = [];
  readonly notices: Notice[] = [];
  closedWith: number | null = null;
  readonly socket: MemorySocket;

  constructor(socket: MemorySocket) {
    this.socket = socket;
  }

  message(text: string): void {
    const frame = readClientFrame(text);
    if (frame.kind === 'request') this.requests.push(frame);
    else if (frame.kind === 'notice') this.notices.push(frame);
    else throw new Error(`the client sent what cannot be read: ${text}`);
  }

  /** The requests of one name, in order. */
  asked<Name extends RequestName>(name: Name): (Request & { name: Name })[] {
    return this.requests.filter(
      (request): request is Request & { name: Name } => request.name === name,
    );
  }

  answer<Name extends RequestName>(request: Request & { name: Name }, ok: AnswerBody<Name>): void {
    this.socket.send(writeAnswer(request.id, request.name, ok));
  }

  refuse(request: Request, code: ErrorCode, extra: Parameters<typeof wireError>[1] = {}): void {
    this.socket.send(writeError(request.id, wireError(code, extra)));
  }

  event<Name extends EventName>(name: Name, body: EventBody<Name>): void {
    this.socket.send(writeEvent(name, body));
  }

  welcome(clock: FakeClock, extra: Partial<AnswerBody<'hello'>> = {}): void {
    this.answer(this.asked('hello')[0]!, {
      session: 's1',
      userId: 'alice',
      orgId: 'acme',
      now: clock.now(),
      beatMs: 2_000,
      reconnectSpreadMs: 500,
      settings: defaultSettings,
      calls: [],
      ...extra,
    });
  }
}

/** A client on a fake clock, and a server that says what the test tells it to. */
export function createScripted(options: Partial<SignalingClientOptions> = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const random = seededRandom(1);
  const sessions: ScriptedSession[] = [];
  const server = { isRefusing: false };
  const network = createMemoryTransport({
    clock,
    accept(socket) {
      if (server.isRefusing) return null;
      const session = new ScriptedSession(socket);
      sessions.push(session);
      return {
        message: (text) => session.message(text),
        binary() {},
        closed: (code) => (session.closedWith = code),
      };
    },
  });
  const client = createSignalingClient(
    { url: 'ws://server', token: () => `token-${++tokens.count}`, deviceId: 'phone', ...options },
    { transport: network, clock, random, logger },
  );
  const tokens = { count: 0 };
  const changes: string[] = [];
  client.on('client.changed', ({ state, error }) =>
    changes.push(error === undefined ? state : `${state} ${error.code}`),
  );

  /** Lets what is under way arrive. */
  const flush = (): Promise<void> => clock.advanceAsync(0);
  /** The connection that came last. */
  const session = (): ScriptedSession => sessions.at(-1)!;

  /** Connects, or reconnects, and is welcomed. */
  async function welcomed(extra: Partial<AnswerBody<'hello'>> = {}): Promise<ScriptedSession> {
    const count = sessions.length;
    if (client.state === 'idle') client.connect();
    while (sessions.length === count) {
      await flush();
      if (sessions.length === count && !clock.runNext()) throw new Error('nothing happens');
    }
    await flush();
    session().welcome(clock, extra);
    await flush();
    return session();
  }

  return {
    clock,
    logger,
    network,
    server,
    sessions,
    session,
    client,
    changes,
    tokens,
    flush,
    welcomed,
  };
}
