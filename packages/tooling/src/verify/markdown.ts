import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** One fenced block of a Markdown file. */
export type CodeBlock = {
  /** First word after the fence: `ts`, `sh`. */
  language: string;
  /** The words after it: `run`, `nocheck`. */
  flags: string[];
  /** Line of the opening fence, from 1. */
  line: number;
  code: string;
  /** The text of a `<!-- before ... -->` comment right above the block. */
  before: string;
};

/** All fenced blocks of a Markdown text. */
export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  let open: (CodeBlock & { fence: string; body: string[] }) | undefined;
  let before = '';
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (open) {
      if (line.trim() === open.fence) {
        const { fence: _, body, ...block } = open;
        blocks.push({ ...block, code: body.join('\n') });
        open = undefined;
      } else {
        open.body.push(line);
      }
      continue;
    }
    const fence = /^(`{3,})([\w-]+)?(?: +(.*))?$/.exec(line);
    if (fence) {
      const [, marks = '', language = '', flags = ''] = fence;
      const words = flags.split(/\s+/).filter(Boolean);
      open = { language, flags: words, line: index + 1, code: '', before, fence: marks, body: [] };
      before = '';
    } else if (line.trim() === '<!-- before') {
      const end = lines.findIndex((other, at) => at > index && other.trim() === '-->');
      before = lines.slice(index + 1, end < 0 ? undefined : end).join('\n');
      index = end < 0 ? lines.length : end;
    } else if (line.trim() !== '') {
      before = '';
    }
  }
  return blocks;
}

/** A Markdown text without its fenced blocks and inline code; lines keep their numbers. */
function proseLines(text: string): string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const marks = /^\s*(`{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (line.trim() === fence) fence = undefined;
      return '';
    }
    if (marks) {
      fence = marks;
      return '';
    }
    return line;
  });
}

/** The anchors that the headings of a text get, as GitHub and VitePress make them. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const line of proseLines(text)) {
    for (const [, id = ''] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) found.add(id);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const custom = /\{#([\w-]+)\}$/.exec(heading)?.[1];
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let unique = custom ?? slug;
    for (let count = 1; found.has(unique); count += 1) unique = `${slug}-${count}`;
    found.add(unique);
  }
  return found;
}

/** Every Markdown file that users read, under `root`. */
export function markdownFiles(root: string): string[] {
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (name.endsWith('.md') && name !== 'CHANGELOG.md') files.push(path);
    }
  };
  walk(root);
  return files;
}

/** What is wrong with the relative links of the given files; links to other sites are not opened. */
export function brokenLinks(files: readonly string[], root: string): string[] {
  const problems: string[] = [];
  for (const file of files) {
    proseLines(readFileSync(file, 'utf8')).forEach((line, index) => {
      const text = line.replaceAll(/`[^`]*`/g, '');
      for (const match of text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
        const target = match[1] ?? '';
        if (/^[a-z][a-z+.-]*:/i.test(target)) continue;
        const problem = linkProblem(file, target);
        if (problem) problems.push(`${relative(root, file)}:${index + 1}: ${target}: ${problem}`);
      }
    });
  }
  return problems;
}

function linkProblem(file: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#', 2);
  const full = path === '' ? file : resolve(dirname(file), decodeURI(path));
  if (!existsSync(full)) return 'no such file';
  if (anchor === undefined || !full.endsWith('.md')) return undefined;
  return anchors(readFileSync(full, 'utf8')).has(anchor) ? undefined : 'no such heading';
}

/**
 * Titles of tests that a table cites and that are not there. A row cites with `[name] "title"` in its last
 * cell; another row, `| [name] | \`path\` |`, says which file the name stands for.
 */
export function missingTitles(file: string, root: string): string[] {
  const text = readFileSync(file, 'utf8');
  const sources = new Map<string, string>();
  for (const [, name = '', path = ''] of text.matchAll(/^\| \[([\w-]+)\] +\| `([^`]+)`/gm)) {
    const source = join(root, path);
    sources.set(
      name,
      existsSync(source) ? readFileSync(source, 'utf8').replaceAll("\\'", "'") : '',
    );
  }
  const problems: string[] = [];
  for (const [index, row] of text.split('\n').entries()) {
    const cell = row.startsWith('|') ? (row.split('|').at(-2) ?? '') : '';
    let cited: string | undefined;
    // Of a link neither the text nor the address is a name.
    for (const [, name, title] of cell.matchAll(
      /\[([\w-]+)\](?!\()|"([^"]+)"|\[[^\]]+\]\([^)]+\)/g,
    )) {
      if (name !== undefined) cited = sources.get(name);
      if (title === undefined || cited === undefined) continue;
      const isThere = ["'", '"', '`'].some((quote) => cited?.includes(quote + title + quote));
      if (!isThere) problems.push(`${relative(root, file)}:${index + 1}: no test "${title}"`);
    }
  }
  return problems;
}
