import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bytes of heap for each of `count` things of a kind of breaker-heap-child.ts, in a process of its own. */
export async function heapOf(kind: string, count: number): Promise<number> {
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    '--conditions=@ringfence/source',
    join(import.meta.dirname, 'breaker-heap-child.ts'),
    kind,
    String(count),
  ]);
  return (JSON.parse(stdout) as { readonly bytes: number }).bytes;
}
