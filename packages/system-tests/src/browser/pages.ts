import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'vite';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..', '..', '..', '..');
const cache = join(root, 'packages', 'system-tests', '.cache', 'pages');

/** A page that can be built: the quickstart that users see, or a page of the tests. */
export type PageName = 'quickstart' | 'bare' | 'media';

const folders: Readonly<Record<PageName, string>> = {
  quickstart: dirname(require.resolve('@ringfence/example-quickstart/package.json')),
  bare: join(import.meta.dirname, 'bare-page'),
  media: join(import.meta.dirname, 'media-page'),
};

/** A digest of all that may change what is built. */
function sourceKey(folder: string): string {
  const hash = createHash('sha256');
  const patterns = ['packages/*/src/**/*.ts', 'packages/*/package.json', 'pnpm-lock.yaml'];
  const own = ['*.html', '*.ts', 'package.json', 'src/**/*', 'public/**/*'];
  const files = [
    ...globSync(patterns, { cwd: root }).map((name) => join(root, name)),
    ...globSync(own, { cwd: folder }).map((name) => join(folder, name)),
  ];
  for (const file of files.sort()) {
    if (file.endsWith('.test.ts') || !statSync(file).isFile()) continue;
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** Pages of older sources, except those young enough that another run may serve them. */
function removeOld(name: PageName, keep: string): void {
  const hourAgo = Date.now() - 3_600_000;
  for (const entry of globSync(`${name}-*`, { cwd: cache })) {
    const folder = join(cache, entry);
    if (folder !== keep && statSync(folder).mtimeMs < hourAgo) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/**
 * Builds a page through Vite, from the sources of all packages, unless it stands already. Returns
 * the folder to serve. Several processes may ask at once: each builds apart, the first to finish
 * is kept.
 */
export async function builtPage(name: PageName): Promise<string> {
  const folder = folders[name];
  const target = join(cache, `${name}-${sourceKey(folder)}`);
  if (existsSync(join(target, 'index.html'))) return target;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(`${target}.`);
  await build({
    root: folder,
    configFile: join(folders.quickstart, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: draft, emptyOutDir: true },
  });
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(join(target, 'index.html'))) throw error;
  }
  removeOld(name, target);
  return target;
}
