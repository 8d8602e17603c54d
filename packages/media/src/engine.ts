import { createListeners, silentLogger, systemClock, systemRandom } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { pageBrowser } from './browser.ts';
import type { Browser } from './browser.ts';
import { captureOf } from './capture.ts';
import { createDevices } from './devices.ts';
import type { Devices, DevicesEvents } from './devices.ts';
import type { MediaSession, MediaSessionOptions } from './media-session.ts';
import { resolveMediaOptions } from './options.ts';
import type { MediaOptions } from './options.ts';
import { createPlayback } from './playback.ts';
import type { PlaybackEvents } from './playback.ts';
import { Session } from './session.ts';
import type { SessionCollaborators } from './session.ts';

/** What {@link createMedia} works with. Each has the real thing as its default. */
export interface MediaCollaborators {
  readonly browser?: Browser;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** What an engine's listeners hear. */
export type MediaEngineEvents = PlaybackEvents;

/** The media of a page: makes the session of each call. */
export interface MediaEngine extends AsyncDisposable {
  /** Microphones, cameras and outputs: list, choose, and hear of changes. */
  readonly devices: Devices;
  /** The media of one call. Opens nothing until the call machine asks. */
  session(options: MediaSessionOptions): MediaSession;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof MediaEngineEvents>(
    name: Name,
    listener: (payload: MediaEngineEvents[Name]) => unknown,
  ): () => void;
  /** Starts sound that the browser refused. Call it while a gesture is handled. Never rejects. */
  unlockAudio(): Promise<void>;
  /**
   * Closes every session; a call that runs is told that its media failed. Idempotent. A session
   * asked for afterwards is born closed, and fails when its call asks for capture.
   */
  close(): Promise<void>;
}

/**
 * Browser media, peer to peer: each leg of a call has a connection to each other one. Browser
 * globals are read when a call needs them, so making an engine in Node is harmless; a call there is
 * refused with `permission_denied`.
 *
 * @throws {RingfenceError} `invalid_option`.
 *
 * @example
 * await using media = createMedia();
 * const session = media.session({ callId, signals, tube, iceServers: async () => [] });
 */
export function createMedia(
  options: MediaOptions = {},
  collaborators: MediaCollaborators = {},
): MediaEngine {
  return createEngine(options, collaborators);
}

/** {@link createMedia}, where `adapt` may give a session other parts than those of its page. */
export function createEngine(
  options: MediaOptions,
  {
    browser = pageBrowser,
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
  }: MediaCollaborators,
  adapt = (parts: SessionCollaborators, _callId: string): SessionCollaborators => parts,
): MediaEngine {
  const resolved = resolveMediaOptions(options);
  const sessions = new Set<Session>();
  const emitter = createListeners<MediaEngineEvents & DevicesEvents>(logger);
  const capture = captureOf(browser);
  const page = { browser, capture, emitter, logger };
  const playback = createPlayback(page);
  const devices = createDevices({
    ...page,
    constraints: resolved.capture,
    playback,
    users: sessions,
  });
  let isClosed = false;

  const close = async (): Promise<void> => {
    isClosed = true;
    for (const session of [...sessions]) session.abandon();
    emitter.clear();
    devices.watch();
  };

  return {
    devices,
    session(sessionOptions) {
      const parts = {
        browser,
        capture,
        playback,
        clock,
        random,
        logger,
        closed: (ended: Session) => {
          sessions.delete(ended);
          devices.watch();
        },
      };
      const session = new Session(sessionOptions, resolved, adapt(parts, sessionOptions.callId));
      sessions.add(session);
      session.tube.own(session.abandon);
      devices.watch();
      if (isClosed) session.abandon();
      return session;
    },
    on: (name, listener) => emitter.on(name, listener),
    unlockAudio: () => playback.unlock(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
