import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const command = resolve(import.meta.dirname, '../src/test.ts');
const reporter = resolve(import.meta.dirname, '../src/reporter.ts');

type Run = { lastLine: string; code: number | null };

/** Runs what `npm test` runs, over a folder with one test and this configuration. */
async function run(config: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-closing-'));
  try {
    writeFileSync(join(folder, 'vitest.config.js'), config);
    writeFileSync(join(folder, 'a.test.ts'), "test('passes', () => {});\n");
    const child = spawn(process.execPath, [command, '--globals', `--root=${folder}`], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { lastLine: output.trimEnd().split('\n').at(-1) ?? '', code };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.for([
  {
    title: 'a run to its end',
    config: `export default { test: { reporters: ['default', ${JSON.stringify(reporter)}] } };`,
    expected: { lastLine: '1 passed, 0 failed, 0 skipped', code: 0 },
  },
  {
    title: 'a run that could not start',
    config: "throw new Error('no');",
    expected: { lastLine: '0 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a run that ended early, as if all were well',
    config: 'process.exit(0);',
    expected: { lastLine: '0 passed, 1 failed, 0 skipped', code: 1 },
  },
  {
    title: 'a run that was killed',
    config: "process.kill(process.pid, 'SIGKILL');",
    expected: { lastLine: '0 passed, 1 failed, 0 skipped', code: 1 },
  },
])('$title', { timeout: 30_000 }, async ({ config, expected }) => {
  expect(await run(config)).toEqual(expected);
});
