import { randomInteger } from '@ringfence/base';
import { FakeClock, seededRandom, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { createMedia } from './engine.ts';
import { createSignalPair, createTestCall, FakeBrowser } from './testing/index.ts';
import type { FakePeerConnection, TestCall, TestSide } from './testing/index.ts';

interface Trial {
  readonly clock: FakeClock;
  readonly browsers: readonly FakeBrowser[];
  readonly call: TestCall;
  readonly sides: readonly TestSide[];
  readonly log: string[];
}

/** Two sessions of the code that ships, whose every step takes a random time. */
function startTrial(seed: number): Trial {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const kinds = { audio: true, video: randomInteger(random, 2) === 1 };
  const browsers = [0, 1].map(
    () => new FakeBrowser({ operationMs: randomInteger(random, 40) }, { clock, random }),
  );
  const [caller, callee] = browsers.map((browser) =>
    createMedia({ giveUpMs: 600_000 }, { browser, clock, random }),
  );
  const call = createTestCall({
    callId: `seed ${seed}`,
    clock,
    caller: caller!,
    callee: callee!,
    kinds,
    signals: createSignalPair(
      { leastMs: 1, mostMs: 1 + randomInteger(random, 120) },
      { clock, random },
    ),
  });
  const sides = [call.caller, call.callee];
  for (const side of sides) side.session.acquire(kinds);
  return { clock, browsers, call, sides, log: [] };
}

const connectionOf = (browser: FakeBrowser): FakePeerConnection => browser.connections.at(-1)!;

/** What both ends of a connection say of it, in terms that must match. */
function agreement({ browsers, sides }: Trial) {
  return browsers.map((browser, index) => {
    const connection = connectionOf(browser);
    const { generation } = connection;
    const [own, other] = [generation?.local, generation?.remote];
    return {
      signaling: connection.signalingState,
      connection: connection.connectionState,
      // From the caller's view on both sides.
      generations: index === 0 ? [own, other] : [other, own],
      sections: connection.getTransceivers().map(({ kind, mid, currentDirection }) => ({
        kind,
        mid,
        callerSends: sendsAt(index, 0, currentDirection),
        calleeSends: sendsAt(index, 1, currentDirection),
      })),
      failed: sides[index]!.reports.some((report) => report.type === 'media.failed'),
    };
  });
}

function sendsAt(viewer: number, side: number, direction: string | null): boolean {
  const isOwn = viewer === side;
  return direction === 'sendrecv' || direction === (isOwn ? 'sendonly' : 'recvonly');
}

function act(trial: Trial, random: ReturnType<typeof seededRandom>): void {
  const index = randomInteger(random, 2);
  const side = trial.sides[index]!;
  const what = ['camera on', 'camera off', 'hold', 'resume', 'restart', 'mute'] as const;
  const chosen = what[randomInteger(random, what.length)]!;
  trial.log.push(`${trial.clock.monotonic()} ${index} ${chosen}`);
  switch (chosen) {
    case 'camera on':
      return side.control({ camera: true });
    case 'camera off':
      return side.control({ camera: false });
    case 'hold':
      return side.control({ held: true });
    case 'resume':
      return side.control({ held: false });
    case 'mute':
      return side.control({ muted: true });
    case 'restart':
      return connectionOf(trial.browsers[index]!)?.restartIce();
  }
}

async function runTrial(seed: number): Promise<void> {
  const trial = startTrial(seed);
  const { clock, sides, browsers, call } = trial;
  const random = seededRandom(seed + 1_000_000);
  await clock.advanceAsync(5);
  // Either side may hear first that the call was answered.
  const order = randomInteger(random, 2) === 0 ? sides : [...sides].reverse();
  for (const side of order) {
    side.connect(1);
    await clock.advanceAsync(randomInteger(random, 60));
  }
  for (let actions = 0; actions < 10; actions += 1) {
    act(trial, random);
    await clock.advanceAsync(randomInteger(random, 90));
  }
  await clock.advanceAsync(5_000);
  const [caller, callee] = agreement(trial);
  const context = `seed ${seed}\n${trial.log.join('\n')}`;
  expect(caller, context).toEqual(callee);
  expect(caller, context).toMatchObject({
    signaling: 'stable',
    connection: 'connected',
    failed: false,
  });
  for (const [index, side] of sides.entries()) {
    const camera = side.session.localStream!.getVideoTracks().length > 0;
    const video = caller!.sections.find(({ kind }) => kind === 'video')!;
    const isAgreed = index === 0 ? video.callerSends : video.calleeSends;
    // A camera that is on is negotiated; one that is off may still be.
    if (camera) expect(isAgreed, context).toBe(true);
    const peer = sides[1 - index]!;
    const arrives = (peer.session.remoteStream?.getVideoTracks().length ?? 0) > 0;
    expect(arrives, context).toBe(isAgreed);
  }
  call.close();
  await settle();
  await clock.advanceAsync(500);
  expect([clock.pending, ...browsers.map((browser) => browser.liveTracks)], context).toEqual([
    0, 0, 0,
  ]);
}

test.each([1, 101, 201])(
  'two sessions always agree, however their steps interleave (P-709; 100 seeds from %i)',
  async (first) => {
    for (let seed = first; seed < first + 100; seed += 1) await runTrial(seed);
  },
);

test('an answer that nothing asked for is dropped', async () => {
  const { clock, call, sides, browsers } = startTrial(1);
  await clock.advanceAsync(5);
  for (const side of sides) side.connect(1);
  await clock.advanceAsync(2_000);
  const answer = call.signals.sent.find(({ body }) => body.kind === 'answer')!;
  call.signals.inject('l1', { fromLeg: 'l2', mediaEpoch: 1, body: answer.body });
  await clock.advanceAsync(1_000);
  expect(call.caller.reports).toEqual([
    { type: 'media.acquired' },
    { type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' },
  ]);
  expect(connectionOf(browsers[0]!).signalingState).toBe('stable');
  call.close();
});

test('candidates that come before their description wait for it', async () => {
  const { clock, call, browsers } = startTrial(2);
  await clock.advanceAsync(5);
  call.caller.connect(1);
  await clock.advanceAsync(500);
  const { signals } = call;
  const offer = signals.sent.find(({ body }) => body.kind === 'offer')!;
  const candidates = signals.sent.filter(({ body }) => body.kind === 'candidates');
  expect(candidates.length).toBeGreaterThan(1);
  // The callee hears all of it again, the other way round.
  const other = startTrial(3);
  await other.clock.advanceAsync(5);
  other.call.callee.connect(1);
  await other.clock.advanceAsync(5);
  for (const { body } of [...candidates, offer]) {
    other.call.signals.inject('l2', { fromLeg: 'l1', mediaEpoch: 1, body });
  }
  await other.clock.advanceAsync(1_000);
  expect(other.call.callee.reports).toEqual([
    { type: 'media.acquired' },
    { type: 'media.connected', mediaEpoch: 1, peerLegId: 'l1' },
  ]);
  expect(browsers[0]!.connections).toHaveLength(1);
  call.close();
  other.call.close();
});

test('a peer that only sends candidates does not fill the memory', async () => {
  const { clock, call } = startTrial(2);
  await clock.advanceAsync(5);
  call.callee.connect(1);
  const nobodys = Array.from({ length: 32 }, (_, index) => ({
    candidate: `candidate:${index}`,
    sdpMid: '0',
    usernameFragment: 'nobody',
  }));
  for (let times = 0; times < 100; times += 1) {
    const body = { kind: 'candidates', candidates: nobodys } as const;
    call.signals.inject('l2', { fromLeg: 'l1', mediaEpoch: 1, body: structuredClone(body) });
  }
  await clock.advanceAsync(100);
  call.caller.connect(1);
  await clock.advanceAsync(2_000);
  expect(call.callee.reports.at(-1)).toEqual({
    type: 'media.connected',
    mediaEpoch: 1,
    peerLegId: 'l1',
  });
  call.close();
});
