import { expect } from 'vitest';
import { FakeClock, RecordingLogger, seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';
import type { FakeMedia, FakeMediaOptions, FakeMediaPlan } from '@ringfence/media/testing';
import { createFakeMedia } from '@ringfence/media/testing';
import type { MemoryTransport } from '@ringfence/signaling-client/testing';
import { createMemoryTransport } from '@ringfence/signaling-client/testing';
import { createSignalingServer } from '@ringfence/signaling-server';
import type { SignalingServer, SignalingServerOptions } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createTestAuth, testToken } from '@ringfence/signaling-server/testing';
import { RingfenceError, createPhone } from '../src/index.ts';
import type { Call, CallEnd, Phone, PhoneOptions, ViewState } from '../src/index.ts';

/** A phone, its network and its media, and all that its user was told. */
export interface TestPhone {
  readonly phone: Phone;
  readonly network: MemoryTransport;
  readonly media: FakeMedia;
  /** What goes wrong with the media of the next call. */
  plan: FakeMediaPlan;
  /** The calls that came in. */
  readonly incoming: Call[];
}

/** What was told of a call, from when `watch` was called. */
export interface Story {
  readonly seen: ViewState[];
  readonly ends: CallEnd[];
  readonly refused: string[];
}

export function watch(call: Call): Story {
  const story: Story = { seen: [call.state], ends: [], refused: [] };
  call.on('call.changed', ({ state }) => {
    if (state !== story.seen.at(-1)) story.seen.push(state);
  });
  call.on('call.ended', (end) => story.ends.push(end));
  call.on('call.refused', ({ code }) => story.refused.push(code));
  return story;
}

/** The code with which a promise rejects; `none` when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof RingfenceError ? error.code : String(error);
  }
}

/** Who is in a call, as one of them sees it. */
export const who = (call: Call): string =>
  call.participants.map(({ userId, state }) => `${userId} ${state}`).join(', ');

/**
 * Real phones and one real server, in one process on a fake clock. A message takes 5 ms. Media is
 * the real code on a fake browser.
 */
export class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly server: SignalingServer;
  /** Of all phones, unless a test gives one its own. */
  readonly registry = new TubeRegistry({}, { clock: this.clock, logger: this.logger });
  /** Of each call of each phone, in the order they began. */
  readonly tubes: Tube[] = [];
  readonly #phones: TestPhone[] = [];
  #seed = 1;

  constructor(options: SignalingServerOptions = {}) {
    const { clock } = this;
    this.registry.on('tube.created', ({ tube }) => this.tubes.push(tube));
    this.server = createSignalingServer(options, {
      store: createMemoryStore({ clock }),
      auth: createTestAuth(),
      clock,
      random: seededRandom(this.#seed++),
    });
  }

  /** A phone of a user. It is `ready` when this resolves. */
  async phone(
    userId: string,
    options: Partial<PhoneOptions> = {},
    fake: Partial<FakeMediaOptions> = {},
  ): Promise<TestPhone> {
    const { clock, logger } = this;
    const random = seededRandom(this.#seed++);
    const network = createMemoryTransport({
      accept: (socket, info) => this.server.accept(socket, info),
      clock,
      latencyMs: 5,
    });
    const media = createFakeMedia({ clock, random, plan: () => test.plan, ...fake });
    const phone = createPhone(
      { url: 'ws://test', token: testToken({ userId }), tubes: this.registry, ...options },
      { clock, random, logger, transport: network, media },
    );
    const test: TestPhone = { phone, network, media, plan: {}, incoming: [] };
    phone.on('call.incoming', (call) => test.incoming.push(call));
    this.#phones.push(test);
    await this.pass(100);
    return test;
  }

  /** One dials the other, who accepts: the call of each. */
  async connect(from: TestPhone, to: TestPhone): Promise<readonly [Call, Call]> {
    const outgoing = await from.phone.dial(`user:${to.phone.identity!.userId}`);
    await this.pass(100);
    const incoming = to.incoming.at(-1)!;
    incoming.accept();
    await this.pass(500);
    return [outgoing, incoming];
  }

  /** Phones of these users. */
  phones(...userIds: readonly string[]): Promise<readonly TestPhone[]> {
    return Promise.all(userIds.map((userId) => this.phone(userId)));
  }

  /** Nothing is left of any call, and nothing went wrong that nobody was told. */
  async expectClean(): Promise<void> {
    await this.pass(100);
    const left = this.#phones.map(({ phone, media }) => [phone.calls.length, media.size]);
    expect(left).toEqual(this.#phones.map(() => [0, 0]));
    expect(this.tubes.filter(({ closed, size }) => !closed || size > 0)).toEqual([]);
    expect(this.server.counts.calls).toBe(0);
    expect(this.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await this.close()).toBe(0);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  /** Ends everything; resolves with how many timers are left, which must be none. */
  async close(): Promise<number> {
    const closing = Promise.all(this.#phones.map(({ phone }) => phone.close()));
    await this.pass(3_000);
    await closing;
    for (const { network } of this.#phones) network.cut();
    const stopping = this.server.close();
    await this.pass(6_000);
    await stopping;
    await this.registry.close();
    return this.clock.pending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Two phones that talk, or ring, and what each was told. */
export class Pair extends World {
  alice!: TestPhone;
  bob!: TestPhone;

  static async make(
    options: SignalingServerOptions = {},
    phone: Partial<PhoneOptions> = {},
  ): Promise<Pair> {
    const pair = new Pair(options);
    pair.alice = await pair.phone('alice', phone);
    pair.bob = await pair.phone('bob', phone);
    return pair;
  }

  /** Alice dials, Bob's phone rings. */
  async ring(media?: { audio?: boolean; video?: boolean }) {
    const outgoing = await this.alice.phone.dial('user:bob', media);
    const caller = watch(outgoing);
    const arrived = new Promise<Call>((resolve) => this.bob.phone.on('call.incoming', resolve));
    const callee = arrived.then((call) => ({ call, story: watch(call) }));
    await this.pass(100);
    const { call: incoming, story } = await callee;
    return { outgoing, incoming, caller, callee: story };
  }

  /** Alice dials, Bob accepts, and they talk. */
  async talk(media?: { audio?: boolean; video?: boolean }) {
    const call = await this.ring(media);
    call.incoming.accept();
    await this.pass(500);
    return call;
  }
}
