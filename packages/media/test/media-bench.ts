import { FakeClock, RecordingLogger, seededRandom } from '@ringfence/base/testing';
import type { MediaKinds } from '@ringfence/call-rules';
import { Tube } from '@ringfence/isolation';
import type { IceServer } from '@ringfence/protocol';
import { expect } from 'vitest';
import { captureOf } from '../src/capture.ts';
import { createMedia } from '../src/engine.ts';
import type { MediaEngine } from '../src/engine.ts';
import type { MediaOptions } from '../src/options.ts';
import { createSignalMesh, createTestSide, FakeBrowser } from '../src/testing/index.ts';
import type { SignalMesh, TestSide } from '../src/testing/index.ts';

export const speech: MediaKinds = { audio: true, video: false };
export const both: MediaKinds = { audio: true, video: true };

/** Some pages with a browser each, and calls between them, in virtual time. */
export class MediaBench {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly browsers: FakeBrowser[] = [];
  readonly engines: MediaEngine[] = [];
  /** Of each leg, in the order they came. */
  readonly tubes: Tube[] = [];
  /** How many faults are to be found in the tubes at the end. */
  faults = 0;
  iceServers: () => Promise<readonly IceServer[]> = async () => [];
  readonly #random = seededRandom(1);
  #calls = 0;

  constructor(pages: number, options: MediaOptions = {}) {
    for (let page = 0; page < pages; page += 1) {
      const collaborators = { clock: this.clock, random: this.#random };
      const browser = new FakeBrowser({}, collaborators);
      this.browsers.push(browser);
      this.engines.push(createMedia(options, { browser, logger: this.logger, ...collaborators }));
    }
  }

  /** The browser of the first page, which most tests look at. */
  get browser(): FakeBrowser {
    return this.browsers[0]!;
  }

  get engine(): MediaEngine {
    return this.engines[0]!;
  }

  /** A call with one leg on each of the pages, in order: l1, l2 and so on. Nothing is captured. */
  call(
    kinds = speech,
    pages = this.engines.map((_, page) => page),
  ): TestSide[] & { mesh: SignalMesh } {
    this.#calls += 1;
    const mesh = createSignalMesh({}, { clock: this.clock, random: this.#random });
    const sides = pages.map((page, index) => {
      const legId = `l${index + 1}`;
      const tube = new Tube(legId, { clock: this.clock, random: this.#random });
      this.tubes.push(tube);
      return createTestSide({
        callId: `call-${this.#calls}`,
        legId,
        engine: this.engines[page]!,
        signals: mesh.channel(legId),
        kinds,
        iceServers: this.iceServers,
        tube,
      });
    });
    return Object.assign(sides, { mesh });
  }

  /** A call whose legs capture, and are connected to each other. */
  async connected(kinds = speech, pages?: number[]): Promise<ReturnType<MediaBench['call']>> {
    const sides = this.call(kinds, pages);
    for (const side of sides) side.session.acquire(kinds);
    await this.clock.advanceAsync(10);
    for (const side of sides) {
      for (const peer of sides) if (peer !== side) side.connect(1, peer.legId);
    }
    await this.clock.advanceAsync(500);
    for (const side of sides) {
      const connected = side.reports.filter(({ type }) => type === 'media.connected');
      expect(connected).toHaveLength(sides.length - 1);
    }
    return sides;
  }

  /** What a promise ends with once a while has passed: `done`, its error code, or `pending`. */
  async outcome(promise: Promise<unknown>, afterMs = 100): Promise<string> {
    let outcome = 'pending';
    promise.then(
      () => (outcome = 'done'),
      (thrown: { code?: string }) => (outcome = thrown.code ?? 'no code'),
    );
    await this.clock.advanceAsync(afterMs);
    return outcome;
  }

  /** Closes all, and asks that nothing is left. */
  async close(): Promise<void> {
    for (const engine of this.engines) await engine.close();
    // The time limit of a fetch of ICE servers may still wait.
    await this.clock.advanceAsync(3_000);
    const left = (count: (browser: FakeBrowser) => number): number =>
      this.browsers.reduce((sum, browser) => sum + count(browser), 0);
    expect({
      timers: this.clock.pending,
      tracks: left(({ liveTracks }) => liveTracks),
      connections: left(({ openConnections }) => openConnections.length),
      audios: left(({ attachedAudios }) => attachedAudios.length),
      listeners: left(({ listeners }) => listeners),
      users: left((browser) => captureOf(browser).users.size),
      owned: this.tubes.reduce((sum, { size }) => sum + size, 0),
      faults: this.tubes.reduce((sum, { faults }) => sum + faults, 0),
    }).toEqual({
      timers: 0,
      tracks: 0,
      connections: 0,
      audios: 0,
      listeners: 0,
      users: 0,
      owned: 0,
      faults: this.faults,
    });
    for (const tube of this.tubes) await tube.close();
  }
}

export const kindsOf = (stream: MediaStream | null | undefined): string[] | null =>
  stream?.getTracks().map((track) => track.kind) ?? null;

/** Signals that go nowhere, and how many listen to them. */
export function countedSignals() {
  const counted = {
    listening: 0,
    signals: {
      send() {},
      receive: () => {
        counted.listening += 1;
        return () => void (counted.listening -= 1);
      },
    },
  };
  return counted;
}
