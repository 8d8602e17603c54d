import { expect, test } from 'vitest';
import { FakeClock, settle } from '@ringfence/base/testing';
import type { AnyIceServer, IceServersOptions } from './ice-servers.ts';
import { Tube } from './tube.ts';

interface Credential extends AnyIceServer {
  readonly username: string;
  readonly credential: string;
}

function setUp(options: IceServersOptions<Credential> = {}) {
  const clock = new FakeClock();
  const types: string[] = [];
  const tube = new Tube('call', { clock, observe: ({ type }) => types.push(type) });
  const answers: (() => unknown)[] = [];
  let fetches = 0;
  const iceServers = tube.iceServers<Credential>(async () => {
    fetches += 1;
    const answer = answers.shift();
    if (answer !== undefined) return answer() as Credential[];
    return server(fetches);
  }, options);
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) iceServers.failed('ice_701');
  };
  return { answers, clock, fail, fetches: () => fetches, iceServers, tube, types };
}

const server = (credential: number) => [
  { urls: 'turn:relay.example', username: 'call', credential: `${credential}` },
];

const unreachable = (): never => {
  throw new Error('unreachable');
};

test('servers are fetched once, and anew when fresh ones are asked for', async () => {
  const { fetches, iceServers } = setUp();
  const both = [iceServers.current(), iceServers.fresh()];
  expect(await Promise.all(both)).toEqual([server(1), server(1)]);
  expect(await iceServers.current()).toEqual(server(1));
  expect(await iceServers.fresh()).toEqual(server(2));
  expect(await iceServers.current()).toEqual(server(2));
  expect(fetches()).toBe(2);
});

test('five TURN failures in a row retire them and fetch fresh ones', async () => {
  const renewed: unknown[] = [];
  const { fail, iceServers, tube, types } = setUp({ renewed: (servers) => renewed.push(servers) });
  await iceServers.current();
  fail(4);
  iceServers.succeeded();
  fail(4);
  expect([tube.isHealthy, iceServers.isRetired]).toEqual([true, false]);
  fail(1);
  expect([tube.isHealthy, iceServers.isRetired]).toEqual([false, true]);
  expect(await iceServers.current()).toEqual(server(2));
  expect([tube.isHealthy, iceServers.isRetired]).toEqual([true, false]);
  expect(renewed).toEqual([server(2)]);
  expect(types.filter((type) => !/turn\.(failed|succeeded)/.test(type))).toEqual([
    'turn.retired',
    'turn.renewed',
  ]);
  expect(tube.statistics().turn).toEqual({
    attempts: 12,
    failures: 9,
    failuresInARow: 0,
    retirements: 1,
    unusable: 0,
  });
  expect(tube.health().turnFailures).toBe(9);
});

test('fresh servers begin a row of their own', async () => {
  const { iceServers } = setUp();
  await iceServers.current();
  for (let failure = 0; failure < 4; failure += 1) iceServers.failed('ice_701');
  await iceServers.fresh();
  iceServers.failed('ice_701');
  expect(iceServers.isRetired).toBe(false);
  expect(iceServers.statistics()).toMatchObject({ failures: 5, failuresInARow: 1 });
});

test('servers that are retired are fetched at once, by nobody but the tube', async () => {
  const { fail, fetches, iceServers } = setUp();
  fail(5);
  await settle();
  expect([fetches(), iceServers.isRetired]).toEqual([1, false]);
});

test('when no fresh ones can be had the tube stays unhealthy, and the next failure tries again', async () => {
  const { answers, fail, fetches, iceServers, tube } = setUp();
  answers.push(unreachable);
  fail(5);
  await settle();
  expect([fetches(), iceServers.isRetired, tube.isHealthy]).toEqual([1, true, false]);
  fail(1);
  await settle();
  expect([fetches(), iceServers.isRetired, tube.isHealthy]).toEqual([2, false, true]);
  expect(tube.statistics().turn).toMatchObject({ failures: 7, retirements: 1 });
  expect(tube.faults).toBe(0);
});

test('fetches go through the breaker turn: a dead source is left alone', async () => {
  const { answers, clock, fetches, iceServers, tube } = setUp();
  for (let fetch = 0; fetch < 5; fetch += 1) {
    answers.push(unreachable);
    await expect(iceServers.fresh()).rejects.toThrow('unreachable');
  }
  await expect(iceServers.fresh()).rejects.toMatchObject({ code: 'breaker_open' });
  expect(fetches()).toBe(5);
  // Refused fetches are no failures of TURN.
  expect(tube.statistics().turn).toMatchObject({ attempts: 5, failures: 5 });
  clock.advance(30_000);
  expect(await iceServers.fresh()).toEqual(server(6));
});

test('while none can be had the last ones are better than none, retired or not', async () => {
  const { answers, fail, iceServers } = setUp();
  await iceServers.current();
  for (let fetch = 0; fetch < 5; fetch += 1) {
    answers.push(unreachable);
    expect(await iceServers.fresh()).toEqual(server(1));
  }
  // Now the breaker refuses.
  expect([await iceServers.fresh(), await iceServers.current()]).toEqual([server(1), server(1)]);
  fail(5);
  expect([iceServers.isRetired, await iceServers.current()]).toEqual([true, server(1)]);
});

test('a server that no browser takes costs none of the others', async () => {
  const { answers, iceServers, tube } = setUp();
  const [good] = server(1);
  const stun = { urls: ['stun:stun.example', 'STUNS:stun.example'] };
  const bad = [
    { ...good, urls: 'http://relay.example' },
    { ...good, urls: ['turn:relay.example', 'turn:'] },
    { urls: 'turns:relay.example', username: 'call' },
    { urls: 'turn:relay.example', credential: '1' },
    7,
  ];
  answers.push(() => [bad[0], good, ...bad.slice(1), stun]);
  expect(await iceServers.current()).toEqual([good, stun]);
  answers.push(() => bad);
  expect(await iceServers.fresh()).toEqual([good, stun]);
  expect(tube.breaker('turn').statistics()).toMatchObject({ failedRequests: 1 });
  expect(tube.statistics().turn).toMatchObject({ unusable: 10 });
});

test('an error of malformed servers says which field of which, and no credential', async () => {
  const { answers, iceServers } = setUp();
  answers.push(() => [
    { urls: 'turn:relay.example', username: 'call', credential: { key: 'secret' } },
    { urls: 'turn:relay.example', credential: 'secret' },
    { urls: 'secret', username: 'call', credential: 'secret' },
  ]);
  const thrown: unknown = await iceServers.current().catch((error: unknown) => error);
  expect(thrown).toMatchObject({
    code: 'invalid_ice_servers',
    message: 'unable to use ICE servers; [0].credential is not legal',
    details: { unusable: ['[0].credential', '[1].username', '[2].urls'] },
  });
  expect(JSON.stringify(thrown)).not.toContain('secret');
});

test('no server at all is an answer', async () => {
  const { answers, iceServers } = setUp();
  answers.push(() => []);
  expect(await iceServers.current()).toEqual([]);
});

test('a fetch that hangs ends at its limit; what it brings late is dropped', async () => {
  const { answers, clock, iceServers } = setUp({ timeoutMs: 500 });
  let answer!: (servers: unknown) => void;
  answers.push(() => new Promise((resolve) => (answer = resolve)));
  const asked = iceServers.current().catch((thrown: unknown) => thrown);
  await settle();
  clock.advance(500);
  expect(await asked).toMatchObject({ code: 'operation_timeout' });
  answer(server(99));
  await settle();
  expect(await iceServers.current()).toEqual(server(2));
});

test.each([
  ['no list', { urls: 'turn:relay.example' }],
  ['null', null],
  ['an entry that is none', [null]],
  ['no urls', [{ credential: '1' }]],
  ['empty urls', [{ urls: [] }]],
  ['urls that are no text', [{ urls: ['turn:relay.example', 7] }]],
])('a corrupted answer is a failure: %s', async (_, corrupted) => {
  const { answers, iceServers, tube } = setUp();
  answers.push(() => corrupted);
  await expect(iceServers.current()).rejects.toMatchObject({ code: 'invalid_ice_servers' });
  expect(tube.breaker('turn').statistics()).toMatchObject({ failedRequests: 1 });
  expect(await iceServers.current()).toEqual(server(2));
});

test('a tube that closes fetches no more, and that is no failure', async () => {
  const { answers, clock, iceServers, tube } = setUp();
  answers.push(() => new Promise(() => {}));
  const asked = iceServers.current().catch((thrown: unknown) => thrown);
  await tube.close();
  expect(await asked).toMatchObject({ name: 'AbortError' });
  await expect(iceServers.fresh()).rejects.toMatchObject({ name: 'AbortError' });
  expect(tube.statistics().turn).toMatchObject({ attempts: 0, failures: 0 });
  expect(clock.pending).toBe(0);
});

test('what renewed throws is a fault of the tube, and the servers are there', async () => {
  const { fail, iceServers, tube } = setUp({ renewed: unreachable });
  fail(5);
  expect(await iceServers.current()).toEqual(server(1));
  expect(tube.statistics().errorSources).toEqual({ 'ice-servers': 1 });
});

test('reset takes them as good', async () => {
  const { answers, fail, iceServers, tube } = setUp();
  answers.push(unreachable);
  fail(5);
  await settle();
  tube.reset();
  expect([tube.isHealthy, iceServers.isRetired]).toEqual([true, false]);
  expect(tube.statistics().turn).toMatchObject({ failuresInARow: 0, failures: 6 });
});

test('options out of range name the field and the value', () => {
  const of = (options: IceServersOptions<Credential>) => () => setUp(options);
  expect(of({ failureLimit: 0 })).toThrow(/failureLimit; 0/);
  expect(of({ timeoutMs: -1 })).toThrow(/timeoutMs; -1/);
});
