import { RingfenceError } from '@ringfence/base';
import { FakeClock, RecordingLogger, settle } from '@ringfence/base/testing';
import { describe, expect, test } from 'vitest';
import { MemoryChild } from '../testing/index.ts';
import type { MemoryChildOptions } from '../testing/index.ts';
import type { ChildExit } from './child.ts';
import type { CallContext } from './contract.ts';
import { eventWindow } from './frames.ts';

const handlers = {
  add: ({ a, b }: { readonly a: number; readonly b: number }) => a + b,
  echo: async (value: unknown) => value,
  nothing: () => undefined,
  async count(to: number, { emit }: CallContext<number>) {
    for (let number = 1; number <= to; number += 1) await emit(number);
    return to;
  },
  countWithoutWaiting(to: number, { emit }: CallContext<number>) {
    for (let number = 1; number <= to; number += 1) void emit(number);
    return to;
  },
  async countLate(to: number, { emit }: CallContext<number>) {
    void settle().then(() => emit(to));
  },
  wait: (_: undefined, { signal }: CallContext) =>
    new Promise<string>((resolve) => {
      signal.addEventListener('abort', () => resolve(String(signal.reason.name)));
    }),
  giveFunction: () => () => {},
  emitFunction: (_: undefined, { emit }: CallContext<() => void>) => emit(() => {}),
};

interface Sample {
  readonly calls: typeof handlers;
  readonly events: { readonly 'text.announced': string };
}

async function started(options: MemoryChildOptions = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const child = new MemoryChild<Sample>(handlers, options, { clock, logger });
  const exits: ChildExit[] = [];
  child.onExit((exit) => exits.push(exit));
  await child.start();
  return { child, clock, exits, logger };
}

/** Why the child was ended. */
function codeOf(exits: readonly ChildExit[]): string | undefined {
  const exit = exits[0];
  return exit?.reason === 'failed' ? exit.error.code : exit?.reason;
}

test('answers a call with a copy of the result', async () => {
  const { child } = await started();
  expect(await child.call('add', { a: 1, b: 2 })).toBe(3);
  expect(await child.call('nothing')).toBe(undefined);
  const value = { map: new Map([[1, { date: new Date(0) }]]), bytes: new Uint8Array([1, 2]) };
  const echoed = await child.call('echo', value);
  expect(echoed).toEqual(value);
  expect(echoed).not.toBe(value);
  expect(child.pending).toBe(0);
});

test('answers many calls at once, each its own', async () => {
  const { child } = await started();
  const sums = Array.from({ length: 500 }, (_, a) => child.call('add', { a, b: 1 }));
  expect(child.pending).toBe(500);
  expect(await Promise.all(sums)).toEqual(sums.map((_, a) => a + 1));
});

test('a call is cut off by its signal, and the child is told', async () => {
  const { child, clock, exits } = await started();
  const abort = new AbortController();
  const call = child.call('wait', undefined, { signal: abort.signal });
  const reason = new Error('given up');
  await settle();
  abort.abort(reason);
  // The child still owes the answer, which is then dropped.
  expect(child.pending).toBe(1);
  await expect(call).rejects.toBe(reason);
  await clock.advanceAsync(0);
  expect([child.pending, exits, clock.pending]).toEqual([0, [], 0]);
  await expect(child.call('wait', undefined, { signal: abort.signal })).rejects.toBe(reason);
});

test('a call is cut off by its time, and the child is told', async () => {
  const { child, clock } = await started({ callTimeoutMs: 2_000 });
  const standard = child.call('wait');
  const own = child.call('wait', undefined, { timeoutMs: 500 });
  const codes: unknown[] = [];
  for (const each of [standard, own]) {
    each.catch(({ code, message }) => codes.push([clock.monotonic(), code, message]));
  }
  await clock.advanceAsync(2_000);
  expect(codes).toEqual([
    [500, 'call_timeout', 'unable to wait for wait of memory; it took more than 500 ms'],
    [2_000, 'call_timeout', 'unable to wait for wait of memory; it took more than 2000 ms'],
  ]);
  expect([child.pending, clock.pending]).toEqual([0, 0]);
  await expect(child.call('nothing', undefined, { timeoutMs: 0 })).rejects.toThrow(
    'unable to use option timeoutMs; 0 is not a number from 1',
  );
});

test('events of a call come in order and before its answer, whether it waits or not', async () => {
  const { child, clock } = await started();
  const expected = Array.from({ length: 1_500 }, (_, index) => index + 1);
  for (const method of ['count', 'countWithoutWaiting'] as const) {
    const heard: number[] = [];
    const call = child.call(method, 1_500, { onEvent: (number) => heard.push(number) });
    await clock.advanceAsync(10);
    expect(await call).toBe(1_500);
    expect(heard).toEqual(expected);
  }
});

test('what hears the events of a call may throw or reject anything, and harms nobody', async () => {
  const { child, logger } = await started();
  const broken: (() => unknown)[] = [
    () => Promise.reject(new Error('broken')),
    () => {
      throw Object.create(null);
    },
  ];
  for (const onEvent of broken) {
    await child.call('count', 3, { onEvent: onEvent as () => void });
  }
  await settle();
  expect(logger.lines).toHaveLength(6);
});

test('an event of a call that is over is dropped', async () => {
  const { child, exits } = await started();
  const heard: number[] = [];
  await child.call('countLate', 1, { onEvent: (number) => heard.push(number) });
  await settle();
  await settle();
  expect([heard, exits]).toEqual([[], []]);
});

test('a child that does not wait is stopped at its own bound', async () => {
  const { child, exits, clock } = await started();
  const heard: number[] = [];
  const call = child.call('countWithoutWaiting', 100_000, { onEvent: (n) => heard.push(n) });
  const rejected = expect(call).rejects.toMatchObject({ code: 'emit_overflow' });
  await clock.advanceAsync(10);
  await rejected;
  // What was emitted before came through.
  expect(heard.length).toBe(2 * eventWindow);
  expect(exits).toEqual([]);
});

test('hears the events of the child by name, and all of them', async () => {
  const { child, logger } = await started();
  const heard: unknown[] = [];
  child.on('text.announced', () => {
    throw new Error('broken on purpose');
  });
  const off = child.on('text.announced', (text) => heard.push(text));
  child.onAny((event) => heard.push(event));
  await child.emit('text.announced', 'one');
  await settle();
  off();
  await child.emit('text.announced', 'two');
  await settle();
  expect(heard).toEqual([
    'one',
    { name: 'text.announced', payload: 'one' },
    { name: 'text.announced', payload: 'two' },
  ]);
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'a listener of a child threw',
    'a listener of a child threw',
  ]);
});

test('an error arrives with its code, facts, details and causes', async () => {
  const root = Object.assign(new RangeError('out of it'), { code: 'E_RANGE' });
  const middle = new AggregateError([new TypeError('first'), 'no error'], 'both', { cause: root });
  const error = new RingfenceError('upstream_refused', 'unable to reach it; refused', {
    fault: 'network',
    retryable: true,
    hint: 'Try again.',
    details: { tries: 3, ask: () => {} },
    cause: middle,
  });
  const thrower = new MemoryChild<{ calls: { fail: () => never }; events: object }>({
    fail(): never {
      throw error;
    },
  });
  await thrower.start();
  const thrown = await thrower.call('fail').catch((each: unknown) => each);
  expect(thrown).toBeInstanceOf(RingfenceError);
  expect(thrown).toMatchObject({
    name: 'RingfenceError',
    code: 'upstream_refused',
    message: 'unable to reach it; refused',
    fault: 'network',
    retryable: true,
    hint: 'Try again.',
    details: { tries: 3, ask: 'function ask' },
    stack: error.stack,
    cause: {
      message: 'both',
      errors: [
        { name: 'TypeError', message: 'first' },
        { name: 'NotAnError', message: 'no error' },
      ],
      cause: { name: 'RangeError', message: 'out of it', code: 'E_RANGE', stack: root.stack },
    },
  });
});

test('what cannot be copied, or is not there, is an error with a code', async () => {
  const { child, exits } = await started();
  await expect(child.call('echo', () => {})).rejects.toMatchObject({ code: 'not_cloneable' });
  await expect(child.call('giveFunction')).rejects.toMatchObject({ code: 'not_cloneable' });
  await expect(child.call('emitFunction')).rejects.toMatchObject({ code: 'not_cloneable' });
  for (const name of ['missing', 'toString', '__proto__']) {
    await expect(child.call(name as 'nothing')).rejects.toMatchObject({ code: 'unknown_method' });
  }
  expect([child.pending, exits]).toEqual([0, []]);
});

test('refuses calls beyond its bound', async () => {
  const { child } = await started({ maxPending: 2 });
  const waiting = Promise.allSettled([child.call('wait'), child.call('wait')]);
  await expect(child.call('nothing')).rejects.toMatchObject({
    code: 'child_busy',
    details: { maxPending: 2 },
  });
  await child.stop();
  const reason = { code: 'child_stopped' };
  expect(await waiting).toMatchObject([{ reason }, { reason }]);
});

test('a call before the start and after the end rejects', async () => {
  const child = new MemoryChild<Sample>(handlers);
  await expect(child.call('nothing')).rejects.toMatchObject({ code: 'child_unavailable' });
  await child.start();
  await child.stop();
  await expect(child.call('nothing')).rejects.toMatchObject({ code: 'child_stopped' });
  await expect(child.start()).rejects.toMatchObject({ code: 'child_reused' });
});

describe('the end of a child rejects all that waits for it, at once', () => {
  test.for([
    { title: 'a crash', end: (child: MemoryChild<Sample>) => child.crash(), code: 'child_exited' },
    { title: 'exit 3', end: (child: MemoryChild<Sample>) => child.exit(3), code: 'child_exited' },
    { title: 'exit 0', end: (child: MemoryChild<Sample>) => child.exit(0), code: 'child_exited' },
    {
      title: 'nonsense',
      end: (child: MemoryChild<Sample>) => child.sendRaw('nonsense'),
      code: 'child_nonsense',
    },
    {
      title: 'a stop',
      end: (child: MemoryChild<Sample>) => void child.stop(),
      code: 'child_stopped',
    },
  ])('$title', async ({ end, code }) => {
    const { child, clock } = await started();
    const waiting = Array.from({ length: 100 }, () => child.call('wait'));
    await child.ping();
    const codes = Promise.all(waiting.map((each) => each.catch((error) => error.code)));
    end(child);
    await settle();
    expect(await codes).toEqual(Array.from({ length: 100 }, () => code));
    expect([child.pending, clock.pending]).toEqual([0, 0]);
  });
});

describe('a child that breaks the rules is ended, not believed', () => {
  const error = { name: 'Error', message: 'no' };
  test.for([
    { frame: 'text' },
    { frame: null },
    { frame: [] },
    { frame: ['result'] },
    { frame: ['result', '1', 1] },
    { frame: ['result', -1, 1] },
    { frame: ['error', 1, 'text'] },
    { frame: ['error', 1, { ...error, cause: 5 }] },
    { frame: ['error', 1, { ...error, fault: 'nobody' }] },
    { frame: ['unheard of', 1] },
    { frame: ['event', 5, 'x'] },
    { frame: ['pong', 1] },
    { frame: ['sick', 99, error] },
    // Well formed, and not asked for.
    { frame: ['result', 99, 1] },
    { frame: ['error', 99, error] },
    { frame: ['progress', 99, 1] },
    { frame: ['ready', 1] },
  ])('$frame', async ({ frame }) => {
    const { child, exits } = await started();
    child.sendRaw(frame);
    await settle();
    expect(codeOf(exits)).toBe('child_nonsense');
  });

  test('an answer that comes twice', async () => {
    const { child, exits } = await started();
    await child.call('nothing');
    child.sendRaw(['result', 1, 'again']);
    await settle();
    expect(codeOf(exits)).toBe('child_nonsense');
  });

  test('another version', async () => {
    const child = new MemoryChild<Sample>(handlers, { ready: () => new Promise(() => {}) });
    const start = child.start();
    child.sendRaw(['ready', 2]);
    await expect(start).rejects.toMatchObject({
      code: 'child_nonsense',
      message: 'unable to believe memory; it speaks version 2, and we 1',
    });
  });

  test('more events than it was given room for', async () => {
    const { child, exits, clock } = await started();
    for (let sent = 0; sent <= eventWindow; sent += 1) child.sendRaw(['event', 'a', sent]);
    await clock.advanceAsync(10);
    expect(codeOf(exits)).toBe('child_flooded');
  });
});

test('a result and an event that the host does not accept end the child', async () => {
  const clock = new FakeClock();
  const make = () =>
    new MemoryChild<Sample>(
      handlers,
      {
        isResult: (method, result) => method !== 'echo' || typeof result === 'number',
        isEvent(_, payload) {
          if (payload === 'bad') throw new Error('a check that throws says no');
          return true;
        },
      },
      { clock },
    );
  const first = make();
  await first.start();
  expect(await first.call('echo', 5)).toBe(5);
  await expect(first.call('echo', 'five')).rejects.toMatchObject({
    code: 'child_nonsense',
    message: 'unable to believe memory; its result of echo is not valid',
  });
  const second = make();
  await second.start();
  const exits: ChildExit[] = [];
  second.onExit((exit) => exits.push(exit));
  await second.emit('text.announced', 'good');
  await settle();
  expect(exits).toEqual([]);
  await second.emit('text.announced', 'bad');
  await settle();
  expect(codeOf(exits)).toBe('child_nonsense');
});
