import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { StoredSettings } from './ports.ts';
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

/** What is known of a user whom a call is for. */
export interface Found {
  readonly deviceIds: readonly string[];
  /** True when one of them takes a call while in another. */
  readonly callWaiting: boolean;
  /** As last heard; null where none were heard of. */
  readonly settings: StoredSettings | null;
}

/** A user with a device that is known. */
interface KnownUser {
  readonly devices: Map<string, Device>;
  settings: StoredSettings | null;
}

/** The most devices a call rings: the latest to come. */
const ringingDevices = 32;

/** The devices that are connected, here and on other instances, and the settings of their users. */
export class Directory {
  /** By organisation, user and device: names are looked up as they are, and not joined first. */
  readonly #organisations = new Map<string, Map<string, KnownUser>>();
  readonly #lingering = new Set<Device>();

  /** Users with a device that is known. Zero when everyone has gone. */
  get size(): number {
    let size = 0;
    for (const users of this.#organisations.values()) size += users.size;
    return size;
  }

  find({ orgId, userId, deviceId }: DeviceName): Device | undefined {
    return this.#organisations.get(orgId)?.get(userId)?.devices.get(deviceId);
  }

  /** True when the user has so many devices that this one is one too many. */
  isCrowded({ orgId, userId, deviceId }: DeviceName, most: number): boolean {
    const devices = this.#organisations.get(orgId)?.get(userId)?.devices;
    return devices !== undefined && devices.size >= most && !devices.has(deviceId);
  }

  /** The session of a device on this instance. */
  session(orgId: string, userId: string, deviceId: string): Session | undefined {
    const where = this.#organisations.get(orgId)?.get(userId)?.devices.get(deviceId)?.where;
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

  /** What a call to a user finds: their devices, in the order they came. */
  reach(orgId: string, userId: string): Found {
    const user = this.#organisations.get(orgId)?.get(userId);
    if (user === undefined) return nobody;
    let callWaiting = false;
    for (const device of user.devices.values()) callWaiting ||= device.callWaiting;
    const deviceIds = [...user.devices.keys()].slice(-ringingDevices);
    return { deviceIds, callWaiting, settings: user.settings };
  }

  /** The devices of a user. */
  devices(orgId: string, userId: string): Iterable<Device> {
    return this.#organisations.get(orgId)?.get(userId)?.devices.values() ?? [];
  }

  /** The settings of a user as last heard; null where none were heard of. */
  settings(orgId: string, userId: string): StoredSettings | null {
    return this.#organisations.get(orgId)?.get(userId)?.settings ?? null;
  }

  /** Notes a user's settings, for as long as a device of theirs is known. False when they are no news. */
  learnSettings(orgId: string, userId: string, settings: StoredSettings): boolean {
    const user = this.#organisations.get(orgId)?.get(userId);
    if (user === undefined || settings.version <= (user.settings?.version ?? 0)) return false;
    user.settings = settings;
    return true;
  }

  /** Puts a device in, in place of what was known of it; returns that. */
  set(device: Device): Device | undefined {
    const { devices } = this.#user(device.orgId, device.userId);
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
    const user = users?.get(userId);
    if (user?.devices.get(deviceId) !== device) return false;
    this.#lingering.delete(device);
    user.devices.delete(deviceId);
    if (user.devices.size === 0) users!.delete(userId);
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
      for (const { devices } of users.values()) yield* devices.values();
    }
  }

  /** A user, noted when not known yet. */
  #user(orgId: string, userId: string): KnownUser {
    let users = this.#organisations.get(orgId);
    if (users === undefined) {
      users = new Map();
      this.#organisations.set(orgId, users);
    }
    let user = users.get(userId);
    if (user === undefined) {
      user = { devices: new Map(), settings: null };
      users.set(userId, user);
    }
    return user;
  }
}

const nobody: Found = { deviceIds: [], callWaiting: false, settings: null };
