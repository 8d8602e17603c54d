import { expect, test } from 'vitest';
import { runSimulator } from './command.ts';

async function run(...args: string[]) {
  const lines: string[] = [];
  const code = await runSimulator(args, (line) => lines.push(line));
  return { code, lines };
}

test('a seed is replayed with its trace, and its last line is the result', async () => {
  const first = await run('--seed', '7');
  const second = await run('--seed', '7');
  expect(first.code).toBe(0);
  expect(first.lines[0]).toBe(second.lines[0]);
  expect(JSON.parse(first.lines.at(-1)!)).toMatchObject({
    name: 'sim',
    ok: true,
    seeds: 1,
    broken: [],
    differentTraces: 1,
    digest: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
}, 60_000);

test('seeds begin where they are told to', async () => {
  const result = async (...args: readonly string[]) =>
    JSON.parse((await run(...args)).lines.at(-1)!) as { readonly happened: unknown };
  const [seventh, from] = [
    await result('--seed', '7'),
    await result('--seeds', '1', '--from', '7'),
  ];
  expect(from).toMatchObject({ seeds: 1, happened: seventh.happened });
  expect((await result('--seeds', '1')).happened).not.toEqual(seventh.happened);
}, 60_000);

test('a seed that is no number, and a flag that is unknown, are usage errors', async () => {
  expect(await run('--seeds', 'many')).toEqual({
    code: 2,
    lines: [
      expect.stringMatching(
        /^unable to use --seeds; many is not a whole number from 1 on\n\nusage: /,
      ),
    ],
  });
  expect((await run('--seeds', '0')).code).toBe(2);
  expect((await run('--fast')).code).toBe(2);
  expect(await run('--help')).toEqual({ code: 0, lines: [expect.stringMatching(/^usage: /)] });
});
