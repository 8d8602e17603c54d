/*
 * Real calls in their tubes, in one process and in virtual time, some of them made to fail.
 *
 * A thousand phones with the real call machine, signaling client and media share one server, one
 * store, one clock, and one registry of tubes: one for all, as whatever a registry shares (policy,
 * counts, alerts) is then shared by calls that fail and calls that do not, on both sides. Twenty
 * phones are on one page: they share its browser, and so its microphone and its camera.
 *
 * What differs between two runs must come from the calls alone, so
 *
 *   1. chance is each phone's own. What a page draws goes into descriptions, whose length stays, and
 *      nobody writes those down.
 *   2. a prompt for devices takes no time. A device that a call opens is opened already for the next
 *      one on the page: that is the one thing calls share by intention (one microphone, one light),
 *      and how long it takes depends on who else has it.
 *   3. what a round trip of the store takes is the same for all: none.
 *
 * All else that a phone is told goes into its log, with the time, and has to be the same.
 */
import type { Logger, LogFields } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';
import { createMedia } from '@ringfence/media';
import type { MediaEngine, MediaSession } from '@ringfence/media';
import { FakeBrowser } from '@ringfence/media/testing';
import type { FakePeerConnection } from '@ringfence/media/testing';
import { createPhone } from '@ringfence/phone';
import type { Call, CallEvents, Phone } from '@ringfence/phone';
import { createMemoryTransport } from '@ringfence/signaling-client/testing';
import type { MemoryTransport } from '@ringfence/signaling-client/testing';
import { createSignalingServer } from '@ringfence/signaling-server';
import type { SignalingServer, Store } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createTestAuth, testToken } from '@ringfence/signaling-server/testing';
import { settle } from '../simulator/virtual-time.ts';
import { callWayNames, callWays } from './tube-call-ways.ts';
import type { CallFault, CallWay, Seen } from './tube-call-ways.ts';

const phonesPerPage = 20;

/** What is left when all is closed. */
interface CallsLeft {
  readonly tubes: number;
  readonly owned: number;
  readonly stuck: number;
  readonly calls: number;
  readonly sessions: number;
  readonly connections: number;
  readonly tracks: number;
  readonly sounds: number;
  /** To devices and gestures. */
  readonly listeners: number;
  readonly sockets: number;
  /** Of the server: sessions, calls and users. */
  readonly server: number;
  readonly timers: number;
  /** Phones, server and registry, where closing did not come to an end. */
  readonly unclosed: number;
}

export interface CallsWorld {
  readonly calls: number;
  readonly tubes: number;
  /** What each phone wrote down; null where its call was made to fail. */
  readonly logs: readonly (readonly string[] | null)[];
  /** How many tubes failed in each way, and how many of those left a trace. */
  readonly byWay: ReadonlyMap<CallWay, { readonly made: number; readonly traced: number }>;
  /** Faults of tubes that were made to fail; of all others. */
  readonly faults: number;
  readonly faultsElsewhere: number;
  /** What came out where nobody catches it. */
  readonly escaped: readonly unknown[];
  readonly left: CallsLeft;
}

export interface CallsOptions {
  readonly calls: number;
  /** Of virtual time; all that is played takes 30 s. */
  readonly forMs: number;
  readonly faulty: boolean;
  /** Of so many calls the last has one side made to fail. Default 5. */
  readonly failEvery?: number;
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    each instanceof Error ? `${each.name}: ${each.message}` : each,
  );

/** A page: a browser that knows whose connection it makes, by the name its ICE servers carry. */
class Page extends FakeBrowser {
  readonly #seatOf: (userId: string) => Seat | undefined;
  #refused: Seat | undefined;

  constructor(clock: FakeClock, seed: number, seatOf: (userId: string) => Seat | undefined) {
    super({ captureMs: 0 }, { clock, random: seededRandom(seed) });
    this.#seatOf = seatOf;
  }

  override createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    const userId = configuration.iceServers?.[0]?.username;
    // Who was refused tries again at once, without servers.
    const seat = userId === undefined ? this.#refused : this.#seatOf(userId);
    this.#refused = userId === undefined ? undefined : seat;
    seat?.fault?.connect?.();
    this.#refused = undefined;
    const connection = super.createPeerConnection(configuration);
    seat?.connected(connection as unknown as FakePeerConnection);
    return connection;
  }
}

const callEvents = [
  'call.refused',
  'participant.changed',
  'call.mute-requested',
  'call.moved',
  'quality.changed',
] as const satisfies readonly (keyof CallEvents)[];

/** A phone, its user, and all that either was told. */
class Seat {
  readonly userId: string;
  readonly fault: CallFault | undefined;
  readonly log: string[] = [];
  readonly phone: Phone;
  readonly tubes: Tube[] = [];
  readonly sessions = new Set<MediaSession>();
  readonly network: MemoryTransport;
  readonly #engine: MediaEngine;
  readonly #clock: FakeClock;
  readonly #answerAfterMs: number;
  readonly #belongs: (tube: Tube, seat: Seat) => void;
  #call: Call | undefined;
  #connection: FakePeerConnection | undefined;

  constructor(
    number: number,
    fault: CallFault | undefined,
    parts: {
      readonly clock: FakeClock;
      readonly page: FakeBrowser;
      readonly registry: TubeRegistry;
      readonly server: SignalingServer;
      readonly belongs: (tube: Tube, seat: Seat) => void;
    },
  ) {
    const { clock, page, registry, server } = parts;
    this.userId = `u${number}`;
    this.fault = fault;
    this.#clock = clock;
    this.#belongs = parts.belongs;
    this.#answerAfterMs = 800 + 110 * (number % 7);
    const logger = this.#logger();
    const random = seededRandom(1_000 + number);
    this.network = createMemoryTransport({
      accept: (socket, info) => server.accept(socket, info),
      clock,
      latencyMs: 5,
    });
    this.#engine = createMedia(
      { restartTimeoutMs: 2_000 },
      { browser: page, clock, random, logger },
    );
    this.phone = createPhone(
      {
        url: 'ws://calls.example',
        token: testToken({ userId: this.userId }),
        tubes: registry,
        signaling: { dialMs: 1_000 },
      },
      { clock, random, logger, transport: this.network, media: this.#watched(this.#engine) },
    );
    this.phone.on('phone.changed', ({ state, error }) => this.write('phone', [state, error]));
    this.phone.on('call.incoming', (call) => {
      this.#begin(call);
      clock.setTimeout(() => call.accept(), this.#answerAfterMs);
    });
  }

  write(what: string, value: unknown): void {
    this.log.push(`${this.#clock.monotonic()} ${what} ${textOf(value)}`);
  }

  connected(connection: FakePeerConnection): void {
    this.#connection = connection;
    this.fault?.connection?.(connection);
  }

  async dial(to: Seat, media: { readonly video: boolean }): Promise<void> {
    this.#begin(await this.phone.dial(`user:${to.userId}`, { audio: true, ...media }));
  }

  /** Does something with the newest call. */
  act(work: (call: Call) => void): void {
    if (this.#call !== undefined) work(this.#call);
  }

  /** Asks something that has an outcome, and writes that down. */
  ask(what: string, work: (call: Call) => Promise<void>): void {
    this.act((call) => {
      work(call).then(
        () => this.write(what, 'done'),
        (thrown: unknown) => this.write(what, thrown),
      );
    });
  }

  /** Does something to the newest connection. */
  wire(work: (connection: FakePeerConnection) => void): void {
    if (this.#connection !== undefined) work(this.#connection);
  }

  close(): Promise<void> {
    return this.phone.close().then(() => this.#engine.close());
  }

  seen(): Seen {
    return {
      tubes: this.tubes.map((tube) => tube.statistics()),
      lines: (pattern) => this.log.filter((line) => pattern.test(line)).length,
    };
  }

  #begin(call: Call): void {
    const tube = this.tubes.at(-1)!;
    this.#call = call;
    this.write('begins', [call.id, call.direction, call.state]);
    call.on('call.changed', ({ state, holding, muted, camera, participants, requests, end }) =>
      this.write('changed', { state, holding, muted, camera, participants, requests, end }),
    );
    call.on('call.ended', (end) => this.write('ended', end));
    call.on('stream.changed', ({ local, remote }) =>
      this.write('stream', [tracksOf(local), tracksOf(remote)]),
    );
    for (const name of callEvents) call.on(name, (payload) => this.write(name, payload));
    this.fault?.call?.(call, tube);
  }

  /** What the engine makes, and what its sessions tell the machine, is written down. */
  #watched(engine: MediaEngine): MediaEngine {
    return {
      ...engine,
      session: (options) => {
        this.tubes.push(options.tube);
        this.#belongs(options.tube, this);
        this.fault?.session?.();
        const session = engine.session(options);
        this.sessions.add(session);
        const open = session.open.bind(session);
        const close = session.close.bind(session);
        session.open = (report) =>
          open((said) => {
            this.write('media', said);
            report(said);
          });
        session.close = () => {
          close();
          this.sessions.delete(session);
        };
        return session;
      },
    };
  }

  #logger(): Logger {
    const as =
      (level: string) =>
      (message: string, fields: LogFields = {}): void =>
        this.write(level, [message, fields]);
    return { debug: as('debug'), info: as('info'), warn: as('warn'), error: as('error') };
  }
}

const tracksOf = (stream: MediaStream | null): readonly string[] =>
  stream?.getTracks().map(({ kind, enabled, readyState }) => `${kind} ${enabled} ${readyState}`) ??
  [];

/** What the network does to a connection, if there is one that it can do it to. */
function loses(connection: FakePeerConnection): void {
  if (connection.connectionState === 'connected') connection.turn('disconnected');
}

function cuts(connection: FakePeerConnection): void {
  loses(connection);
  connection.isReachable = false;
}

function fails(connection: FakePeerConnection): void {
  if (connection.connectionState === 'connected') connection.turn('failed');
}

function regains(connection: FakePeerConnection): void {
  if (connection.connectionState === 'disconnected') connection.turn('connected');
}

/** Lets the users of a call do what users do. Times are from the start of the world. */
function play(at: (ms: number, act: () => void) => void, number: number, a: Seat, b: Seat): void {
  const startMs = 500 + ((number * 37) % 3_000);
  const after = (ms: number, act: () => void): void => at(startMs + ms, act);
  // Thirteen kinds of calls: none of the shares that fail divides it.
  const kind = number % 13;
  after(0, () => void a.dial(b, { video: kind % 3 === 0 }));
  after(4_000, () => a.act((call) => call.mute()));
  after(5_000, () => a.act((call) => call.unmute()));
  after(6_000, () => b.act((call) => call.hold()));
  after(8_000, () => b.act((call) => call.resume()));
  after(9_000, () => b.act((call) => call.setCamera(!call.camera)));
  after(10_000, () => a.ask('tones', (call) => call.sendDtmf('12#')));
  // The network: a blip, a connection that fails, a cut that takes restarts of both.
  if (kind < 3) {
    after(12_000, () => a.wire(loses));
    after(13_000, () => a.wire(regains));
  } else if (kind < 6) {
    after(12_000, () => b.wire(fails));
  } else if (kind < 9) {
    after(12_000, () => [a, b].forEach((seat) => seat.wire(cuts)));
    after(16_000, () => [a, b].forEach((seat) => seat.wire(regains)));
  }
  after(17_500, () =>
    a.ask('please mute', (call) => call.requestMute(call.participants[1]?.id ?? '')),
  );
  after(19_000, () => a.act((call) => call.hold()));
  after(20_000, () => a.act((call) => call.resume()));
  if (kind % 3 !== 2) return;
  // The other one calls back.
  after(23_000, () => a.act((call) => call.hangUp()));
  after(25_000, () => void b.dial(a, { video: false }));
}

/** Lets calls be made and live for `forMs`. In a `faulty` world one side of some is made to fail. */
export async function runCalls(options: CallsOptions): Promise<CallsWorld> {
  const { calls, faulty, forMs, failEvery = 5 } = options;
  const clock = new FakeClock();
  const escaped: unknown[] = [];
  const registry = new TubeRegistry({}, { clock, random: seededRandom(1) });
  const seats = new Map<string, Seat>();
  const seatOf = (userId: string): Seat | undefined => seats.get(userId);
  const owners = new WeakMap<Tube, Seat>();

  const memory = createMemoryStore({ clock });
  const store: Store = {
    ...memory,
    commit: async (changeSet) => {
      seatOf(changeSet.answer?.userId ?? '')?.fault?.commit?.();
      return memory.commit(changeSet);
    },
  };
  const server = createSignalingServer(
    {},
    {
      store,
      auth: createTestAuth(),
      clock,
      random: seededRandom(2),
      iceServers: ({ userId }) => {
        const urls = ['stun:relay.example:3478', 'turn:relay.example:3478'];
        const good = { iceServers: [{ urls, username: userId, credential: 'secret' }] };
        return seatOf(userId)?.fault?.iceServers?.(good) ?? Promise.resolve(good);
      },
    },
  );

  let tubes = 0;
  let faults = 0;
  let faultsElsewhere = 0;
  registry.on('tube.created', () => (tubes += 1));
  registry.on('tube.fault', ({ tube }) => {
    if (owners.get(tube)?.fault === undefined) faultsElsewhere += 1;
    else faults += 1;
  });
  const told = ['breaker.opened', 'breaker.closed', 'turn.retired', 'turn.renewed'] as const;
  for (const name of [...told, 'tube.unhealthy', 'tube.fault', 'tube.closed'] as const) {
    registry.on(name, ({ tube }) => owners.get(tube)?.write(name, tube.health()));
  }

  const isFailing = (call: number): boolean => call % failEvery === failEvery - 1;
  const victims: { readonly way: CallWay; readonly seat: Seat }[] = [];
  const pages = Array.from(
    { length: Math.ceil((2 * calls) / phonesPerPage) },
    (_, number) => new Page(clock, 100_000 + number, seatOf),
  );
  /** What has gone wrong with one side of a call. */
  const wayOf = (call: number, side: number): readonly [CallWay, CallFault] | undefined => {
    if (!faulty || !isFailing(call)) return undefined;
    const failing = Math.floor(call / failEvery);
    const index = failing % callWayNames.length;
    const round = Math.floor(failing / callWayNames.length);
    // In four rounds each way meets either side, early and late.
    if ((index + round) % 2 !== side) return undefined;
    const way = callWayNames[index]!;
    const isLate = ((index >> 1) + (round >> 1)) % 2 === 1;
    return [way, callWays[way]({ clock, isLate })];
  };
  const pairs = Array.from({ length: calls }, (_, call) => {
    const [a, b] = [0, 1].map((side) => {
      const number = 2 * call + side;
      const chosen = wayOf(call, side);
      const page = pages[Math.floor(number / phonesPerPage)]!;
      const belongs = (tube: Tube, owner: Seat): void => void owners.set(tube, owner);
      const seat = new Seat(number, chosen?.[1], { clock, page, registry, server, belongs });
      seats.set(seat.userId, seat);
      if (chosen !== undefined) victims.push({ way: chosen[0], seat });
      return seat;
    });
    return [a!, b!] as const;
  });
  const everyone = [...seats.values()];

  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.monotonic() + ms;
    await settle();
    while ((clock.nextDueMs ?? Infinity) <= untilMs) {
      try {
        clock.runNext();
      } catch (thrown) {
        // Out of a timer, with nobody around it: a page or a process would hear of it.
        escaped.push(thrown);
      }
      await settle();
    }
    clock.advance(untilMs - clock.monotonic());
  };

  const script = new Set<ReturnType<FakeClock['setTimeout']>>();
  const at = (ms: number, act: () => void): void => {
    const timer = clock.setTimeout(() => {
      script.delete(timer);
      act();
    }, ms);
    script.add(timer);
  };
  pairs.forEach(([a, b], call) => play(at, call, a, b));
  await pass(forMs);
  for (const timer of script) clock.clearTimeout(timer);

  // What does not end is counted, and waited for no longer.
  const open = new Set<unknown>();
  const end = (ends: () => Promise<void>): void => {
    open.add(ends);
    void ends().then(() => open.delete(ends));
  };
  for (const seat of everyone) end(() => seat.close());
  // A hang-up that is not answered is waited for; then what was made to hang gets its time limits.
  await pass(15_000);
  const { calls: remembered, sessions, users } = server.counts;
  end(() => server.close());
  end(() => registry.close());
  await pass(10_000);

  const sum = <Each>(all: readonly Each[], count: (each: Each) => number): number =>
    all.reduce((total, each) => total + count(each), 0);
  const byWay = new Map<CallWay, { made: number; traced: number }>();
  for (const { way, seat } of victims) {
    const { made, traced } = byWay.get(way) ?? { made: 0, traced: 0 };
    const isTraced = seat.fault!.trace(seat.seen()) > 0;
    byWay.set(way, { made: made + 1, traced: traced + (isTraced ? 1 : 0) });
  }
  return {
    calls,
    tubes,
    logs: everyone.map(({ log }, number) => (isFailing(Math.floor(number / 2)) ? null : log)),
    byWay,
    faults,
    faultsElsewhere,
    escaped,
    left: {
      tubes: registry.size,
      owned: sum(everyone, (seat) => sum(seat.tubes, ({ size }) => size)),
      stuck: registry.status().stuck,
      calls: sum(everyone, ({ phone }) => phone.calls.length),
      sessions: sum(everyone, (seat) => seat.sessions.size),
      connections: sum(pages, ({ openConnections }) => openConnections.length),
      tracks: sum(pages, ({ liveTracks }) => liveTracks),
      sounds: sum(pages, ({ attachedAudios }) => attachedAudios.length),
      listeners: sum(pages, ({ listeners }) => listeners),
      sockets: sum(everyone, ({ network }) => network.size),
      server: remembered + sessions + users,
      timers: clock.pending,
      unclosed: open.size,
    },
  };
}
