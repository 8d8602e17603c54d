/* The flows of a call in real browsers: how each goes, and what each side is told at its end. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { connectCall } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { openStage } from '../src/browser/stage.ts';
import type { Stage } from '../src/browser/stage.ts';

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 });

const ringMs = 2_000;

describe.skipIf(browserPath('chromium') === undefined)('a call between two browsers', () => {
  let stage: Stage;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage({ page: 'bare', config: { ringMs } });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.[Symbol.asyncDispose]());

  /** Two users that no other test knows. */
  const pair = async (): Promise<[BareUser, BareUser]> => {
    count += 1;
    return Promise.all([stage.user(`alice-${count}`), stage.user(`bob-${count}`)]);
  };

  test('dial, ring, accept, talk; the caller hangs up', async () => {
    const [alice, bob] = await pair();
    await connectCall(alice, bob);
    await alice.tell('hangUp');
    const [atAlice, atBob] = await Promise.all([
      alice.until({ state: 'ended' }),
      bob.until({ state: 'ended' }),
    ]);
    expect(atAlice.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
    expect(atBob.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    expect(atBob.id).toBe(atAlice.id);
    expect(await alice.states()).toEqual([
      'preparing',
      'dialing',
      'ringing',
      'connecting',
      'active',
      'ended',
    ]);
    expect(await bob.states()).toEqual(['ringing', 'accepting', 'connecting', 'active', 'ended']);
  });

  test('the callee hangs up', async () => {
    const [alice, bob] = await pair();
    await connectCall(alice, bob);
    await bob.tell('hangUp');
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'remote',
    });
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'local',
    });
  });

  test('the callee declines', async () => {
    const [alice, bob] = await pair();
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await alice.until({ state: 'ringing' });
    await bob.tell('decline');
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'declined',
      cause: null,
      by: 'remote',
    });
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'declined',
      cause: null,
      by: 'local',
    });
    expect(await alice.states()).toEqual(['preparing', 'dialing', 'ringing', 'ended']);
  });

  test('the caller cancels while it rings', async () => {
    const [alice, bob] = await pair();
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await alice.until({ state: 'ringing' });
    await alice.tell('hangUp');
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'canceled',
      cause: null,
      by: 'local',
    });
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'canceled',
      cause: null,
      by: 'remote',
    });
  });

  test('cancel and accept at once: both sides agree on one end', async () => {
    const [alice, bob] = await pair();
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    await alice.until({ state: 'ringing' });
    await Promise.all([alice.tell('hangUp'), bob.accept({ audio: true, video: false })]);
    const [atAlice, atBob] = await Promise.all([
      alice.until({ state: 'ended' }),
      bob.until({ state: 'ended' }),
    ]);
    // Canceled when the cancel came first; completed when the accept did, and the cancel hung up.
    expect([
      { reason: 'canceled', cause: null, by: 'local' },
      { reason: 'completed', cause: null, by: 'local' },
    ]).toContainEqual(atAlice.end);
    expect(atBob.end).toEqual({ ...atAlice.end, by: 'remote' });
  });

  test('nobody answers: both hear it when the ring time is over', async () => {
    const [alice, bob] = await pair();
    await alice.dial(bob.userId);
    await bob.until({ state: 'ringing' });
    const end = { reason: 'unanswered', cause: null, by: null };
    expect((await alice.until({ state: 'ended' })).end).toEqual(end);
    expect((await bob.until({ state: 'ended' })).end).toEqual(end);
    const rangMs = (await alice.enteredAt('ended')) - (await alice.enteredAt('dialing'));
    expect(rangMs).toBeGreaterThanOrEqual(ringMs);
    expect(rangMs).toBeLessThan(ringMs + 1_500);
  });

  test('the callee is in a call already, and takes one at a time', async () => {
    count += 1;
    const alice = await stage.user(`alice-${count}`);
    const bob = await stage.user(`bob-${count}`, { phone: { callWaiting: false } });
    const carol = await stage.user(`carol-${count}`);
    await connectCall(alice, bob);
    await carol.dial(bob.userId);
    expect((await carol.until({ state: 'ended' })).end).toEqual({
      reason: 'busy',
      cause: null,
      by: null,
    });
    expect((await alice.snapshot())?.state).toBe('active');
    expect((await bob.snapshot())?.state).toBe('active');
    expect((await bob.snapshot())?.peer).toBe(alice.userId);
  });

  test('two tabs of the callee ring; one answers, the other hears that it did', async () => {
    const [alice, bob] = await pair();
    const bobToo = await stage.user(bob.userId);
    await alice.dial(bob.userId);
    await Promise.all([bob.until({ state: 'ringing' }), bobToo.until({ state: 'ringing' })]);
    await bobToo.accept({ audio: true, video: false });
    expect((await bob.until({ state: 'ended' })).end).toEqual({
      reason: 'answered-elsewhere',
      cause: null,
      by: 'local',
      answeredBy: expect.any(String),
    });
    await Promise.all([alice.until({ state: 'active' }), bobToo.until({ state: 'active' })]);
    await alice.untilGrowing('audioEnergyReceived');
  });

  test('the callee is not there', async () => {
    const alice = await stage.user('alice-alone');
    await alice.dial('nobody-there');
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'unreachable',
      cause: null,
      by: null,
    });
  });
});
