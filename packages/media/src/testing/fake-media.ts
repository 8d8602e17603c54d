import { silentLogger } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import { Capture } from '../capture.ts';
import type { CaptureCause } from '../capture-cause.ts';
import type { CaptureConstraints, CapturedTrack, MediaKind } from '../capture.ts';
import type { MediaEngine } from '../engine.ts';
import { resolveMediaOptions } from '../options.ts';
import type { MediaOptions } from '../options.ts';
import { Session } from '../session.ts';
import type { MediaSession, MediaSessionOptions } from '../session.ts';
import { FakeBrowser } from './fake-browser.ts';
import type { FakeBrowserOptions } from './fake-browser.ts';
import type { FakePeerConnection } from './fake-peer-connection.ts';

/** What goes wrong with the media of one call. Nothing, when it is empty. */
export interface FakeMediaPlan {
  /** Opening the microphone ends so. */
  readonly microphone?: CaptureCause;
  /** Opening the camera ends so. */
  readonly camera?: CaptureCause;
  /**
   * `unreachable`: candidates lead nowhere, it never connects. `broken`: the browser refuses the
   * peer's description, and media fails.
   */
  readonly connection?: 'unreachable' | 'broken';
}

export interface FakeMediaOptions extends FakeBrowserOptions {
  /** The plan of a call, asked when its session is made. Default: nothing goes wrong. */
  readonly plan?: (callId: string) => FakeMediaPlan;
  /** Tuning of the real media code that runs on the fake browser. */
  readonly media?: MediaOptions;
  readonly clock: Clock;
  /** Default: seeded, so that two runs are alike. */
  readonly random?: Random;
  readonly logger?: Logger;
}

/** What a test does to the media of a call while it runs. */
export interface FakeMediaControls {
  readonly session: MediaSession;
  /** The network is gone: connections turn `disconnected`, and restarts do not help. */
  disconnect(): void;
  /** The network is back. */
  reconnect(): void;
  /** The connections turn `failed`; the ICE ladder climbs on from there. */
  fail(): void;
}

/** A media engine with no browser: the real sessions on a {@link FakeBrowser}. */
export interface FakeMedia extends MediaEngine {
  readonly browser: FakeBrowser;
  /** The media of a call that is not closed yet. */
  call(callId: string): FakeMediaControls | undefined;
  /** How many sessions are open. Zero says that nothing was leaked. */
  readonly size: number;
}

const errorNames: Record<CaptureCause, string> = {
  permission_denied: 'NotAllowedError',
  device_missing: 'NotFoundError',
};

/**
 * Media without a browser, for tests, the simulator and benchmarks. It runs the code that ships:
 * offers, answers and candidates go through the signal channel as they do in a browser, an offer
 * and an answer of about 2 kB each and three batches of candidates each way. Time is the clock's,
 * chance is `random`'s, so the same seed gives the same frames.
 *
 * @example
 * const media = createFakeMedia({
 *   clock: new FakeClock(),
 *   plan: () => ({ microphone: 'permission_denied' }),
 * });
 */
export function createFakeMedia(options: FakeMediaOptions): FakeMedia {
  const { clock, random = seededRandom(1), logger = silentLogger } = options;
  const resolved = resolveMediaOptions(options.media);
  const browser = new FakeBrowser(options, { clock, random });
  const capture = new Capture(browser);
  const calls = new Map<string, FakeMediaControls & { readonly session: Session }>();
  let isClosed = false;

  const close = async (): Promise<void> => {
    isClosed = true;
    for (const { session } of [...calls.values()]) session.abandon();
  };

  const createSession = (sessionOptions: MediaSessionOptions): MediaSession => {
    const plan = options.plan?.(sessionOptions.callId) ?? {};
    const own: FakePeerConnection[] = [];
    let isReachable = plan.connection !== 'unreachable';
    const session = new Session(sessionOptions, resolved, {
      browser: {
        createStream: () => browser.createStream(),
        createPeerConnection: (configuration) => {
          const connection = browser.createPeerConnection(configuration);
          const fake = connection as unknown as FakePeerConnection;
          fake.isReachable = isReachable;
          fake.isBroken = plan.connection === 'broken';
          own.push(fake);
          return connection;
        },
      },
      capture: { take: (kinds, constraints) => takeByPlan(capture, plan, kinds, constraints) },
      clock,
      random,
      logger,
      closed: () => calls.delete(sessionOptions.callId),
    });
    calls.set(sessionOptions.callId, {
      session,
      disconnect() {
        isReachable = false;
        for (const connection of own) {
          connection.isReachable = false;
          connection.turn('disconnected');
        }
      },
      reconnect() {
        isReachable = true;
        for (const connection of own) connection.turn('connected');
      },
      fail() {
        for (const connection of own) connection.turn('failed');
      },
    });
    if (isClosed) session.abandon();
    return session;
  };

  return {
    browser,
    call: (callId) => calls.get(callId),
    get size() {
      return calls.size;
    },
    session: createSession,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function takeByPlan(
  capture: Capture,
  plan: FakeMediaPlan,
  kinds: readonly MediaKind[],
  constraints: CaptureConstraints,
): Promise<readonly CapturedTrack[]> {
  for (const kind of kinds) {
    const cause = kind === 'audio' ? plan.microphone : plan.camera;
    if (cause !== undefined) throw new DOMException(`${kind} refused`, errorNames[cause]);
  }
  return capture.take(kinds, constraints);
}
