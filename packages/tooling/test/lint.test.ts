import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const oxlint = join(
  dirname(createRequire(import.meta.url).resolve('oxlint/package.json')),
  'bin/oxlint',
);

/** One file to lint. `rules` are the rules that must report it, and no others may. */
type Sample = { file: string; code: string; rules: string[] };

const samples: Sample[] = [];
let found: Map<string, string[]>;
let folder: string;

/** Adds a sample and a test that the repository's configuration reports exactly `rules`. */
function sample(title: string, file: string, code: string, rules: string[]): void {
  // Each sample gets a file name of its own, in the folder where it is to be judged.
  const unique = /\$/.test(file) ? file.replace('$', `sample-${samples.length}`) : file;
  samples.push({ file: unique, code, rules });
  test(title, () => expect(found.get(unique) ?? []).toEqual(rules));
}

const bad = (rule: string, code: string, file = 'packages/phone/src/$.ts'): void =>
  sample(`bad: ${code} in ${file}`, file, code, [rule]);
const good = (code: string, file = 'packages/phone/src/$.ts'): void =>
  sample(`good: ${code} in ${file}`, file, code, []);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-lint-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const config = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8'));
  config.jsPlugins = config.jsPlugins.map((path: string) => resolve(root, path));
  write('.oxlintrc.json', JSON.stringify(config));
  write(
    'packages/base/package.json',
    JSON.stringify({ exports: { '.': './src/index.ts', './testing': './src/testing/index.ts' } }),
  );
  for (const { file, code } of samples) write(file, `${code}\n`);

  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format=json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const report: { diagnostics: { code: string; filename: string }[] } = JSON.parse(
    stdout || JSON.stringify({ diagnostics: [], stderr }),
  );
  found = new Map();
  for (const { code, filename } of report.diagnostics) {
    const name = code.replace(/^([\w-]+)\((.+)\)$/, '$1/$2');
    const names = found.get(filename) ?? [];
    if (!names.includes(name)) found.set(filename, [...names, name]);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ringfence/layers', () => {
  const layers = 'ringfence/layers';
  // Upward and sideways, in each form an import can take.
  bad(layers, "import { a } from '@ringfence/phone'; a();", 'packages/media/src/$.ts');
  bad(layers, "import { a } from '@ringfence/media'; a();", 'packages/signaling-client/src/$.ts');
  bad(
    layers,
    "import type { A } from '@ringfence/phone'; export type B = A;",
    'packages/base/src/$.ts',
  );
  bad(layers, "export { a } from '@ringfence/phone';", 'packages/base/src/$.ts');
  bad(layers, "export const a = () => import('@ringfence/phone');", 'packages/base/src/$.ts');
  bad(layers, "export type A = import('@ringfence/phone').A;", 'packages/base/src/$.ts');
  bad(layers, "import '@ringfence/phone';", 'packages/base/src/$.test.ts');
  bad(layers, "import { a } from '@ringfence/system-tests'; a();", 'examples/quickstart/src/$.ts');
  good("import { a } from '@ringfence/media'; a();");
  good("import { a } from '@ringfence/base'; a();", 'packages/media/src/$.ts');
  good(
    "import type { A } from '@ringfence/base'; export type B = A;",
    'packages/call-rules/src/$.ts',
  );
  good("import { a } from '@ringfence/phone'; a();", 'examples/quickstart/src/$.ts');
  good("import { a } from '@ringfence/server'; a();", 'packages/system-tests/src/$.ts');

  // Out of the package by a relative path, or deep into another.
  bad(layers, "import { a } from '../../base/src/index.ts'; a();");
  bad(layers, "import { a } from '@ringfence/base/src/clock.ts'; a();");
  bad(layers, "import { a } from '@ringfence/base/clock'; a();");
  bad(layers, "import { a } from '@ringfence/phone'; a();");
  good("import { a } from './calls.ts'; a();");
  good("import { a } from '../src/index.ts'; a();", 'packages/phone/test/$.test.ts');
  good("import { a } from '@ringfence/phone'; a();", 'packages/phone/test/$.test.ts');

  // Fakes stay out of what ships.
  bad(layers, "import { a } from '@ringfence/base/testing'; a();");
  bad(layers, "import { a } from './testing/index.ts'; a();");
  good("import { a } from '@ringfence/base/testing'; a();", 'packages/phone/src/$.test.ts');
  good("import { a } from '@ringfence/base/testing'; a();", 'packages/phone/src/testing/$.ts');

  // Packages that are not in the table, and the tools.
  bad(layers, 'export const a = 1;', 'packages/helpers/src/$.ts');
  bad(layers, "import { a } from '@ringfence/helpers'; a();");
  bad(layers, "import { a } from '@ringfence/tooling/tsup'; a();");
  bad(layers, "import { a } from '@ringfence/base'; a();", 'packages/tooling/src/$.ts');
  sample(
    'good: a configuration file uses tooling',
    'packages/phone/tsup.config.ts',
    "import { library } from '@ringfence/tooling/tsup';\nexport default library([]);",
    [],
  );
});

describe('ringfence/no-ambient-time', () => {
  const time = 'ringfence/no-ambient-time';
  bad(time, 'export const a = Date.now();');
  bad(time, 'export const a = new Date();');
  bad(time, 'export const a = Date();');
  bad(time, 'export const a = performance.now();');
  bad(time, 'setTimeout(() => {}, 1);');
  bad(time, 'setInterval(() => {}, 1);');
  bad(time, 'setImmediate(() => {});');
  bad(time, 'export const a = Math.random();');
  bad(time, 'export const a = crypto.randomUUID();');
  bad(time, 'export const a = crypto.getRandomValues(new Uint8Array(1));');
  bad(time, 'export const a = AbortSignal.timeout(1);');
  bad(time, 'export const a = process.hrtime();');
  bad(time, 'export const a = process.uptime();');
  bad(time, 'export const a = performance.timeOrigin;');
  bad(time, 'export const a = Temporal.Now.instant();');
  bad(time, 'requestAnimationFrame(() => {});');
  bad(time, 'requestIdleCallback(() => {});');
  bad(time, 'void scheduler.wait(1);');
  bad(time, 'export const a = process.hrtime.bigint();');
  bad(time, "import { setTimeout as a } from 'node:timers'; a(() => {}, 1);");
  bad(time, "import { setTimeout as a } from 'node:timers/promises'; void a(1);");
  bad(time, "export const a = import('node:timers/promises');");
  bad(time, "import { randomUUID } from 'node:crypto'; randomUUID();");
  bad(time, "import * as crypto from 'node:crypto'; crypto.randomBytes(1);");
  bad(time, "import { performance } from 'node:perf_hooks'; performance.mark('a');");
  bad(time, "import { uptime } from 'node:os'; uptime();");
  // The same through the global object, in brackets, destructured, through a name.
  bad(time, 'globalThis.setTimeout(() => {}, 1);');
  bad(time, "globalThis['setTimeout'](() => {}, 1);");
  bad(time, 'window.setInterval(() => {}, 1);');
  bad(time, 'export const a = globalThis.Date.now();');
  bad(time, 'export const a = new globalThis.Date();');
  bad(time, 'export const a = globalThis.crypto.randomUUID();');
  bad(time, 'export const a = (globalThis as unknown as { Math: Math }).Math.random();');
  bad(time, 'const { setTimeout } = globalThis; setTimeout(() => {}, 1);');
  bad(time, 'const { Math: { random } } = globalThis; random();');
  bad(time, 'const { now } = Date; now();');
  bad(time, 'const clock = Date; clock.now();');
  bad(time, 'export const a = { later: setTimeout };');
  // Tests of a package take the clock too.
  bad(time, 'setTimeout(() => {}, 1);', 'packages/phone/src/$.test.ts');
  bad(time, 'setTimeout(() => {}, 1);', 'packages/base/src/$.ts');

  good('export const a = new Date(0);');
  good('export const a = new Date(0).getTime();');
  good('queueMicrotask(() => {});');
  good('export const a = Math.max(1, 2);');
  good('export const a = AbortSignal.abort();');
  good('export const a = crypto.subtle;');
  good('export const a = (clock: { setTimeout(): void }) => clock.setTimeout();');
  good('export const a = (setTimeout: () => void) => setTimeout();');
  good('export type A = ReturnType<typeof setTimeout>;');
  good(
    "import { createHash } from 'node:crypto'; createHash('sha256');",
    'packages/server/src/$.ts',
  );
  good('setTimeout(() => {}, 1);', 'packages/system-tests/src/$.ts');
  good('setTimeout(() => {}, 1);', 'examples/quickstart/src/$.ts');
  sample(
    'good: the real clock reads the time',
    'packages/base/src/clock.ts',
    'export const a = performance.now() + Date.now();',
    [],
  );
});

describe('ringfence/no-ambient-process', () => {
  const process = 'ringfence/no-ambient-process';
  bad(process, "export const a = process.env['HOME'];");
  bad(process, 'process.exit(1);');
  bad(process, 'process.exitCode = 1;');
  bad(process, 'process.abort();');
  bad(process, "process.stdout.write('a');");
  bad(process, "process.stderr.write('a');");
  bad(process, "console.log('a');");
  bad(process, "globalThis.console.log('a');");
  bad(process, 'const { env } = process; export const a = env.HOME;');
  bad(process, "import { exit } from 'node:process'; exit(1);");
  bad(process, "import process from 'node:process'; process.exit(1);");
  bad(process, "console.log('a');", 'packages/server/src/$.ts');
  good('export const a = (console: { log(): void }) => console.log();');
  good("console.log('a');", 'packages/system-tests/src/$.ts');
  good("console.log('a');", 'examples/quickstart/src/$.ts');
  sample(
    'good: the server reads its environment',
    'packages/server/src/bin.ts',
    'process.exit(1);',
    [],
  );
});

describe('the public surface', () => {
  bad('ringfence/no-export-all', "export * from './calls.ts';");
  bad('ringfence/no-export-all', "export * as calls from './calls.ts';");
  bad('import/no-default-export', 'export default 1;');
  good("export { a } from './calls.ts';");
  sample('good: a configuration file', 'packages/phone/vite.config.ts', 'export default {};', []);
});

describe('import/no-cycle', () => {
  const one = (other: string): string =>
    `import { ${other} } from './${other}.ts';\nexport const ${other === 'b' ? 'a' : 'b'} = (): unknown => ${other};`;
  sample('bad: one half', 'packages/phone/src/cycle/a.ts', one('b'), ['import/no-cycle']);
  sample('bad: the other half', 'packages/phone/src/cycle/b.ts', one('a'), ['import/no-cycle']);
  const typeOf = (other: string): string =>
    `import type { ${other} } from './${other}.ts';\nexport type ${other === 'B' ? 'A' : 'B'} = ${other}[];`;
  sample('bad: one half, in types alone', 'packages/phone/src/types/A.ts', typeOf('B'), [
    'import/no-cycle',
  ]);
  sample('bad: the other half, in types alone', 'packages/phone/src/types/B.ts', typeOf('A'), [
    'import/no-cycle',
  ]);
  sample('good: a line', 'packages/phone/src/line/a.ts', one('b'), []);
  sample('good: its end', 'packages/phone/src/line/b.ts', 'export const b = 1;', []);
});
