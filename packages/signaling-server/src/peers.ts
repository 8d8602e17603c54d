/*
 * The other instances. What passes between them are hints: who is connected where, which call was
 * written, whose settings changed, and frames for devices. Every one may be lost.
 *
 *   - Each instance says every 2.5 s that it lives and how many devices it has. Who counts
 *     otherwise asks for the whole list, so a lost `here` or `gone` heals.
 *   - An instance that is not heard for 10 s is gone, with its devices.
 */
import { toError } from '@ringfence/base';
import type { Clock, Logger } from '@ringfence/base';
import type { CallOutcome } from '@ringfence/call-rules';
import { CLOSE } from '@ringfence/protocol';
import type { Device, DeviceName, Directory } from './directory.ts';
import { concerns } from './audience.ts';
import type { Bus, ChangeSet, OutboxEntry, StoredSettings } from './ports.ts';

const everyone = 'ringfence.instances';
const topicOf = (instance: string): string => `ringfence.instance.${instance}`;
const aliveMs = 2_500;
const instanceLeaseMs = 10_000;

interface RemoteDevice extends DeviceName {
  readonly callWaiting: boolean;
  readonly since: number;
}

type PeerMessage =
  /** The call was written up to `seq`. */
  | { readonly kind: 'call'; readonly orgId: string; readonly callId: string; readonly seq: number }
  /** A frame for a device that is connected to the receiver. */
  | { readonly kind: 'frame'; readonly device: DeviceName; readonly text: string }
  /** The user, who has a device on the receiver, has these settings now. */
  | {
      readonly kind: 'settings';
      readonly orgId: string;
      readonly userId: string;
      readonly settings: StoredSettings;
    }
  | { readonly kind: 'here'; readonly instance: string; readonly device: RemoteDevice }
  | {
      readonly kind: 'gone';
      readonly instance: string;
      readonly device: RemoteDevice;
      readonly lingerMs: number;
    }
  | { readonly kind: 'alive'; readonly instance: string; readonly devices: number }
  | { readonly kind: 'ask'; readonly instance: string }
  | {
      readonly kind: 'devices';
      readonly instance: string;
      readonly devices: readonly RemoteDevice[];
    }
  | { readonly kind: 'left'; readonly instance: string };

/** What the rest of the instance does about news from others. */
export interface PeerEvents {
  /** Another instance wrote a call in which a device of this one has a leg. */
  callWritten(orgId: string, callId: string, seq: number): void;
  /** A user's settings were changed on another instance. */
  settingsWritten(orgId: string, userId: string, settings: StoredSettings): void;
  /** The instance that served the device is gone, and did not say so of its calls. */
  deviceLost(device: DeviceName): void;
}

export interface PeersParts {
  readonly bus: Bus;
  readonly instance: string;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Peers {
  readonly #parts: PeersParts;
  /** When each other instance was last heard, on the monotonic clock. */
  readonly #heardAt = new Map<string, number>();
  readonly #ends: (() => void)[];
  #events: PeerEvents = { callWritten() {}, settingsWritten() {}, deviceLost() {} };
  #aliveAt = 0;

  constructor(parts: PeersParts) {
    this.#parts = parts;
    const listener = ({ body }: { readonly body: string }): void => this.#receive(body);
    this.#ends = [
      parts.bus.subscribe(everyone, listener),
      parts.bus.subscribe(topicOf(parts.instance), listener),
    ];
  }

  /** How many other instances live. */
  get size(): number {
    return this.#heardAt.size;
  }

  /** Sets who acts on news, and asks the others who is connected where. */
  start(events: PeerEvents): void {
    this.#events = events;
    this.#tell(everyone, { kind: 'ask', instance: this.#parts.instance });
  }

  /**
   * The hints a write takes with it: for each call, one for each other instance it concerns. The
   * second call comes first, as it does for sessions (P-841).
   */
  outbox(
    change: CallOutcome & { readonly other?: CallOutcome | undefined },
  ): readonly OutboxEntry[] {
    if (this.#heardAt.size === 0) return [];
    const hints = this.#hints(change);
    return change.other === undefined ? hints : [...this.#hints(change.other), ...hints];
  }

  #hints({ facts, events }: CallOutcome): readonly OutboxEntry[] {
    const { id: callId, orgId, seq } = facts.call;
    const instances = new Set<string>();
    for (const leg of facts.legs) {
      const { userId, deviceId } = leg;
      const where = this.#parts.directory.find({ orgId, userId, deviceId })?.where;
      if (where?.kind !== 'elsewhere' || instances.has(where.instance)) continue;
      if (concerns(facts, events, leg)) instances.add(where.instance);
    }
    return [...instances].map((instance) => ({ topic: topicOf(instance), callId, seq }));
  }

  /** Sends the hints of a write that is done. */
  publish({ orgId, outbox }: ChangeSet): void {
    for (const { topic, callId, seq } of outbox)
      this.#tell(topic, { kind: 'call', orgId, callId, seq });
  }

  /** A user's settings were changed here. */
  settings(orgId: string, userId: string, settings: StoredSettings): void {
    const instances = new Set<string>();
    for (const { where } of this.#parts.directory.devices(orgId, userId)) {
      if (where.kind === 'elsewhere') instances.add(where.instance);
    }
    for (const instance of instances) {
      this.#tell(topicOf(instance), { kind: 'settings', orgId, userId, settings });
    }
  }

  /** Sends a frame to a device on another instance. */
  frame(instance: string, { orgId, userId, deviceId }: DeviceName, text: string): void {
    this.#tell(topicOf(instance), { kind: 'frame', device: { orgId, userId, deviceId }, text });
  }

  /** A device came to this instance. */
  here(device: Device): void {
    this.#tell(everyone, { kind: 'here', instance: this.#parts.instance, device: bare(device) });
  }

  /** A device left this instance. It may be back within `lingerMs`. */
  gone(device: Device, lingerMs: number): void {
    const { instance } = this.#parts;
    this.#tell(everyone, { kind: 'gone', instance, device: bare(device), lingerMs });
  }

  /** `stoodStillMs` is for how long this instance itself did not run. */
  tick(nowMs: number, stoodStillMs: number): void {
    const { directory, instance } = this.#parts;
    if (nowMs >= this.#aliveAt) {
      this.#aliveAt = nowMs + aliveMs;
      const devices = count(directory.here());
      this.#tell(everyone, { kind: 'alive', instance, devices });
    }
    for (const [other, lastMs] of this.#heardAt) {
      const heardAt = lastMs + stoodStillMs;
      this.#heardAt.set(other, heardAt);
      if (nowMs - heardAt < instanceLeaseMs) continue;
      this.#parts.logger.warn('another instance is gone', { instance: other });
      this.#forget(other);
    }
  }

  close(): void {
    this.#tell(everyone, { kind: 'left', instance: this.#parts.instance });
    for (const end of this.#ends) end();
  }

  #tell(topic: string, message: PeerMessage): void {
    this.#parts.bus.publish({ topic, body: JSON.stringify(message) });
  }

  #receive(body: string): void {
    let message: PeerMessage;
    try {
      message = JSON.parse(body) as PeerMessage;
    } catch (thrown) {
      this.#parts.logger.warn('a bus message is unreadable', { error: toError(thrown).name });
      return;
    }
    if (message.kind === 'call') {
      this.#events.callWritten(message.orgId, message.callId, message.seq);
    } else if (message.kind === 'settings') {
      this.#events.settingsWritten(message.orgId, message.userId, message.settings);
    } else if (message.kind === 'frame') {
      const { orgId, userId, deviceId } = message.device;
      this.#parts.directory.session(orgId, userId, deviceId)?.sendLossy(message.text);
    } else if (message.instance !== this.#parts.instance) {
      this.#hear(message);
    }
  }

  #hear(message: Exclude<PeerMessage, { readonly kind: 'call' | 'settings' | 'frame' }>): void {
    const { instance } = message;
    const { clock, directory } = this.#parts;
    if (message.kind === 'left') return this.#forget(instance);
    this.#heardAt.set(instance, clock.monotonic());
    switch (message.kind) {
      case 'here':
        return this.#place(instance, message.device);
      case 'gone': {
        const known = directory.find(message.device);
        if (known?.where.kind !== 'elsewhere' || known.where.instance !== instance) return;
        directory.delete(known);
        if (message.lingerMs === 0) return;
        const untilMs = clock.monotonic() + message.lingerMs;
        directory.set({ ...known, where: { kind: 'lingering', untilMs } });
        return;
      }
      case 'alive': {
        if (message.devices === count(directory.on(instance))) return;
        const ask: PeerMessage = { kind: 'ask', instance: this.#parts.instance };
        return this.#tell(topicOf(instance), ask);
      }
      case 'ask': {
        const devices = [...directory.here()].map(bare);
        return this.#tell(topicOf(instance), {
          kind: 'devices',
          instance: this.#parts.instance,
          devices,
        });
      }
      case 'devices':
        for (const device of [...directory.on(instance)]) directory.delete(device);
        for (const device of message.devices) this.#place(instance, device);
    }
  }

  /** Notes a device on another instance, unless it has come here since. */
  #place(instance: string, device: RemoteDevice): void {
    const { directory } = this.#parts;
    const known = directory.find(device);
    if (known !== undefined && known.where.kind !== 'lingering' && isLater(known, device)) return;
    directory.set({ ...device, where: { kind: 'elsewhere', instance } });
    if (known?.where.kind === 'here') known.where.session.close(CLOSE.replaced, 'replaced');
  }

  #forget(instance: string): void {
    const { directory } = this.#parts;
    this.#heardAt.delete(instance);
    for (const device of [...directory.on(instance)]) {
      directory.delete(device);
      this.#events.deviceLost(device);
    }
  }
}

const isLater = (known: RemoteDevice, other: RemoteDevice): boolean => known.since > other.since;

function bare({ orgId, userId, deviceId, callWaiting, since }: Device): RemoteDevice {
  return { orgId, userId, deviceId, callWaiting, since };
}

function count(devices: Iterable<unknown>): number {
  let total = 0;
  for (const _ of devices) total += 1;
  return total;
}
