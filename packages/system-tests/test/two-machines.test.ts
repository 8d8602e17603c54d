/* `npm run demo -- --lan` across two machines, which are two network namespaces. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { launchChromium } from '../src/browser/chromium.ts';
import { createTwoMachines, namespacesMissing } from '../src/browser/network-namespaces.ts';
import { builtPage } from '../src/browser/pages.ts';
import { QuickstartUser, talkOnPages } from '../src/browser/quickstart-user.ts';

vi.setConfig({ testTimeout: 90_000 });

const chromium = browserPath('chromium');
const demo = join(import.meta.dirname, '..', 'src', 'demo.ts');

/** The addresses the demo prints, once it does. */
async function addressesOf(server: ChildProcess): Promise<readonly string[]> {
  for await (const line of createInterface({ input: server.stdout! })) {
    if (line.startsWith('Ringfence demo:')) return line.match(/https?:\/\/\S+/g) ?? [];
  }
  throw new Error('the demo ended before it told its address');
}

test.skipIf(chromium === undefined || namespacesMissing() !== null)(
  'two machines call each other over HTTPS; over HTTP the second has no microphone',
  async () => {
    await builtPage('quickstart');
    using machines = createTwoMachines();
    const { first, second } = machines;
    const server = spawn(
      first.wrap(process.execPath),
      ['--conditions=@ringfence/source', demo, '--lan', '--port', '0'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(server, 'exit');
    const here = await launchChromium({ executablePath: first.wrap(chromium!) });
    const there = await launchChromium({ executablePath: second.wrap(chromium!) });
    try {
      const url = (await addressesOf(server)).find((each) => each.includes(first.address));
      expect(url).toMatch(new RegExp(`^https://${first.address}:\\d+/?$`));
      const alice = await QuickstartUser.signIn(here, url!, 'Alice');
      const bob = await QuickstartUser.signIn(there, url!, 'Bob');
      expect(await bob.page.evaluate(() => 'mediaDevices' in navigator)).toBe(true);
      await talkOnPages(bob, alice, 'Video call');
      await Promise.all(
        [alice, bob].map((user) => user.untilGrowing('audioEnergyReceived', 'framesDecoded')),
      );
      await bob.button('Hang up').click();
      await alice.untilHeading('Call ended');

      // What the certificate is for: the same machine, without HTTPS, gives a page no microphone.
      const plain = await (await there.newContext()).newPage();
      await plain.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
      await plain.goto(url!.replace('https:', 'http:'));
      expect(await plain.evaluate(() => 'mediaDevices' in navigator)).toBe(false);
    } finally {
      await Promise.all([here.close(), there.close()]);
      server.kill('SIGTERM');
      await exited;
    }
  },
);
