/*
 * The page, put together.
 *
 *   app.ts       what is known and can be done; no DOM
 *   lines.ts     the calls that run, and which of them is large; no DOM
 *   session.ts   a token, a phone, its ringer
 *   page.ts      the screens, in one language
 *   words.ts     states in plain words; the phone's own texts say ends and refusals
 *   views/       one file a screen, and the pieces they share
 *   styles/      the look
 */
import '@fontsource-variable/figtree/index.css';
import './styles/theme.css';
import './styles/parts.css';
import './styles/screens.css';
import './styles/sheet.css';
import './styles/lines.css';
import './styles/stage.css';
import './styles/call.css';
import { createApp } from './app.ts';
import { createPage } from './page.ts';
import type { Page } from './page.ts';
import { openSession, rememberedLanguage, rememberedName } from './session.ts';
import { createWords, preferredLanguage } from './words.ts';
import type { Language } from './words/english.ts';

const asked = new URLSearchParams(location.search).get('name') ?? rememberedName.read();
const app = createApp({
  openSession,
  rememberName: rememberedName.write,
  forgetName: rememberedName.forget,
});

let page: Page | undefined;

/** Builds the page in a language. What is known stays: it is the app's. */
function speak(language: Language): void {
  document.documentElement.lang = language;
  page?.close();
  page = createPage(app, createWords(language), { suggestion: asked, onLanguage });
  document.querySelector('#app')!.replaceChildren(page.element);
  page.render();
}

function onLanguage(language: Language): void {
  rememberedLanguage.write(language);
  speak(language);
}

speak(preferredLanguage([rememberedLanguage.read(), ...navigator.languages]));
app.onChange(() => page?.render());
if (asked !== '') void app.signIn(asked);

setInterval(() => page?.tick(), 250);

// A browser lets a page sound once its user has touched it.
for (const touch of ['pointerdown', 'keydown']) {
  document.addEventListener(touch, () => app.unlock());
}

// Escape says no only while a no is harmless.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.querySelector(':popover-open') === null) page?.escape();
});

// Leaving the page ends its calls: ask first, and tell the other sides when it happens.
window.addEventListener('beforeunload', (event) => {
  if (app.screen.name === 'lines') event.preventDefault();
});
window.addEventListener('pagehide', () => {
  for (const call of app.phone?.calls ?? []) call.hangUp();
});
