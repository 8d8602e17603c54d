import { randomInteger } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { IncomingSignal, OutgoingSignal, SignalChannel } from '../session.ts';

/** The legs of a pair: the caller's and the callee's. */
export const callerLeg = 'l1';
export const calleeLeg = 'l2';

export interface SignalPairOptions {
  /** The least and the most that a signal takes, milliseconds. Default 1 and 1. */
  readonly leastMs?: number;
  readonly mostMs?: number;
}

/** Two legs joined without a server. */
export interface SignalPair {
  readonly caller: SignalChannel;
  readonly callee: SignalChannel;
  /** Everything sent, in order, with the leg it came from. */
  readonly sent: readonly (OutgoingSignal & { readonly fromLeg: string })[];
  /** Hands a signal to a leg, whoever it says it is from. */
  inject(toLeg: string, signal: IncomingSignal): void;
}

/**
 * Joins two sessions as signaling does: in order, each signal once, after a delay. Bodies go
 * through JSON, as on the wire.
 */
export function createSignalPair(
  options: SignalPairOptions,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): SignalPair {
  const { leastMs = 1, mostMs = leastMs } = options;
  const sent: (OutgoingSignal & { readonly fromLeg: string })[] = [];
  const listeners = new Map<string, Set<(signal: IncomingSignal) => void>>([
    [callerLeg, new Set()],
    [calleeLeg, new Set()],
  ]);
  const inject = (toLeg: string, signal: IncomingSignal): void => {
    for (const listener of [...listeners.get(toLeg)!]) listener(signal);
  };

  const channel = (ownLeg: string): SignalChannel => {
    const underWay: { readonly toLeg: string; readonly signal: IncomingSignal }[] = [];
    let lastDueMs = 0;
    return {
      send(signal) {
        const { toLeg, mediaEpoch, body } = signal;
        sent.push({ ...signal, fromLeg: ownLeg });
        const copy = JSON.parse(JSON.stringify(body)) as IncomingSignal['body'];
        underWay.push({ toLeg, signal: { fromLeg: ownLeg, mediaEpoch, body: copy } });
        const takesMs = leastMs + randomInteger(random, mostMs - leastMs + 1);
        lastDueMs = Math.max(lastDueMs, clock.monotonic() + takesMs);
        clock.setTimeout(() => {
          const next = underWay.shift()!;
          inject(next.toLeg, next.signal);
        }, lastDueMs - clock.monotonic());
      },
      receive(listener) {
        listeners.get(ownLeg)!.add(listener);
        return () => listeners.get(ownLeg)!.delete(listener);
      },
    };
  };
  return { caller: channel(callerLeg), callee: channel(calleeLeg), sent, inject };
}
