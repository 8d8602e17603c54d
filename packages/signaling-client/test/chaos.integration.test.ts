import { randomFraction, randomInteger, RingfenceError, uuidV7 } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { FakeClock, RecordingLogger, seededRandom } from '@ringfence/base/testing';
import type { CallFacts } from '@ringfence/call-rules';
import type { CommandName, SignalBody } from '@ringfence/protocol';
import { describe, expect, it } from 'vitest';
import { createSignalingClient } from '../src/index.ts';
import type { CallChannel, CommandBody, IncomingSignal } from '../src/index.ts';
import { createMemoryTransport } from '../src/testing/index.ts';
import { ModelServer } from './model-server.ts';

const seeds = Array.from({ length: 150 }, (_, index) => index + 1);

/** One user with one device, who acts at random. */
class User {
  readonly name: string;
  readonly channels: CallChannel[] = [];
  readonly logger = new RecordingLogger();
  readonly heard = new Map<string, number[]>();
  readonly sent = new Map<string, number>();
  readonly outcomes: string[] = [];
  readonly network;
  readonly client;
  commands = 0;
  readonly #random: Random;
  readonly #clock: FakeClock;

  constructor(name: string, server: ModelServer, clock: FakeClock, random: Random) {
    this.name = name;
    this.#random = random;
    this.#clock = clock;
    this.network = createMemoryTransport({
      accept: server.accept,
      clock,
      random,
      latencyMs: 20,
      jitterMs: 200,
    });
    this.client = createSignalingClient(
      { url: 'ws://model', token: () => name, deviceId: `${name}-phone` },
      { transport: this.network, clock, random, logger: this.logger },
    );
    this.client.on('call.offered', ({ call }) => {
      this.#open(call.id);
      this.#command(this.channels.at(-1)!, 'call.ring', {});
    });
    this.client.connect();
  }

  /** Does one thing that a user, or their media, may do. */
  act(others: readonly User[]): void {
    const live = this.channels.filter((channel) => channel.facts?.call.state !== 'ended');
    const channel = live[randomInteger(this.#random, live.length)];
    const dice = randomInteger(this.#random, 20);
    if (channel === undefined) {
      if (dice < 8) this.#dial(others[randomInteger(this.#random, others.length)]!.name);
    } else if (dice === 0) this.#command(channel, 'call.hang-up', {});
    else if (dice === 1) this.#command(channel, 'call.decline', {});
    else if (dice < 6) this.#command(channel, 'call.accept', {});
    else if (dice < 8) this.#command(channel, 'call.media', { mediaEpoch: 1, connected: true });
    else if (dice < 11) this.#command(channel, 'call.update', { muted: dice === 8 });
    else if (dice < 17) this.#signal(channel);
    else if (dice === 17) this.network.cut();
    else if (dice === 18) this.network.stall();
  }

  #dial(to: string): void {
    const channel = this.#open(uuidV7(this.#clock, this.#random));
    this.#command(channel, 'call.dial', { to: `user:${to}`, media: { audio: true, video: false } });
  }

  #open(callId: string): CallChannel {
    const channel = this.client.channel(callId);
    this.channels.push(channel);
    let seq = 0;
    channel.on('facts', ({ call }) => {
      if (call.seq <= seq) throw new Error('facts went back');
      seq = call.seq;
    });
    channel.on('signal', (signal) => this.#hear(channel, signal));
    return channel;
  }

  #hear(channel: CallChannel, { fromLeg, body }: IncomingSignal): void {
    const numbers = this.heard.get(`${channel.callId} ${fromLeg}`) ?? [];
    if (body.kind === 'candidates') numbers.push(Number(body.candidates[0]!.candidate));
    this.heard.set(`${channel.callId} ${fromLeg}`, numbers);
  }

  #signal(channel: CallChannel): void {
    const { facts } = channel;
    const own = facts?.legs.find((leg) => leg.userId === this.name && leg.state === 'won');
    const peer = facts?.legs.find((leg) => leg.userId !== this.name && leg.state === 'won');
    if (facts?.call.mediaEpoch !== 1 || own === undefined || peer === undefined) return;
    const stream = `${channel.callId} ${own.id}`;
    const n = (this.sent.get(stream) ?? 0) + 1;
    const body: SignalBody = { kind: 'candidates', candidates: [{ candidate: String(n) }] };
    if (channel.signal({ toLeg: peer.id, mediaEpoch: 1, body })) this.sent.set(stream, n);
  }

  #command<Name extends CommandName>(
    channel: CallChannel,
    name: Name,
    body: CommandBody<Name>,
  ): void {
    this.commands += 1;
    channel.command(name, body).then(
      () => this.outcomes.push('ok'),
      (error: unknown) => {
        this.outcomes.push(error instanceof RingfenceError ? error.code : String(error));
        // Who gave up a dial cancels it, as it may have arrived.
        if (name === 'call.dial') this.#command(channel, 'call.hang-up', {});
      },
    );
  }
}

async function run(seed: number) {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const chance = (share: number) => (): boolean => isWild && randomFraction(random) < share;
  let isWild = true;
  const server = new ModelServer(clock, {
    losesHint: chance(0.2),
    doubles: chance(0.1),
    fails: chance(0.1),
  });
  const users = ['alice', 'bob'].map((name) => new User(name, server, clock, random));

  for (let step = 0; step < 60; step++) {
    for (const user of users) user.act(users.filter((other) => other !== user));
    await clock.advanceAsync(randomInteger(random, 1_500));
    if (step % 2 === 0) server.tick();
  }
  // The network behaves again, and whoever still talks goes on talking.
  isWild = false;
  // With an even seed all heals by resuming; with an odd one by beats, resends and watchdogs.
  if (seed % 2 === 0) for (const user of users) user.network.cut();
  for (let round = 0; round < 30; round++) {
    await clock.advanceAsync(2_000);
    server.tick();
  }
  await clock.advanceAsync(2_000);
  return { clock, server, users };
}

describe('chaos: lost connections, lost and doubled hints, failing commands', () => {
  it.each(seeds)('seed %i', async (seed) => {
    const { clock, server, users } = await run(seed);
    const truth = (callId: string): CallFacts | null => server.histories.get(callId)?.facts ?? null;
    for (const user of users) {
      expect(user.client.state).toBe('ready');
      expect(user.logger.lines).toEqual([]);
      // Every command came to exactly one end.
      expect(user.outcomes).toHaveLength(user.commands);
      expect(user.outcomes.filter((code) => /invalid|unknown|Error/.test(code))).toEqual([]);
      for (const channel of user.channels) expect(channel.facts).toEqual(truth(channel.callId));
    }
    expect(Math.max(1, ...server.runs.values())).toBe(1);
    // In a call that still stands, everything that was signaled has arrived, in order and once.
    for (const user of users) {
      for (const [stream, numbers] of user.heard) {
        const expected = numbers.map((_, index) => index + 1);
        expect(numbers).toEqual(expected);
        const sender = users.find((other) => other !== user)!;
        if (truth(stream.split(' ')[0]!)!.call.state === 'ended') continue;
        expect(numbers).toHaveLength(sender.sent.get(stream)!);
      }
    }
    for (const user of users) {
      for (const channel of user.channels) channel.close();
      await user.client.close();
    }
    await clock.advanceAsync(1_000);
    expect(clock.pending).toBe(0);
  });

  it('is the same for the same seed', async () => {
    const trace = async () => {
      const { clock, server, users } = await run(7);
      return [clock.monotonic(), [...server.histories], users.map((user) => user.outcomes)];
    };
    expect(await trace()).toEqual(await trace());
  });
});
