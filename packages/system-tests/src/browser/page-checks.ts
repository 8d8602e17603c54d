import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/** What axe-core finds wrong with the page as it is now: rule and place, one line each. */
export async function accessibilityViolations(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
  );
}

/** Elements that stick out of the window sideways, or whose own text does not fit. */
export function overflowing(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const found: string[] = [];
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} px wide`);
    for (const each of document.querySelectorAll<HTMLElement>('#app *')) {
      const box = each.getBoundingClientRect();
      if (box.width <= 1 || box.height <= 1 || !each.checkVisibility()) continue;
      const name = `${each.tagName.toLowerCase()}.${each.className}`;
      if (box.right > clientWidth + 0.5 || box.left < -0.5) found.push(`${name} sticks out`);
      const hasOwnText = [...each.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
      );
      if (!hasOwnText) continue;
      const clip = each.closest<HTMLElement>(
        '.tile, .control, .button, .key, .panel, .card, .chip, .banner, .held, .person, .stage, .sheet',
      );
      if (clip === null) continue;
      const frame = clip.getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(each);
      const text = range.getBoundingClientRect();
      if (text.right > frame.right + 0.5 || text.left < frame.left - 0.5) {
        found.push(`the text of ${name} does not fit`);
      }
    }
    return found;
  });
}
