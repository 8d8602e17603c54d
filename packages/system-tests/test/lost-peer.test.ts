/* One side vanishes in the middle of a call: what the other is told, and when. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { browserPath } from '@ringfence/tooling/browsers';
import { connectCall } from '../src/browser/bare-user.ts';
import type { BareUser } from '../src/browser/bare-user.ts';
import { openStage } from '../src/browser/stage.ts';
import type { Stage } from '../src/browser/stage.ts';
import { startTcpProxy } from '../src/browser/tcp-proxy.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const graceMs = 3_000;
const toldWithinMs = 8_000;

describe.skipIf(browserPath('chromium') === undefined)('the peer is lost', () => {
  let stage: Stage;
  let count = 0;
  beforeAll(async () => {
    stage = await openStage({ page: 'bare', config: { graceMs } });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const talk = async (): Promise<[BareUser, BareUser]> => {
    count += 1;
    const [alice, bob] = await Promise.all([
      stage.user(`alice-${count}`),
      stage.user(`bob-${count}`),
    ]);
    await connectCall(alice, bob);
    return [alice, bob];
  };

  /** Resolves when alice is told that bob is away; the time from `lose` until then. */
  const untilTold = async (alice: BareUser, lose: () => Promise<unknown>): Promise<number> => {
    const lostAt = performance.timeOrigin + performance.now();
    await lose();
    await alice.until({ state: 'reconnecting' });
    return (await alice.enteredAt('reconnecting')) - lostAt;
  };

  test("the peer's tab is killed: reconnecting at once, failed after the grace", async () => {
    const [alice, bob] = await talk();
    const toldMs = await untilTold(alice, async () => {
      const crashed = bob.page.waitForEvent('crash');
      // The renderer dies at once, so the navigation never answers.
      bob.page.goto('chrome://crash').catch(() => undefined);
      await crashed;
    });
    expect(toldMs).toBeLessThan(toldWithinMs);
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'failed',
      cause: 'callee_lost',
      by: 'remote',
    });
    const waitedMs = (await alice.enteredAt('ended')) - (await alice.enteredAt('reconnecting'));
    expect(waitedMs).toBeGreaterThanOrEqual(graceMs - 500);
  });

  test("the peer's tab hangs: its socket stands, but nobody answers", async () => {
    const [alice, bob] = await talk();
    const toldMs = await untilTold(alice, async () => {
      // A loop without an end: no message handler of the page runs any more.
      bob.page.evaluate('while (true);').catch(() => undefined);
    });
    expect(toldMs).toBeLessThan(toldWithinMs);
    await alice.tell('hangUp');
    expect((await alice.until({ state: 'ended' })).end).toEqual({
      reason: 'completed',
      cause: null,
      by: 'local',
    });
  });

  test('the peer loses the server and comes back: the sound never stops, the call goes on', async () => {
    const proxy = await startTcpProxy(stage.url);
    try {
      const alice = await stage.user('alice-cut');
      const bob = await stage.user('bob-cut', { url: proxy.url });
      await connectCall(alice, bob);
      const toldMs = await untilTold(alice, async () => proxy.cut());
      expect(toldMs).toBeLessThan(toldWithinMs);
      await alice.untilGrowing('audioEnergyReceived');
      // Media still arrives, so the grace does not run out.
      expect((await bob.snapshot())?.state).toBe('active');
      proxy.mend();
      await alice.until({ state: 'active' });
      await bob.tell('hangUp');
      expect((await alice.until({ state: 'ended' })).end).toEqual({
        reason: 'completed',
        cause: null,
        by: 'remote',
      });
    } finally {
      await proxy.close();
    }
  });

  test('a hang-up made while the server is away arrives when it is back', async () => {
    const proxy = await startTcpProxy(stage.url);
    try {
      const alice = await stage.user('alice-late');
      const bob = await stage.user('bob-late', { url: proxy.url });
      await connectCall(alice, bob);
      await untilTold(alice, async () => proxy.cut());
      await bob.tell('hangUp');
      await bob.until({ state: 'ended' });
      proxy.mend();
      // Not `callee_lost`, as it would be had the hang-up been forgotten.
      expect((await alice.until({ state: 'ended' })).end).toEqual({
        reason: 'completed',
        cause: null,
        by: 'remote',
      });
    } finally {
      await proxy.close();
    }
  });
});
