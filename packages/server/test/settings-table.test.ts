import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settings } from '../src/command-line.ts';
import type { Setting } from '../src/command-line.ts';

const readme = new URL('../README.md', import.meta.url);
const marked = /(<!-- settings -->\n)[^]*(<!-- \/settings -->)/;

const types: Readonly<Record<Setting['kind'], string>> = {
  text: 'string',
  number: 'number',
  switch: 'boolean',
  list: 'string[]',
};

function drawTable(): string {
  const rows = [
    ['In `startServer`', 'Type', 'On the command line', 'What it is (default)'],
    ...settings.map(({ field, kind, flag, variable, help }) => [
      `\`${field}\``,
      `\`${types[kind]}\``,
      `\`${flag === undefined ? variable : `--${flag}`}\``,
      help.replaceAll('*', '`*`'),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [head, ...body] = rows.map((row) =>
    line(row.map((cell, column) => cell.padEnd(widths[column]!))),
  );
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

// `vitest run --project server -u` writes the table anew.
test('the table in the README has every setting by its two names', async () => {
  const text = readFileSync(readme, 'utf8');
  expect(text, 'the README has the markers of the table').toMatch(marked);
  const drawn = text.replace(
    marked,
    (_, start: string, end: string) => `${start}\n${drawTable()}\n\n${end}`,
  );
  await expect(drawn).toMatchFileSnapshot(readme.pathname);
});
