import { existsSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { exampleLayer, layers, toolingPackage } from './layers.mjs';

const scope = '@ringfence/';

/**
 * Which package a file is in.
 *
 * @param {string} filename
 */
function locate(filename) {
  const path = filename.replaceAll('\\', '/');
  const match = /^(.*\/|)(packages|examples)\/([^/]+)\/(.*)$/.exec(path);
  if (!match) return undefined;
  const [, root, group, name, file] = match;
  return { root, group, name, file, folder: `${root}${group}/${name}` };
}

function layerOf({ group, name }) {
  if (group === 'examples') return exampleLayer;
  return Object.hasOwn(layers, name) ? layers[name] : undefined;
}

/** Tests, benches and the `testing` subpaths may use fakes; what ships to production may not. */
function mayUseFakes({ group, name, file }) {
  return (
    group === 'examples' ||
    name === 'system-tests' ||
    name === 'testing' ||
    file.startsWith('test/') ||
    /\.(test|test-d|bench)\.ts$/.test(file) ||
    /^src\/(.*\/)?testing\//.test(file)
  );
}

const exportsCache = new Map();

/** The subpaths a package exports, or undefined when its package.json is not there. */
function exportedPaths(folder) {
  if (!exportsCache.has(folder)) {
    const file = `${folder}/package.json`;
    const map = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).exports : undefined;
    exportsCache.set(folder, map === undefined ? undefined : Object.keys(map));
  }
  return exportsCache.get(folder);
}

function checkRelative(from, specifier) {
  const target = posix.normalize(posix.join(dirname(`${from.folder}/${from.file}`), specifier));
  if (!target.startsWith(`${from.folder}/`)) {
    return `a relative import must not leave its package: ${specifier}`;
  }
  if (/\/testing(\/|$)/.test(target.slice(from.folder.length)) && !mayUseFakes(from)) {
    return `what ships must not import from testing: ${specifier}`;
  }
  return undefined;
}

function checkTooling(from) {
  const isConfig = !from.file.includes('/') && /\.config\.[cm]?[jt]s$/.test(from.file);
  if (isConfig || from.name === 'system-tests' || from.name === toolingPackage) return undefined;
  return `only configuration files and system-tests import ${scope}${toolingPackage}`;
}

function checkPackage(from, specifier) {
  const [name, ...rest] = specifier.slice(scope.length).split('/');
  if (name === toolingPackage) return checkTooling(from);

  const isExample = name.startsWith('example-');
  const target = isExample
    ? { group: 'examples', name: name.slice('example-'.length) }
    : { group: 'packages', name };
  const level = layerOf(target);
  if (level === undefined) return `${scope}${name} is not in the layer table`;

  const isSelf = target.group === from.group && target.name === from.name;
  const own = layerOf(from);
  if (isSelf) {
    if (!mayUseFakes(from)) return `a package imports itself by relative paths, not ${specifier}`;
  } else if (from.name === toolingPackage || own === undefined || level >= own) {
    return `${from.name} (layer ${own ?? 'none'}) must not import ${specifier} (layer ${level})`;
  }

  const subpath = rest.length === 0 ? '.' : `./${rest.join('/')}`;
  const known = exportedPaths(`${from.root}${target.group}/${target.name}`);
  if (known !== undefined && !known.includes(subpath)) {
    return `${specifier} reaches into a package; import one of its exports`;
  }
  if (rest[0] === 'testing' && !mayUseFakes(from)) {
    return `what ships must not import from testing: ${specifier}`;
  }
  return undefined;
}

/**
 * Why a file must not import a specifier, or undefined when it may.
 *
 * @param {string} filename
 * @param {string} specifier
 */
function checkImport(filename, specifier) {
  const from = locate(filename);
  if (from === undefined) return undefined;
  if (specifier.startsWith('.')) return checkRelative(from, specifier);
  if (specifier.startsWith(scope)) return checkPackage(from, specifier);
  return undefined;
}

/** Holds the layer table: static, type, re-exporting and dynamic imports, and `import()` types. */
export const layerRule = {
  create(context) {
    const filename = context.filename;
    const check = (node, source) => {
      if (typeof source?.value !== 'string') return;
      const message = checkImport(filename, source.value);
      if (message) context.report({ node, message });
    };
    return {
      Program(node) {
        const from = locate(filename);
        if (from && from.name !== toolingPackage && layerOf(from) === undefined) {
          context.report({ node, message: `${from.name} is not in the layer table` });
        }
      },
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal ?? node.argument),
    };
  },
};
