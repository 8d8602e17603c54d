import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);

const child = `
import { serve } from '@ringfence/isolation/supervisor/child';
serve({
  add: ({ a, b }) => a + b,
  fail() {
    throw Object.assign(new Error('no'), { code: 'E_NO' });
  },
});
`;

/** `here` is the URL of the host's own file, in the words of its module format. */
const host = (here: string): string => `
import { pathToFileURL } from 'node:url';
import { processChild, Service, threadChild } from '@ringfence/isolation/supervisor';
async function main() {
  for (const make of [threadChild, processChild]) {
    const service = new Service(() => make(new URL('./child.mjs', ${here})));
    await service.start();
    const sum = await service.call('add', { a: 1, b: 2 });
    const code = await service.call('fail').catch((error) => error.code);
    await service.stop();
    console.log(sum, code);
  }
}
main();
`;

let folder: string;

async function bundle(contents: string, name: string, format: 'esm' | 'cjs'): Promise<void> {
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile: join(folder, name),
    bundle: true,
    minify: true,
    platform: 'node',
    format,
    conditions: ['@ringfence/source'],
    logLevel: 'error',
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringfence-bundle-'));
  await bundle(child, 'child.mjs', 'esm');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.for([
  { name: 'host.mjs', format: 'esm' as const, here: 'import.meta.url' },
  { name: 'host.cjs', format: 'cjs' as const, here: 'pathToFileURL(__filename)' },
])('a bundled host starts bundled children: $name', { timeout: 60_000 }, async (sample) => {
  await bundle(host(sample.here), sample.name, sample.format);
  const { stdout } = await run(process.execPath, [join(folder, sample.name)], { cwd: folder });
  expect(stdout).toBe('3 E_NO\n3 E_NO\n');
});
