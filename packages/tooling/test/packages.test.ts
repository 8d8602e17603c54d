import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layers } from '../lint/layers.mjs';
import { root, workspacePackages } from '../src/workspace.ts';

type Conditions = Record<string, string>;

const published = workspacePackages().filter((each) => !each.isPrivate);

test('every package with a layer that exists is found', () => {
  const known = Object.keys(layers).filter((name) => existsSync(join(root, 'packages', name)));
  const found = workspacePackages()
    .map(({ folder }) => folder)
    .filter((folder) => folder.startsWith('packages/') && folder !== 'packages/tooling');
  expect(found.toSorted()).toEqual(known.map((name) => `packages/${name}`).toSorted());
});

describe.for(published)('$name', ({ folder }) => {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const { './package.json': _, ...entries }: Record<string, Conditions> = manifest.exports;

  test('has the common fields', () => {
    expect(manifest).toMatchObject({
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=22' },
      files: ['dist'],
      publishConfig: { access: 'public' },
    });
    expect(existsSync(join(root, folder, 'LICENSE'))).toBe(true);
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true);
  });

  test('names source, types and code of each entry, in this order', () => {
    for (const [entry, conditions] of Object.entries(entries)) {
      const name = /^\.\/src\/(.+)\.ts$/.exec(conditions['@ringfence/source'] ?? '')?.[1];
      expect([entry, ...Object.entries(conditions).map(([key, path]) => [key, path])]).toEqual([
        entry,
        ['@ringfence/source', `./src/${name}.ts`],
        ['types', `./dist/${name}.d.ts`],
        ['default', `./dist/${name}.js`],
      ]);
    }
  });

  test('publishes the same entries without their sources', () => {
    const withoutSources = Object.entries(entries).map(([entry, { types, default: code }]) => [
      entry,
      { types, default: code },
    ]);
    expect(manifest.publishConfig.exports).toEqual({
      ...Object.fromEntries(withoutSources),
      './package.json': './package.json',
    });
  });

  test('builds each entry', async () => {
    const config = await import(join(root, folder, 'tsup.config.ts'));
    const built = Object.values(config.default.entry as Record<string, string>);
    const bins = Object.values((manifest.bin ?? {}) as Conditions).map((path) =>
      path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
    );
    const sources = Object.values(entries).map((entry) =>
      String(entry['@ringfence/source']).slice(2),
    );
    expect(built.toSorted()).toEqual([...sources, ...bins].toSorted());
  });
});
