/*
 * Chance, with a seed that is printed: users who do anything at any time, over networks that break
 * at any time. Whatever happens, every call ends, no listener fails, and nothing is left behind.
 */
import { describe, expect, test } from 'vitest';
import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import type { Call, Phone } from '../src/index.ts';
import { World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[randomInteger(random, from.length)]!;

const users = ['alice', 'bob', 'carol'];

const deeds: readonly ((call: Call) => void)[] = [
  (call) => call.accept(),
  (call) => call.accept(),
  (call) => call.accept({ video: true }),
  (call) => call.decline(),
  (call) => call.hangUp(),
  (call) => call.hold(),
  (call) => call.resume(),
  (call) => call.mute(),
  (call) => call.unmute(),
  (call) => call.setCamera(true),
  (call) => call.setCamera(false),
];

const accidents: readonly ((phone: TestPhone, random: Random) => void)[] = [
  ({ network }) => network.cut(),
  ({ network }) => network.stall(),
  ({ network }, random) => {
    network.jitterMs = randomInteger(random, 300);
  },
  ({ media, phone }) => {
    for (const { id } of phone.calls) media.call(id)?.disconnect();
  },
  ({ media, phone }) => {
    for (const { id } of phone.calls) media.call(id)?.reconnect();
  },
];

/** Null for a dial to oneself. */
async function dial(phone: Phone, to: string): Promise<Call | null> {
  try {
    return await phone.dial(to);
  } catch {
    return null;
  }
}

async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = new World();
  const phones: TestPhone[] = [];
  for (const user of users) {
    phones.push(await world.phone(user, { callWaiting: random.uint32() % 2 === 0 }));
  }
  const calls = new Set<Call>();
  for (const { phone } of phones) phone.on('call.incoming', (call) => calls.add(call));
  for (let step = 0; step < 30; step++) {
    const test = pick(random, phones);
    const chance = randomInteger(random, 10);
    if (chance < 2) {
      const call = await dial(test.phone, `user:${pick(random, ['dan', ...users])}`);
      if (call !== null) calls.add(call);
    } else if (chance < 4) pick(random, accidents)(test, random);
    else if (test.phone.calls.length > 0) pick(random, deeds)(pick(random, test.phone.calls));
    await world.pass(randomInteger(random, 4_000));
  }
  // Networks and users come to rest; whoever still talks hangs up.
  for (const { network } of phones) network.jitterMs = 0;
  await world.pass(60_000);
  for (const { phone } of phones) for (const call of phone.calls) call.hangUp();
  await world.pass(60_000);
  const left = phones.map(({ phone, media }) => [phone.state, phone.calls.length, media.size]);
  expect({ seed, left, calls: world.server.counts.calls }).toEqual({
    seed,
    left: users.map(() => ['ready', 0, 0]),
    calls: 0,
  });
  expect({ seed, unended: [...calls].filter(({ end }) => end === null).length }).toEqual({
    seed,
    unended: 0,
  });
  const errors = world.logger.lines.filter(({ level }) => level === 'error');
  expect({ seed, errors, timers: await world.close() }).toEqual({ seed, errors: [], timers: 0 });
}

describe('users and networks at random', () => {
  for (let seed = 1; seed <= 40; seed++) test(`seed ${seed}`, () => live(seed));
});
