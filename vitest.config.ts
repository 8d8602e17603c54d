import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const conditions = ['@ringfence/source'];

/** One project a package, named by its folder: `vitest run --project base`. */
const projects = ['packages', 'examples'].flatMap((group) =>
  readdirSync(`${root}/${group}`)
    .filter((name) => existsSync(`${root}/${group}/${name}/package.json`))
    .map((name) => ({
      extends: true as const,
      root: `${root}/${group}/${name}`,
      // Browsers and benches want the machine for themselves: after the rest, one file at a time.
      test:
        name === 'system-tests'
          ? { name, maxWorkers: 1, sequence: { groupOrder: 1 } }
          : { name, sequence: { groupOrder: 0 } },
    })),
);

export default defineConfig({
  resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
  ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
  test: {
    projects,
    environment: 'node',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'],
    typecheck: { enabled: true, include: ['src/**/*.test-d.ts', 'test/**/*.test-d.ts'] },
    passWithNoTests: false,
    reporters: ['default', `${root}/packages/tooling/src/reporter.ts`],
  },
});
