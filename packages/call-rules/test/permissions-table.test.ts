import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { permissions } from '../src/permissions.ts';
import type { Action, Permission } from '../src/permissions.ts';
import type { Role } from '../src/facts.ts';

const guide = new URL('../../../docs/guides/transfer-and-rooms.md', import.meta.url);
const marked = /(<!-- permissions -->\n)[^]*(<!-- \/permissions -->)/;

/** What the guide calls each action. One that is new does not compile until it has a name. */
const actions: Readonly<Record<Action, string>> = {
  invite: 'Invite somebody',
  transfer: 'Transfer the call',
  merge: 'Merge another call into it',
  remove: 'Remove somebody, or take an invitation back',
  'request-mute': 'Ask somebody to mute themselves',
  'end-for-all': 'End the call for all',
};
const words: Readonly<Record<Permission, string>> = {
  yes: 'yes',
  own: 'whom they invited',
  no: 'no',
};
const roles: readonly Role[] = ['moderator', 'member', 'guest'];

function drawTable(): string {
  const rows = [
    ['', 'action', ...roles.map((role) => `\`${role}\``)],
    ...(Object.keys(actions) as Action[]).map((action) => [
      actions[action],
      `\`${action}\``,
      ...roles.map((role) => words[permissions[action][role]]),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [head, ...body] = rows.map((row) =>
    line(row.map((cell, column) => cell.padEnd(widths[column]!))),
  );
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

// `vitest run --project call-rules -u` writes the table anew.
test('the table in the guide is what the rules permit', async () => {
  const text = readFileSync(guide, 'utf8');
  expect(text, 'the guide has the markers of the table').toMatch(marked);
  const drawn = text.replace(
    marked,
    (_, start: string, end: string) => `${start}\n${drawTable()}\n\n${end}`,
  );
  await expect(drawn).toMatchFileSnapshot(guide.pathname);
});
