import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { describe, expect, it } from 'vitest';
import { claimDeviceId } from './device-id.ts';
import type { DeviceIdLocks, DeviceIdStorage } from './device-id.ts';

/** Locks as browsers keep them: one holder each, and whoever waits gets it in turn. */
class FakeLocks implements DeviceIdLocks {
  readonly held = new Map<string, Promise<void>>();

  async request(
    name: string,
    { signal }: { readonly signal: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<void> {
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'));
    });
    while (this.held.has(name)) {
      const turn = await Promise.race([this.held.get(name)!, aborted]);
      if (turn === 'aborted') throw new DOMException('aborted', 'AbortError');
    }
    const holding = callback().finally(() => this.held.delete(name));
    this.held.set(name, holding);
    return holding;
  }
}

class FakeStorage implements DeviceIdStorage {
  readonly items: Map<string, string>;

  constructor(items: Iterable<readonly [string, string]> = []) {
    this.items = new Map(items);
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

function createBrowser() {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const locks = new FakeLocks();
  const claim = (storage: DeviceIdStorage | null, options = {}) =>
    claimDeviceId(options, { storage, locks, clock, random });
  return { clock, random, locks, claim };
}

const minted = /^[0-9a-z]{4,28}$/;

describe('claimDeviceId', () => {
  it('mints an id, keeps it, and gives it to the same tab again', async () => {
    const { clock, claim } = createBrowser();
    const storage = new FakeStorage();
    const first = await claim(storage);
    expect(first.deviceId).toMatch(minted);
    expect([...storage.items.values()]).toEqual([first.deviceId]);
    first.release();
    const second = await claim(storage);
    expect(second.deviceId).toBe(first.deviceId);
    expect(clock.pending).toBe(0);
  });

  it('gives a duplicated tab an id of its own, which it keeps', async () => {
    const { clock, locks, claim } = createBrowser();
    const storage = new FakeStorage();
    const first = await claim(storage);
    const copy = new FakeStorage(storage.items);
    const claiming = claim(copy);
    await clock.advanceAsync(299);
    expect(locks.held.size).toBe(1);
    await clock.advanceAsync(1);
    const second = await claiming;
    expect(second.deviceId).toMatch(minted);
    expect(second.deviceId).not.toBe(first.deviceId);
    expect([...copy.items.values()]).toEqual([second.deviceId]);
    expect([...storage.items.values()]).toEqual([first.deviceId]);
    second.release();
    expect((await claim(copy)).deviceId).toBe(second.deviceId);
    expect(clock.pending).toBe(0);
  });

  it('waits for a page that is about to go away, as in a reload', async () => {
    const { clock, claim } = createBrowser();
    const storage = new FakeStorage();
    const before = await claim(storage);
    const claiming = claim(storage);
    await clock.advanceAsync(100);
    before.release();
    expect((await claiming).deviceId).toBe(before.deviceId);
    expect(clock.pending).toBe(0);
  });

  it('lets go of its own claim alone, however often it is told', async () => {
    const { clock, claim } = createBrowser();
    const storage = new FakeStorage();
    const first = await claim(storage);
    first.release();
    const second = await claim(storage);
    first.release();
    const claiming = claim(new FakeStorage(storage.items), { waitMs: 0 });
    await clock.advanceAsync(0);
    expect((await claiming).deviceId).not.toBe(second.deviceId);
  });

  it.each([-1, 10_001, Number.NaN])('refuses a wait of %s', async (waitMs) => {
    const { claim } = createBrowser();
    await expect(claim(null, { waitMs })).rejects.toMatchObject({ code: 'invalid_option' });
  });

  it('does not take what it did not write', async () => {
    const { claim } = createBrowser();
    const storage = new FakeStorage([['ringfence.device-id', 'no device id']]);
    expect((await claim(storage)).deviceId).toMatch(minted);
    const named = new FakeStorage([['mine', 'desk-1']]);
    expect((await claim(named, { name: 'mine' })).deviceId).toBe('desk-1');
  });

  it('mints anew each time where there are no locks, and keeps nothing', async () => {
    const { clock, random } = createBrowser();
    const storage = new FakeStorage([['ringfence.device-id', 'kept']]);
    const ports = { storage, locks: null, clock, random };
    const [first, second] = [await claimDeviceId({}, ports), await claimDeviceId({}, ports)];
    expect(new Set(['kept', first.deviceId, second.deviceId]).size).toBe(3);
    expect([...storage.items.values()]).toEqual(['kept']);
    first.release();
  });

  it.each<[string, DeviceIdStorage | null]>([
    ['there is none', null],
    [
      'the browser forbids it',
      {
        getItem() {
          throw new DOMException('forbidden', 'SecurityError');
        },
        setItem() {
          throw new DOMException('full', 'QuotaExceededError');
        },
      },
    ],
  ])('mints where storage cannot be used: %s', async (_, storage) => {
    const { claim } = createBrowser();
    expect((await claim(storage)).deviceId).toMatch(minted);
  });

  it('mints where the browser forbids locks', async () => {
    const { clock, random } = createBrowser();
    const locks: DeviceIdLocks = {
      request: () => Promise.reject(new DOMException('forbidden', 'SecurityError')),
    };
    const storage = new FakeStorage([['ringfence.device-id', 'kept']]);
    const claim = await claimDeviceId({}, { storage, locks, clock, random });
    expect(claim.deviceId).toMatch(minted);
    claim.release();
    expect(clock.pending).toBe(0);
  });

  it('works where the platform has neither', async () => {
    const claim = await claimDeviceId({}, { storage: undefined, locks: null });
    expect(claim.deviceId).toMatch(minted);
  });
});
