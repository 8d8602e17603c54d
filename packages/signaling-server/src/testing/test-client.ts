import { systemClock, systemRandom, uuidV7 } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import {
  readAnswerBody,
  readServerFrame,
  SUBPROTOCOL,
  writeNotice,
  writeRequest,
} from '@ringfence/protocol';
import type {
  AnswerBody,
  EventBody,
  EventName,
  NoticeBody,
  NoticeName,
  RequestBody,
  RequestName,
  WireError,
} from '@ringfence/protocol';
import type { ServerSocket, SocketEvents } from '../ports.ts';
import type { SignalingServer } from '../server.ts';
import { testToken } from './test-auth.ts';

/** What a request came to. */
type Outcome<Name extends RequestName> =
  { readonly ok: AnswerBody<Name> } | { readonly error: WireError };

interface Waiting {
  readonly name: RequestName;
  readonly resolve: (outcome: Outcome<RequestName>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The least client that speaks the wire, on a socket of its own within the process. It checks what
 * the server sends against the schemas, keeps every event, and does nothing by itself: it answers
 * no beat unless told to.
 */
export class TestClient {
  /** Every event that came, oldest first. */
  readonly events: {
    readonly [Name in EventName]: { name: Name; body: EventBody<Name> };
  }[EventName][] = [];
  /** Set when the server closed the socket. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  /** What the server is told waits in the socket. */
  bufferedBytes = 0;
  /** Answers beats by itself, as a real client does. Default false. */
  answersBeats = false;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #socket: SocketEvents;
  readonly #waiting = new Map<string, Waiting>();
  #watchers: (() => void)[] = [];

  /** Connects to a server. Nothing is sent yet. */
  constructor(
    server: Pick<SignalingServer, 'accept'>,
    { clock = systemClock, random = systemRandom }: { clock?: Clock; random?: Random } = {},
  ) {
    this.#clock = clock;
    this.#random = random;
    const receive = (text: string): void => this.#receive(text);
    const buffered = (): number => this.bufferedBytes;
    const close = (code: number, reason: string): void => this.#end(code, reason);
    const socket: ServerSocket = {
      send: receive,
      close,
      get bufferedBytes() {
        return buffered();
      },
    };
    this.#socket = server.accept(socket, { address: '127.0.0.1', userAgent: SUBPROTOCOL });
  }

  /** Connects, and says hello with a token of `createTestAuth`. Rejects when it is refused. */
  static async connect(
    server: Pick<SignalingServer, 'accept'>,
    who: {
      userId: string;
      orgId?: string;
      device?: string;
      callWaiting?: boolean;
      known?: Record<string, number>;
    },
    collaborators: { clock?: Clock; random?: Random } = {},
  ): Promise<TestClient> {
    const client = new TestClient(server, collaborators);
    const { userId, orgId = 'acme', device = 'phone', callWaiting, known } = who;
    await client.ok('hello', {
      token: testToken({ userId, orgId }),
      device,
      ...(callWaiting !== undefined && { callWaiting }),
      ...(known !== undefined && { known }),
    });
    return client;
  }

  /** A fresh call id. */
  callId(): string {
    return uuidV7(this.#clock, this.#random);
  }

  /** Sends raw text. */
  send(text: string): void {
    this.#socket.message(text);
  }

  sendBinary(): void {
    this.#socket.binary();
  }

  notice<Name extends NoticeName>(name: Name, body: NoticeBody<Name>): void {
    this.send(writeNotice(name, body));
  }

  /** Asks, and waits for the answer or the error. Rejects when the socket closes first. */
  request<Name extends RequestName>(
    name: Name,
    body: RequestBody<Name>,
    id: string = this.callId(),
  ): Promise<Outcome<Name>> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { name, resolve: resolve as Waiting['resolve'], reject });
      this.send(writeRequest(id, name, body));
    });
  }

  /** Asks, and rejects when the answer is an error. */
  async ok<Name extends RequestName>(
    name: Name,
    body: RequestBody<Name>,
    id?: string,
  ): Promise<AnswerBody<Name>> {
    const outcome = await this.request(name, body, id);
    if ('ok' in outcome) return outcome.ok;
    throw new Error(`${name} was refused: ${outcome.error.code}`);
  }

  /** Asks, and resolves with the code of the error. Rejects when it succeeds. */
  async refusal<Name extends RequestName>(
    name: Name,
    body: RequestBody<Name>,
    id?: string,
  ): Promise<string> {
    const outcome = await this.request(name, body, id);
    if ('error' in outcome) return outcome.error.code;
    throw new Error(`${name} was not refused`);
  }

  /** The bodies of the events of one name that came so far. */
  of<Name extends EventName>(name: Name): EventBody<Name>[] {
    return this.events
      .filter((event) => event.name === name)
      .map((event) => event.body as EventBody<Name>);
  }

  /** The types of every call event that came in `call.events`, in order. */
  get callEventTypes(): string[] {
    return this.of('call.events').flatMap(({ events }) => events.map((event) => event.type));
  }

  /** Resolves when `isTrue` holds; looked at after each thing that comes. */
  async until(isTrue: (client: this) => boolean): Promise<void> {
    while (!isTrue(this)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Cuts the connection, as a network does. */
  cut(code = 1006): void {
    if (this.closed !== null) return;
    this.#end(code, '');
    this.#socket.closed(code);
  }

  #receive(text: string): void {
    const frame = readServerFrame(text);
    if (frame.kind === 'event') {
      const { name, body } = frame;
      this.events.push({ name, body } as (typeof this.events)[number]);
      if (name === 'beat' && this.answersBeats) this.notice('beat', { n: frame.body.n });
    } else if (frame.kind === 'answer') {
      this.#answered(frame.id, frame);
    } else {
      throw new Error(`the server sent a frame that is ${frame.kind}: ${text}`);
    }
    this.#wake();
  }

  #answered(id: string, { ok, error }: { ok?: unknown; error?: WireError | undefined }): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw new Error(`the server answered ${id}, which nobody asked`);
    this.#waiting.delete(id);
    if (error !== undefined) return waiting.resolve({ error });
    const body = readAnswerBody(waiting.name, ok);
    if (body === null) throw new Error(`the server answered ${waiting.name} with a wrong body`);
    waiting.resolve({ ok: body });
  }

  #end(code: number, reason: string): void {
    this.closed ??= { code, reason };
    for (const { name, reject } of this.#waiting.values()) {
      reject(new Error(`${name} was not answered: closed with ${code}`));
    }
    this.#waiting.clear();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}
