import { settle } from '@ringfence/base/testing';
import { afterEach, expect, test } from 'vitest';
import { foreignChild } from '../src/supervisor/index.ts';
import type { Child, ChildExit, ForeignChildOptions, OutputLine } from '../src/supervisor/index.ts';

const MiB = 2 ** 20;
const children = new Set<Child>();
afterEach(async () => {
  await Promise.all([...children].map((child) => child.stop({ isForced: true })));
  children.clear();
});

function program(code: string, options: ForeignChildOptions = {}): Child {
  const child = foreignChild(process.execPath, { name: 'program', args: ['-e', code], ...options });
  children.add(child);
  return child;
}

function exitOf(child: Child): Promise<ChildExit> {
  return new Promise((resolve) => child.onExit(resolve));
}

test('hears every line, also the last before the end', async () => {
  const lines: OutputLine[] = [];
  const code = `
    console.log('one'); console.error('two');
    process.stdin.on('data', () => { process.stdout.write('three'); process.exit(0); });
  `;
  const child = program(code, {
    onLine: (line) => lines.push(line),
    ready: ({ line }) => Promise.all([line(({ text }) => text === 'one'), line(isTwo)]),
    askToStop: ({ stdin }) => stdin.write('q'),
  });
  const isTwo = ({ stream, text }: OutputLine): boolean => stream === 'stderr' && text === 'two';
  await child.start();
  await child.stop();
  expect(await exitOf(child)).toEqual({ reason: 'stopped' });
  expect(lines.map(({ text }) => text).sort()).toEqual(['one', 'three', 'two']);
});

test('is not ready when what shows it fails', async () => {
  const child = program('process.stdin.resume()', {
    async ready() {
      throw new Error('port is taken');
    },
  });
  await expect(child.start()).rejects.toMatchObject({
    code: 'child_start_failed',
    message: 'unable to start program; it does not get ready: port is taken',
  });
});

test('a ping that fails says that it is not well', async () => {
  const child = program('process.stdin.resume()', {
    async ping() {
      throw new Error('no picture');
    },
  });
  await child.start();
  await expect(child.ping()).rejects.toMatchObject({
    code: 'child_unhealthy',
    cause: { message: 'no picture' },
  });
});

test('a program that ends while it is waited for ends the waiting', async () => {
  const child = program('process.exit(4)', { ready: ({ line }) => line(() => false) });
  await expect(child.start()).rejects.toMatchObject({
    code: 'child_start_failed',
    message: 'unable to start program; it ended with code 4',
    details: { exitCode: 4 },
  });
});

test('one that holds too much memory is ended', async () => {
  const child = program(
    `globalThis.kept = Buffer.alloc(${300 * MiB}, 1); setInterval(() => {}, 1e3)`,
    {
      memoryLimitBytes: 200 * MiB,
      memoryCheckMs: 10,
    },
  );
  const exit = exitOf(child);
  await child.start();
  expect(await exit).toMatchObject({ error: { code: 'child_out_of_memory' } });
});

test('one that prints without end leaves the host its turns', async () => {
  let lines = 0;
  const child = program(`for (;;) require('fs').writeSync(1, 'x\\n'.repeat(10_000))`, {
    onLine: () => (lines += 1),
    stopMs: 10,
  });
  await child.start();
  // Each of these needs a turn of the event loop of its own.
  for (let turns = 0; turns < 200 || lines < 10_000; turns += 1) await settle();
  await child.stop();
  expect(await exitOf(child)).toEqual({ reason: 'stopped' });
});
