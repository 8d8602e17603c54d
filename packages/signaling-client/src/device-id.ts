import { numberOption, randomId, systemClock, systemRandom } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';

/** The part of Web Storage that is used: that of `sessionStorage`. */
export interface DeviceIdStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The part of the Web Locks API that is used: that of `navigator.locks`. */
export interface DeviceIdLocks {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<unknown>;
}

/** The collaborators of {@link claimDeviceId}. Each has a default; null is for "there is none". */
export interface DeviceIdPorts {
  /** Lives as long as the tab. Default: `sessionStorage`, where the platform has it. */
  readonly storage?: DeviceIdStorage | null | undefined;
  /** Default: `navigator.locks`, where the platform has it. */
  readonly locks?: DeviceIdLocks | null | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** How an id is kept and claimed. */
export interface DeviceIdOptions {
  /** The key in the storage, and the name of the lock. Default `ringfence.device-id`. */
  readonly name?: string | undefined;
  /**
   * How long to wait for a page that goes away to let go of the id, as in a reload, before another
   * tab is taken to hold it. Milliseconds. Default 300; 0 to 10,000.
   */
  readonly waitMs?: number | undefined;
}

/** A device id that no other page of this browser has. */
export interface DeviceClaim {
  /** For the `deviceId` of a client. */
  readonly deviceId: string;
  /** Lets go of the id, so that another page may claim it. The end of the page does so too. */
  release(): void;
}

/** What the wire takes as a device id. */
const pattern = /^[\w-]{1,64}$/;

interface Platform {
  readonly sessionStorage?: DeviceIdStorage;
  readonly navigator?: { readonly locks?: DeviceIdLocks };
}

/** Undefined where the platform forbids it by throwing: storage is full, or the user said so. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** Takes the lock, and resolves with what frees it; with null when it is not to be had. */
function hold(
  locks: DeviceIdLocks,
  lock: string,
  clock: Clock,
  waitMs: number,
): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const patience = new AbortController();
    const timer = clock.setTimeout(() => patience.abort(), waitMs);
    const held = (): Promise<void> =>
      new Promise((release) => {
        clock.clearTimeout(timer);
        resolve(release);
      });
    locks.request(lock, { signal: patience.signal }, held).catch(() => {
      clock.clearTimeout(timer);
      resolve(null);
    });
  });
}

/**
 * Claims a device id for this page that survives its reload: the same tab gets the same id. A tab
 * that was duplicated has a copy of the storage; it finds the id locked by the first and mints one
 * of its own, because two connections with one id push each other out. Where there are no locks,
 * nobody can tell the two apart, and an id is minted each time.
 *
 * Where the browser forbids storage or locks, an id is minted too.
 *
 * @example
 * const { deviceId } = await claimDeviceId();
 * const client = createSignalingClient({ url, token, deviceId });
 *
 * @throws {RingfenceError} as a rejection: `invalid_option`.
 */
export async function claimDeviceId(
  { name = 'ringfence.device-id', waitMs = 300 }: DeviceIdOptions = {},
  ports: DeviceIdPorts = {},
): Promise<DeviceClaim> {
  numberOption('waitMs', waitMs, 0, 10_000);
  // Read when it is used, so that importing this file touches no global.
  const platform = globalThis as unknown as Platform;
  const {
    storage = attempt(() => platform.sessionStorage),
    locks = platform.navigator?.locks,
    clock = systemClock,
    random = systemRandom,
  } = ports;
  const minted = randomId(random);
  if (!locks) return { deviceId: minted, release() {} };

  const claim = async (deviceId: string): Promise<DeviceClaim | null> => {
    const release = await hold(locks, `${name} ${deviceId}`, clock, waitMs);
    return release && { deviceId, release };
  };
  const kept = attempt(() => storage?.getItem(name));
  const reclaimed = kept && pattern.test(kept) ? await claim(kept) : null;
  if (reclaimed) return reclaimed;
  attempt(() => storage?.setItem(name, minted));
  return (await claim(minted)) ?? { deviceId: minted, release() {} };
}
