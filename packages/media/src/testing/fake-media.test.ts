import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeMedia } from './fake-media.ts';
import type { FakeMedia, FakeMediaPlan } from './fake-media.ts';
import { createSignalPair } from './signal-pair.ts';
import { createTestCall } from './test-call.ts';
import type { TestCall } from './test-call.ts';

const both = { audio: true, video: true };
let clock: FakeClock;
let made: FakeMedia[];

beforeEach(() => {
  clock = new FakeClock();
  made = [];
});

afterEach(async () => {
  for (const media of made) await media.close();
  await clock.advanceAsync(100);
  expect([clock.pending, ...made.map((media) => media.size)]).toEqual([0, 0, 0]);
});

function createCall(plan: FakeMediaPlan = {}, seed = 1): TestCall {
  const random = seededRandom(seed);
  const caller = createFakeMedia({ clock, random, plan: () => plan });
  const callee = createFakeMedia({ clock, random });
  made.push(caller, callee);
  const signals = createSignalPair({}, { clock, random });
  return createTestCall({ callId: 'call', clock, caller, callee, kinds: both, signals });
}

async function run(call: TestCall, ms = 1_000): Promise<void> {
  for (const side of [call.caller, call.callee]) side.session.acquire(both);
  await clock.advanceAsync(10);
  for (const side of [call.caller, call.callee]) side.connect(1);
  await clock.advanceAsync(ms);
}

test('a call has the frames of a browser: offer and answer of 2 kB, three batches each way', async () => {
  const call = createCall();
  await run(call);
  const { sent } = call.signals;
  const from = (leg: string) =>
    sent.filter(({ fromLeg }) => fromLeg === leg).map(({ body }) => body.kind);
  const three = ['candidates', 'candidates', 'candidates'];
  expect({ caller: from('l1'), callee: from('l2') }).toEqual({
    caller: ['offer', ...three],
    callee: ['answer', ...three],
  });
  for (const { body } of sent) {
    if (body.kind === 'candidates') continue;
    expect(body.sdp.slice(0, 5)).toBe('v=0\r\n');
    expect(body.sdp.length).toBeGreaterThan(1_800);
    expect(body.sdp.length).toBeLessThan(2_400);
  }
});

test('the same seed gives the same frames, another seed others', async () => {
  const frames = async (seed: number) => {
    const call = createCall({}, seed);
    await run(call);
    call.close();
    made.splice(0);
    return JSON.stringify(call.signals.sent);
  };
  const first = await frames(5);
  expect(await frames(5)).toBe(first);
  expect(await frames(6)).not.toBe(first);
  made.push(createFakeMedia({ clock }), createFakeMedia({ clock }));
});

test.each([
  [{ microphone: 'permission_denied' }, { type: 'media.refused', cause: 'permission_denied' }],
  [{ microphone: 'device_missing' }, { type: 'media.refused', cause: 'device_missing' }],
  [{ camera: 'device_missing' }, { type: 'media.camera-refused', cause: 'device_missing' }],
  [{ connection: 'broken' }, { type: 'media.failed', cause: 'media_failed', peerLegId: 'l2' }],
] as const)('the plan %j is followed', async (plan, report) => {
  const call = createCall(plan);
  await run(call);
  expect(call.caller.reports).toContainEqual(report);
});

test('an unreachable peer never connects', async () => {
  const call = createCall({ connection: 'unreachable' });
  await run(call, 30_000);
  expect(call.caller.reports).toEqual([{ type: 'media.acquired' }]);
});

test('media is taken away and given back, by call', async () => {
  const call = createCall();
  await run(call);
  const media = made[0]!.call('call')!;
  media.disconnect();
  await clock.advanceAsync(20_000);
  media.reconnect();
  await clock.advanceAsync(1_000);
  expect(call.caller.reports.slice(2)).toEqual([
    { type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' },
    { type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' },
  ]);
});

test('a failure climbs the ladder and is healed by the first restart', async () => {
  const call = createCall();
  await run(call);
  made[0]!.call('call')!.fail();
  await clock.advanceAsync(1_000);
  expect(call.caller.reports.slice(2)).toEqual([
    { type: 'media.disconnected', mediaEpoch: 1, peerLegId: 'l2' },
    { type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' },
  ]);
});
