/**
 * Finds uses of ambient globals by their path (`Date.now`, `setTimeout`), however they are written:
 * through `globalThis`, `window` or `self`, with brackets or casts, destructured, or through a
 * constant that stands for the object.
 *
 * @param {{ paths: string[], modules: Record<string, true | string[]>, isEmptyDateBanned?: boolean, advice: string }} ban
 *   `paths` ban themselves and what is below them. `modules` ban whole modules or named imports.
 */
export function ambientRule({ paths, modules, isEmptyDateBanned = false, advice }) {
  const banned = new Set(paths);
  const globals = new Set(['globalThis', 'window', 'self', 'global']);

  const isBanned = (path) =>
    path.some((_, index) => banned.has(path.slice(0, index + 1).join('.')));
  const strip = (path) => (globals.has(path[0]) ? path.slice(1) : path);

  return {
    create(context) {
      const { sourceCode } = context;
      const reported = new Set();

      const report = (node, text) => {
        if (reported.has(node)) return;
        reported.add(node);
        context.report({ node, message: `${text} is not for this file; ${advice}` });
      };

      /** `const { a: { b } } = X`: every path the pattern takes out of X. */
      const followPattern = (pattern, path) => {
        for (const property of pattern.properties) {
          if (property.type !== 'Property') continue;
          const name = nameOf(property.key, property.computed);
          if (name === undefined) continue;
          const value =
            property.value.type === 'AssignmentPattern' ? property.value.left : property.value;
          const next = [...path, name];
          if (isBanned(strip(next))) report(property, strip(next).join('.'));
          else if (value.type === 'ObjectPattern') followPattern(value, next);
        }
      };

      const follow = (start, startPath) => {
        let node = start;
        let path = startPath;
        while (node.parent) {
          const { parent } = node;
          if (isBanned(strip(path))) return report(node, strip(path).join('.'));
          if (isTransparent(parent)) {
            node = parent;
          } else if (parent.type === 'MemberExpression' && parent.object === node) {
            const name = nameOf(parent.property, parent.computed);
            if (name === undefined) return;
            path = [...path, name];
            node = parent;
          } else {
            break;
          }
        }
        const { parent } = node;
        if (!parent) return;
        if (isEmptyDateBanned && strip(path).join('.') === 'Date') {
          const isCallee = parent.callee === node;
          if (isCallee && parent.type === 'CallExpression') return report(parent, 'Date()');
          if (isCallee && parent.type === 'NewExpression' && parent.arguments.length === 0) {
            return report(parent, 'new Date()');
          }
        }
        if (parent.type === 'VariableDeclarator' && parent.init === node) {
          if (parent.id.type === 'ObjectPattern') followPattern(parent.id, path);
          else
            for (const variable of sourceCode.getDeclaredVariables(parent)) alias(variable, path);
        } else if (parent.type === 'AssignmentExpression' && parent.right === node) {
          if (parent.left.type === 'ObjectPattern') followPattern(parent.left, path);
        }
      };

      const alias = (variable, path) => {
        for (const { identifier, init } of variable.references) {
          if (!init && identifier.parent?.type !== 'TSTypeQuery') follow(identifier, path);
        }
      };

      const checkModule = (node) => {
        const name = String(node.source?.value ?? '');
        const rule = modules[name.replace(/^node:/, '')];
        if (rule === undefined || node.importKind === 'type' || node.exportKind === 'type') return;
        if (rule === true) return report(node, name);
        for (const specifier of node.specifiers ?? []) {
          const imported = specifier.imported ?? specifier.local;
          const isNamed =
            specifier.type === 'ImportSpecifier' || specifier.type === 'ExportSpecifier';
          if (specifier.importKind === 'type') continue;
          if (!isNamed) alias(sourceCode.getDeclaredVariables(specifier)[0], [`module:${name}`]);
          else if (rule.includes(imported.name)) report(specifier, `${name}.${imported.name}`);
        }
      };
      for (const [name, rule] of Object.entries(modules)) {
        if (rule === true) continue;
        for (const member of rule) {
          banned.add(`module:${name}.${member}`);
          banned.add(`module:node:${name}.${member}`);
        }
      }

      return {
        ImportDeclaration: checkModule,
        ExportNamedDeclaration: checkModule,
        ExportAllDeclaration: checkModule,
        ImportExpression(node) {
          const rule = modules[String(node.source.value ?? '').replace(/^node:/, '')];
          if (rule === true) report(node, String(node.source.value));
        },
        'Program:exit'() {
          for (const scope of sourceCode.scopeManager.scopes) {
            for (const { identifier, resolved, isTypeReference } of scope.references) {
              if (isTypeReference || (resolved && resolved.defs.length > 0)) continue;
              if (identifier.parent?.type === 'TSTypeQuery') continue;
              follow(identifier, [identifier.name]);
            }
          }
        },
      };
    },
  };
}

function nameOf(node, isComputed) {
  if (!isComputed && node.type === 'Identifier') return node.name;
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function isTransparent(node) {
  return (
    node.type === 'TSAsExpression' ||
    node.type === 'TSNonNullExpression' ||
    node.type === 'TSSatisfiesExpression' ||
    node.type === 'ChainExpression' ||
    node.type === 'ParenthesizedExpression'
  );
}
