import { expect, test } from 'vitest';
import { FakeClock, RecordingLogger, settle } from '@ringfence/base/testing';
import type { HealthCheck, HealthState } from './check.ts';
import { Health } from './health.ts';
import type { HealthOptions } from './health.ts';

const startMs = 1_700_000_000_000;

function setUp(options: HealthOptions = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const health = new Health({ maxAgeMs: 0, ...options }, { clock, logger });
  const told: string[] = [];
  health.on('health.changed', ({ from, to, failing }) =>
    told.push(`${from} to ${to}: ${failing.join()}`),
  );
  health.on('check.changed', ({ from, check }) =>
    told.push(`${check.name}: ${from} to ${check.state}`),
  );
  /** Looks again, a moment later: an answer of this very moment is young enough. */
  const look = async (): Promise<HealthState> => {
    clock.advance(1);
    return (await health.check()).state;
  };
  return { clock, health, logger, look, told };
}

const hang = (): Promise<never> => new Promise(() => {});

const fail = (): never => {
  throw new Error('broken');
};

test('without checks it is healthy', async () => {
  const { health, look } = setUp();
  expect(await look()).toBe('healthy');
  expect(health.report()).toEqual({ state: 'healthy', since: startMs, checks: [], history: [] });
});

test.each<[string, HealthCheck, HealthState, string | null]>([
  ['returns nothing', () => {}, 'healthy', null],
  ['returns true', async () => true, 'healthy', null],
  ['returns false', () => false, 'unhealthy', null],
  ['returns a state', async () => 'degraded' as const, 'degraded', null],
  ['throws', fail, 'unhealthy', 'Error'],
  ['rejects', async () => fail(), 'unhealthy', 'Error'],
  ['throws a code', () => Promise.reject({ code: 'x' }), 'unhealthy', 'unknown'],
  ['returns something else', () => 'fine' as 'healthy', 'unhealthy', 'invalid_check_answer'],
])('a check that %s', async (_, check, state, error) => {
  const { health, look } = setUp();
  health.add('store', check);
  expect(health.state).toBe('unhealthy');
  expect(await look()).toBe(state);
  expect(health.report().checks).toEqual([
    { name: 'store', state, isRequired: true, checkedAt: startMs + 1, tookMs: 0, error },
  ]);
});

test('one that is not required only degrades the whole', async () => {
  const { health, look } = setUp();
  const states: Record<string, HealthState> = { store: 'healthy', tones: 'healthy' };
  health.add('store', () => states['store']);
  health.add('tones', () => states['tones'], { isRequired: false });
  expect(await look()).toBe('healthy');
  states['tones'] = 'unhealthy';
  expect(await look()).toBe('degraded');
  states['store'] = 'degraded';
  expect(await look()).toBe('degraded');
  states['store'] = 'unhealthy';
  expect(await look()).toBe('unhealthy');
});

test('a check that hangs is cut off, spoils no other, and is not asked again while it hangs', async () => {
  const { clock, health } = setUp();
  let asked = 0;
  let end!: () => void;
  let aborted = false;
  health.add(
    'hangs',
    ({ signal }) => {
      asked += 1;
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<void>((resolve) => (end = resolve));
    },
    { timeoutMs: 500 },
  );
  health.add('fine', () => true);
  for (const error of ['operation_timeout', 'check_hangs']) {
    clock.advance(1);
    const looking = health.check();
    await settle();
    clock.advance(500);
    expect((await looking).checks).toMatchObject([
      { name: 'hangs', state: 'unhealthy', error },
      { name: 'fine', state: 'healthy', error: null },
    ]);
  }
  expect([asked, aborted]).toEqual([1, true]);
  end();
  await settle();
  clock.advance(1);
  const looking = health.check();
  await settle();
  expect(asked).toBe(2);
  end();
  expect((await looking).state).toBe('healthy');
});

test('one that failed five times is left alone for a while', async () => {
  const { clock, health, look } = setUp();
  let asked = 0;
  let isFine = false;
  health.add(
    'store',
    () => {
      asked += 1;
      return isFine || fail();
    },
    { restMs: 3_000 },
  );
  for (let time = 0; time < 9; time += 1) await look();
  expect(asked).toBe(5);
  expect(health.report().checks).toMatchObject([{ state: 'unhealthy', error: 'breaker_open' }]);
  isFine = true;
  clock.advance(3_000);
  expect(await look()).toBe('healthy');
});

test('one that answers false is not left alone: it answers', async () => {
  const { health, look } = setUp();
  let asked = 0;
  health.add('store', () => {
    asked += 1;
    return false;
  });
  for (let time = 0; time < 9; time += 1) await look();
  expect(asked).toBe(9);
});

test('who asks while it looks, or soon after, costs no second look', async () => {
  const { clock, health } = setUp({ maxAgeMs: 1_000 });
  let asked = 0;
  let answer!: (state: HealthState) => void;
  health.add('store', () => {
    asked += 1;
    return new Promise<HealthState>((resolve) => (answer = resolve));
  });
  const both = [health.check(), health.check()];
  await settle();
  answer('healthy');
  expect((await Promise.all(both)).map(({ state }) => state)).toEqual(['healthy', 'healthy']);
  clock.advance(1_000);
  await health.check();
  expect(asked).toBe(1);
  clock.advance(1);
  void health.check();
  await settle();
  expect(asked).toBe(2);
});

test('a check that is added is run at the next question; one taken away counts no more', async () => {
  const { health, look } = setUp({ maxAgeMs: 60_000 });
  const takeAway = health.add('bad', fail);
  expect(() => health.add('bad', fail)).toThrow(expect.objectContaining({ code: 'check_exists' }));
  expect(await look()).toBe('unhealthy');
  let asked = 0;
  health.add('late', () => {
    asked += 1;
  });
  expect(await look()).toBe('unhealthy');
  expect(asked).toBe(1);
  takeAway();
  takeAway();
  expect(health.state).toBe('healthy');
  health.add('bad', () => true);
  takeAway();
  expect(health.report().checks.map(({ name }) => name)).toEqual(['late', 'bad']);
});

test('one that is added while it looks is run before the answer', async () => {
  const { health, look, told } = setUp({ maxAgeMs: 60_000 });
  const answers: (() => void)[] = [];
  health.add('slow', () => new Promise<void>((resolve) => answers.push(resolve)));
  const looking = look();
  await settle();
  const takeAway = health.add('early', () => true);
  takeAway();
  health.add('late', () => true);
  answers[0]!();
  await settle();
  answers[1]!();
  expect(await looking).toBe('healthy');
  expect(told.at(-1)).toBe('unhealthy to healthy: ');
  expect(answers).toHaveLength(2);
});

test('taking one away tells no untruth about one that is yet to be run', async () => {
  const { health, look, told } = setUp();
  const takeAway = health.add('old', () => true);
  takeAway();
  expect(health.state).toBe('healthy');
  const takeOther = health.add('other', () => true);
  health.add('store', () => true);
  expect(await look()).toBe('healthy');
  health.add('new', () => true);
  takeOther();
  expect(await look()).toBe('healthy');
  expect(told.filter((line) => line.startsWith('healthy to'))).toEqual([]);
});

test('changes are told and kept, the newest of them', async () => {
  const { clock, health, look, told } = setUp({ historyLimit: 2 });
  let state: HealthState = 'healthy';
  health.add('store', () => state);
  await look();
  for (state of ['degraded', 'degraded', 'unhealthy', 'healthy'] as const) await look();
  expect(told).toEqual([
    'store: unhealthy to healthy',
    'unhealthy to healthy: ',
    'store: healthy to degraded',
    'healthy to degraded: store',
    'store: degraded to unhealthy',
    'degraded to unhealthy: store',
    'store: unhealthy to healthy',
    'unhealthy to healthy: ',
  ]);
  const now = clock.now();
  expect(health.report()).toMatchObject({ state: 'healthy', since: now });
  expect(health.report().history).toEqual([
    { at: now - 1, from: 'degraded', to: 'unhealthy', failing: ['store'] },
    { at: now, from: 'unhealthy', to: 'healthy', failing: [] },
  ]);
});

test('what a listener throws is logged', async () => {
  const { health, logger, look } = setUp();
  health.on('health.changed', fail);
  health.add('store', () => true);
  expect(await look()).toBe('healthy');
  await settle();
  expect(logger.lines).toHaveLength(1);
});

test('it watches by itself until it is stopped, however young the last answer is', async () => {
  const { clock, health } = setUp({ maxAgeMs: 60_000 });
  let asked = 0;
  health.add('store', () => {
    asked += 1;
  });
  const stopFirst = health.watch(1_000);
  await settle();
  const stop = health.watch(500);
  await clock.advanceAsync(1_100);
  expect(asked).toBe(4);
  stopFirst();
  await clock.advanceAsync(500);
  expect(asked).toBe(5);
  stop();
  await clock.advanceAsync(5_000);
  expect([asked, clock.pending]).toEqual([5, 0]);
  health.watch(500);
  await settle();
  health[Symbol.dispose]();
  await clock.advanceAsync(5_000);
  expect(clock.pending).toBe(0);
});

test('stopped while it looks, it looks no more', async () => {
  const { clock, health } = setUp();
  health.add('hangs', hang, { timeoutMs: 500 });
  const stop = health.watch(1_000);
  await settle();
  stop();
  await clock.advanceAsync(10_000);
  expect(clock.pending).toBe(0);
});

test('options out of range name the field and the value', () => {
  const { health } = setUp();
  expect(() => new Health({ maxAgeMs: -1 })).toThrow(/maxAgeMs; -1/);
  expect(() => new Health({ historyLimit: 0 })).toThrow(/historyLimit; 0/);
  expect(() => health.watch(99)).toThrow(/everyMs; 99/);
  expect(() => health.add('a', hang, { timeoutMs: 0 })).toThrow(/timeoutMs; 0/);
  expect(() => health.add('a', hang, { restMs: NaN })).toThrow(/restMs; NaN/);
});
