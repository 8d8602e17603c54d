import { silentLogger, systemClock, systemRandom } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { pageBrowser } from './browser.ts';
import type { Browser } from './browser.ts';
import { captureOf } from './capture.ts';
import { resolveMediaOptions } from './options.ts';
import type { MediaOptions } from './options.ts';
import { Session } from './session.ts';
import type { MediaSession, MediaSessionOptions } from './session.ts';

/** What {@link createMedia} works with. Each has the real thing as its default. */
export interface MediaCollaborators {
  readonly browser?: Browser;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** The media of a page: makes the session of each call. */
export interface MediaEngine extends AsyncDisposable {
  /** The media of one call. Opens nothing until the call machine asks. */
  session(options: MediaSessionOptions): MediaSession;
  /**
   * Closes every session; a call that runs is told that its media failed. Idempotent. A session
   * asked for afterwards is born closed, and fails when its call asks for capture.
   */
  close(): Promise<void>;
}

/**
 * Browser media, peer to peer. Browser globals are read when a call needs them, so making an
 * engine in Node is harmless; a call there is refused with `permission_denied`.
 *
 * @throws {RingfenceError} `invalid_option`.
 *
 * @example
 * await using media = createMedia();
 * const session = media.session({ callId, signals, iceServers: async () => [] });
 */
export function createMedia(
  options: MediaOptions = {},
  collaborators: MediaCollaborators = {},
): MediaEngine {
  const resolved = resolveMediaOptions(options);
  const {
    browser = pageBrowser,
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
  } = collaborators;
  const sessions = new Set<Session>();
  let isClosed = false;

  const close = async (): Promise<void> => {
    isClosed = true;
    for (const session of [...sessions]) session.abandon();
  };

  return {
    session(sessionOptions) {
      const session = new Session(sessionOptions, resolved, {
        browser,
        capture: captureOf(browser),
        clock,
        random,
        logger,
        closed: (ended) => sessions.delete(ended),
      });
      sessions.add(session);
      if (isClosed) session.abandon();
      return session;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
