/*
 * Chance, with a seed that is printed: users who do anything at any time, over networks that break
 * at any time. Whatever happens, every call ends, no listener fails, and nothing is left behind.
 */
import { describe, expect, test } from 'vitest';
import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import type { Call, Phone } from '../src/index.ts';
import { isRingingHere } from '../src/participants.ts';
import { World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[randomInteger(random, from.length)]!;

const users = ['alice', 'bob', 'carol', 'dave', 'erin'];

/** What a user does with one of their calls, and maybe another. A promise is what was asked for. */
type Deed = (call: Call, random: Random, calls: readonly Call[]) => Promise<unknown> | void;

const anyone = (random: Random): string => `user:${pick(random, ['dan', ...users])}`;
const participant = (call: Call, random: Random): string =>
  pick(random, ['p9', ...call.participants.map(({ id }) => id)]);

const accept: Deed = (call) => call.accept();

const deeds: readonly Deed[] = [
  (call) => call.accept({ video: true }),
  (call) => call.decline(),
  (call) => call.hangUp(),
  (call) => call.hangUp({ everyone: true }),
  (call) => call.hold(),
  (call) => call.resume(),
  (call) => call.mute(),
  (call) => call.unmute(),
  (call) => call.setCamera(true),
  (call) => call.setCamera(false),
  (call) => call.swap(),
  (call, random) => call.invite(anyone(random)),
  (call, random) => call.invite(anyone(random), { role: 'guest' }),
  (call, random) => call.remove(participant(call, random)),
  (call, random) => call.requestMute(participant(call, random)),
  (call, random) => call.transfer(anyone(random)),
  (call, random, calls) => call.transfer(pick(random, calls)),
  (call, random, calls) => call.transfer(pick(random, calls)),
  (call, random, calls) => call.merge(pick(random, calls)),
  (call, random, calls) => call.merge(pick(random, calls)),
  (call) => call.sendDtmf('1'),
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

/** What holds at all times: no call is shown twice, and one at a time is heard for itself. */
function checkPhone(seed: number, { calls }: Phone): void {
  const ids = calls.map(({ id }) => id);
  expect({ seed, ids: new Set(ids).size }).toEqual({ seed, ids: ids.length });
}

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
    phones.push(await world.phone(user, { callWaiting: random.uint32() % 4 !== 0 }));
  }
  // One user has two devices.
  phones.push(await world.phone('bob', { deviceId: 'tablet' }));
  const calls = new Set<Call>();
  const asked: Promise<unknown>[] = [];
  let answered = 0;
  for (const { phone } of phones) phone.on('call.incoming', (call) => calls.add(call));
  for (let step = 0; step < 40; step++) {
    const test = pick(random, phones);
    const chance = randomInteger(random, 12);
    const own = test.phone.calls;
    if (chance < 3) {
      const call = await dial(test.phone, anyone(random));
      if (call !== null) calls.add(call);
    } else if (chance < 5) pick(random, accidents)(test, random);
    else if (own.length > 0) {
      const call = pick(random, own);
      // Most calls are taken.
      const isTaken = isRingingHere(call) && randomInteger(random, 4) > 0;
      const outcome = (isTaken ? accept : pick(random, deeds))(call, random, own);
      if (outcome !== undefined) {
        asked.push(outcome);
        outcome.then(
          () => (answered += 1),
          () => (answered += 1),
        );
      }
    }
    for (const { phone } of phones) checkPhone(seed, phone);
    await world.pass(randomInteger(random, 3_000));
  }
  // Networks and users come to rest; whoever still talks hangs up.
  for (const { network } of phones) network.jitterMs = 0;
  await world.pass(60_000);
  for (const { phone } of phones) for (const call of phone.calls) call.hangUp();
  await world.pass(60_000);
  const left = phones.map(({ phone, media }) => [phone.state, phone.calls.length, media.size]);
  expect({ seed, left, calls: world.server.counts.calls }).toEqual({
    seed,
    left: phones.map(() => ['ready', 0, 0]),
    calls: 0,
  });
  expect({ seed, unended: [...calls].filter(({ end }) => end === null).length }).toEqual({
    seed,
    unended: 0,
  });
  expect({ seed, answered }).toEqual({ seed, answered: asked.length });
  const errors = world.logger.lines.filter(({ level }) => level === 'error');
  expect({ seed, errors, timers: await world.close() }).toEqual({ seed, errors: [], timers: 0 });
}

describe('users and networks at random', () => {
  for (let seed = 1; seed <= 40; seed++) test(`seed ${seed}`, () => live(seed));
});
