import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { callContext } from './chromium.ts';
import { installProbe } from './probe.ts';
import type { MediaFigure, MediaSample } from './probe.ts';
import type { Bare, CallSnapshot } from './bare-page/main.ts';

/** A user with a browser context of their own, on the bare page. */
export class BareUser implements AsyncDisposable {
  readonly userId: string;
  readonly page: Page;
  readonly #context: BrowserContext;

  private constructor(userId: string, context: BrowserContext, page: Page) {
    this.userId = userId;
    this.page = page;
    this.#context = context;
  }

  /** Opens the page at `url` and signs in. Without `permissions` the devices are refused. */
  static async open(
    browser: Browser,
    url: string,
    userId: string,
    options: BrowserContextOptions = {},
  ): Promise<BareUser> {
    const context = await callContext(browser, options);
    await context.addInitScript(installProbe);
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate((id) => bare.open(id), userId);
    return new BareUser(userId, context, page);
  }

  async dial(to: string, media = { audio: true, video: false }): Promise<void> {
    await this.page.evaluate(([address, kinds]) => bare.dial(address, kinds), [
      to.includes(':') ? to : `user:${to}`,
      media,
    ] as const);
  }

  async accept(media?: { audio: boolean; video: boolean }): Promise<void> {
    await this.page.evaluate((kinds) => bare.accept(kinds), media);
  }

  async tell(what: Parameters<Bare['tell']>[0]): Promise<void> {
    await this.page.evaluate((each) => bare.tell(each), what);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.page.evaluate((each) => bare.setCamera(each), on);
  }

  /** Resolves with the call as soon as it is so. */
  until(wanted: Partial<CallSnapshot>): Promise<CallSnapshot> {
    return this.page.evaluate((each) => bare.until(each), wanted);
  }

  snapshot(): Promise<CallSnapshot | null> {
    return this.page.evaluate(() => bare.snapshot());
  }

  /** The states of the newest call, in order. */
  async states(): Promise<readonly string[]> {
    return this.page.evaluate(() => bare.states.map(({ state }) => state));
  }

  /** When the newest call came into a state, as wall time. */
  async enteredAt(state: CallSnapshot['state']): Promise<number> {
    const found = await this.page.evaluate(
      (each) => bare.states.find((entry) => entry.state === each)?.at ?? null,
      state,
    );
    if (found === null) throw new Error(`the call of ${this.userId} was never ${state}`);
    return found;
  }

  sample(): Promise<MediaSample> {
    return this.page.evaluate(() => ringfenceProbe.sample());
  }

  /** Resolves when each of the figures has grown from where it is now. */
  untilGrowing(...figures: MediaFigure[]): Promise<MediaSample> {
    return this.page.evaluate(
      async (each) => ringfenceProbe.untilGrown(each, await ringfenceProbe.sample()),
      figures,
    );
  }

  /** Resolves when none of the figures has changed for a while: longer than two beeps are apart. */
  untilStill(...figures: MediaFigure[]): Promise<MediaSample> {
    return this.page.evaluate((each) => ringfenceProbe.untilStill(each, 1_500), figures);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** Two users who talk: `caller` dialed, `callee` accepted, media flows both ways. */
export async function connectCall(
  caller: BareUser,
  callee: BareUser,
  media = { audio: true, video: false },
): Promise<void> {
  await caller.dial(callee.userId, media);
  await callee.until({ state: 'ringing' });
  await callee.accept(media);
  await Promise.all([caller.until({ state: 'active' }), callee.until({ state: 'active' })]);
}
