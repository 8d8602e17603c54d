import { expect, test } from 'vitest';
import { runNamedCommand } from './named-commands.ts';
import type { NamedCommands } from './named-commands.ts';

const commands: NamedCommands = {
  holds:
    async () =>
    async ({ quick, print }) => {
      print(`quick ${quick}`);
      return { ok: true, figures: { ratio: 1.1 } };
    },
  misses: async () => async () => ({ ok: false, figures: {} }),
  breaks: async () => async () => {
    throw new Error('unable to measure; no disk');
  },
};

async function run(args: readonly string[], known: NamedCommands = commands) {
  const lines: string[] = [];
  const code = await runNamedCommand('bench', known, args, (line) => lines.push(line));
  return { code, lines };
}

test('a bound that holds exits 0 and ends with one JSON line', async () => {
  expect(await run(['holds', '--quick'])).toEqual({
    code: 0,
    lines: ['quick true', '{"name":"holds","ok":true,"ratio":1.1}'],
  });
});

test('a bound that is missed exits 1', async () => {
  expect(await run(['misses'])).toEqual({ code: 1, lines: ['{"name":"misses","ok":false}'] });
});

test('a command that breaks exits 1 and says why', async () => {
  const { code, lines } = await run(['breaks']);
  expect(code).toBe(1);
  expect(lines.at(-1)).toBe('{"name":"breaks","ok":false,"error":"unable to measure; no disk"}');
});

test('an unknown name, a strange flag and no name exit 2 and run nothing', async () => {
  expect(await run(['other'])).toEqual({
    code: 2,
    lines: ['unable to run bench other; there is no such name; known: holds, misses, breaks'],
  });
  expect(await run(['holds', '--fast'])).toEqual({
    code: 2,
    lines: ['unable to run bench; --fast is neither --quick nor the one name'],
  });
  expect(await run([], {})).toEqual({
    code: 2,
    lines: ['usage: npm run bench -- NAME [--quick]; known: none yet'],
  });
  expect(await run(['--help'])).toEqual({
    code: 0,
    lines: ['usage: npm run bench -- NAME [--quick]; known: holds, misses, breaks'],
  });
});
