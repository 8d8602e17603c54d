import type { Clock } from '@ringfence/base';
import { CLOSE } from '@ringfence/protocol';
import type { Calls } from './calls.ts';
import type { Device, Directory } from './directory.ts';
import type { Peers } from './peers.ts';
import type { Session } from './session.ts';

/** Closes after which a device is not expected back by itself. */
const goodbyes: ReadonlySet<number> = new Set([CLOSE.normal, 1001]);

export interface PresenceParts {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly peers: Peers;
}

/** Notes which devices come and go, and tells their calls and the other instances. */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #leaseMs: number;

  /** A device that was cut off keeps its place for `leaseMs`. */
  constructor(leaseMs: number, parts: PresenceParts) {
    this.#leaseMs = leaseMs;
    this.#parts = parts;
  }

  /** A session's token was accepted. The device's earlier connection ends (P-108). */
  arrive(session: Session): void {
    const { clock, directory, peers } = this.#parts;
    const { orgId, userId, deviceId, callWaiting } = session.identity!;
    const where = { kind: 'here', session } as const;
    const device: Device = { orgId, userId, deviceId, callWaiting, since: clock.now(), where };
    const before = directory.set(device);
    if (before?.where.kind === 'here') {
      // The calls pass over with the device: nobody hears that it was silent.
      for (const [callId, entry] of before.where.session.calls) session.calls.set(callId, entry);
      before.where.session.calls.clear();
      before.where.session.close(CLOSE.replaced, 'replaced');
    }
    peers.here(device);
  }

  /** A session has closed, with this code. */
  leave(session: Session, code: number): void {
    if (session.identity === null) return;
    const { calls, clock, directory, peers } = this.#parts;
    const device = directory.find(session.identity);
    if (device?.where.kind === 'here' && device.where.session === session) {
      directory.delete(device);
      const lingerMs = goodbyes.has(code) ? 0 : this.#leaseMs;
      if (lingerMs > 0) {
        const untilMs = clock.monotonic() + lingerMs;
        directory.set({ ...device, where: { kind: 'lingering', untilMs } });
      }
      peers.gone(device, lingerMs);
    }
    const { orgId } = session.identity;
    for (const callId of session.calls.keys()) calls.presence(orgId, callId, session.identity);
    session.calls.clear();
  }
}
