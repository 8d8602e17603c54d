import { uuidV7 } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { FakeClock, RecordingLogger, seededRandom, settle } from '@ringfence/base/testing';
import { writeRequest } from '@ringfence/protocol';
import type { RequestBody, RequestName } from '@ringfence/protocol';
import { createInProcessBus, createSignalingServer } from '@ringfence/signaling-server';
import type {
  Auth,
  Bus,
  SignalingServer,
  SignalingServerOptions,
  Store,
} from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createTestAuth, TestClient, testToken } from '@ringfence/signaling-server/testing';

type Method = 'commit' | 'load' | 'eventsAfter' | 'callsOf' | 'settingsOf' | 'answerOf' | 'due';

/** A store that counts its round trips and breaks when told to. */
class WatchedStore implements Store {
  /** Round trips by method. `due` is left out: the sweep runs on its own. */
  readonly trips: Partial<Record<Method, number>> = {};
  /** Asked before each round trip; what it returns is thrown. */
  breaks: (method: Method) => 'before' | 'after' | null = () => null;
  readonly inner: Store;

  constructor(inner: Store) {
    this.inner = inner;
  }

  now = (): number => this.inner.now();
  commit: Store['commit'] = (set) => this.#trip('commit', () => this.inner.commit(set));
  load: Store['load'] = (...args) => this.#trip('load', () => this.inner.load(...args));
  eventsAfter: Store['eventsAfter'] = (...args) =>
    this.#trip('eventsAfter', () => this.inner.eventsAfter(...args));
  callsOf: Store['callsOf'] = (...args) => this.#trip('callsOf', () => this.inner.callsOf(...args));
  settingsOf: Store['settingsOf'] = (...args) =>
    this.#trip('settingsOf', () => this.inner.settingsOf(...args));
  answerOf: Store['answerOf'] = (...args) =>
    this.#trip('answerOf', () => this.inner.answerOf(...args));
  due: Store['due'] = (limit) => this.#trip('due', () => this.inner.due(limit));

  /** Round trips since the last look. */
  taken(): Partial<Record<Method, number>> {
    const taken = { ...this.trips };
    for (const method of Object.keys(taken) as Method[]) delete this.trips[method];
    return taken;
  }

  async #trip<T>(method: Method, work: () => Promise<T>): Promise<T> {
    if (method !== 'due') this.trips[method] = (this.trips[method] ?? 0) + 1;
    const breaks = this.breaks(method);
    if (breaks === 'before') throw new Error('the store is broken on purpose');
    const result = await work();
    if (breaks === 'after') throw new Error('the answer was lost on purpose');
    return result;
  }
}

export interface Rig {
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  readonly store: WatchedStore;
  /** Stands between the server and its check of tokens. Default: there is nothing. */
  beforeAuth: () => Promise<void>;
  readonly server: SignalingServer;
  /** A client that has said hello and answers beats. */
  client(who: Parameters<typeof TestClient.connect>[1]): Promise<TestClient>;
  /** A client that has not said hello. */
  stranger(): TestClient;
  /** A socket whose frames are taken as they come, in their order. It has said hello. */
  raw(
    userId: string,
    receive: (text: string) => void,
  ): { ask<Name extends RequestName>(name: Name, body: RequestBody<Name>): void };
  /** What a user's phone says first. */
  hello(userId: string, known?: Record<string, number>): RequestBody<'hello'>;
  /** A fresh id. */
  mint(): string;
  /** Another server on the same store and bus. */
  peer(): SignalingServer;
  /** Loses every bus message from now on, or no more. */
  deafen(isDeaf: boolean): void;
  /** Cuts the peer off for good, as a killed process: it writes and says nothing more. */
  vanish(): void;
  join(server: SignalingServer, who: Parameters<typeof TestClient.connect>[1]): Promise<TestClient>;
}

/** A server on virtual time with a memory store that is watched. */
export function rig(options: SignalingServerOptions = {}): Rig {
  const clock = new FakeClock();
  const random = seededRandom(7);
  const logger = new RecordingLogger();
  const store = new WatchedStore(createMemoryStore({ clock }));
  const bus = createInProcessBus();
  let isDeaf = false;
  let isVanished = false;
  const lossy: Bus = {
    publish: (message) => {
      if (!isDeaf) bus.publish(message);
    },
    subscribe: bus.subscribe,
  };
  // A clock that stops takes an instance's timer, and with it all it does by itself.
  const mortal: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, delayMs) =>
      clock.setTimeout(() => {
        if (!isVanished) callback();
      }, delayMs),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
  const inner = createTestAuth();
  const auth: Auth = {
    async verify(token) {
      await made.beforeAuth();
      return inner.verify(token);
    },
  };
  const make = (own: Clock): SignalingServer =>
    createSignalingServer(options, {
      store,
      auth,
      bus: lossy,
      clock: own,
      random,
      logger,
    });
  const server = make(clock);
  const join: Rig['join'] = async (to, who) => {
    const client = await TestClient.connect(to, who, { clock, random });
    client.answersBeats = true;
    return client;
  };
  const made: Rig = {
    clock,
    logger,
    store,
    beforeAuth: async () => {},
    server,
    client: (who) => join(server, who),
    stranger: () => new TestClient(server, { clock, random }),
    raw(userId, receive) {
      const socket = server.accept(
        { send: receive, close() {}, bufferedBytes: 0 },
        { address: '127.0.0.1' },
      );
      const ask = <Name extends RequestName>(name: Name, body: RequestBody<Name>): void =>
        socket.message(writeRequest(made.mint(), name, body));
      ask('hello', { token: testToken({ userId }), device: 'raw' });
      return { ask };
    },
    hello: (userId, known) => ({
      token: testToken({ userId }),
      device: 'phone',
      ...(known && { known }),
    }),
    mint: () => uuidV7(clock, random),
    peer: () => make(mortal),
    deafen(deaf) {
      isDeaf = deaf;
    },
    vanish() {
      isVanished = true;
    },
    join,
  };
  return made;
}

/** A call that two clients of one server are in. */
export interface Pair {
  readonly alice: TestClient;
  readonly bob: TestClient;
  readonly callId: string;
}

const audio = { audio: true, video: false };

/** The client's device says that media of a leg arrives, or does no more. */
export function hear(client: TestClient, callId: string, legId: string, connected = true) {
  return client.ok('call.media', { callId, mediaEpoch: 1, legId, connected });
}

/** Alice dials Bob; Bob's device rings. */
export async function ringing(rig: Rig): Promise<Pair> {
  const alice = await rig.client({ userId: 'alice' });
  const bob = await rig.client({ userId: 'bob' });
  const callId = alice.callId();
  await alice.ok('call.dial', { callId, to: 'user:bob', media: audio });
  await bob.ok('call.ring', { callId });
  return { alice, bob, callId };
}

/** Alice and Bob talk. */
export async function talking(rig: Rig): Promise<Pair> {
  const pair = await ringing(rig);
  const { alice, bob, callId } = pair;
  await bob.ok('call.accept', { callId });
  await hear(alice, callId, 'l2');
  await hear(bob, callId, 'l1');
  await settle();
  return pair;
}

/** The clients of a rig's users, each with one device, by name. */
export async function users<Name extends string>(
  rig: Rig,
  ...names: readonly Name[]
): Promise<Record<Name, TestClient>> {
  const clients: Partial<Record<Name, TestClient>> = {};
  for (const userId of names) clients[userId] = await rig.client({ userId });
  return clients as Record<Name, TestClient>;
}

/** One client dials a user, whose client accepts; each hears the other. Gives the call's id. */
export async function talk(from: TestClient, to: TestClient, toUserId: string): Promise<string> {
  const callId = from.callId();
  await from.ok('call.dial', { callId, to: `user:${toUserId}`, media: audio });
  await to.ok('call.accept', { callId });
  await hear(from, callId, 'l2');
  await hear(to, callId, 'l1');
  return callId;
}

/** A member of the call invites a user, whose client accepts. */
export async function join(
  inviter: TestClient,
  callId: string,
  guest: TestClient,
  userId: string,
  role: 'member' | 'guest' = 'member',
): Promise<void> {
  await inviter.ok('call.invite', { callId, to: `user:${userId}`, role });
  await guest.ok('call.accept', { callId });
}

/** The types of the events that came of one call, in order. */
export function typesOf(client: TestClient, callId: string): string[] {
  return client
    .of('call.events')
    .filter((frame) => frame.callId === callId)
    .flatMap(({ events }) => events.map(({ type }) => type));
}
