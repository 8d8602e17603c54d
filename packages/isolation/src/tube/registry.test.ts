import { expect, test } from 'vitest';
import { FakeClock, RecordingLogger, seededRandom, settle } from '@ringfence/base/testing';
import { randomInteger } from '@ringfence/base';
import type { IceServers } from './ice-servers.ts';
import { TubeRegistry } from './registry.ts';
import type { TubeRegistryEvents, TubeRegistryOptions } from './registry.ts';
import type { Tube } from './tube.ts';

const names: readonly (keyof TubeRegistryEvents)[] = [
  'tube.created',
  'tube.closed',
  'tube.fault',
  'tube.unhealthy',
  'tube.healthy',
  'breaker.opened',
  'breaker.closed',
  'turn.retired',
  'turn.renewed',
  'alert.raised',
  'alert.cleared',
];

function setUp(options: TubeRegistryOptions = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const registry = new TubeRegistry(options, { clock, logger });
  const told: string[] = [];
  for (const name of names) {
    registry.on(name, (payload) => {
      const about = 'tube' in payload ? payload.tube.name : payload.kind;
      told.push(`${name} ${about}`);
    });
  }
  return { clock, logger, registry, told };
}

const broken = new Error('broken');

const none = {
  tubes: 0,
  healthy: 0,
  unhealthy: 0,
  closing: 0,
  created: 0,
  closed: 0,
  stuck: 0,
  faults: 0,
  breakerOpens: {},
  turnAttempts: 0,
  turnFailures: 0,
  turnRetirements: 0,
  alerts: [],
};

function failBreaker(tube: Tube, dependency: string, times = 5): void {
  const breaker = tube.breaker(dependency);
  for (let time = 0; time < times; time += 1) breaker.failed(breaker.tryEnter(), 'down');
}

test('tubes are found by name until they have closed', async () => {
  const { registry, told } = setUp();
  const a = registry.create('a');
  const b = registry.create('b');
  expect(registry.find('a')).toBe(a);
  expect(registry.find('c')).toBeUndefined();
  expect(registry.list()).toEqual([a, b]);
  a.own(() => settle());
  const closing = a.close();
  expect(registry.find('a')).toBe(a);
  expect(registry.status()).toEqual({ ...none, tubes: 1, healthy: 1, closing: 1, created: 2 });
  await closing;
  await settle();
  expect(registry.find('a')).toBeUndefined();
  expect(registry.create('a')).not.toBe(a);
  expect(registry.size).toBe(2);
  expect(registry.status()).toEqual({ ...none, tubes: 2, healthy: 2, created: 3, closed: 1 });
  expect(told).toEqual(['tube.created a', 'tube.created b', 'tube.closed a', 'tube.created a']);
});

test('it counts faults, openings and TURN failures as they come', async () => {
  const { clock, registry, told } = setUp({
    tube: { breaker: { successThreshold: 1, probeLimit: 1 } },
  });
  const a = registry.create('a');
  const b = registry.create('b');
  a.fault('listener', broken);
  failBreaker(a, 'media');
  failBreaker(a, 'turn');
  b.breaker('media').isolate();
  expect(registry.status()).toEqual({
    ...none,
    tubes: 2,
    unhealthy: 2,
    created: 2,
    faults: 1,
    breakerOpens: { media: 2, turn: 1 },
  });
  expect(registry.unhealthy()).toEqual([a, b]);
  b.reset();
  clock.advance(30_000);
  await a.execute('media', () => 1);
  expect(registry.unhealthy()).toEqual([a]);
  await a.execute('turn', () => 1);
  expect(registry.status()).toMatchObject({ healthy: 2, unhealthy: 0 });
  const servers = a.iceServers(async () => [{ urls: 'stun:a' }]);
  await servers.current();
  for (let time = 0; time < 5; time += 1) servers.failed();
  await settle();
  expect(registry.status()).toMatchObject({
    unhealthy: 0,
    turnAttempts: 7,
    turnFailures: 5,
    turnRetirements: 1,
  });
  expect(told.slice(2)).toEqual([
    'tube.fault a',
    'breaker.opened a',
    'tube.unhealthy a',
    'breaker.opened a',
    'breaker.opened b',
    'tube.unhealthy b',
    'breaker.closed b',
    'tube.healthy b',
    'breaker.closed a',
    'breaker.closed a',
    'tube.healthy a',
    'turn.retired a',
    'tube.unhealthy a',
    'turn.renewed a',
    'tube.healthy a',
  ]);
});

test('a tube logs its faults where who asked for it wants them', () => {
  const { registry } = setUp();
  const logger = new RecordingLogger();
  registry.create('a', { logger }).fault('listener', broken);
  registry.create('b').fault('listener', broken);
  expect(logger.lines.map(({ fields }) => fields?.['tube'])).toEqual(['a']);
  expect(registry.status().faults).toBe(2);
});

test('a tube may be observed by who asked for it, who cannot harm it', async () => {
  const { registry } = setUp();
  const types: string[] = [];
  const tube = registry.create('a', {
    observe({ type }) {
      types.push(type);
      throw broken;
    },
  });
  tube.fault('listener', broken);
  registry.create('b').fault('listener', broken);
  await tube.close();
  await settle();
  expect(types).toEqual(['tube.fault', 'tube.closing', 'tube.closed']);
  expect(registry.status()).toMatchObject({ faults: 2, tubes: 1, closed: 1 });
});

test('alerts are raised once, stand in the status, and are cleared', () => {
  const { clock, registry, told } = setUp();
  for (let tube = 0; tube < 8; tube += 1) registry.create(`${tube}`).breaker('turn').isolate();
  expect(registry.status().alerts).toMatchObject([{ kind: 'breaker-opens', value: 6, limit: 5 }]);
  clock.advance(3_600_000);
  expect(registry.status().alerts).toEqual([]);
  expect(told.filter((line) => line.startsWith('alert'))).toEqual([
    'alert.raised breaker-opens',
    'alert.cleared breaker-opens',
  ]);
});

test('faults and failures of one type are a spike, whichever tube they are of', () => {
  const { registry } = setUp();
  for (let tube = 0; tube < 10; tube += 1) {
    const each = registry.create(`${tube}`);
    each.fault('listener', Object.assign(new Error('x'), { code: 'down' }));
    failBreaker(each, 'media', 1);
  }
  expect(registry.status().alerts).toMatchObject([
    { kind: 'error-spike', errorType: 'down', value: 20 },
  ]);
});

test('what a listener throws is logged and holds nobody up', () => {
  const { logger, registry } = setUp();
  registry.on('tube.created', () => {
    throw broken;
  });
  const heard: string[] = [];
  registry.on('tube.created', ({ tube }) => heard.push(tube.name));
  registry.create('a');
  expect(heard).toEqual(['a']);
  return settle().then(() => expect(logger.lines).toHaveLength(1));
});

test('a tube that does not end in time is given up, and its name is free', async () => {
  const { clock, registry } = setUp({ closeTimeoutMs: 1_000 });
  const a = registry.create('a');
  let end!: () => void;
  a.own(() => new Promise<void>((resolve) => (end = resolve)));
  a.breaker('turn').isolate();
  void a.close();
  expect(registry.status()).toMatchObject({ tubes: 0, unhealthy: 0, closing: 1 });
  const seen: unknown[] = [];
  registry.on('tube.closed', (event) => seen.push(event));
  clock.advance(1_000);
  expect(seen).toEqual([{ tube: a, isStuck: true }]);
  expect(registry.status()).toMatchObject({ closing: 0, stuck: 1, closed: 0 });
  const next = registry.create('a');
  end();
  await settle();
  a.fault('late', broken);
  expect(registry.find('a')).toBe(next);
  expect(registry.status()).toMatchObject({ tubes: 1, created: 2, stuck: 1, closed: 0, faults: 0 });
});

test('closing it closes every tube, and waits for no one for ever', async () => {
  const { clock, registry, told } = setUp({ closeTimeoutMs: 1_000, alerts: { opensPerHour: 0 } });
  registry.create('a').own(() => new Promise<void>(() => {}));
  registry.create('b').breaker('turn').isolate();
  const closing = registry.close();
  expect(() => registry.create('c')).toThrow(expect.objectContaining({ code: 'registry_closed' }));
  await settle();
  expect(registry.list().map(({ name }) => name)).toEqual(['a']);
  clock.advance(1_000);
  await closing;
  await registry.close();
  await registry[Symbol.asyncDispose]();
  expect(told.slice(-2)).toEqual(['tube.closed b', 'tube.closed a']);
  expect(registry.size).toBe(0);
  // Given up, it goes on to end what it owns, each within its time.
  await clock.advanceAsync(1_000);
  expect(clock.pending).toBe(0);
});

test('closed again by who hears of its closing, it closes once; no tube is made then', async () => {
  const { registry } = setUp();
  const codes: unknown[] = [];
  const again: Promise<void>[] = [];
  registry.on('tube.closed', () => {
    again.push(registry.close());
    try {
      registry.create('late');
    } catch (thrown) {
      codes.push((thrown as { code?: unknown }).code);
    }
  });
  registry.create('a');
  registry.create('b').own(() => settle());
  const closing = registry.close();
  await closing;
  expect(again).toEqual([closing, closing]);
  expect(codes).toEqual(['registry_closed', 'registry_closed']);
  expect(registry.status()).toEqual({ ...none, created: 2, closed: 2 });
});

test('a fault of a tube that has closed is counted: of what a listener did at the end', async () => {
  const { registry, told } = setUp();
  const tube = registry.create('a');
  await tube.close();
  tube.fault('listener', broken);
  expect(registry.status()).toMatchObject({ closed: 1, faults: 1 });
  expect(told.slice(1)).toEqual(['tube.closed a', 'tube.fault a']);
});

test('an empty one closes at once', async () => {
  const { registry } = setUp();
  await registry.close();
  expect(registry.status()).toEqual(none);
});

test('the counts are what looking at every tube would find', async () => {
  const { clock, registry } = setUp({ tube: { breaker: { openMs: 1_000, successThreshold: 1 } } });
  const random = seededRandom(7);
  const drawn = <Item>(items: readonly Item[]): Item => items[randomInteger(random, items.length)]!;
  let made = 0;
  const turns = new Map<Tube, IceServers<{ urls: string }>>();
  let isReachable = true;
  for (let step = 0; step < 3_000; step += 1) {
    const tubes = registry.list();
    const chance = randomInteger(random, 100);
    if (chance < 10 || tubes.length === 0) {
      const tube = registry.create(`${(made += 1)}`);
      const fetch = async (): Promise<{ urls: string }[]> => {
        if (!isReachable) throw broken;
        return [{ urls: 'stun:a' }];
      };
      turns.set(tube, tube.iceServers(fetch));
    } else if (chance < 15) void drawn(tubes).close();
    else if (chance < 50) {
      const breaker = drawn(tubes).breaker(drawn(['media', 'turn', 'signaling']));
      for (let time = 0; time < 5; time += 1) breaker.failed(breaker.tryEnter(), 'down');
    } else if (chance < 70) {
      const breaker = drawn(tubes).breaker(drawn(['media', 'turn', 'signaling']));
      const token = breaker.tryEnter();
      if (token > 0) breaker.succeeded(token);
    } else if (chance < 75) drawn(tubes).breaker('media').isolate();
    else if (chance < 80) drawn(tubes).reset();
    else if (chance < 90) turns.get(drawn(tubes))!.failed();
    else if (chance < 92) isReachable = !isReachable;
    else clock.advance(randomInteger(random, 2_000));
    if (chance % 3 === 0) await settle();
    const open = registry.list().filter(({ closed }) => !closed);
    const statistics = registry.statistics().filter(({ closed }) => !closed);
    expect(registry.status()).toMatchObject({
      tubes: open.length,
      healthy: statistics.filter(({ healthy }) => healthy).length,
      unhealthy: registry.unhealthy().length,
      closing: registry.size - open.length,
    });
  }
  expect(made).toBeGreaterThan(100);
  await registry.close();
  expect(registry.status()).toMatchObject({ tubes: 0, created: made, closed: made, stuck: 0 });
});

test('options out of range name the field and the value', () => {
  const of = (options: TubeRegistryOptions) => () => setUp(options);
  expect(of({ closeTimeoutMs: 0 })).toThrow(/closeTimeoutMs; 0/);
  expect(of({ alerts: { turnMinimum: 0 } })).toThrow(/alerts\.turnMinimum; 0/);
  expect(of({ tube: { faultLimit: -1 } })).toThrow(/faultLimit; -1/);
});
