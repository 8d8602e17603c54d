import { hasJoined, legOfDevice } from '@ringfence/call-rules';
import type { Leg } from '@ringfence/call-rules';
import { writeEvent } from '@ringfence/protocol';
import type { SentAcknowledgement, SentSignal } from '@ringfence/protocol';
import type { Directory } from './directory.ts';
import type { Peers } from './peers.ts';
import type { Session } from './session.ts';

/**
 * Passes signals from one leg of a call to another. It works from what is remembered of the call,
 * so signals go on while the store is down.
 */
export class Relay {
  readonly #directory: Directory;
  readonly #peers: Peers;

  constructor({ directory, peers }: { readonly directory: Directory; readonly peers: Peers }) {
    this.#directory = directory;
    this.#peers = peers;
  }

  signal(session: Session, { toLeg, ...signal }: SentSignal): void {
    const legs = this.#legs(session, signal.callId, toLeg);
    if (legs === undefined) return;
    this.#send(session, legs.to, writeEvent('signal', { ...signal, fromLeg: legs.from.id }));
  }

  acknowledge(session: Session, { toLeg, ...acknowledgement }: SentAcknowledgement): void {
    const legs = this.#legs(session, acknowledgement.callId, toLeg);
    if (legs === undefined) return;
    const text = writeEvent('signal.ack', { ...acknowledgement, fromLeg: legs.from.id });
    this.#send(session, legs.to, text);
  }

  /** P-707: the two legs, when both have joined this call and not left it. */
  #legs(session: Session, callId: string, toLeg: string): { from: Leg; to: Leg } | undefined {
    const facts = session.calls.get(callId)?.facts;
    if (!facts) return undefined;
    const { userId, deviceId } = session.identity!;
    const from = legOfDevice(facts, userId, deviceId);
    const to = facts.legs.find((leg) => leg.id === toLeg);
    if (from === undefined || to === undefined || from === to) return undefined;
    return hasJoined(facts, from) && hasJoined(facts, to) ? { from, to } : undefined;
  }

  #send(session: Session, { userId, deviceId }: Leg, text: string): void {
    const device = { orgId: session.identity!.orgId, userId, deviceId };
    const where = this.#directory.find(device)?.where;
    if (where?.kind === 'here') where.session.sendLossy(text);
    else if (where?.kind === 'elsewhere') this.#peers.frame(where.instance, device, text);
  }
}
