import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { accessibilityViolations, overflowing } from './page-checks.ts';
import type { QuickstartUser } from './quickstart-user.ts';

const pictures = join(import.meta.dirname, '..', '..', 'screenshots');

/** A size and a colour scheme in which the page is looked at. */
export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export const looks: readonly Look[] = [390, 1280].flatMap((width) => [
  { width, scheme: 'light' },
  { width, scheme: 'dark' },
]);

const viewportOf = ({ width }: Look) => ({ width, height: width === 390 ? 844 : 800 });

/** A browser context in which the page is met in this look, and nothing moves. */
export function contextFor(look: Look): BrowserContextOptions {
  return { viewport: viewportOf(look), colorScheme: look.scheme, reducedMotion: 'reduce' };
}

/** Takes a picture of a page as it is now, and tells what is wrong with it. */
export async function look(
  { page }: QuickstartUser,
  screen: string,
  { width, scheme }: Look,
): Promise<readonly string[]> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${screen}-${width}-${scheme}.png`) });
  const found = [...(await accessibilityViolations(page)), ...(await overflowing(page))];
  return found.map((flaw) => `${screen} at ${width} px, ${scheme}: ${flaw}`);
}

/** Looks at a page in every size and colour, one after the other. Resolves with what is wrong. */
export async function lookAllOver(
  user: QuickstartUser,
  screen: string,
): Promise<readonly string[]> {
  const flaws: string[] = [];
  for (const each of looks) {
    await user.page.setViewportSize(viewportOf(each));
    await user.page.emulateMedia({ colorScheme: each.scheme });
    flaws.push(...(await look(user, screen, each)));
  }
  return flaws;
}
