import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { browserPath } from '@ringfence/tooling/browsers';

/** What the machine under test has: two fake devices, a fake microphone alone, or nothing. */
export type FakeDevices = 'all' | 'no-camera' | 'none';

export interface ChromiumOptions {
  readonly devices?: FakeDevices;
  /** How many fake cameras there are. Default 1. There are always several microphones. */
  readonly cameras?: number;
  /** Lets a page that nobody has touched play sound. Default false, as users have it. */
  readonly autoplay?: boolean;
  /** Another executable, such as a wrapper that enters a network namespace first. */
  readonly executablePath?: string;
}

/** Flags for a machine that may be a container, without a screen, run by root. */
const machineFlags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--allow-loopback-in-peer-connection',
];

const deviceFlags: Readonly<Record<FakeDevices, readonly string[]>> = {
  all: ['--use-fake-device-for-media-stream'],
  'no-camera': ['--use-fake-device-for-media-stream=device-count=0'],
  // On a machine with a real microphone this flag hides it.
  none: ['--disable-audio-input'],
};

/**
 * Starts a headless Chromium with fake devices that beep and show a moving picture. Who may use
 * them is the context's matter: {@link callContext} allows it, a plain context refuses.
 *
 * @throws an error that says how to get a browser, when there is none.
 */
export function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = options.executablePath ?? browserPath('chromium');
  if (executablePath === undefined) {
    throw new Error('unable to start Chromium; none was found. Set RINGFENCE_CHROMIUM to one.');
  }
  return chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      ...machineFlags,
      ...(options.cameras === undefined
        ? deviceFlags[options.devices ?? 'all']
        : [`--use-fake-device-for-media-stream=device-count=${options.cameras}`]),
      ...(options.autoplay === true ? ['--autoplay-policy=no-user-gesture-required'] : []),
    ],
  });
}

const faults = new WeakMap<BrowserContext, string[]>();

/** What went wrong in the pages of a context: errors nobody caught, and breaches of its policy. */
export function pageFaults(context: BrowserContext): readonly string[] {
  return faults.get(context) ?? [];
}

/** One user's browser: a context of its own whose pages may use microphone and camera. */
export async function callContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    permissions: ['microphone', 'camera'],
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const found: string[] = [];
  faults.set(context, found);
  context.on('weberror', (thrown) => found.push(String(thrown.error())));
  context.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) found.push(message.text());
  });
  return context;
}
