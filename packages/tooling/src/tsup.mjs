/**
 * The build of every published package: ESM for ES2022, declarations, source maps.
 *
 * @param {string[]} names Entry files under `src`, without extension.
 * @returns {import('tsup').Options}
 */
export function library(names) {
  return {
    entry: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
    tsconfig: 'tsconfig.build.json',
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    sourcemap: true,
    splitting: true,
    treeshake: false,
    minify: false,
    clean: true,
  };
}
