import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** A module that serves, in one file of plain JavaScript, as a host's bundler makes it. */
export interface BundledChild extends AsyncDisposable {
  readonly url: URL;
}

/** Bundles the module at `entry`. Dispose it to remove the file. */
export async function bundleChild(entry: URL): Promise<BundledChild> {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-child-'));
  const outfile = join(folder, 'child.mjs');
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@ringfence/source'],
    logLevel: 'error',
  });
  return {
    url: pathToFileURL(outfile),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
