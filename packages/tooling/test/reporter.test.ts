import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { countsVariable } from '../src/reporter.ts';

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const reporter = resolve(import.meta.dirname, '../src/reporter.ts');

type Run = { lastLine: string; code: number | null };

/** Runs vitest with our reporter over one folder of files. */
async function run(files: Record<string, string>): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-reporter-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = ['run', '--globals', `--root=${folder}`];
    const child = spawn(
      process.execPath,
      [vitest, ...args, '--reporter=default', `--reporter=${reporter}`],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1', [countsVariable]: '' },
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.resume();
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { lastLine: output.trimEnd().split('\n').at(-1) ?? '', code };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const passing = "test('passes', () => {});\n";

const cases: { title: string; files: Record<string, string>; expected: Run }[] = [
  {
    title: 'a green run exits with 0',
    files: { 'a.test.ts': passing, 'b.test.ts': `${passing}test.skip('later', () => {});` },
    expected: { lastLine: '2 passed, 0 failed, 1 skipped', code: 0 },
  },
  {
    title: 'a failed test',
    files: { 'a.test.ts': `${passing}test('fails', () => { throw new Error('no'); });` },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a file that does not parse',
    files: { 'a.test.ts': passing, 'b.test.ts': 'const = 1;' },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a file that imports what is not there',
    files: { 'a.test.ts': passing, 'b.test.ts': `import './missing.ts';\n${passing}` },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a hook of a suite that fails, its test not run',
    files: {
      'a.test.ts': `${passing}describe('suite', () => {
        beforeAll(() => { throw new Error('no'); });
        test('never runs', () => {});
      });`,
    },
    expected: { lastLine: '1 passed, 1 failed, 1 skipped', code: 1 },
  },
  {
    title: 'a hook of a file that fails after its tests',
    files: { 'a.test.ts': `${passing}afterAll(() => { throw new Error('no'); });` },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a rejection nobody handles',
    files: { 'a.test.ts': "test('passes', () => { void Promise.reject(new Error('no')); });" },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'an error thrown from a timer',
    files: {
      'a.test.ts': `test('passes', async () => {
        setTimeout(() => { throw new Error('no'); }, 0);
        await new Promise((done) => setTimeout(done, 20));
      });`,
    },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a file without a test',
    files: { 'a.test.ts': passing, 'b.test.ts': 'export {};' },
    expected: { lastLine: '1 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'no file at all',
    files: {},
    expected: { lastLine: '0 passed, 1 failed, 0 skipped', code: 1 },
  },
];

test.for(cases)('$title', { timeout: 30_000 }, async ({ files, expected }) => {
  expect(await run(files)).toEqual(expected);
});
