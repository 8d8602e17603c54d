import type { Browser } from 'playwright-core';
import { startServer } from '@ringfence/server';
import type { ServerConfig } from '@ringfence/server';
import { BareUser } from './bare-user.ts';
import type { BareUserOptions } from './bare-user.ts';
import { launchChromium, pageFaults } from './chromium.ts';
import type { ChromiumOptions } from './chromium.ts';
import { builtPage } from './pages.ts';
import type { PageName } from './pages.ts';

export interface StageOptions extends ChromiumOptions {
  readonly page: PageName;
  /** What of the server differs from its defaults. */
  readonly config?: ServerConfig;
}

/** A server that serves a page, and a browser to open it in. */
export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly browser: Browser;
  /** Opens the bare page as a user. With `url`, through another address, such as a proxy's. */
  user(userId: string, options?: BareUserOptions & { url?: string }): Promise<BareUser>;
  /**
   * Closes everybody's browser context: calls left running would slow the next test down.
   *
   * @throws when something went wrong in a page that its user did not see.
   */
  clear(): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const folder = await builtPage(options.page);
  const server = await startServer({
    dev: true,
    port: 0,
    logLevel: 'error',
    ...options.config,
    staticFolder: folder,
  });
  let browser: Browser;
  try {
    // Nobody touches the bare pages.
    browser = await launchChromium({ autoplay: options.page !== 'quickstart', ...options });
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    url: server.url,
    browser,
    user: (userId, { url = server.url, ...context } = {}) =>
      BareUser.open(browser, url, userId, context),
    async clear() {
      const contexts = browser.contexts();
      await Promise.all(contexts.map((context) => context.close()));
      const found = contexts.flatMap(pageFaults);
      if (found.length > 0) throw new Error(`a page broke:\n${found.join('\n')}`);
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.close();
    },
  };
}
