import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { brokenLinks, codeBlocks, markdownFiles, missingTitles } from '../src/verify/markdown.ts';

describe('code blocks', () => {
  test('come with language, flags, line and code', () => {
    const text =
      '# Title\n\n```ts run\nconst a = 1;\n\nconst b = 2;\n```\n\n```sh\nnpm test\n```\n';
    expect(codeBlocks(text)).toEqual([
      { language: 'ts', flags: ['run'], line: 3, code: 'const a = 1;\n\nconst b = 2;', before: '' },
      { language: 'sh', flags: [], line: 9, code: 'npm test', before: '' },
    ]);
  });

  test('take the comment right above them', () => {
    const text = '<!-- before\nconst a = 1;\n-->\n\n```ts run\na;\n```\n\n```ts\nb;\n```\n';
    expect(codeBlocks(text).map(({ before }) => before)).toEqual(['const a = 1;', '']);
  });

  test('lose the comment to text in between', () => {
    const text = '<!-- before\nconst a = 1;\n-->\n\nText.\n\n```ts run\na;\n```\n';
    expect(codeBlocks(text).map(({ before }) => before)).toEqual(['']);
  });

  test('may hold shorter fences', () => {
    const text = '````md\n```ts\na;\n```\n````\n';
    expect(codeBlocks(text).map(({ code }) => code)).toEqual(['```ts\na;\n```']);
  });
});

describe('links', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ringfence-links-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const check = (files: Record<string, string>): string[] => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return brokenLinks(markdownFiles(root), root);
  };

  test('to files, folders, headings and other sites are fine', () => {
    const problems = check({
      'README.md': [
        '# Ringfence `phone`: a call',
        '[a](docs/guide.md) [b](docs) [c](docs/guide.md#two-words) [d](#ringfence-phone-a-call)',
        '[e](https://example.com/x) [f](mailto:a@example.com) [g](docs/guide.md#two-words-1)',
        '`[code](missing.md)`',
        '```md',
        '[code](missing.md)',
        '```',
      ].join('\n'),
      'docs/guide.md': '# Guide\n## Two words\n## Two words\n',
    });
    expect(problems).toEqual([]);
  });

  test('to what is not there are named with file and line', () => {
    const problems = check({
      'README.md': '# A\n\n[a](missing.md) and [b](docs/guide.md#nowhere)\n[c](#nothing)\n',
      'docs/guide.md': '# Guide\n',
    });
    expect(problems).toEqual([
      'README.md:3: missing.md: no such file',
      'README.md:3: docs/guide.md#nowhere: no such heading',
      'README.md:4: #nothing: no such heading',
    ]);
  });

  test('in installed and built files are left alone', () => {
    const text = '[a](missing.md)';
    expect(check({ 'node_modules/a/README.md': text, 'dist/README.md': text })).toEqual([]);
  });
});

test('titles of tests that a table cites are in the file it names', () => {
  const root = mkdtempSync(join(tmpdir(), 'ringfence-titles-'));
  try {
    writeFileSync(join(root, 'a.test.ts'), `test('it\\'s so'); test("and so");`);
    const table = [
      '| claim | shown by |',
      '| one   | [a] "it\'s so", "and so" |',
      '| two   | [a] "gone"; [guide](a.md) "no title" |',
      '| three | "said", not cited; [b] "anything" |',
      '| [a] | `a.test.ts` |',
      '| [b] | `missing.test.ts` |',
    ];
    writeFileSync(join(root, 'table.md'), table.join('\n'));
    expect(missingTitles(join(root, 'table.md'), root)).toEqual([
      'table.md:3: no test "gone"',
      'table.md:3: no test "no title"',
      'table.md:4: no test "anything"',
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
