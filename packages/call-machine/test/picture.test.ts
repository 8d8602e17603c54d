import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { callMachine } from '../src/index.ts';
import { drawMachine } from './draw-machine.ts';

const guide = new URL('../../../docs/guides/call-machine.md', import.meta.url);

// `vitest run --project call-machine -u` writes the picture anew.
test('the picture in the guide is the machine', async () => {
  const text = readFileSync(guide, 'utf8');
  const drawn = text.replace(
    /(<!-- picture -->\n)[^]*(<!-- \/picture -->)/,
    (_, start: string, end: string) =>
      `${start}\n\`\`\`text\n${drawMachine(callMachine)}\n\`\`\`\n\n${end}`,
  );
  await expect(drawn).toMatchFileSnapshot(guide.pathname);
});
