import { systemClock } from '@ringfence/base';
import { describe, test } from 'vitest';
import { childConformance, MemoryChild } from '../src/testing/index.ts';
import type { ChildMakers } from '../src/testing/index.ts';
import { foreignChild, processChild, Supervisor, threadChild } from '../src/supervisor/index.ts';
import type { Child } from '../src/supervisor/index.ts';

const execArgv = ['--conditions=@ringfence/source'];
const badly = new URL('./fixtures/badly.ts', import.meta.url);

const thread = (way: string): Child =>
  threadChild(badly, { data: way, execArgv, stopMs: 10, output: 'ignore' });
const process_ = (way: string): Child =>
  processChild(badly, { args: [way], execArgv, stopMs: 10, output: 'ignore' });

const named = (make: (way: string) => Child): Required<ChildMakers> => ({
  well: () => make('well'),
  neverReady: () => make('never ready'),
  failsToStart: () => make('fails to get ready'),
  crashes: () => make('crashes'),
  refusesToStop: () => make('refuses to stop'),
  hangs: () => make('hangs'),
  ends: () => make('ends'),
});

const echo = `process.stdin.on('data', (chunk) => process.stdout.write(chunk));`;
/** A program that is told of nothing but stdin, and answers each line with the same. */
const program = (code: string): Child =>
  foreignChild(process.execPath, {
    name: 'program',
    args: ['-e', `${code}; console.log('up');`],
    ready: ({ line }) => line(({ text }) => text === 'up'),
    async ping({ stdin, line }) {
      const answer = line(({ text }) => text === 'ping');
      stdin.write('ping\n');
      await answer;
    },
    stopMs: 10,
  });
const foreign: Required<ChildMakers> = {
  well: () => program(echo),
  neverReady: () =>
    foreignChild(process.execPath, {
      args: ['-e', echo],
      ready: ({ line }) => line(({ text }) => text === 'never printed'),
      stopMs: 10,
    }),
  failsToStart: () => foreignChild('/nowhere/no-such-program'),
  crashes: () => program(`${echo}; setTimeout(() => process.exit(3), 0)`),
  refusesToStop: () => program(`${echo}; process.on('SIGTERM', () => {})`),
  hangs: () => program('process.stdin.resume()'),
  ends: () => program(`${echo}; setTimeout(() => process.exit(0), 0)`),
};

const memory: Required<ChildMakers> = {
  well: () => new MemoryChild({}),
  neverReady: () => new MemoryChild({}, { ready: () => new Promise(() => {}), stopMs: 10 }),
  failsToStart: () =>
    new MemoryChild(
      {},
      {
        ready() {
          throw new Error('no luck');
        },
      },
    ),
  crashes: () => soon(new MemoryChild({}), (child) => child.crash()),
  refusesToStop: () => new MemoryChild({}, { isStubborn: true, stopMs: 10 }),
  hangs: () => soon(new MemoryChild({}), (child) => child.hang()),
  ends: () => soon(new MemoryChild({}), (child) => child.exit(0)),
};

/** Does something to a child as soon as it is ready. */
function soon(child: MemoryChild, act: (child: MemoryChild) => void): MemoryChild {
  const start = child.start.bind(child);
  child.start = async (options) => {
    await start(options);
    systemClock.setTimeout(() => act(child), 0);
  };
  return child;
}

/** A supervisor is a child too. It answers pings whatever its children do, and never ends well. */
const supervisor = (makers: Required<ChildMakers>): ChildMakers => {
  const over = (create: () => Child) => (): Child =>
    new Supervisor([{ name: 'only', create }], { maxRestarts: 0 });
  return {
    well: over(makers.well),
    neverReady: over(makers.neverReady),
    failsToStart: over(makers.failsToStart),
    crashes: over(makers.crashes),
    refusesToStop: over(makers.refusesToStop),
  };
};

describe.for([
  { title: 'a thread', makers: named(thread) },
  { title: 'a process', makers: named(process_) },
  { title: 'a foreign program', makers: foreign },
  { title: 'a child in memory', makers: memory },
  { title: 'a supervisor of a thread', makers: supervisor(named(thread)) },
  { title: 'a supervisor of one in memory', makers: supervisor(memory) },
])('$title', ({ makers }) => {
  for (const { name, run } of childConformance(makers)) test(name, run);
});
