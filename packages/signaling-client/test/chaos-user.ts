import { randomFraction, randomInteger, RingfenceError, uuidV7 } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import { RecordingLogger } from '@ringfence/base/testing';
import { isContending, isLive, joinedLegs, legOfDevice } from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { CommandName, SignalBody } from '@ringfence/protocol';
import { createSignalingClient } from '../src/index.ts';
import type { CallChannel, CommandBody, IncomingSignal } from '../src/index.ts';
import { createMemoryTransport } from '../src/testing/index.ts';
import type { ModelServer } from './model-server.ts';

/** One call as the user has it open: a channel, and the leg it is for. */
interface Line {
  readonly channel: CallChannel;
  legId: string | null;
  seq: number;
  readonly connected: Set<string>;
  isHungUp: boolean;
  /** Its leg is over. It is closed a little later, as a phone does. */
  isOver: boolean;
}

/** One user with one device, who acts at random and keeps the contract of {@link CallChannel}. */
export class ChaosUser {
  readonly name: string;
  readonly lines = new Map<string, Line>();
  readonly logger = new RecordingLogger();
  /** The numbers that were signaled, by call, sending leg and receiving leg. */
  readonly heard = new Map<string, number[]>();
  readonly sent = new Map<string, number>();
  readonly outcomes: string[] = [];
  readonly network;
  readonly client;
  commands = 0;
  /** How many calls it followed to another one. */
  followed = 0;
  /** How often a call rang that it had left before. */
  rungAgain = 0;
  readonly #left = new Set<string>();
  readonly #random: Random;
  readonly #clock: Clock;

  constructor(name: string, server: ModelServer, clock: Clock, random: Random) {
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
    this.client.on('call.offered', (facts) => {
      if (this.lines.has(facts.call.id)) throw new Error('offered what is open');
      if (this.#left.has(facts.call.id)) this.rungAgain += 1;
      this.#follow(this.#open(facts.call.id), facts);
    });
    this.client.connect();
  }

  /** Does one thing that a user, or their media, may do. */
  act(others: readonly ChaosUser[]): void {
    if (this.#chance(0.7)) this.tidy();
    const dice = this.#draw(100);
    if (dice < 4) return this.network.cut();
    if (dice < 6) return this.network.stall();
    const line = this.#pick([...this.lines.values()].filter((each) => !each.isOver));
    if (line === undefined || (dice > 96 && this.lines.size < 3)) {
      if (this.#chance(0.5)) this.#dial(this.#pick(others)!.name);
    } else if (dice < 35) {
      this.#signal(line);
    } else {
      this.#ask(line, `user:${this.#pick(others)!.name}`);
    }
  }

  /** Closes what is over. */
  tidy(): void {
    for (const line of this.lines.values()) if (line.isOver) this.#close(line);
  }

  #ask(line: Line, to: `user:${string}`): void {
    const { channel } = line;
    const participantId = this.#pick(channel.facts?.participants ?? [])?.id ?? 'p1';
    const callId = this.#pick([...this.lines.keys()].filter((id) => id !== channel.callId));
    const send = <Name extends CommandName>(name: Name, body: CommandBody<Name>): void =>
      this.#command(line, name, body);
    const dice = this.#draw(30);
    if (dice < 10) send('call.accept', {});
    else if (dice < 15) send('call.update', { muted: this.#chance(0.5) });
    else if (dice < 16) send('call.decline', { busy: this.#chance(0.5) });
    else if (dice < 18) this.#hangUp(line, { everyone: this.#chance(0.3) });
    else if (dice < 21) send('call.invite', { to });
    else if (dice < 22) send('call.remove', { participantId });
    else if (dice < 23) send('call.request-mute', { participantId });
    else if (dice < 26) send('call.transfer', { to });
    else if (callId === undefined) this.#dial(to.slice('user:'.length));
    else if (dice < 28) send('call.transfer', { toCallId: callId });
    else send('call.merge', { fromCallId: callId });
  }

  #dial(to: string): void {
    const line = this.#open(uuidV7(this.#clock, this.#random));
    this.#command(line, 'call.dial', { to: `user:${to}`, media: { audio: true, video: false } });
  }

  #open(callId: string): Line {
    const channel = this.client.channel(callId);
    const line: Line = {
      channel,
      legId: null,
      seq: 0,
      connected: new Set(),
      isHungUp: false,
      isOver: false,
    };
    this.lines.set(callId, line);
    channel.on('facts', (facts) => this.#follow(line, facts));
    channel.on('signal', (signal) => this.#hear(line, signal));
    return line;
  }

  #close({ channel }: Line): void {
    this.lines.delete(channel.callId);
    this.#left.add(channel.callId);
    channel.close();
  }

  #follow(line: Line, facts: CallFacts): void {
    if (line.isOver) return;
    if (facts.call.seq < line.seq) throw new Error('facts went back');
    line.seq = facts.call.seq;
    if (facts.call.movedTo !== null) return this.#move(line, facts.call.movedTo);
    const own = this.#ownLeg(facts);
    if (own === undefined || (line.legId !== null && line.legId !== own.id)) {
      line.isOver = true;
      return;
    }
    if (line.legId === null) {
      line.legId = own.id;
      if (isContending(own)) this.#command(line, 'call.ring', {});
    }
    this.#hearMedia(line, facts);
  }

  /** Media works from the start, and is reported once for each other leg. */
  #hearMedia(line: Line, facts: CallFacts): void {
    const joined = joinedLegs(facts).map(({ id }) => id);
    if (!joined.includes(line.legId!)) return;
    for (const legId of joined) {
      if (legId === line.legId || line.connected.has(legId)) continue;
      line.connected.add(legId);
      this.#command(line, 'call.media', { mediaEpoch: 1, legId, connected: true });
    }
  }

  #move(line: Line, callId: string): void {
    line.isOver = true;
    if (this.lines.has(callId)) return;
    this.followed += 1;
    const next = this.#open(callId);
    this.#close(line);
    if (line.isHungUp) this.#hangUp(next, {});
    if (next.channel.facts !== null) this.#follow(next, next.channel.facts);
  }

  /** This device's leg, while it takes part. */
  #ownLeg(facts: CallFacts): Leg | undefined {
    const leg = legOfDevice(facts, this.name, `${this.name}-phone`);
    return facts.call.state !== 'ended' && leg && isLive(facts, leg) ? leg : undefined;
  }

  #hear({ channel, legId }: Line, { fromLeg, body }: IncomingSignal): void {
    const stream = `${channel.callId} ${fromLeg} ${legId}`;
    const numbers = this.heard.get(stream) ?? [];
    if (body.kind === 'candidates') numbers.push(Number(body.candidates[0]!.candidate));
    this.heard.set(stream, numbers);
  }

  #signal({ channel, legId }: Line): void {
    const joined = channel.facts === null ? [] : joinedLegs(channel.facts);
    const peer = this.#pick(joined.filter(({ id }) => id !== legId));
    if (peer === undefined || !joined.some(({ id }) => id === legId)) return;
    const stream = `${channel.callId} ${legId} ${peer.id}`;
    const n = (this.sent.get(stream) ?? 0) + 1;
    const body: SignalBody = { kind: 'candidates', candidates: [{ candidate: String(n) }] };
    if (channel.signal({ toLeg: peer.id, mediaEpoch: 1, body })) this.sent.set(stream, n);
  }

  #hangUp(line: Line, body: CommandBody<'call.hang-up'>): void {
    const dialed = line.channel.facts === null && { dialed: true };
    this.#command(line, 'call.hang-up', { ...body, ...dialed });
  }

  #command<Name extends CommandName>(line: Line, name: Name, body: CommandBody<Name>): void {
    this.commands += 1;
    if (name === 'call.hang-up') line.isHungUp = true;
    line.channel.command(name, body).then(
      () => this.outcomes.push('ok'),
      (error: unknown) => {
        this.outcomes.push(error instanceof RingfenceError ? error.code : String(error));
        if (name !== 'call.dial' || line.isOver) return;
        // Who gave up a dial cancels it, as it may have arrived.
        this.#hangUp(line, {});
        if (line.channel.facts === null) line.isOver = true;
      },
    );
  }

  #draw(below: number): number {
    return randomInteger(this.#random, below);
  }

  #chance(share: number): boolean {
    return randomFraction(this.#random) < share;
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#draw(items.length)];
  }
}
