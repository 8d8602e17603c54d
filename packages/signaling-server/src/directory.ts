import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { Session } from './session.ts';

/** Where a device is. */
type Whereabouts =
  | { readonly kind: 'here'; readonly session: Session }
  | { readonly kind: 'elsewhere'; readonly instance: string }
  /** Its connection was cut a moment ago. Calls are still offered to it, in case it comes back. */
  | { readonly kind: 'lingering'; readonly untilMs: number };

/** One device of a user. */
export interface Device {
  readonly orgId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly callWaiting: boolean;
  /** When it came, on the wall clock. Of two connections of one device the later one counts. */
  readonly since: number;
  readonly where: Whereabouts;
}

/** A device, by its names. */
export type DeviceName = Pick<Device, 'orgId' | 'userId' | 'deviceId'>;

/** Which devices a dial finds. */
export interface Found {
  readonly deviceIds: readonly string[];
  /** True when one of them takes a second call. */
  readonly callWaiting: boolean;
}

/** The most devices a dial rings: the latest to come. */
const ringingDevices = 32;

/** The devices that are connected, here and on other instances, by user. */
export class Directory {
  /** By organisation, user and device: names are looked up as they are, and not joined first. */
  readonly #organisations = new Map<string, Map<string, Map<string, Device>>>();
  readonly #lingering = new Set<Device>();

  /** Users with a device that is known. Zero when everyone has gone. */
  get size(): number {
    let size = 0;
    for (const users of this.#organisations.values()) size += users.size;
    return size;
  }

  find({ orgId, userId, deviceId }: DeviceName): Device | undefined {
    return this.#organisations.get(orgId)?.get(userId)?.get(deviceId);
  }

  /** True when the user has so many devices that this one is one too many. */
  isCrowded({ orgId, userId, deviceId }: DeviceName, most: number): boolean {
    const devices = this.#organisations.get(orgId)?.get(userId);
    return devices !== undefined && devices.size >= most && !devices.has(deviceId);
  }

  /** The session of a device on this instance. */
  session(orgId: string, userId: string, deviceId: string): Session | undefined {
    const where = this.#organisations.get(orgId)?.get(userId)?.get(deviceId)?.where;
    return where?.kind === 'here' ? where.session : undefined;
  }

  /** The session of a leg's device on this instance. */
  sessionOfLeg(facts: CallFacts, leg: Leg): Session | undefined {
    return this.session(facts.call.orgId, leg.userId, leg.deviceId);
  }

  /** True while the device has a connection, to whatever instance. */
  isConnected(name: DeviceName): boolean {
    const kind = this.find(name)?.where.kind;
    return kind === 'here' || kind === 'elsewhere';
  }

  /** The devices a dial to a user reaches, in the order they came. */
  reach(orgId: string, userId: string): Found {
    const devices = this.#organisations.get(orgId)?.get(userId);
    if (devices === undefined) return { deviceIds: [], callWaiting: false };
    let callWaiting = false;
    for (const device of devices.values()) callWaiting ||= device.callWaiting;
    return { deviceIds: [...devices.keys()].slice(-ringingDevices), callWaiting };
  }

  /** Puts a device in, in place of what was known of it; returns that. */
  set(device: Device): Device | undefined {
    const users = mapIn(this.#organisations, device.orgId);
    const devices = mapIn(users, device.userId);
    const before = devices.get(device.deviceId);
    if (before !== undefined) {
      this.#lingering.delete(before);
      // The latest to come is the last in line.
      devices.delete(device.deviceId);
    }
    devices.set(device.deviceId, device);
    if (device.where.kind === 'lingering') this.#lingering.add(device);
    return before;
  }

  /** Takes a device out, unless something newer stands in its place. */
  delete(device: Device): boolean {
    const { orgId, userId, deviceId } = device;
    const users = this.#organisations.get(orgId);
    const devices = users?.get(userId);
    if (devices?.get(deviceId) !== device) return false;
    this.#lingering.delete(device);
    devices.delete(deviceId);
    if (devices.size === 0) users!.delete(userId);
    if (users!.size === 0) this.#organisations.delete(orgId);
    return true;
  }

  /** Forgets the devices whose time to come back is over. */
  purge(nowMs: number): void {
    for (const device of this.#lingering) {
      if (device.where.kind === 'lingering' && device.where.untilMs <= nowMs) this.delete(device);
    }
  }

  /** Every device on this instance. */
  *here(): Generator<Device> {
    for (const device of this.#all()) if (device.where.kind === 'here') yield device;
  }

  /** Every device on another instance. */
  *on(instance: string): Generator<Device> {
    for (const device of this.#all()) {
      if (device.where.kind === 'elsewhere' && device.where.instance === instance) yield device;
    }
  }

  *#all(): Generator<Device> {
    for (const users of this.#organisations.values()) {
      for (const devices of users.values()) yield* devices.values();
    }
  }
}

/** The map under a key, made when there is none. */
function mapIn<Inner>(maps: Map<string, Map<string, Inner>>, key: string): Map<string, Inner> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
