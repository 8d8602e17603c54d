import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

interface PageFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The files of the page by their path. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** Bundles the page, in memory. */
export async function bundlePage(): Promise<PageFiles> {
  const { outputFiles } = await build({
    entryPoints: { page: pathOf('page/main.ts'), style: pathOf('page/style.css') },
    outdir: '/',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    loader: { '.woff2': 'file' },
    conditions: ['@ringfence/source'],
    logLevel: 'error',
  });
  const files = new Map<string, PageFile>();
  const add = (path: string, body: Uint8Array): void => {
    const type = types[path.replace(/^.*\./, '')] ?? 'application/octet-stream';
    files.set(path, { type, body: Uint8Array.from(body) });
  };
  for (const { path, contents } of outputFiles) add(path, contents);
  add('/index.html', await readFile(pathOf('page/index.html')));
  add('/favicon.svg', await readFile(pathOf('../public/favicon.svg')));
  return files;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
