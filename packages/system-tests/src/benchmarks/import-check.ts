import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Imports `entry` in a Node process of its own, in which every global of a browser is a trap.
 *
 * @returns the names that were touched while the module and all it imports were loaded.
 */
export async function importTouches(entry: string): Promise<readonly string[]> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@ringfence/source', join(import.meta.dirname, 'import-check-child.ts'), entry],
    { cwd: import.meta.dirname },
  );
  return JSON.parse(stdout) as string[];
}
