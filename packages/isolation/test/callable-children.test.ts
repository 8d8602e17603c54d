import { afterEach, describe, expect, test } from 'vitest';
import { RingfenceError, systemClock } from '@ringfence/base';
import { ChildError, processChild, threadChild } from '../src/supervisor/index.ts';
import type { CallableChild, ChildExit } from '../src/supervisor/index.ts';
import type { Patient } from './fixtures/patient.ts';

const patient = new URL('./fixtures/patient.ts', import.meta.url);
const execArgv = ['--conditions=@ringfence/source'];
const MiB = 2 ** 20;

const children = new Set<CallableChild<Patient>>();
afterEach(async () => {
  await Promise.all([...children].map((child) => child.stop({ isForced: true })));
  children.clear();
});

function exitOf(child: CallableChild<Patient>): Promise<ChildExit> {
  return new Promise((resolve) => child.onExit(resolve));
}

describe.for([
  { kind: 'thread', make: threadChild<Patient> },
  { kind: 'process', make: processChild<Patient> },
])('a $kind', ({ kind, make }) => {
  async function started(options: object = {}): Promise<CallableChild<Patient>> {
    const child = make(patient, { execArgv, output: 'ignore', ...options });
    children.add(child);
    await child.start();
    return child;
  }

  test('answers calls, streams events and carries what structured clone carries', async () => {
    const child = await started();
    expect(await child.call('add', { a: 1, b: 2 })).toBe(3);
    const value = { map: new Map([[1, new Date(0)]]), bytes: new Uint8Array(100_000).fill(7) };
    expect(await child.call('echo', value)).toEqual(value);
    const numbers: number[] = [];
    const announced = new Promise((resolve) => child.on('text.announced', resolve));
    expect(await child.call('count', 5_000, { onEvent: (number) => numbers.push(number) })).toBe(
      5_000,
    );
    expect(numbers).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
    await child.call('announce', 'heard');
    expect(await announced).toBe('heard');
    expect((await child.call('pid')) === process.pid).toBe(kind === 'thread');
  });

  test('an error crosses with its code, facts, details and causes', async () => {
    const child = await started();
    const thrown = await child.call('fail', 2).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RingfenceError);
    expect(thrown).toMatchObject({
      code: 'upstream_refused',
      message: 'unable to reach level 1; refused',
      fault: 'network',
      retryable: true,
      hint: 'Try again.',
      details: { level: 1 },
      cause: {
        code: 'upstream_refused',
        details: { level: 0 },
        cause: { name: 'TypeError', message: 'the root of it' },
      },
    });
    await expect(child.call('failWithCode')).rejects.toMatchObject({
      name: 'RangeError',
      code: 'E_RANGE',
    });
    await expect(child.call('giveFunction')).rejects.toMatchObject({ code: 'not_cloneable' });
    await expect(child.call('echo', () => {})).rejects.toMatchObject({ code: 'not_cloneable' });
    await expect(child.call('pour')).rejects.toMatchObject({ code: 'emit_overflow' });
    expect(await child.call('add', { a: 1, b: 2 })).toBe(3);
  });

  test('a call that is given up aborts in the child', async () => {
    const child = await started();
    const abort = new AbortController();
    const aborted = new Promise((resolve) => child.on('call.given-up', resolve));
    const call = child.call('wait', undefined, { signal: abort.signal });
    const reason = new Error('given up');
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await aborted).toBe('AbortError');
  });

  test('runs sources as its host does', async () => {
    const child = await started();
    const { argv, execArgv: own } = await child.call('commandLine');
    expect(argv[0]).toMatch(/fixtures[/\\]patient\.ts$/);
    expect(own).toContain('--conditions=@ringfence/source');
  });

  test.for([
    { way: 'throwLater', cause: { code: 'upstream_refused', cause: { name: 'TypeError' } } },
    { way: 'rejectLater', cause: { message: 'unheard' } },
  ] as const)('dies of $way, says of what, and rejects all that waits', async ({ way, cause }) => {
    const child = await started();
    const exit = exitOf(child);
    const waiting = [child.call('wait'), child.call(way), child.call('wait')];
    const results = await Promise.allSettled(waiting);
    expect(await exit).toMatchObject({ reason: 'failed', error: { code: 'child_exited', cause } });
    expect(results).toMatchObject([
      { reason: { code: 'child_exited' } },
      { status: 'fulfilled' },
      { reason: { code: 'child_exited' } },
    ]);
  });

  test('an exit by itself is told with its code', async () => {
    const child = await started();
    const exit = exitOf(child);
    await child.call('exitLater', 7);
    expect(await exit).toMatchObject({
      reason: 'failed',
      error: { code: 'child_exited', details: { exitCode: 7, signal: null } },
    });
  });

  test('one in an endless loop answers no ping, and is ended by force', async () => {
    const child = await started();
    const exit = exitOf(child);
    const spinning = child.call('spin').catch((thrown: unknown) => thrown);
    const error = new ChildError('child_hung', 'unable to hear it; no answer to a ping', {
      fault: 'server',
      retryable: true,
      hint: 'Look for a loop.',
    });
    const abort = new AbortController();
    systemClock.setTimeout(() => abort.abort(new Error('no answer')), 100);
    await expect(child.ping({ signal: abort.signal })).rejects.toThrow('no answer');
    await child.stop({ isForced: true, error });
    expect(await exit).toEqual({ reason: 'stopped' });
    expect(await spinning).toBe(error);
  });

  test('one that says it is not well fails its ping', async () => {
    const child = await started();
    await child.ping();
    await child.call('beSick');
    await expect(child.ping()).rejects.toMatchObject({
      code: 'child_unhealthy',
      cause: { message: 'not feeling well' },
    });
  });

  test('one whose heap is full ends, and the host does not', { timeout: 60_000 }, async () => {
    const child = await started({ heapLimitBytes: 48 * MiB });
    const exit = exitOf(child);
    const call = child.call('fillHeap', undefined, { timeoutMs: 60_000 });
    const code = await call.catch((error) => error.code);
    const expected = kind === 'thread' ? 'child_out_of_memory' : 'child_exited';
    expect(code).toBe(expected);
    expect(await exit).toMatchObject({ reason: 'failed', error: { code: expected } });
  });
});

test('a thread is given data', async () => {
  const child = threadChild<Patient>(patient, { execArgv, data: { port: 5 } });
  children.add(child);
  await child.start();
  expect(await child.call('data')).toEqual({ port: 5 });
});

test("a terminal's Ctrl-C does not end a process: its host does", async () => {
  const child = processChild<Patient>(patient, { execArgv });
  children.add(child);
  await child.start();
  process.kill(await child.call('pid'), 'SIGINT');
  expect(await child.call('add', { a: 1, b: 2 })).toBe(3);
});

test('a process that holds too much native memory is ended', async () => {
  const child = processChild<Patient>(patient, {
    execArgv,
    memoryLimitBytes: 200 * MiB,
    memoryCheckMs: 10,
  });
  children.add(child);
  await child.start();
  const exit = exitOf(child);
  await child.call('fillNative', 300 * MiB).catch(() => {});
  expect(await exit).toMatchObject({ error: { code: 'child_out_of_memory' } });
});

test.for(['throws', 'serves nothing', 'ends at once', 'fails to get ready'])(
  'a module that %s does not start',
  async (way) => {
    const badly = new URL('./fixtures/badly.ts', import.meta.url);
    const options = { execArgv, output: 'ignore', stopMs: 10 } as const;
    for (const child of [
      threadChild(badly, { ...options, data: way }),
      processChild(badly, { ...options, args: [way] }),
    ]) {
      const abort = new AbortController();
      if (way === 'serves nothing') abort.abort(new Error('given up'));
      await expect(child.start({ signal: abort.signal })).rejects.toThrow(
        way === 'serves nothing' ? 'given up' : /^unable to start badly\.ts; /,
      );
      await child.stop();
    }
  },
);

test('a file that is not there does not start', async () => {
  const nowhere = new URL('./fixtures/nowhere.ts', import.meta.url);
  for (const make of [threadChild, processChild]) {
    const child = make(nowhere, { output: 'ignore' });
    await expect(child.start()).rejects.toMatchObject({ code: 'child_start_failed' });
  }
});

test.for([
  [{ heapLimitBytes: 1 }, 'unable to use option heapLimitBytes; 1 is not'],
  [{ maxPending: 0 }, 'unable to use option maxPending; 0 is not'],
  [{ output: 'pipe' }, 'unable to use option output; pipe is not'],
  [{ memoryCheckMs: 0 }, 'unable to use option memoryCheckMs; 0 is not'],
] as const)('refuses %o', ([options, message]) => {
  expect(() => processChild(patient, options as object)).toThrow(message);
});

test('refuses a URL that is no file', () => {
  expect(() => threadChild(new URL('https://example.com/a.js'))).toThrow(
    'unable to use option url; https: is not',
  );
  expect(() => processChild(new URL('data:text/javascript,'))).toThrow(
    'unable to use option url; data: is not',
  );
});
