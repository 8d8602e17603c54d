import { FakeClock, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { CircuitBreaker } from '../breaker/breaker.ts';
import { MemoryChild } from '../testing/index.ts';
import type { MemoryChildOptions } from '../testing/index.ts';
import type { CallContext } from './contract.ts';
import { Service } from './service.ts';
import type { ServiceOptions } from './service.ts';

interface Sample {
  readonly calls: {
    readonly who: () => string;
    readonly wait: (_: undefined, context: CallContext) => Promise<string>;
    readonly answer: (text: string) => Promise<string>;
  };
  readonly events: { readonly 'text.announced': string };
}

/** A service of children in memory; each answers `who` with the number of its life. */
function sample(options: ServiceOptions = {}, childOptions: MemoryChildOptions = {}) {
  const clock = new FakeClock();
  const lives: MemoryChild<Sample>[] = [];
  const answers: (() => void)[] = [];
  const create = (): MemoryChild<Sample> => {
    const name = `life ${lives.length}`;
    const handlers: Sample['calls'] = {
      who: () => name,
      wait: () => new Promise(() => {}),
      answer: (text) => new Promise((resolve) => answers.push(() => resolve(`${name}: ${text}`))),
    };
    const child = new MemoryChild<Sample>(handlers, childOptions, { clock });
    lives.push(child);
    return child;
  };
  const service = new Service<Sample>(create, { restartJitter: 0, ...options }, { clock });
  const states: string[] = [];
  service.onStateChange(({ state, isAvailable }) =>
    states.push(`${clock.monotonic()} ${state}${isAvailable ? '' : ', unavailable'}`),
  );
  return { service, clock, lives, answers, states };
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error) => error.code ?? error,
  );

test('calls, hears events and says how it is', async () => {
  const { service, lives, states, clock } = sample({ name: 'greeter' });
  const heard: string[] = [];
  service.on('text.announced', (text) => heard.push(text));
  expect(await rejection(service.call('who'))).toBe('child_unavailable');
  await service.start();
  expect(await service.call('who')).toBe('life 0');
  await lives[0]!.emit('text.announced', 'one');
  lives[0]!.crash();
  await settle();
  expect(await rejection(service.call('who'))).toBe('child_unavailable');
  await clock.advanceAsync(5_000);
  expect(await service.call('who')).toBe('life 1');
  await lives[1]!.emit('text.announced', 'two');
  await settle();
  expect(heard).toEqual(['one', 'two']);
  expect(await service.check()).toMatchObject({
    isHealthy: true,
    children: [{ name: 'greeter-1' }],
  });
  expect(service.status()).toMatchObject({
    state: 'ready',
    isAvailable: true,
    isDraining: false,
    isFatal: false,
    pending: 0,
    restarts: 1,
  });
  await service.stop();
  expect(states).toEqual([
    '0 starting, unavailable',
    '0 ready',
    '0 error, unavailable',
    '5000 starting, unavailable',
    '5000 ready',
    '5000 stopped, unavailable',
  ]);
});

test('a call goes to the child with the fewest under way, in turn when they are even', async () => {
  const { service, lives } = sample({ size: 3 });
  await service.start();
  const even = await Promise.all(Array.from({ length: 6 }, () => service.call('who')));
  expect(even.sort()).toEqual(['life 0', 'life 0', 'life 1', 'life 1', 'life 2', 'life 2']);
  for (const life of [0, 2]) void rejection(lives[life]!.call('wait'));
  for (let round = 0; round < 5; round += 1) expect(await service.call('who')).toBe('life 1');
  await service.stop();
});

test('a spare takes the place of one that died, at once, and the new life waits as a spare', async () => {
  const { service, lives, clock, states } = sample({ size: 1, spares: 1 });
  await service.start();
  for (let round = 0; round < 3; round += 1) expect(await service.call('who')).toBe('life 0');
  const lost = rejection(service.call('wait'));
  lives[0]!.crash();
  await settle();
  expect(await lost).toBe('child_exited');
  expect(await service.call('who')).toBe('life 1');
  await clock.advanceAsync(5_000);
  expect(lives.length).toBe(3);
  for (let round = 0; round < 3; round += 1) expect(await service.call('who')).toBe('life 1');
  // Nobody but the supervisor noticed.
  expect(states).toEqual(['0 starting, unavailable', '0 ready']);
  await service.stop();
});

test('a call that may run twice goes to the next child when its own dies with it', async () => {
  const { service, lives, answers } = sample({ size: 2 });
  await service.start();
  const call = service.call('answer', 'twice', { isRepeatable: true });
  await settle();
  const first = lives.findIndex(({ pending }) => pending === 1);
  lives[first]!.crash();
  await settle();
  expect(lives[1 - first]!.pending).toBe(1);
  answers[1]!();
  expect(await call).toBe(`life ${1 - first}: twice`);
  const once = rejection(service.call('answer', 'once'));
  await settle();
  lives[1 - first]!.crash();
  expect(await once).toBe('child_exited');
  expect(answers.length).toBe(3);
  await service.stop();
});

test.for<[code: string, ail: (child: MemoryChild<Sample>) => void]>([
  ['child_hung', (child) => child.hang()],
  ['child_unhealthy', () => {}],
  ['child_exited', (child) => child.crash()],
  ['child_nonsense', (child) => child.sendRaw(['result', 0])],
])('a call that waits for a child in vain is told %s', async ([code, ail]) => {
  const health = (): void => {
    if (code === 'child_unhealthy') throw new Error('feverish');
  };
  const { service, lives, clock } = sample({}, { health });
  const failed: string[] = [];
  service.supervisor.on('child.failed', ({ error }) => failed.push(error.code));
  await service.start();
  const waiting = service.call('wait', undefined, { timeoutMs: 3_600_000 });
  const thrown = waiting.catch((error: unknown) => error);
  ail(lives[0]!);
  await clock.advanceAsync(35_000);
  expect(await thrown).toMatchObject({ code, fault: 'server', retryable: true });
  expect(failed).toEqual([code]);
  await service.stop();
});

test('a child that hangs again and again opens a breaker before its service', async () => {
  const { service, lives, clock } = sample({ maxRestarts: 1_000 });
  const breaker = new CircuitBreaker('worker', { timeoutMs: 0, openMs: 86_400_000 }, { clock });
  await service.start();
  const heard: unknown[] = [];
  for (let time = 0; time < 6; time += 1) {
    const wait = { timeoutMs: 3_600_000 };
    const call = rejection(breaker.execute(() => service.call('wait', undefined, wait)));
    lives.at(-1)!.hang();
    await clock.advanceAsync(40_000);
    heard.push(await call);
  }
  expect(heard).toEqual([...Array.from({ length: 5 }, () => 'child_hung'), 'breaker_open']);
  expect(breaker.statistics().errorTypeCounts).toEqual({ child_hung: 5 });
  await service.stop();
});

test('a call that lost every child says how it lost the last', async () => {
  const { service, lives } = sample({ size: 2 });
  await service.start();
  const call = rejection(service.call('answer', 'twice', { isRepeatable: true }));
  await settle();
  for (const life of lives) {
    life.crash();
    await settle();
  }
  expect(await call).toBe('child_exited');
  await service.stop();
});

test('a call that no child took goes to the next', async () => {
  const { service, lives } = sample({ size: 2 }, { maxPending: 2 });
  await service.start();
  for (const life of lives) void rejection(life.call('wait'));
  for (let round = 0; round < 2; round += 1) void rejection(service.call('wait'));
  expect(await rejection(service.call('who'))).toBe('child_busy');
  await service.stop();
});

test('what a child itself throws is an answer, also when it sounds like a lost child', async () => {
  const clock = new FakeClock();
  let calls = 0;
  const create = () =>
    new MemoryChild<{ calls: { fail: () => void }; events: object }>(
      {
        fail() {
          calls += 1;
          throw Object.assign(new Error('mine'), { code: 'child_exited' });
        },
      },
      {},
      { clock },
    );
  const service = new Service(create, { size: 2 }, { clock });
  await service.start();
  expect(await rejection(service.call('fail', undefined, { isRepeatable: true }))).toBe(
    'child_exited',
  );
  expect(calls).toBe(1);
  await service.stop();
});

test('drained, it takes no more calls, finishes those it has, and stops', async () => {
  const { service, answers, clock, states } = sample();
  await service.start();
  const running = service.call('answer', 'kept', { timeoutMs: 60_000 });
  await settle();
  const drain = service.drain();
  expect(service.drain()).toBe(drain);
  expect(await rejection(service.call('who'))).toBe('child_draining');
  expect(service.status()).toMatchObject({ isDraining: true, isAvailable: false, pending: 1 });
  await clock.advanceAsync(29_999);
  answers[0]!();
  expect(await running).toBe('life 0: kept');
  expect(await drain).toBe('finished');
  expect([service.state, clock.pending]).toEqual(['stopped', 0]);
  expect(states.slice(2)).toEqual(['0 ready, unavailable', '29999 stopped, unavailable']);
  await service.start();
  expect(await service.call('who')).toBe('life 1');
  await service.stop();
});

test('a drain ends at its deadline and cuts what still runs', async () => {
  const { service, clock } = sample();
  await service.start();
  const running = rejection(service.call('wait'));
  const drain = service.drain({ timeoutMs: 1_000 });
  await clock.advanceAsync(1_000);
  expect([await drain, await running]).toEqual(['cut', 'child_stopped']);
  expect(() => service.drain({ timeoutMs: -1 })).toThrow('unable to use option timeoutMs; -1');
});

test('a call to a child that gave up says so at once, and none is left waiting', async () => {
  const { service, lives, clock } = sample({ maxRestarts: 0 });
  await service.start();
  const waiting = Array.from({ length: 50 }, () => rejection(service.call('wait')));
  lives[0]!.crash();
  await clock.advanceAsync(0);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['child_exited']));
  expect(await rejection(service.call('who'))).toBe('child_unavailable');
  expect(await rejection(service.whenReady())).toBe('fatal_error');
  expect(service.status()).toMatchObject({ state: 'error', isFatal: true, pending: 0 });
});

test('restarted by hand, it begins anew, also after it gave up', async () => {
  const { service, lives, clock } = sample({ maxRestarts: 0 });
  await service.start();
  await service.restart();
  expect([await service.call('who'), service.status().restarts]).toEqual(['life 1', 0]);
  lives[1]!.crash();
  await clock.advanceAsync(0);
  expect(service.status().isFatal).toBe(true);
  await service.restart();
  expect([await service.call('who'), service.status().isFatal]).toEqual(['life 2', false]);
  await service.stop();
});

test('a signal that aborted ends a call before it begins', async () => {
  const { service } = sample();
  await service.start();
  const reason = new Error('given up');
  const call = service.call('who', undefined, { signal: AbortSignal.abort(reason) });
  await expect(call).rejects.toBe(reason);
  await service.stop();
});

test.for([
  [{ size: 0 }, 'unable to use option size; 0 is not'],
  [{ size: 1.5 }, 'unable to use option size; 1.5 is not a whole number'],
  [{ spares: -1 }, 'unable to use option spares; -1 is not'],
] as const)('refuses %o', ([options, message]) => {
  expect(() => sample(options)).toThrow(message);
});
