import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a process that is watched ends when it has nothing else to do', async () => {
  const file = fileURLToPath(new URL('./fixtures/watched.ts', import.meta.url));
  const options = { timeout: 20_000 };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@ringfence/source', file],
    options,
  );
  expect(stdout).toBe('alerts 1\n');
}, 30_000);
