import { asyncApiDocument, closeCodes } from '../src/documents/index.ts';
import { errorTexts } from '../src/index.ts';

/** docs/asyncapi.json, as the schemas say it. */
export function asyncApiText(): string {
  return `${JSON.stringify(asyncApiDocument(), null, 2)}\n`;
}

/** A table as prettier formats it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** docs/PROTOCOL.md with its tables as the code has them. The text around them stays. */
export function protocolText(text: string): string {
  const closes = closeCodes().map(({ code, name, meaning }) => [`${code}`, `\`${name}\``, meaning]);
  const errors = Object.entries(errorTexts).map(([code, facts]) => [
    `\`${code}\``,
    facts.fault,
    facts.retryable ? 'yes' : 'no',
    facts.message,
  ]);
  const head = text.slice(0, text.indexOf('### Close codes'));
  return `${head}### Close codes

The names are those of \`CLOSE\` in \`@ringfence/protocol\`.

${table(['code', 'name', 'meaning'], closes)}

### Error codes

\`fault\` says who has to act, \`retry\` whether the same request may succeed later without a change. Both travel with the error, so a client needs no table.

${table(['code', 'fault', 'retry', 'message'], errors)}
`;
}
