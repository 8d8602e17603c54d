import { randomInteger } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { IncomingSignal, OutgoingSignal, SignalChannel } from '../media-session.ts';

export interface SignalMeshOptions {
  /** The least and the most that a signal takes, milliseconds. Default 1 and 1. */
  readonly leastMs?: number;
  readonly mostMs?: number;
}

/** A signal that was sent, with the leg it came from. */
export type SentSignal = OutgoingSignal & { readonly fromLeg: string };

/** The legs of a call joined without a server. */
export interface SignalMesh {
  /** The channel of a leg. One that nobody listens to loses what comes. */
  channel(legId: string): SignalChannel;
  /** Everything sent, in order. */
  readonly sent: readonly SentSignal[];
  /** Hands a signal to a leg, whoever it says it is from. */
  inject(toLeg: string, signal: IncomingSignal): void;
}

/**
 * Joins sessions as signaling does: in order between two legs, each signal once, after a delay.
 * Bodies go through JSON, as on the wire.
 */
export function createSignalMesh(
  options: SignalMeshOptions,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): SignalMesh {
  const { leastMs = 1, mostMs = leastMs } = options;
  const sent: SentSignal[] = [];
  const listeners = new Map<string, Set<(signal: IncomingSignal) => void>>();
  const queues = new Map<string, { dueMs: number; readonly waiting: IncomingSignal[] }>();
  const inject = (toLeg: string, signal: IncomingSignal): void => {
    for (const listener of [...(listeners.get(toLeg) ?? [])]) listener(signal);
  };

  const channel = (fromLeg: string): SignalChannel => ({
    send(signal) {
      const { toLeg, mediaEpoch, body } = signal;
      sent.push({ ...signal, fromLeg });
      const copy = JSON.parse(JSON.stringify(body)) as IncomingSignal['body'];
      const takesMs = leastMs + randomInteger(random, mostMs - leastMs + 1);
      const way = `${fromLeg} ${toLeg}`;
      const queue = queues.get(way) ?? { dueMs: 0, waiting: [] };
      queues.set(way, queue);
      queue.dueMs = Math.max(queue.dueMs, clock.monotonic() + takesMs);
      queue.waiting.push({ fromLeg, mediaEpoch, body: copy });
      // The oldest, whichever timer it is: browsers cut delays to whole milliseconds.
      clock.setTimeout(
        () => inject(toLeg, queue.waiting.shift()!),
        queue.dueMs - clock.monotonic(),
      );
    },
    receive(listener) {
      const own = listeners.get(fromLeg) ?? new Set();
      listeners.set(fromLeg, own.add(listener));
      return () => own.delete(listener);
    },
  });
  return { channel, sent, inject };
}
