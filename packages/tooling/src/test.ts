// `npm test`: vitest in a process of its own, so that the closing line comes also after a run that
// could not start, crashed or was killed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import { countsVariable } from './reporter.ts';

const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const folder = mkdtempSync(join(tmpdir(), 'ringfence-test-'));
const countsFile = join(folder, 'counts.json');

const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, [countsVariable]: countsFile },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));

child.on('close', (code) => {
  let counts: Counts;
  try {
    counts = JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    // The run ended before its result, whatever its exit code says.
    counts = { passed: 0, failed: 1, skipped: 0 };
  }
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  process.exitCode = counts.failed > 0 ? 1 : 0;
  console.log(formatCounts(counts));
});
