/* The screens of the page in one language, and which of them is shown. */
import type { App, Screen } from './app.ts';
import { createCallView, canEscape } from './views/call.ts';
import { createDevicesSheet } from './views/devices.ts';
import { createHomeView } from './views/home.ts';
import { createIncomingView } from './views/incoming.ts';
import { createSettingsSheet } from './views/settings.ts';
import { createShell } from './views/shell.ts';
import { createSummaryView } from './views/summary.ts';
import { createWelcomeView } from './views/welcome.ts';
import { callerInWords, endInWords, noteInWords, stateInWords } from './words.ts';
import type { Words } from './words.ts';
import type { Language } from './words/english.ts';

/** Escape acts on a call only when its screen has been there long enough to be read. */
const escapeAfterMs = 500;

export interface Page {
  readonly element: HTMLElement;
  render(): void;
  /** Moves the clocks on. */
  tick(): void;
  /** The user pressed Escape. */
  escape(): void;
  /** Lets go of what it listens to, when another page takes its place. */
  close(): void;
}

export function createPage(
  app: App,
  words: Words,
  options: { readonly suggestion: string; readonly onLanguage: (language: Language) => void },
): Page {
  const { onLanguage, suggestion } = options;
  const dial = (name: string, media: { video: boolean }): void => void app.dial(name, media);
  const devicesSheet = createDevicesSheet(words, {
    output: () => app.ringOutput,
    setOutput: (deviceId) => app.ringOn(deviceId),
  });
  const settingsSheet = createSettingsSheet(words, {
    onSave: (settings) => app.saveSettings(settings),
    onLanguage,
    onSignOut: () => void app.signOut(),
  });
  const shell = createShell(words, { settingsSheet, devicesSheet, onUnlock: () => app.unlock() });
  const views = {
    welcome: createWelcomeView(words, {
      suggestion,
      onLanguage,
      onSignIn: (name) => void app.signIn(name),
    }),
    home: createHomeView(words, { onDial: dial }),
    incoming: createIncomingView(words),
    lines: createCallView(words, {
      devicesSheet,
      attempt: (wanted, name) => app.attempt(wanted, name),
      onDial: (name) => dial(name, { video: false }),
    }),
    summary: createSummaryView(words, { onDial: dial, onDone: () => app.dismiss() }),
  };

  let shown: Screen['name'] | null = null;
  let shownAt = 0;

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
          isQuiet: app.phone?.settings?.doNotDisturb === true,
          isInsecure: !window.isSecureContext,
        });
      case 'incoming':
        return views.incoming.update(screen);
      case 'lines': {
        const note = app.note === null ? null : noteInWords(words, app.note);
        views.lines.update({ ...screen, note });
        return views.lines.tick();
      }
      case 'summary':
        return views.summary.update(screen.past);
    }
  }

  /** What a screen reader hears, and what the tab's title says. */
  function say(screen: Screen): void {
    const [heard, title = heard] = saidOf(words, screen);
    shell.announce(heard);
    document.title = title === '' ? 'Ringfence' : `${title} · Ringfence`;
  }

  return {
    element: shell.element,
    render() {
      const { screen } = app;
      const isInCall = screen.name === 'lines' || screen.name === 'incoming';
      const focused = document.activeElement;
      updateView(screen);
      shell.update({
        userId: app.userId,
        connection: app.connection,
        isQuiet: app.phone?.settings?.doNotDisturb === true,
        isSilenced: app.isSilenced,
        isInCall,
      });
      settingsSheet.update(app.phone?.settings ?? null, isInCall);
      devicesSheet.update(
        app.phone?.devices ?? null,
        screen.name === 'lines' ? screen.front.call : null,
      );
      if (screen.name !== shown) {
        shown = screen.name;
        shownAt = performance.now();
        for (const sheet of [settingsSheet, devicesSheet]) sheet.close();
        shell.main.replaceChildren(views[screen.name].element);
        const { focusTarget } = views[screen.name];
        focusTarget.focus({ preventScroll: true });
        if (focusTarget instanceof HTMLInputElement) focusTarget.select();
        window.scrollTo(0, 0);
      } else if (document.activeElement === document.body && focused !== document.body) {
        // What was pressed is gone, as the card of a line that is large now.
        views[screen.name].focusTarget.focus({ preventScroll: true });
      }
      say(screen);
    },
    tick: () => views.lines.tick(),
    escape() {
      if (performance.now() - shownAt < escapeAfterMs) return;
      const { screen } = app;
      if (screen.name === 'incoming' && screen.others.length === 0) screen.call.decline();
      else if (screen.name === 'summary') app.dismiss();
      else if (screen.name === 'lines' && canEscape(screen.front.call, screen.others)) {
        screen.front.call.hangUp();
      }
    },
    close: () => devicesSheet.update(null, null),
  };
}

/** What is heard of a screen, and the title of the tab where that is another. */
function saidOf(words: Words, screen: Screen): readonly [heard: string, title?: string] {
  switch (screen.name) {
    case 'welcome':
    case 'home':
      return [''];
    case 'incoming':
      return [callerInWords(words, screen.call).title];
    case 'lines': {
      const [call] = screen.asking;
      return [
        call === undefined
          ? stateInWords(words, screen.front.call)
          : callerInWords(words, call).title,
      ];
    }
    case 'summary': {
      const { title, what, advice } = endInWords(words, screen.past.call);
      return [[`${title}.`, what, advice].filter(Boolean).join(' '), title];
    }
  }
}
