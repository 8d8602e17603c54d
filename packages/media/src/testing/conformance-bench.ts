import { RingfenceError } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { MediaReport } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import { Tube } from '@ringfence/isolation';
import type { MediaEngine } from '../engine.ts';
import { createSignalMesh } from './signal-mesh.ts';
import type { SignalMesh } from './signal-mesh.ts';
import { createSignalPair } from './signal-pair.ts';
import { createTestCall, createTestSide } from './test-call.ts';
import type { TestCall, TestSide } from './test-call.ts';

/** What a check runs against. Made anew for each check. */
export interface MediaUnderTest {
  /**
   * Two engines, each with a microphone and a camera that are granted, and sound that is allowed.
   * May be the same one.
   */
  readonly caller: MediaEngine;
  readonly callee: MediaEngine;
  readonly clock: Clock;
  readonly random: Random;
  /** Lets time pass: advances a fake clock, or waits. */
  elapse(ms: number): Promise<void>;
}

/** A promise of the port: its name, and what shows that it is kept. */
export type Check = readonly [name: string, show: (bench: Bench) => Promise<void>];

export const speech: MediaKinds = { audio: true, video: false };
export const both: MediaKinds = { audio: true, video: true };

/** A call of three. */
export interface TestMesh {
  /** By leg: l1, l2, l3. The first and the last are on the caller's page. */
  readonly sides: readonly [TestSide, TestSide, TestSide];
  readonly inject: SignalMesh['inject'];
}

const withinMs = 10_000;
const stepMs = 20;

/** What checks are made of: calls that are brought where a check begins, and closed after it. */
export class Bench {
  readonly under: MediaUnderTest;
  readonly #sides: TestSide[] = [];

  constructor(under: MediaUnderTest) {
    this.under = under;
  }

  call(kinds: MediaKinds): TestCall {
    const { caller, callee, clock, random } = this.under;
    const call = createTestCall({
      callId: `call-${this.#sides.length + 1}`,
      clock,
      caller,
      callee,
      kinds,
      signals: createSignalPair({ leastMs: 1, mostMs: 15 }, { clock, random }),
    });
    this.#sides.push(call.caller, call.callee);
    return call;
  }

  /** Captures on both sides. */
  async acquired(kinds: MediaKinds): Promise<TestCall> {
    const call = this.call(kinds);
    await this.#acquire([call.caller, call.callee], kinds);
    return call;
  }

  async connected(kinds: MediaKinds): Promise<TestCall> {
    const call = await this.acquired(kinds);
    for (const side of [call.caller, call.callee]) side.connect(1);
    await this.until('both sides connect', () =>
      [call.caller, call.callee].every((side) => has(side, 'media.connected')),
    );
    return call;
  }

  /** Three legs that capture, and know nothing of each other yet. */
  async three(kinds: MediaKinds): Promise<TestMesh> {
    const { caller, callee, clock, random } = this.under;
    const mesh = createSignalMesh({ leastMs: 1, mostMs: 15 }, { clock, random });
    const side = (legId: string, engine: MediaEngine): TestSide =>
      createTestSide({
        callId: 'mesh',
        legId,
        engine,
        kinds,
        signals: mesh.channel(legId),
        tube: new Tube(legId, { clock }),
      });
    const sides = [side('l1', caller), side('l2', callee), side('l3', caller)] as const;
    this.#sides.push(...sides);
    await this.#acquire(sides, kinds);
    return { sides, inject: mesh.inject };
  }

  /** Three legs, each connected to both others. */
  async meshed(kinds: MediaKinds): Promise<TestMesh> {
    const mesh = await this.three(kinds);
    for (const side of mesh.sides) {
      for (const peer of mesh.sides) if (peer !== side) side.connect(1, peer.legId);
    }
    await this.until('all are connected', () =>
      mesh.sides.every((side) => mesh.sides.every((peer) => peer === side || flows(side, peer))),
    );
    return mesh;
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    for (let waitedMs = 0; !isSo(); waitedMs += stepMs) {
      if (waitedMs >= withinMs) throw broken(what, `not within ${withinMs} ms`);
      await this.under.elapse(stepMs);
    }
  }

  /** What a promise ends with, while time passes: `done`, or the code of its rejection. */
  async outcome(what: string, promise: Promise<unknown>): Promise<string> {
    let outcome = '';
    promise.then(
      () => (outcome = 'done'),
      (thrown) => (outcome = thrown instanceof RingfenceError ? thrown.code : String(thrown)),
    );
    await this.until(what, () => outcome !== '');
    return outcome;
  }

  async close(): Promise<void> {
    for (const { tube } of this.#sides) await tube.close();
    await this.under.caller.close();
    await this.under.callee.close();
  }

  async #acquire(sides: readonly TestSide[], kinds: MediaKinds): Promise<void> {
    for (const { session } of sides) session.acquire(kinds);
    await this.until('all sides capture', () => sides.every((side) => has(side, 'media.acquired')));
  }
}

const broken = (what: string, why: string): RingfenceError<'conformance_failed'> =>
  new RingfenceError('conformance_failed', `unable to confirm that ${what}; ${why}`, {
    fault: 'internal',
    retryable: false,
    hint: 'Read the promise in the media guide.',
  });

/** Throws when the two differ, as JSON. */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [was, due] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (was !== due) throw broken(what, `${was} is not ${due}`);
}

export const has = (side: TestSide, type: MediaReport['type']): boolean =>
  side.reports.some((report) => report.type === type);

/** True while media flows from one leg to the other, by the last that was reported. */
export const flows = (side: TestSide, peer: TestSide): boolean =>
  side.reports.filter((report) => 'peerLegId' in report && report.peerLegId === peer.legId).at(-1)
    ?.type === 'media.connected';

export const kindsOf = (stream: MediaStream | null | undefined): string[] =>
  (stream?.getTracks() ?? []).map((track) => track.kind).sort();

/** Something of the stream of each leg, by leg. */
export const byLeg = <Found>(
  { session: { remoteStreams } }: TestSide,
  find: (stream: MediaStream) => Found,
): Record<string, Found> =>
  Object.fromEntries(
    [...remoteStreams.keys()].sort().map((legId) => [legId, find(remoteStreams.get(legId)!)]),
  );

/** What comes from each leg. */
export const received = (side: TestSide): Record<string, string[]> => byLeg(side, kindsOf);

export const trackOf = (stream: MediaStream | null, kind: string): MediaStreamTrack =>
  stream!.getTracks().find((track) => track.kind === kind)!;
