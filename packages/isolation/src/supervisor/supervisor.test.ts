import { FakeClock, seededRandom, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { MemoryChild } from '../testing/index.ts';
import type { MemoryChildOptions } from '../testing/index.ts';
import type { Child } from './child.ts';
import { Supervisor } from './supervisor.ts';
import type { ChildSpec, SupervisorOptions } from './supervisor-options.ts';

/** Children in memory by name, and what happens to them, with the time in milliseconds. */
class Ward {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  /** The newest life of each. */
  readonly newest = new Map<string, MemoryChild>();
  /** For the next lives of a child. */
  readonly behaviour = new Map<string, MemoryChildOptions>();

  spec(name: string, more: Partial<ChildSpec> = {}): ChildSpec {
    return { name, create: () => this.#create(name), ...more };
  }

  supervisor(specs: readonly (string | ChildSpec)[], options: SupervisorOptions = {}) {
    const supervisor = new Supervisor(
      specs.map((spec) => (typeof spec === 'string' ? this.spec(spec) : spec)),
      { restartJitter: 0, ...options },
      { clock: this.clock, random: seededRandom(1) },
    );
    supervisor.on('state.changed', ({ state }) => this.note(`is ${state}`));
    supervisor.on('fatal_error', ({ error }) => this.note(error.code));
    return supervisor;
  }

  note(what: string): void {
    this.log.push(`${this.clock.monotonic()} ${what}`);
  }

  /** What was noted since it was asked last. */
  heard(): string[] {
    return this.log.splice(0);
  }

  crash(name: string): void {
    this.newest.get(name)!.crash(new Error(`${name} crashed`));
  }

  #create(name: string): MemoryChild {
    const child = new MemoryChild({}, { name, ...this.behaviour.get(name) }, { clock: this.clock });
    this.note(`${name} begins`);
    child.onExit(({ reason }) => this.note(`${name} ${reason}`));
    this.newest.set(name, child);
    return child;
  }
}

const crashes = {
  ready() {
    throw new Error('no luck');
  },
};
const neverReady = { ready: () => new Promise(() => {}) };

test('a child that crashes is restarted three times, 5 s apart, then comes fatal_error', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  await supervisor.start();
  expect(ward.heard()).toEqual(['0 is starting', '0 a begins', '0 is ready']);
  for (let restart = 1; restart <= 3; restart += 1) {
    const failedMs = ward.clock.monotonic();
    ward.crash('a');
    await ward.clock.advanceAsync(4_999);
    expect(ward.heard()).toEqual([`${failedMs} a failed`, `${failedMs} is error`]);
    await ward.clock.advanceAsync(1);
    const backMs = failedMs + 5_000;
    expect(ward.heard()).toEqual([
      `${backMs} is starting`,
      `${backMs} a begins`,
      `${backMs} is ready`,
    ]);
  }
  ward.crash('a');
  await ward.clock.advanceAsync(3_600_000);
  expect(ward.heard()).toEqual(['15000 a failed', '15000 is error', '15000 fatal_error']);
  expect(supervisor.status()).toEqual({
    state: 'error',
    isFatal: true,
    upMs: 0,
    restarts: 3,
    children: [
      {
        name: 'a',
        state: 'stopped',
        upMs: 0,
        startMs: 0,
        restarts: 3,
        pingsAnswered: 0,
        pingsFailed: 0,
        pingMs: 0,
        lastError: {
          code: 'child_exited',
          message: 'unable to go on in a; a crashed',
        },
      },
    ],
  });
  await expect(supervisor.whenReady()).rejects.toMatchObject({
    code: 'fatal_error',
    cause: { code: 'child_exited', cause: { message: 'a crashed' } },
  });
  expect(ward.clock.pending).toBe(0);
});

test('the row of restarts begins anew after a healthy time, and not before', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a'], { heartbeatMs: 86_400_000 });
  await supervisor.start();
  for (const upMs of [60_000, 59_999, 59_999, 60_000, 59_999, 59_999]) {
    await ward.clock.advanceAsync(upMs);
    ward.crash('a');
    await ward.clock.advanceAsync(5_000);
    expect(supervisor.state).toBe('ready');
  }
  await ward.clock.advanceAsync(59_999);
  ward.crash('a');
  await ward.clock.advanceAsync(0);
  expect(supervisor.status()).toMatchObject({ isFatal: true, restarts: 6 });
});

test.for([
  { title: 'fails to start', behaviour: crashes, code: 'child_start_failed', tookMs: 0 },
  { title: 'never gets ready', behaviour: neverReady, code: 'child_never_ready', tookMs: 10_000 },
])('a child that $title is tried again, and counted', async ({ behaviour, code, tookMs }) => {
  const ward = new Ward();
  ward.behaviour.set('a', behaviour);
  const supervisor = ward.supervisor(['a']);
  const failed: unknown[] = [];
  supervisor.on('child.failed', ({ error, restart, restartInMs }) =>
    failed.push([ward.clock.monotonic(), error.code, restart, restartInMs]),
  );
  const start = supervisor.start();
  const rejected = expect(start).rejects.toMatchObject({ code: 'fatal_error', cause: { code } });
  await ward.clock.advanceAsync(120_000);
  await rejected;
  const turnMs = tookMs + 5_000;
  expect(failed).toEqual([
    [tookMs, code, 1, 5_000],
    [tookMs + turnMs, code, 2, 5_000],
    [tookMs + 2 * turnMs, code, 3, 5_000],
    [tookMs + 3 * turnMs, code, 4, undefined],
  ]);
  expect(ward.clock.pending).toBe(0);
});

test('a child that cannot even be made is a failed start', async () => {
  const ward = new Ward();
  const create = () => {
    throw new Error('no such file');
  };
  const supervisor = ward.supervisor([{ name: 'a', create }], { maxRestarts: 0 });
  await expect(supervisor.start()).rejects.toMatchObject({
    code: 'fatal_error',
    cause: { code: 'child_start_failed', cause: { message: 'no such file' } },
  });
});

test('what waits for a child of a group is told why the group was ended', async () => {
  const ward = new Ward();
  ward.behaviour.set('b', neverReady);
  const group = ward.supervisor(['a', 'b'], { startTimeoutMs: 60_000 });
  const outer = ward.supervisor([{ name: 'group', create: () => group }], { maxRestarts: 0 });
  const started = outer.start().catch((thrown: unknown) => thrown);
  await settle();
  const waiting = ward.newest
    .get('a')!
    .ping()
    .catch((thrown: unknown) => thrown);
  ward.newest.get('a')!.hang();
  await ward.clock.advanceAsync(10_000);
  expect(await waiting).toMatchObject({ code: 'child_never_ready', fault: 'server' });
  expect(await started).toMatchObject({ code: 'fatal_error', cause: await waiting });
});

test('a hung child is found by its heartbeat and ended by force', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  const failed: unknown[] = [];
  supervisor.on('child.failed', ({ error }) => failed.push([ward.clock.monotonic(), error.code]));
  await supervisor.start();
  await ward.clock.advanceAsync(60_000);
  expect(supervisor.status().children[0]).toMatchObject({ pingsAnswered: 2, pingsFailed: 0 });
  ward.newest.get('a')!.hang();
  await ward.clock.advanceAsync(34_999);
  expect(failed).toEqual([]);
  await ward.clock.advanceAsync(1);
  expect(failed).toEqual([[95_000, 'child_hung']]);
  // By force at once, not after the 5 s it has when it is asked to end.
  expect(ward.heard().slice(-2)).toEqual(['95000 is error', '95000 a stopped']);
  await ward.clock.advanceAsync(5_000);
  expect(supervisor.status()).toMatchObject({
    state: 'ready',
    children: [{ pingsAnswered: 2, pingsFailed: 1 }],
  });
});

test('a child that says it is not well is restarted', async () => {
  const ward = new Ward();
  let isWell = true;
  ward.behaviour.set('a', {
    health() {
      if (!isWell) throw new Error('feverish');
    },
  });
  const supervisor = ward.supervisor(['a']);
  const failed: unknown[] = [];
  supervisor.on('child.failed', ({ error }) => failed.push(error));
  await supervisor.start();
  isWell = false;
  expect(await supervisor.check()).toEqual({
    isHealthy: false,
    roundTripMs: 0,
    children: [{ name: 'a', isHealthy: false, roundTripMs: 0 }],
  });
  expect(supervisor.state).toBe('ready');
  await ward.clock.advanceAsync(30_000);
  expect(failed).toMatchObject([{ code: 'child_unhealthy', cause: { message: 'feverish' } }]);
  isWell = true;
  await ward.clock.advanceAsync(5_000);
  expect((await supervisor.check()).isHealthy).toBe(true);
});

test('an answer that lies unread because our own loop stood still is an answer', async () => {
  const ward = new Ward();
  const child = new MemoryChild({}, {}, { clock: ward.clock });
  // The answer comes with the turn of the loop after the one in which the time was over.
  let answer = (): void => {};
  child.ping = () => new Promise((resolve) => (answer = resolve));
  const supervisor = ward.supervisor([{ name: 'a', create: () => child }]);
  await supervisor.start();
  ward.clock.advance(30_000);
  ward.clock.setTimeout(() => answer(), 5_000);
  await ward.clock.advanceAsync(5_000);
  expect(supervisor.status()).toMatchObject({
    state: 'ready',
    children: [{ pingsAnswered: 1, pingsFailed: 0 }],
  });
});

test('chance adds up to a tenth to the delay of a restart', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a'], { restartJitter: 0.1, maxRestarts: 200 });
  const delays: number[] = [];
  supervisor.on('child.failed', ({ restartInMs }) => delays.push(restartInMs!));
  await supervisor.start();
  for (let round = 0; round < 200; round += 1) {
    ward.crash('a');
    await ward.clock.advanceAsync(5_500);
  }
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(5_000);
  expect(Math.max(...delays)).toBeLessThanOrEqual(5_500);
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(400);
});

test('one-for-one restarts the one that failed', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b', 'c']);
  await supervisor.start();
  ward.heard();
  ward.crash('b');
  await ward.clock.advanceAsync(5_000);
  expect(ward.heard()).toEqual([
    '0 b failed',
    '0 is error',
    '5000 is starting',
    '5000 b begins',
    '5000 is ready',
  ]);
});

test.for([
  {
    strategy: 'one-for-all' as const,
    expected: ['b failed', 'c stopped', 'a stopped', 'a begins', 'b begins', 'c begins'],
  },
  {
    strategy: 'rest-for-one' as const,
    expected: ['b failed', 'c stopped', 'b begins', 'c begins'],
  },
])('$strategy ends and starts in order', async ({ strategy, expected }) => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b', 'c'], { strategy });
  await supervisor.start();
  expect(ward.heard()).toEqual([
    '0 is starting',
    '0 a begins',
    '0 b begins',
    '0 c begins',
    '0 is ready',
  ]);
  ward.crash('b');
  await ward.clock.advanceAsync(5_000);
  const moves = ward.heard().map((line) => line.replace(/^\d+ /, ''));
  expect(moves.filter((move) => !move.startsWith('is '))).toEqual(expected);
  await supervisor.stop();
  const ends = ward.heard().map((line) => line.replace(/^\d+ /, ''));
  expect(ends).toEqual(['is stopped', 'c stopped', 'b stopped', 'a stopped']);
  expect(supervisor.status().children.map(({ restarts }) => restarts)).toEqual([0, 1, 0]);
});

test('a failure during a recovery begins one that takes in both', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b', 'c'], { strategy: 'rest-for-one' });
  await supervisor.start();
  ward.heard();
  ward.crash('c');
  await ward.clock.advanceAsync(2_000);
  ward.crash('a');
  await ward.clock.advanceAsync(5_000);
  expect(ward.heard()).toEqual([
    '0 c failed',
    '0 is error',
    '2000 a failed',
    '2000 b stopped',
    '7000 is starting',
    '7000 a begins',
    '7000 b begins',
    '7000 c begins',
    '7000 is ready',
  ]);
});

test('a child that fails while others wait for it ends the recovery, and is counted', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b'], { strategy: 'one-for-all' });
  await supervisor.start();
  ward.behaviour.set('a', crashes);
  ward.crash('b');
  await ward.clock.advanceAsync(5_000);
  ward.behaviour.clear();
  ward.heard();
  await ward.clock.advanceAsync(5_000);
  expect(ward.heard()).toEqual([
    '10000 is starting',
    '10000 a begins',
    '10000 b begins',
    '10000 is ready',
  ]);
  expect(supervisor.status().children.map(({ restarts }) => restarts)).toEqual([1, 1]);
});

test('gives up when all children together are restarted too often', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b', 'c'], {
    intensity: { restarts: 2, periodMs: 60_000 },
  });
  await supervisor.start();
  ward.crash('a');
  await ward.clock.advanceAsync(30_000);
  ward.crash('b');
  // The first is forgotten now.
  await ward.clock.advanceAsync(30_000);
  ward.crash('c');
  await ward.clock.advanceAsync(5_000);
  expect(supervisor.state).toBe('ready');
  ward.crash('a');
  await ward.clock.advanceAsync(0);
  expect(supervisor.status()).toMatchObject({ state: 'error', isFatal: true, restarts: 3 });
});

test('a supervisor that gives up is a failed child of the one above', async () => {
  const ward = new Ward();
  const inner = ward.supervisor(['a', 'b'], { maxRestarts: 1, heartbeatMs: 86_400_000 });
  const log: string[] = [];
  const outer = new Supervisor(
    [{ name: 'inner', create: () => inner }, ward.spec('other')],
    { strategy: 'one-for-all', maxRestarts: 1, restartJitter: 0 },
    { clock: ward.clock },
  );
  outer.on('child.failed', ({ name, error }) => log.push(`${name} ${error.code}`));
  outer.on('fatal_error', ({ error }) => log.push(String(error.cause)));
  await outer.start();
  const crashTwice = async (): Promise<void> => {
    ward.crash('a');
    await ward.clock.advanceAsync(5_000);
    expect(inner.state).toBe('ready');
    ward.crash('a');
    await ward.clock.advanceAsync(0);
  };
  await crashTwice();
  expect([log, inner.status().isFatal, outer.state]).toEqual([
    ['inner fatal_error'],
    true,
    'error',
  ]);
  await ward.clock.advanceAsync(5_000);
  // It begins anew, with all of its restarts before it, and its neighbours with it.
  expect([inner.state, outer.state]).toEqual(['ready', 'ready']);
  expect(ward.newest.get('other')!).toBe(outer.child('other'));
  await crashTwice();
  expect(log).toEqual([
    'inner fatal_error',
    'inner fatal_error',
    'RingfenceError: unable to keep a running; it failed too often',
  ]);
  await outer.stop();
  expect(ward.clock.pending).toBe(0);
});

test('a transient child that ends well is not restarted; one that fails is', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor([ward.spec('a', { restart: 'transient' }), 'b']);
  await supervisor.start();
  ward.crash('a');
  await ward.clock.advanceAsync(5_000);
  ward.newest.get('a')!.exit(0);
  await ward.clock.advanceAsync(60_000);
  expect(supervisor.status()).toMatchObject({
    state: 'ready',
    children: [
      { name: 'a', state: 'stopped', restarts: 1 },
      { name: 'b', state: 'ready' },
    ],
  });
});

test('a temporary child is never restarted, also with its neighbours', async () => {
  const ward = new Ward();
  const specs = [
    ward.spec('a', { restart: 'temporary' }),
    'b',
    ward.spec('c', { restart: 'temporary' }),
  ];
  const supervisor = ward.supervisor(specs, { strategy: 'one-for-all' });
  await supervisor.start();
  ward.crash('a');
  await ward.clock.advanceAsync(60_000);
  ward.crash('b');
  await ward.clock.advanceAsync(5_000);
  expect(supervisor.status().children.map(({ state }) => state)).toEqual([
    'stopped',
    'ready',
    'stopped',
  ]);
  expect(supervisor.state).toBe('ready');
});

test('a permanent child that ends well is restarted', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  await supervisor.start();
  ward.newest.get('a')!.exit(0);
  await ward.clock.advanceAsync(5_000);
  expect(supervisor.status()).toMatchObject({ state: 'ready', restarts: 1 });
});

test('stopped while a restart waits, nothing comes back', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a', 'b']);
  await supervisor.start();
  ward.crash('a');
  await ward.clock.advanceAsync(1_000);
  await supervisor.stop();
  ward.heard();
  await ward.clock.advanceAsync(86_400_000);
  expect([ward.heard(), supervisor.state, ward.clock.pending]).toEqual([[], 'stopped', 0]);
});

test('stopped and started at once, it runs', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  const first = supervisor.start().catch((error) => error.code);
  const stop = supervisor.stop();
  const second = supervisor.start();
  await Promise.all([stop, second]);
  expect([await first, supervisor.state]).toEqual(['child_stopped', 'ready']);
  const exits: unknown[] = [];
  supervisor.onExit((exit) => exits.push(exit));
  await supervisor.stop();
  expect(exits).toEqual([{ reason: 'stopped' }]);
});

test('started again while it stops, nobody hears of an end until the next', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  await supervisor.start();
  const stop = supervisor.stop();
  await supervisor.start();
  await stop;
  const exits: unknown[] = [];
  supervisor.onExit((exit) => exits.push(exit));
  await settle();
  expect([supervisor.state, exits]).toEqual(['ready', []]);
  await supervisor.stop();
  expect(exits).toEqual([{ reason: 'stopped' }]);
});

test.for(['starting', 'ready', 'error'])(
  'a listener that stops it when a child is %s leaves nothing',
  async (when) => {
    const ward = new Ward();
    const supervisor = ward.supervisor(['a', 'b']);
    supervisor.on('child.changed', ({ state }) => {
      if (state === when) void supervisor.stop();
    });
    const start = supervisor.start().catch((error: unknown) => (error as { code: string }).code);
    await ward.clock.advanceAsync(0);
    if (when === 'error') ward.crash('a');
    await ward.clock.advanceAsync(0);
    expect(await start).toBe(when === 'error' ? undefined : 'child_stopped');
    expect([supervisor.state, ward.clock.pending]).toEqual(['stopped', 0]);
  },
);

test('a listener that stops it at the last failure has the last word', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a'], { maxRestarts: 0 });
  await supervisor.start();
  supervisor.on('child.failed', () => void supervisor.stop());
  ward.crash('a');
  await ward.clock.advanceAsync(0);
  expect([supervisor.state, supervisor.status().isFatal]).toEqual(['stopped', false]);
});

test('a child whose stop throws or rejects is restarted as any other', async () => {
  for (const stop of [
    () => Promise.reject(new Error('no')),
    () => {
      throw new Error('no');
    },
  ]) {
    const ward = new Ward();
    const rude = (child: Child): Child => Object.assign(child, { stop });
    const create = (): Child => rude(ward.spec('a').create());
    const supervisor = ward.supervisor([ward.spec('a', { create })]);
    await supervisor.start();
    ward.crash('a');
    await ward.clock.advanceAsync(5_000);
    expect(supervisor.state).toBe('ready');
    await supervisor.stop();
  }
});

test('stopped by force, it waits for no child that takes its time to end by itself', async () => {
  const ward = new Ward();
  ward.behaviour.set('a', { isStubborn: true, stopMs: 60_000 });
  const supervisor = ward.supervisor(['a']);
  await supervisor.start();
  ward.newest.get('a')!.sendRaw(['exiting', 3]);
  await settle();
  expect(supervisor.status().children[0]!.state).toBe('error');
  await supervisor.stop({ isForced: true });
  expect([supervisor.state, ward.clock.monotonic(), ward.clock.pending]).toEqual(['stopped', 0, 0]);
});

test('a listener of an end that rejects breaks nobody', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a']);
  await supervisor.start();
  supervisor.onExit(() => Promise.reject(new Error('broken')) as unknown as void);
  await supervisor.stop();
  await settle();
  expect(supervisor.state).toBe('stopped');
});

test('after fatal_error it can be started again, with nothing counted', async () => {
  const ward = new Ward();
  const supervisor = ward.supervisor(['a'], { maxRestarts: 1 });
  for (let round = 0; round < 2; round += 1) {
    await supervisor.start();
    ward.crash('a');
    await ward.clock.advanceAsync(5_000);
    expect(supervisor.state).toBe('ready');
    ward.crash('a');
    await ward.clock.advanceAsync(0);
    expect(supervisor.status()).toMatchObject({ state: 'error', isFatal: true });
  }
  // Told to end, it still says how it came to be.
  await supervisor.stop();
  expect(supervisor.status()).toMatchObject({ state: 'error', isFatal: true });
});

test('a start and a wait that are given up reject with the reason', async () => {
  const ward = new Ward();
  ward.behaviour.set('a', neverReady);
  const supervisor = ward.supervisor(['a']);
  const abort = new AbortController();
  const starting = supervisor.start();
  const waiting = supervisor.whenReady({ signal: abort.signal });
  const reason = new Error('given up');
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(supervisor.state).toBe('starting');
  await supervisor.stop();
  await expect(starting).rejects.toMatchObject({ code: 'child_stopped' });
});

test.for([
  [{ maxRestarts: -1 }, 'unable to use option maxRestarts; -1 is not'],
  [{ maxRestarts: 1.5 }, 'unable to use option maxRestarts; 1.5 is not a whole number'],
  [{ restartDelayMs: Number.NaN }, 'unable to use option restartDelayMs; NaN is not'],
  [{ restartJitter: 2 }, 'unable to use option restartJitter; 2 is not'],
  [{ heartbeatMs: 0 }, 'unable to use option heartbeatMs; 0 is not'],
  [{ strategy: 'one' as never }, 'unable to use option strategy; one is not one of'],
  [{ intensity: { restarts: 1, periodMs: 0 } }, 'unable to use option intensity.periodMs; 0'],
] as const)('refuses %o', ([options, message]) => {
  const make = () => new Ward().supervisor(['a'], options);
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  expect(make).toThrow(message);
});

test('refuses no children, and a name that comes twice', () => {
  const ward = new Ward();
  expect(() => ward.supervisor([])).toThrow('unable to use option children; [] is not');
  expect(() => ward.supervisor(['a', 'a'])).toThrow(
    'unable to use option children[1].name; a is not a name that no other child has',
  );
});
