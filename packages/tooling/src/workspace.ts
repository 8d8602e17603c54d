import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository. */
export const root = resolve(import.meta.dirname, '../../..');

/** One package of the workspace. */
export type WorkspacePackage = {
  name: string;
  /** `packages/base`, with forward slashes. */
  folder: string;
  isPrivate: boolean;
  /** The keys of its `exports` map, `./package.json` apart. */
  entries: string[];
};

/** Every package and example, by folder. */
export function workspacePackages(): WorkspacePackage[] {
  return ['packages', 'examples'].flatMap((group) =>
    readdirSync(join(root, group))
      .filter((name) => existsSync(join(root, group, name, 'package.json')))
      .map((name) => {
        const folder = `${group}/${name}`;
        const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
        return {
          name: manifest.name,
          folder,
          isPrivate: manifest.private === true,
          entries: Object.keys(manifest.exports ?? {}).filter((key) => key !== './package.json'),
        };
      }),
  );
}
