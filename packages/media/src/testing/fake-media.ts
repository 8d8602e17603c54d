import { silentLogger } from '@ringfence/base';
import type { Clock, Logger, Random } from '@ringfence/base';
import { seededRandom } from '@ringfence/base/testing';
import type { MediaKind } from '../capture.ts';
import type { CaptureCause } from '../capture-cause.ts';
import { createEngine } from '../engine.ts';
import type { MediaEngine } from '../engine.ts';
import type { MediaSession } from '../media-session.ts';
import type { MediaOptions } from '../options.ts';
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
  const browser = new FakeBrowser(options, { clock, random });
  const calls = new Set<FakeCall>();
  let newest: FakeCall | undefined;
  const engine = createEngine(
    options.media ?? {},
    { browser, clock, random, logger },
    (parts, callId) => {
      const call = new FakeCall(browser, options.plan?.(callId) ?? {});
      newest = call;
      calls.add(call);
      return {
        ...parts,
        browser: call,
        capture: {
          users: parts.capture.users,
          take: async (kinds, constraints) => {
            call.refuseByPlan(kinds);
            return parts.capture.take(kinds, constraints);
          },
        },
        closed: (session) => {
          calls.delete(call);
          parts.closed(session);
        },
      };
    },
  );

  return {
    ...engine,
    browser,
    session(sessionOptions) {
      const session = engine.session(sessionOptions);
      newest!.session = session;
      return session;
    },
    call: (callId) => [...calls].find(({ session }) => session.callId === callId),
    get size() {
      return calls.size;
    },
  };
}

/** The browser as the session of one call has it: what goes wrong, goes wrong for that call. */
class FakeCall implements FakeMediaControls {
  session!: MediaSession;
  readonly #browser: FakeBrowser;
  readonly #plan: FakeMediaPlan;
  readonly #connections: FakePeerConnection[] = [];
  #isReachable: boolean;

  constructor(browser: FakeBrowser, plan: FakeMediaPlan) {
    this.#browser = browser;
    this.#plan = plan;
    this.#isReachable = plan.connection !== 'unreachable';
  }

  createStream(): MediaStream {
    return this.#browser.createStream();
  }

  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    const connection = this.#browser.createPeerConnection(configuration);
    const fake = connection as unknown as FakePeerConnection;
    fake.isReachable = this.#isReachable;
    fake.isBroken = this.#plan.connection === 'broken';
    this.#connections.push(fake);
    return connection;
  }

  refuseByPlan(kinds: readonly MediaKind[]): void {
    for (const kind of kinds) {
      const cause = kind === 'audio' ? this.#plan.microphone : this.#plan.camera;
      if (cause !== undefined) throw new DOMException(`${kind} refused`, errorNames[cause]);
    }
  }

  disconnect(): void {
    this.#isReachable = false;
    for (const connection of this.#connections) {
      connection.isReachable = false;
      connection.turn('disconnected');
    }
  }

  reconnect(): void {
    this.#isReachable = true;
    for (const connection of this.#connections) connection.turn('connected');
  }

  fail(): void {
    for (const connection of this.#connections) connection.turn('failed');
  }
}
