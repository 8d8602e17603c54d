/*
 * What a browser loads. Each entry is bundled with everything it can reach, its lazy chunks
 * included, nothing external, minified by esbuild; each file is compressed by gzip -9 and their
 * sizes are added up. kB = 1,000 bytes.
 */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { NamedCommand } from '../named-commands.ts';
import { importTouches } from './import-check.ts';
import { rounded } from './statistics.ts';

/** One entry and the most it may weigh, in kB after gzip; null when it is only weighed. */
interface Budget {
  readonly entry: string;
  readonly kB: number | null;
  /** What is weighed with the entry. */
  readonly and?: { readonly name: string; readonly source: string };
}

const budgets: readonly Budget[] = [
  { entry: '@ringfence/signaling-client', kB: 10 },
  { entry: '@ringfence/call-machine', kB: 20 },
  { entry: '@ringfence/phone', kB: 40 },
  {
    entry: '@ringfence/phone',
    kB: null,
    and: { name: 'its tubes', source: "export { TubeRegistry } from '@ringfence/isolation';" },
  },
  // Loaded by apps that want them. Each is weighed with all it needs, of which an app that has the
  // phone has most already.
  { entry: '@ringfence/phone/ringer', kB: null },
  { entry: '@ringfence/phone/texts', kB: null },
  { entry: '@ringfence/media/tones', kB: null },
  { entry: '@ringfence/signaling-client/device-id', kB: null },
  { entry: '@ringfence/isolation', kB: null },
];

/** What a browser may import. Importing one in Node must touch nothing of a browser. */
const clientEntries = [
  '@ringfence/base',
  '@ringfence/isolation',
  '@ringfence/call-rules',
  '@ringfence/protocol',
  '@ringfence/call-machine',
  '@ringfence/signaling-client',
  '@ringfence/signaling-client/device-id',
  '@ringfence/media',
  '@ringfence/media/tones',
  '@ringfence/phone',
  '@ringfence/phone/ringer',
  '@ringfence/phone/texts',
];

export interface Size {
  readonly entry: string;
  readonly kB: number;
  readonly budgetKB: number | null;
  readonly ok: boolean;
  /** kB by package, before gzip, largest first: where the weight comes from. */
  readonly parts: readonly (readonly [string, number])[];
}

/** The package a bundled file belongs to: ours by folder, an installed one by name. */
function packageOf(path: string): string {
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
  return installed?.[1] ?? /packages\/([^/]+)\//.exec(path)?.[1] ?? path;
}

/** Bundles one entry and weighs it. */
export async function measureSize({ entry, kB: budgetKB, and }: Budget): Promise<Size> {
  const result = await build({
    stdin: {
      contents: `export * from '${entry}';${and?.source ?? ''}`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@ringfence/source', 'module'],
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    outdir: 'bundle',
    logLevel: 'silent',
  });
  const bytes = result.outputFiles.reduce(
    (sum, file) => sum + gzipSync(file.contents, { level: 9 }).byteLength,
    0,
  );
  const parts = new Map<string, number>();
  for (const output of Object.values(result.metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = packageOf(path);
      parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
    }
  }
  const kB = bytes / 1_000;
  return {
    entry: and === undefined ? entry : `${entry} with ${and.name}`,
    kB: rounded(kB, 2),
    budgetKB,
    ok: budgetKB === null || kB <= budgetKB,
    parts: [...parts]
      .filter(([, size]) => size > 0)
      .sort(([, a], [, b]) => b - a)
      .map(([name, size]) => [name, rounded(size / 1_000, 1)]),
  };
}

/** Weighs every entry. `npm run verify` holds the same bounds. */
export function measureSizes(): Promise<readonly Size[]> {
  return Promise.all(budgets.map(measureSize));
}

/** `npm run bench -- size`. */
export const size: NamedCommand = async ({ print }) => {
  const sizes = await measureSizes();
  for (const { entry, kB, budgetKB, ok, parts } of sizes) {
    const bound = budgetKB === null ? '' : ` of ${budgetKB} kB`;
    print(`${entry}: ${kB} kB${bound}${ok ? '' : '  over its budget'}`);
    print(`  before gzip: ${parts.map(([name, part]) => `${name} ${part}`).join(', ')}`);
  }
  const touched: Record<string, readonly string[]> = {};
  for (const entry of clientEntries) {
    const names = await importTouches(entry);
    if (names.length > 0) touched[entry] = names;
    print(
      `import of ${entry} in Node: ${names.length === 0 ? 'touches no browser global' : `touches ${names.join(', ')}`}`,
    );
  }
  return {
    ok: sizes.every((each) => each.ok) && Object.keys(touched).length === 0,
    figures: {
      sizes: sizes.map(({ entry, kB, budgetKB }) => ({ entry, kB, budgetKB })),
      browserGlobalsTouched: touched,
    },
  };
};
