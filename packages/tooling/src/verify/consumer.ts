// A user's project: an empty npm package outside the workspace that installs our tarballs. Here the
// README code is type-checked against the published types and run, and the browser packages are
// bundled. Map: createConsumer installs; checkReadmeCode, importOnNode and bundleWithVite use it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { browserGlobals } from '../browser-globals.ts';
import { CheckFailed, inParallel, run, runNode } from '../process.ts';
import { root, workspacePackages } from '../workspace.ts';
import type { WorkspacePackage } from '../workspace.ts';
import { codeBlocks, markdownFiles } from './markdown.ts';
import { tarballs } from './tarballs.ts';

/** Packages that only run on a server; every other one must work in a browser. */
const serverPackages = new Set(['@ringfence/signaling-server', '@ringfence/server']);
/** Entries that do, of packages that also run in a browser. */
const serverEntries = new Set([
  '@ringfence/isolation/supervisor',
  '@ringfence/isolation/supervisor/child',
  '@ringfence/telephony',
  '@ringfence/telephony/worker',
  '@ringfence/telephony/worker/main',
  '@ringfence/telephony/testing',
]);

export type Consumer = { folder: string; node22: string; remove: () => void };

function catalogVersion(name: string): string {
  const settings = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const version = new RegExp(`^  '?${name}'?: (\\S+)$`, 'm').exec(settings)?.[1];
  if (version === undefined) throw new CheckFailed(`${name} is not in the catalog`);
  return version;
}

/** The npm package that holds Node itself for this machine, as the package `node` chooses it. */
function nodePackage(): string {
  const { platform, arch } = process;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** Installs the tarballs, and the tools a user would have, with npm. */
export async function createConsumer(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-consumer-'));
  const node22 = nodePackage();
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }),
  );
  const tools = ['typescript', '@types/node', '@types/ws', 'vite', 'ws', 'xstate'];
  await run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--prefer-offline',
      ...tarballs(),
      ...tools.map((name) => `${name}@${catalogVersion(name)}`),
      `${node22}@22`,
    ],
    { cwd: folder },
  );
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return {
    folder,
    node22: join(folder, 'node_modules', node22, 'bin', program),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

type Snippet = { file: string; origin: string; isRun: boolean };

/** Writes every `ts` block of the READMEs and guides into the project, one module each. */
function writeSnippets(folder: string): Snippet[] {
  const snippets: Snippet[] = [];
  mkdirSync(join(folder, 'snippets'), { recursive: true });
  for (const path of markdownFiles(root)) {
    const name = relative(root, path).replaceAll('\\', '/');
    for (const block of codeBlocks(readFileSync(path, 'utf8'))) {
      if (block.language !== 'ts' || block.flags.includes('nocheck')) continue;
      const file = `${name.replace(/\.md$/, '').replaceAll(/[^\w]+/g, '-')}-${block.line}.ts`;
      writeFileSync(join(folder, 'snippets', file), `${block.before}\n${block.code}\n`);
      snippets.push({ file, origin: `${name}:${block.line}`, isRun: block.flags.includes('run') });
    }
  }
  return snippets;
}

/**
 * Type-checks every `ts` block as a strict project would, and runs the blocks marked `ts run` on
 * Node 22 and 24.
 */
export async function checkReadmeCode({ folder, node22 }: Consumer): Promise<string> {
  const snippets = writeSnippets(folder);
  if (snippets.length === 0) return 'no blocks';
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
        types: ['node'],
        module: 'nodenext',
        moduleDetection: 'force',
        strict: true,
        noUncheckedIndexedAccess: true,
        // Our declarations are checked too. XState's fail under exactOptionalPropertyTypes.
        skipLibCheck: false,
        rootDir: 'snippets',
        outDir: 'out',
      },
      include: ['snippets'],
    }),
  );
  await runNode([join(folder, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
    cwd: folder,
  });
  const runs = snippets
    .filter((snippet) => snippet.isRun)
    .flatMap((snippet) => [process.execPath, node22].map((node) => ({ ...snippet, node })));
  await inParallel(runs, 2, async ({ file, origin, node }) => {
    const script = join(folder, 'out', file.replace(/\.ts$/, '.js'));
    try {
      await run(node, [script], { cwd: folder, timeoutMs: 30_000 });
    } catch (cause) {
      throw new CheckFailed(`${origin} does not run\n${(cause as Error).message}`, { cause });
    }
  });
  return `${snippets.length} blocks checked, ${runs.length / 2} run on Node 22 and 24`;
}

function specifiers(packages: WorkspacePackage[]): string[] {
  return packages.flatMap(({ name, entries }) => entries.map((entry) => name + entry.slice(1)));
}

function clientSpecifiers(packages: WorkspacePackage[]): string[] {
  return specifiers(packages.filter(({ name }) => !serverPackages.has(name))).filter(
    (specifier) => !serverEntries.has(specifier),
  );
}

/**
 * Imports every entry on Node 22 and 24. Importing what runs in a browser must not touch a browser
 * global: the import happens before a page, or a test, has set them up.
 */
export async function importOnNode({ folder, node22 }: Consumer): Promise<string> {
  const published = workspacePackages().filter((each) => !each.isPrivate);
  const all = specifiers(published);
  const client = clientSpecifiers(published);
  const imports = (names: string[]): string =>
    names.map((name) => `await import(${JSON.stringify(name)});`).join('\n');
  // Noted and not thrown: a package that catches the error would hide that it looked.
  const traps = `const touched = new Set();
for (const name of ${JSON.stringify(browserGlobals)}) {
  const touch = () => void touched.add(name);
  Object.defineProperty(globalThis, name, { configurable: true, get: touch, set: touch });
}\n`;
  const verdict = `
if (touched.size > 0) throw new Error('an import touches ' + [...touched].join(', '));\n`;
  writeFileSync(join(folder, 'import-all.js'), imports(all));
  writeFileSync(join(folder, 'import-client.js'), traps + imports(client) + verdict);
  for (const node of [process.execPath, node22]) {
    await run(node, ['import-all.js'], { cwd: folder, timeoutMs: 30_000 });
    await run(node, ['import-client.js'], { cwd: folder, timeoutMs: 30_000 });
  }
  return `${all.length} entries`;
}

/** Bundles the browser packages with Vite; a Node module in the bundle is an error. */
export async function bundleWithVite({ folder }: Consumer): Promise<string> {
  const published = workspacePackages().filter((each) => !each.isPrivate);
  const client = clientSpecifiers(published).filter((name) => !name.endsWith('/testing'));
  const page = join(folder, 'page');
  mkdirSync(page, { recursive: true });
  const imports = client.map((name, index) => `import * as m${index} from '${name}';`);
  const uses = client.map((_, index) => `m${index}`).join(', ');
  writeFileSync(join(page, 'main.js'), `${imports.join('\n')}\nconsole.log(${uses});\n`);
  writeFileSync(join(page, 'index.html'), '<script type="module" src="./main.js"></script>\n');
  const vite = join(folder, 'node_modules', 'vite', 'bin', 'vite.js');
  const output = await runNode([vite, 'build', page, '--logLevel', 'info'], {
    cwd: folder,
    env: { NO_COLOR: '1' },
  });
  if (output.includes('externalized for browser compatibility')) throw new CheckFailed(output);
  return `${client.length} entries`;
}
