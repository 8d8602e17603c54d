import { describe, expect, it } from 'vitest';
import { randomInteger, uuidV7 } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom, settle } from '@ringfence/base/testing';
import {
  defaultSettings,
  evolve,
  isContending,
  isLive,
  joinedLegs,
  legOfDevice,
  seenUntil,
} from '@ringfence/call-rules';
import type { CallEvent, CallFacts, UserSettings } from '@ringfence/call-rules';
import { checkCallInvariants } from '@ringfence/call-rules/testing';
import { readAnswerBody, readServerFrame, writeNotice, writeRequest } from '@ringfence/protocol';
import type { CommandName, RequestBody, RequestName } from '@ringfence/protocol';
import type { SignalingServer, SocketEvents } from '@ringfence/signaling-server';
import { testToken } from '@ringfence/signaling-server/testing';
import { rig } from './rig.ts';

const seeds = Array.from({ length: 40 }, (_, index) => index + 1);
const userIds = ['alice', 'bob', 'carol', 'dave'];
type Command = CommandName extends `call.${infer Name}` ? Exclude<Name, 'dial'> : never;

/** What a device does about a call that rings here, and about one it is in: what leads on comes often. */
const answers: readonly Command[] = ['ring', 'ring', 'accept', 'accept', 'accept', 'decline'];
const doings: readonly Command[] = [
  ...(['media', 'media', 'media', 'media', 'media', 'media', 'media', 'update'] as const),
  ...(['invite', 'remove', 'request-mute', 'transfer', 'transfer', 'merge', 'hang-up'] as const),
];
/** And whatever, in and out of place. */
const anything: readonly Command[] = [...answers, ...doings];

/** A device that folds what it hears and asks after each gap, as the protocol tells it to. */
class Device {
  readonly userId: string;
  readonly deviceId: string;
  readonly facts = new Map<string, CallFacts>();
  settings: UserSettings | null = null;
  gaps = 0;
  isReady = false;
  #socket: SocketEvents | undefined;
  #asked = new Map<string, RequestName>();
  readonly #random: Random;
  readonly #mint: () => string;

  constructor(userId: string, deviceId: string, random: Random, mint: () => string) {
    this.userId = userId;
    this.deviceId = deviceId;
    this.#random = random;
    this.#mint = mint;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  connect(server: SignalingServer): void {
    this.cut();
    this.#asked.clear();
    const socket = server.accept(
      {
        send: (text) => this.#receive(text),
        close: () => {
          if (this.#socket !== socket) return;
          this.#socket = undefined;
          this.isReady = false;
        },
        bufferedBytes: 0,
      },
      { address: '127.0.0.1' },
    );
    this.#socket = socket;
    const known = Object.fromEntries(
      [...this.facts].slice(-32).map(([callId, { call }]) => [callId, call.seq]),
    );
    this.ask('hello', { token: testToken({ userId: this.userId }), device: this.deviceId, known });
  }

  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.isReady = false;
    socket?.closed(1006);
  }

  ask<Name extends RequestName>(name: Name, body: RequestBody<Name>): void {
    const id = this.#mint();
    this.#asked.set(id, name);
    this.#socket?.message(writeRequest(id, name, body));
  }

  act(): void {
    const yes = randomInteger(this.#random, 6) !== 0;
    const own = [...this.facts.values()].filter((facts) => this.#isIn(facts));
    const isOdd = own.length === 0 || randomInteger(this.#random, 10) === 0;
    const facts = this.#pick(isOdd ? [...this.facts.values()].slice(-3) : own.slice(-3));
    const leg = legOfDevice(facts, this.userId, this.deviceId);
    let commands = leg !== undefined && isContending(leg) ? answers : doings;
    if (isOdd) commands = anything;
    this.#ask(this.#pick(commands), facts, this.#pick(isOdd ? [facts] : own), yes);
  }

  #isIn(facts: CallFacts): boolean {
    const leg = legOfDevice(facts, this.userId, this.deviceId);
    return leg !== undefined && isLive(facts, leg);
  }

  #ask(command: Command, facts: CallFacts, other: CallFacts, yes: boolean): void {
    const callId = facts.call.id;
    const otherId = other.call.id;
    const to = `user:${this.#pick(userIds)}`;
    const participantId = `p${1 + randomInteger(this.#random, 4)}`;
    const joined = joinedLegs(facts).filter((leg) => leg.deviceId !== this.deviceId || !yes);
    const legId = this.#pick(joined.length > 0 ? joined : facts.legs).id;
    const bodies: { [Name in CommandName]?: object } = {
      'call.media': { callId, mediaEpoch: 1, legId, connected: yes },
      'call.update': yes ? { callId, muted: true } : { callId, held: false, muted: false },
      'call.decline': { callId, busy: yes },
      'call.hang-up': { callId, everyone: !yes },
      'call.invite': { callId, to, role: yes ? 'member' : 'guest' },
      'call.remove': { callId, participantId },
      'call.request-mute': { callId, participantId },
      'call.transfer': otherId === callId ? { callId, to } : { callId, toCallId: otherId },
      'call.merge': { callId, fromCallId: otherId },
    };
    const name = `call.${command}` as const;
    this.ask(name, (bodies[name] ?? { callId }) as RequestBody<typeof name>);
  }

  set(): void {
    const pick = <T>(things: readonly T[]): T =>
      things[randomInteger(this.#random, things.length)]!;
    const target = (): string | null => pick([null, ...userIds.map((userId) => `user:${userId}`)]);
    this.ask('settings.update', {
      doNotDisturb: randomInteger(this.#random, 8) === 0,
      forwardOnBusy: target(),
      forwardOnNoAnswer: target(),
    });
  }

  #pick<T>(things: readonly T[]): T {
    return things[randomInteger(this.#random, things.length)]!;
  }

  #receive(text: string): void {
    const frame = readServerFrame(text);
    if (frame.kind === 'event') {
      if (frame.name === 'beat') {
        for (const [callId, seq] of Object.entries(frame.body.calls)) {
          const mine = this.facts.get(callId)?.call.seq ?? 0;
          if (seq > mine) this.#sync(callId);
        }
        this.#socket?.message(writeNotice('beat', { n: frame.body.n }));
      } else if (frame.name === 'call.events') {
        this.#fold(frame.body.callId, frame.body.events);
      } else if (frame.name === 'settings.changed') {
        this.settings = frame.body;
      }
      return;
    }
    expect(frame.kind).toBe('answer');
    if (frame.kind !== 'answer' || frame.error !== undefined) return;
    const name = this.#asked.get(frame.id)!;
    if (name === 'hello') {
      this.isReady = true;
      const { calls, settings } = readAnswerBody('hello', frame.ok)!;
      this.settings = settings;
      for (const call of calls) this.#catchUp(call);
    } else if (name === 'settings.update') {
      this.settings = readAnswerBody('settings.update', frame.ok)!;
    } else if (name === 'call.sync') {
      this.#catchUp(readAnswerBody('call.sync', frame.ok)!);
    } else {
      const { callId, events } = readAnswerBody(name as CommandName, frame.ok)!;
      this.#fold(callId, events);
    }
  }

  #catchUp(call: {
    callId: string;
    events?: CallEvent[] | undefined;
    snapshot?: CallFacts | undefined;
    gone?: boolean | undefined;
  }): void {
    if (call.gone === true) this.facts.delete(call.callId);
    else if (call.snapshot !== undefined) this.facts.set(call.callId, call.snapshot);
    else this.#fold(call.callId, call.events ?? []);
  }

  #fold(callId: string, events: readonly CallEvent[]): void {
    for (const event of events) {
      const facts = this.facts.get(callId) ?? null;
      const seq = facts?.call.seq ?? 0;
      if (event.seq <= seq) continue;
      if (event.seq > seq + 1) return this.#sync(callId);
      this.facts.set(callId, evolve(callId, facts, event));
    }
  }

  #sync(callId: string): void {
    this.gaps += 1;
    this.ask('call.sync', { callId, afterSeq: this.facts.get(callId)?.call.seq ?? 0 });
  }
}

interface Trouble {
  /** Of a hundred store round trips, how many break. */
  readonly breaks: number;
  /** Of a hundred steps, during how many the bus is deaf. */
  readonly deafness: number;
  readonly instances: number;
}

async function run(seed: number, trouble: Trouble) {
  const random = seededRandom(seed);
  const chance = (percent: number): boolean => randomInteger(random, 100) < percent;
  const pick = <T>(things: readonly T[]): T => things[randomInteger(random, things.length)]!;
  const made = rig();
  const servers = [made.server];
  while (servers.length < trouble.instances) servers.push(made.peer());
  await settle();
  const mint = (): string => uuidV7(made.clock, random);
  const devices = userIds.flatMap((userId) =>
    ['phone', 'tablet'].map((deviceId) => new Device(userId, deviceId, random, mint)),
  );
  for (const device of devices) device.connect(pick(servers));
  await settle();
  made.store.breaks = () => (chance(trouble.breaks) ? (chance(50) ? 'before' : 'after') : null);

  for (let step = 0; step < 250; step += 1) {
    made.deafen(chance(trouble.deafness));
    const device = pick(devices);
    if (!device.isConnected || chance(2)) {
      if (device.isConnected) device.cut();
      else device.connect(pick(servers));
    } else if (!device.isReady) {
      await settle();
    } else if (chance(1)) {
      device.set();
    } else if (chance(6) || device.facts.size === 0) {
      const to = `user:${pick(userIds)}`;
      device.ask('call.dial', { callId: mint(), to, media: { audio: true, video: false } });
    } else {
      device.act();
    }
    if (chance(60)) await settle();
    if (chance(10)) await made.clock.advanceAsync(randomInteger(random, 1_500));
  }

  made.store.breaks = () => null;
  made.deafen(false);
  for (const device of devices) if (!device.isConnected) device.connect(pick(servers));
  // Five beats, so that every hint that was lost is healed.
  await made.clock.advanceAsync(10_000);
  return { made, devices, servers };
}

/** Every device holds of each call it has a part in what the store holds, and of others no more than it may. */
async function compare({ made, devices }: Awaited<ReturnType<typeof run>>): Promise<void> {
  const { inner } = made.store;
  for (const device of devices) {
    for (const [callId, facts] of device.facts) {
      const stored = (await inner.load('acme', callId))!;
      const leg = legOfDevice(stored, device.userId, device.deviceId);
      if (leg !== undefined && isLive(stored, leg)) expect(facts).toEqual(stored);
      const until = seenUntil(stored, device.userId);
      if (until === null) continue;
      const history = await inner.eventsAfter('acme', callId, 0, 10_000);
      const seen = history.filter(({ at }) => at <= until).length;
      expect(facts.call.seq).toBeLessThanOrEqual(seen);
    }
    const held = await inner.callsOf('acme', device.userId, made.clock.now());
    for (const facts of held) {
      const leg = legOfDevice(facts, device.userId, device.deviceId);
      if (leg === undefined || !isLive(facts, leg)) continue;
      expect(device.facts.get(facts.call.id)).toEqual(facts);
    }
  }
}

/** How often each kind of thing happened, over all seeds. */
const happened: Record<string, number> = {};
const count = (what: string): void => {
  happened[what] = (happened[what] ?? 0) + 1;
};

/** The history of every call there was is as the rules want it. */
async function inspect({ made }: Awaited<ReturnType<typeof run>>): Promise<void> {
  const { inner } = made.store;
  const seen = new Set<string>();
  for (const userId of userIds) {
    for (const facts of await inner.callsOf('acme', userId, 0)) {
      const callId = facts.call.id;
      if (seen.has(callId)) continue;
      seen.add(callId);
      const events = await inner.eventsAfter('acme', callId, 0, 10_000);
      checkCallInvariants({ callId, events, facts });
      for (const event of events) {
        count(event.type);
        if (event.type === 'call.created') count('via dial');
        if (event.type === 'participant.invited') count(`via ${event.via}`);
        if (event.type === 'call.ended') count(event.reason);
      }
      if (facts.participants.length === 2 && facts.call.movedTo !== null) count('crossed');
    }
  }
}

/** Ends everything, and sees that nothing is held any more. */
async function finish({ made, devices, servers }: Awaited<ReturnType<typeof run>>): Promise<void> {
  for (const device of devices) device.cut();
  await made.clock.advanceAsync(80_000);
  for (const server of servers) {
    expect(server.counts).toEqual({ sessions: 0, calls: 0, users: 0 });
  }
  const errors = made.logger.lines.filter(
    ({ level, message }) => level === 'error' && message !== 'the store does not answer',
  );
  expect(errors).toEqual([]);
  await Promise.all(servers.map((server) => server.close()));
  expect(made.clock.pending).toBe(0);
}

describe('random users, random cuts', () => {
  it.each(seeds)('one instance: everyone holds what the store holds (seed %i)', async (seed) => {
    const world = await run(seed, { breaks: 0, deafness: 0, instances: 1 });
    await compare(world);
    for (const { userId, settings } of world.devices) {
      const { version: _, ...stored } = (await world.made.store.inner.settingsOf(
        'acme',
        userId,
      )) ?? { ...defaultSettings, version: 0 };
      expect(settings).toEqual(stored);
    }
    await finish(world);
    await inspect(world);
  });

  it.each(seeds)('a store that breaks one trip in five (seed %i)', async (seed) => {
    const world = await run(seed, { breaks: 20, deafness: 0, instances: 1 });
    await compare(world);
    await finish(world);
    await inspect(world);
  });

  it.each(seeds)(
    'three instances, a bus that loses, a store that breaks (seed %i)',
    async (seed) => {
      const world = await run(seed, { breaks: 10, deafness: 30, instances: 3 });
      await compare(world);
      await finish(world);
      await inspect(world);
    },
  );

  it('everything happened, in one seed or another', () => {
    const rare = [
      ...['dial', 'invite', 'transfer', 'merge', 'forward', 'return'].map((via) => `via ${via}`),
      ...['completed', 'declined', 'busy', 'canceled', 'unreachable', 'failed', 'transferred'],
      ...['crossed', 'call.active', 'call.ringing', 'participant.role', 'leg.mute-requested'],
    ];
    expect(rare.filter((what) => (happened[what] ?? 0) < 20)).toEqual([]);
  });
});
