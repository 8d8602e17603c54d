/* The first code that a reader meets runs as it stands: in Chromium, against the server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { callContext } from '../src/browser/chromium.ts';
import { openStage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 60_000 });

const root = join(import.meta.dirname, '..', '..', '..');

/** The first `ts` block of the README at the root, as a script for a page. */
async function readmeScript(): Promise<string> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const code = /```ts\n([^]*?)```/.exec(readme)?.[1];
  if (code === undefined) throw new Error('the README shows no code');
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@ringfence/source', 'module'],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

test.skipIf(browserPath('chromium') === undefined)(
  'the code of the README makes a call',
  async () => {
    const script = await readmeScript();
    await using stage = await openStage({ page: 'bare', config: { tls: true } });
    const alice = await stage.user('alice');
    const context = await callContext(stage.browser);
    const page = await context.newPage();
    await page.route('**/readme.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }),
    );
    await page.route('**/token', async (route) => {
      const response = await context.request.post(`${stage.url}/v1/dev/token`, {
        data: { userId: 'reader' },
      });
      const { token } = (await response.json()) as { token: string };
      await route.fulfill({ contentType: 'text/plain', body: token });
    });
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    const over = page.waitForEvent('console', {
      predicate: (message) => message.text().startsWith('the call ended'),
    });
    await page.goto(stage.url);
    await page.addScriptTag({ url: '/readme.js', type: 'module' });
    await alice.until({ state: 'ringing' });
    await alice.accept({ audio: true, video: true });
    await over;
    expect(lines.filter((line) => !/^[a-z]+$/.test(line))).toEqual([
      'talking to alice',
      'the call ended: completed',
    ]);
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'remote',
    });
  },
);
