import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, workspacePackages } from '../src/workspace.ts';

const protocol = readFileSync(join(root, 'docs', 'PROTOCOL.md'), 'utf8');
const clauses = [...protocol.matchAll(/\*\*(P-\d{3})\*\*/g)].map((match) => match[1]!);

/** The clause ids that a file names, by file. */
const cited = new Map<string, readonly string[]>();
for (const { folder } of workspacePackages()) {
  for (const part of ['src', 'test']) {
    const path = join(root, folder, part);
    if (!existsSync(path)) continue;
    for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
      if (!/\.m?ts$/.test(name)) continue;
      const text = readFileSync(join(path, name), 'utf8');
      // P-256 is a curve.
      const ids = (text.match(/\bP-\d{3}\b/g) ?? []).filter((id) => id !== 'P-256');
      cited.set(`${folder}/${part}/${name}`, ids);
    }
  }
}

const isTest = (file: string): boolean => /\.test(-d)?\.ts$|-conformance\.ts$/.test(file);
const citedByTests = new Set([...cited].flatMap(([file, ids]) => (isTest(file) ? ids : [])));

test('every clause that the code or a test names is there', () => {
  const unknown = [...cited].flatMap(([file, ids]) =>
    ids.filter((id) => !clauses.includes(id)).map((id) => `${file}: ${id}`),
  );
  expect(unknown).toEqual([]);
});

test('every kind of bad input is named by a test that proves it', () => {
  const badInput = clauses.filter((id) => id.startsWith('P-9'));
  expect(badInput.length).toBeGreaterThan(20);
  expect(badInput.filter((id) => !citedByTests.has(id))).toEqual([]);
});
