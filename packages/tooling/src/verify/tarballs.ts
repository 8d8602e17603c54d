import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CheckFailed, inParallel, runPnpm, runTool } from '../process.ts';
import { root, workspacePackages } from '../workspace.ts';

const folder = join(root, 'node_modules', '.cache', 'ringfence', 'tarballs');

/** The tarballs that `packPackages` made. */
export function tarballs(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
}

/** Packs every package that is published, as a release would. */
export async function packPackages(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const published = workspacePackages().filter((each) => !each.isPrivate);
  const filters = published.map((each) => `--filter=${each.name}`);
  await runPnpm(['--recursive', ...filters, 'pack', '--pack-destination', folder]);
  const made = tarballs().length;
  if (made !== published.length) {
    throw new CheckFailed(`packed ${made} tarballs of ${published.length} packages`);
  }
}

/** Package form, by publint: files, exports, fields. */
export async function lintTarballs(): Promise<void> {
  await inParallel(tarballs(), 2, (file) =>
    runTool({ package: 'publint' }, ['run', '--strict', '--level', 'warning', file]),
  );
}

/** Types as each module resolution finds them, by attw. */
export async function checkTarballTypes(): Promise<void> {
  await inParallel(tarballs(), 2, (file) =>
    runTool({ package: '@arethetypeswrong/cli', bin: 'attw' }, [
      '--profile',
      'esm-only',
      '--no-definitely-typed',
      '--format',
      'ascii',
      '--no-emoji',
      file,
    ]),
  );
}
