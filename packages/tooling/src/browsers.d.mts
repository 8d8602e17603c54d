export type BrowserName = 'chromium' | 'firefox';

/** Where a browser may be on a machine, best first. */
export declare function browserCandidates(
  browser: BrowserName,
  machine: { platform: string; env: Record<string, string | undefined>; home: string },
): string[];

/**
 * The executable of an installed browser, or undefined. `RINGFENCE_CHROMIUM` and
 * `RINGFENCE_FIREFOX` name one explicitly; Chrome and Edge count as Chromium.
 */
export declare function browserPath(browser: BrowserName): string | undefined;
