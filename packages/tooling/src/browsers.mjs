import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const variables = { chromium: 'RINGFENCE_CHROMIUM', firefox: 'RINGFENCE_FIREFOX' };

const commands = {
  chromium: [
    'chromium',
    'google-chrome',
    'google-chrome-stable',
    'chromium-browser',
    'microsoft-edge',
    'microsoft-edge-stable',
  ],
  firefox: ['firefox-esr', 'firefox'],
};

/**
 * Where a browser may be on a machine, best first.
 *
 * @param {'chromium' | 'firefox'} browser
 * @param {{ platform: string, env: Record<string, string | undefined>, home: string }} machine
 * @returns {string[]}
 */
export function browserCandidates(browser, { platform, env, home }) {
  const named = env[variables[browser]];
  if (named) return [named];
  if (platform === 'darwin') {
    const apps =
      browser === 'firefox'
        ? ['Firefox.app/Contents/MacOS/firefox']
        : [
            'Google Chrome.app/Contents/MacOS/Google Chrome',
            'Chromium.app/Contents/MacOS/Chromium',
            'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
          ];
    return apps.flatMap((app) => [`/Applications/${app}`, `${home}/Applications/${app}`]);
  }
  if (platform === 'win32') {
    const programs =
      browser === 'firefox'
        ? ['Mozilla Firefox\\firefox.exe']
        : [
            'Google\\Chrome\\Application\\chrome.exe',
            'Chromium\\Application\\chrome.exe',
            'Microsoft\\Edge\\Application\\msedge.exe',
          ];
    return [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']]
      .filter(Boolean)
      .flatMap((folder) => programs.map((program) => `${folder}\\${program}`));
  }
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter).filter(Boolean)];
  return commands[browser].flatMap((command) => folders.map((folder) => join(folder, command)));
}

/** The browser that `playwright-core install` put in its cache, if it is there. */
function downloadedBrowser(browser) {
  try {
    const path = createRequire(import.meta.url)('playwright-core')[browser].executablePath();
    return path && existsSync(path) ? path : undefined;
  } catch {
    return undefined; // playwright-core is not installed yet, or knows no build for this machine
  }
}

/**
 * The executable of an installed browser, or undefined. `RINGFENCE_CHROMIUM` and
 * `RINGFENCE_FIREFOX` name one explicitly; Chrome and Edge count as Chromium.
 *
 * @param {'chromium' | 'firefox'} browser
 * @returns {string | undefined}
 */
export function browserPath(browser) {
  const machine = { platform: process.platform, env: process.env, home: homedir() };
  return browserCandidates(browser, machine).find(existsSync) ?? downloadedBrowser(browser);
}
