import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from 'playwright-core';
import { callContext } from './chromium.ts';
import { installProbe } from './probe.ts';
import type { MediaFigure } from './probe.ts';

/** A user on the quickstart page, who sees and presses what a person would. */
export class QuickstartUser implements AsyncDisposable {
  readonly name: string;
  readonly page: Page;
  readonly #context: BrowserContext;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name;
    this.page = page;
    this.#context = context;
  }

  /** Opens the page in a context of its own and signs in. */
  static async signIn(
    browser: Browser,
    url: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<QuickstartUser> {
    const context = await callContext(browser, options);
    await context.addInitScript(installProbe);
    const page = await context.newPage();
    await page.goto(url);
    const user = new QuickstartUser(name, context, page);
    await page.getByLabel('Your name').fill(name);
    await user.button('Continue').click();
    await user.untilOnline();
    return user;
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get heading(): Locator {
    return this.page.getByRole('heading', { level: 1 });
  }

  /** Resolves when the page shows this heading. */
  async untilHeading(text: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();
  }

  async untilText(text: string): Promise<void> {
    await this.page.locator('main').getByText(text, { exact: true }).first().waitFor();
  }

  async untilOnline(): Promise<void> {
    await this.page.getByText('Online', { exact: true }).waitFor();
    await this.page.getByLabel('Name to call').waitFor();
  }

  /** Fills in the form and presses one of its buttons. */
  async dial(name: string, how: 'Call' | 'Video call'): Promise<void> {
    await this.page.getByLabel('Name to call').fill(name);
    await this.button(how).click();
  }

  /** A card of a line beside the large one, by a name on it. */
  line(name: string): Locator {
    return this.page.getByRole('list', { name: 'Other calls' }).getByRole('listitem').filter({
      hasText: name,
    });
  }

  /** A call that asks to come in beside another, by the name of who calls. */
  banner(name: string): Locator {
    return this.page.getByRole('list', { name: 'Incoming calls' }).getByRole('listitem').filter({
      hasText: name,
    });
  }

  /** The open panel. */
  get sheet(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Opens a panel by its button. */
  async open(name: 'Keypad' | 'People' | 'Transfer' | 'Devices' | 'Settings'): Promise<void> {
    await this.button(name).click();
    await this.sheet.waitFor();
  }

  async close(): Promise<void> {
    await this.sheet.getByRole('button', { name: 'Close' }).click();
    await this.sheet.waitFor({ state: 'hidden' });
  }

  /** Somebody in the list of people. */
  participant(name: string): Locator {
    return this.sheet.getByRole('listitem').filter({ hasText: name });
  }

  /** Rings somebody into the large call. */
  async invite(name: string): Promise<void> {
    await this.open('People');
    await this.sheet.getByLabel('Name to add').fill(name);
    await this.sheet.getByRole('button', { name: 'Invite' }).click();
  }

  /** Resolves when so many connections stand, and each brings sound. */
  async untilHearing(connections: number): Promise<void> {
    await this.page.evaluate((count) => ringfenceProbe.untilHearing(count), connections);
  }

  async untilGrowing(...figures: MediaFigure[]): Promise<void> {
    await this.page.evaluate(
      async (each) => ringfenceProbe.untilGrown(each, await ringfenceProbe.sample()),
      figures,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** Two users whose pages show a running call. */
export async function talkOnPages(
  caller: QuickstartUser,
  callee: QuickstartUser,
  how: 'Call' | 'Video call',
): Promise<void> {
  await caller.dial(callee.name, how);
  await callee.untilHeading(`${caller.name} is calling`);
  await callee.button(how === 'Call' ? 'Accept' : 'Accept with video').click();
  await Promise.all([caller.untilText('Talking'), callee.untilText('Talking')]);
}
