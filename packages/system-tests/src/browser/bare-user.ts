import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { UserSettings } from '@ringfence/phone';
import { callContext } from './chromium.ts';
import { installProbe } from './probe.ts';
import type { MediaFigure, MediaSample } from './probe.ts';
import type { Asked, Bare, BareOptions, CallSnapshot, Refused } from './bare-page/main.ts';

/** How a user of the bare page is made. */
export interface BareUserOptions extends BrowserContextOptions {
  /** What of the phone differs from its defaults. */
  readonly phone?: BareOptions;
}

/**
 * A user with a browser context of their own, on the bare page. Where a method takes `who`, it names
 * one of several calls by the other side; without it the newest is meant.
 */
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
    { phone, ...options }: BareUserOptions = {},
  ): Promise<BareUser> {
    const context = await callContext(browser, options);
    await context.addInitScript(installProbe);
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(([id, each]) => bare.open(id, each), [userId, phone] as const);
    return new BareUser(userId, context, page);
  }

  async dial(to: string, media = { audio: true, video: false }): Promise<void> {
    await this.page.evaluate(([address, kinds]) => bare.dial(address, kinds), [
      addressOf(to),
      media,
    ] as const);
  }

  async accept(media?: { audio: boolean; video: boolean }, who?: string): Promise<void> {
    await this.page.evaluate(([kinds, whose]) => bare.accept(kinds, whose), [media, who] as const);
  }

  async tell(what: Parameters<Bare['tell']>[0], who?: string): Promise<void> {
    await this.page.evaluate(([each, whose]) => bare.tell(each, whose), [what, who] as const);
  }

  async endForAll(): Promise<void> {
    await this.page.evaluate(() => bare.endForAll());
  }

  async setCamera(on: boolean): Promise<void> {
    await this.page.evaluate((each) => bare.setCamera(each), on);
  }

  /** Asks for something that may be refused. Resolves with the refusal; null when it was done. */
  ask(asked: Asked, who?: string): Promise<Refused | null> {
    return this.page.evaluate(([each, whose]) => bare.ask(each, whose), [asked, who] as const);
  }

  updateSettings(change: Partial<UserSettings>): Promise<Refused | null> {
    return this.page.evaluate((each) => bare.updateSettings(each), change);
  }

  /** Resolves with the call as soon as it is so. */
  until(wanted: Partial<CallSnapshot>, who?: string): Promise<CallSnapshot> {
    return this.page.evaluate(([each, whose]) => bare.until(each, whose), [wanted, who] as const);
  }

  snapshot(who?: string): Promise<CallSnapshot | null> {
    return this.page.evaluate((whose) => bare.snapshot(whose), who);
  }

  /** The states of a call, in order. */
  async states(who?: string): Promise<readonly string[]> {
    return this.page.evaluate((whose) => bare.statesOf(whose).map(({ state }) => state), who);
  }

  /** When the newest call came into a state, as wall time. */
  async enteredAt(state: CallSnapshot['state']): Promise<number> {
    const found = await this.page.evaluate(
      (each) => bare.statesOf().find((entry) => entry.state === each)?.at ?? null,
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

  /** Resolves when there are so many connections, and in each of them sound comes and goes. */
  untilHearing(connections: number): Promise<void> {
    return this.page.evaluate((count) => ringfenceProbe.untilHearing(count), connections);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** The address of a user named by the id alone. */
export function addressOf(to: string): string {
  return to.includes(':') ? to : `user:${to}`;
}

/** Two users who talk: `caller` dialed, `callee` accepted, media flows both ways. */
export async function connectCall(
  caller: BareUser,
  callee: BareUser,
  media = { audio: true, video: false },
): Promise<void> {
  await caller.dial(callee.userId, media);
  await callee.until({ state: 'ringing' }, caller.userId);
  await callee.accept(media, caller.userId);
  await Promise.all([
    caller.until({ state: 'active' }, callee.userId),
    callee.until({ state: 'active' }, caller.userId),
  ]);
}

/** Brings one more into the call that `inviter` talks on, and waits until all hear each other. */
export async function joinCall(
  inviter: BareUser,
  invited: BareUser,
  room: readonly BareUser[],
  role: 'member' | 'guest' = 'member',
): Promise<void> {
  const refused = await inviter.ask({ ask: 'invite', to: addressOf(invited.userId), role });
  if (refused !== null) throw new Error(`the invitation was refused: ${refused.code}`);
  await invited.until({ state: 'ringing', via: 'invite' });
  await invited.accept({ audio: true, video: false });
  await untilAllHear([...room, invited]);
}

/** Resolves when each of these users hears each other one, and nobody else. */
export async function untilAllHear(users: readonly BareUser[]): Promise<void> {
  await Promise.all(users.map((user) => user.untilHearing(users.length - 1)));
}
