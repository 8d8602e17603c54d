/*
 * The page, put together.
 *
 *   app.ts       what is known and can be done; no DOM
 *   session.ts   a token, a phone
 *   words.ts     states and endings in plain words
 *   tones.ts     ring and ringing tones, made by code
 *   views/       one file a screen, and the pieces they share
 *   styles/      the look
 */
import '@fontsource-variable/figtree/index.css';
import './styles/theme.css';
import './styles/parts.css';
import './styles/screens.css';
import './styles/call.css';
import { createApp } from './app.ts';
import type { Screen } from './app.ts';
import { openPhone, rememberedName } from './session.ts';
import { createTones } from './tones.ts';
import { createCallView } from './views/call.ts';
import { createHomeView } from './views/home.ts';
import { createIncomingView } from './views/incoming.ts';
import { createShell } from './views/shell.ts';
import { createSummaryView } from './views/summary.ts';
import { createWelcomeView } from './views/welcome.ts';
import { endInWords, stateInWords } from './words.ts';

/** Escape acts on a call only when its screen has been there long enough to be read. */
const escapeAfterMs = 500;

const asked = new URLSearchParams(location.search).get('name') ?? rememberedName.read();
const app = createApp({
  openPhone,
  rememberName: rememberedName.write,
  forgetName: rememberedName.forget,
});
const tones = createTones();
const dial = (name: string, media: { video: boolean }): void => void app.dial(name, media);

const shell = createShell({ onSignOut: () => void app.signOut() });
const views = {
  welcome: createWelcomeView({ suggestion: asked, onSignIn: (name) => void app.signIn(name) }),
  home: createHomeView({ onDial: dial }),
  incoming: createIncomingView(),
  call: createCallView(),
  summary: createSummaryView({ onDial: dial, onDone: () => app.dismiss() }),
};

let shown: Screen['name'] | null = null;
let shownAt = 0;
let stopTone: (() => void) | null = null;
let tone: 'ring' | 'ringBack' | null = null;

function updateView(screen: Screen): void {
  switch (screen.name) {
    case 'welcome':
      return views.welcome.update(screen);
    case 'home':
      return views.home.update({
        userId: app.userId ?? '',
        history: app.history,
        problem: screen.problem,
        isReady: app.connection?.state === 'ready',
        isInsecure: !window.isSecureContext,
      });
    case 'incoming':
      return views.incoming.update(screen.call);
    case 'call':
      views.call.update(screen);
      return views.call.tick();
    case 'summary':
      return views.summary.update(screen.past);
  }
}

function updateTone(screen: Screen): void {
  const isRinging = screen.name === 'call' && screen.call.state === 'ringing';
  const wanted = screen.name === 'incoming' ? 'ring' : isRinging ? 'ringBack' : null;
  if (wanted === tone) return;
  stopTone?.();
  stopTone = wanted === null ? null : tones[wanted]();
  tone = wanted;
}

/** What a screen reader hears, and what the tab's title says. */
function sayState(screen: Screen): void {
  switch (screen.name) {
    case 'welcome':
    case 'home':
      shell.announce('');
      document.title = 'Ringfence';
      return;
    case 'incoming':
    case 'call':
      shell.announce(stateInWords(screen.call));
      document.title = `${stateInWords(screen.call)} · Ringfence`;
      return;
    case 'summary': {
      const { title, why, advice } = endInWords(screen.past.call);
      shell.announce([`${title}.`, why, advice].filter(Boolean).join(' '));
      document.title = `${title} · Ringfence`;
    }
  }
}

function render(): void {
  const { screen } = app;
  const isNew = screen.name !== shown;
  updateView(screen);
  shell.update({
    userId: app.userId,
    connection: app.connection,
    isInCall: screen.name === 'call' || screen.name === 'incoming',
  });
  if (isNew) {
    if (screen.name === 'summary' && shown === 'call') tones.over();
    shown = screen.name;
    shownAt = performance.now();
    shell.main.replaceChildren(views[screen.name].element);
    const { focusTarget } = views[screen.name];
    focusTarget.focus({ preventScroll: true });
    if (focusTarget instanceof HTMLInputElement) focusTarget.select();
    window.scrollTo(0, 0);
  }
  updateTone(screen);
  sayState(screen);
}

app.onChange(render);
document.querySelector('#app')!.append(shell.element);
render();
if (asked !== '') void app.signIn(asked);

setInterval(() => views.call.tick(), 250);

for (const touch of ['pointerdown', 'keydown']) {
  document.addEventListener(touch, () => tones.unlock(), { once: true });
}

// Escape says no only while a no is harmless: before the two have talked.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || performance.now() - shownAt < escapeAfterMs) return;
  const { screen } = app;
  if (screen.name === 'incoming') screen.call.decline();
  else if (screen.name === 'summary') app.dismiss();
  else if (screen.name === 'call' && screen.call.direction === 'outgoing') {
    if (screen.call.answeredAt === null) screen.call.hangUp();
  }
});

/** The call that runs, if one does. */
const runningCall = () => (app.screen.name === 'call' ? app.screen.call : null);

// Leaving the page ends the call: ask first, and tell the other side when it happens.
window.addEventListener('beforeunload', (event) => {
  if (runningCall() !== null) event.preventDefault();
});
window.addEventListener('pagehide', () => runningCall()?.hangUp());
