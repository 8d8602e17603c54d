import type { TimerHandle } from '@ringfence/base';
import type { ReceivedAcknowledgement, SentSignal, SignalBody } from '@ringfence/protocol';
import type { Environment } from './environment.ts';

/** A signal without the id of its call. */
export type OutgoingSignal = Omit<SentSignal, 'callId'>;

/** What goes to one leg in one epoch. */
interface Stream {
  readonly mediaEpoch: number;
  last: number;
  /** Unacknowledged, in the order of `n`. */
  kept: OutgoingSignal[];
}

export interface SignalOutbox {
  /** Sends a signal. False when it is of an old epoch, or too many wait. */
  add(toLeg: string, mediaEpoch: number, afterSeq: number, body: SignalBody): boolean;
  /** Takes an acknowledgement, which covers every signal up to `n`. */
  acknowledge(acknowledgement: Omit<ReceivedAcknowledgement, 'callId'>): void;
  /** Sends again what is unacknowledged, or waits for a connection. */
  resend(): void;
  /** Drops what is for other legs than these. */
  keep(legIds: readonly string[]): void;
}

/** The most signals kept for one leg. A negotiation takes tens. */
const keptLimit = 512;
/** How many go again at once, so that it is no flood. The next follow the acknowledgement. */
const burst = 32;
/** The resend delay doubles this often. */
const mostDoublings = 3;

/** Numbers what one call sends, and keeps it until the other leg has acknowledged it (P-705). */
export function createSignalOutbox(
  { clock, options }: Environment,
  isOnline: () => boolean,
  send: (signal: OutgoingSignal) => void,
): SignalOutbox {
  const streams = new Map<string, Stream>();
  let timer: TimerHandle;
  let resends = 0;

  function pause(): void {
    clock.clearTimeout(timer);
    timer = undefined;
  }

  function arm(): void {
    const isEmpty = [...streams.values()].every(({ kept }) => !kept[0]);
    if (timer !== undefined || isEmpty || !isOnline()) return;
    timer = clock.setTimeout(
      () => {
        resends += 1;
        repeat();
      },
      options.resendMs * 2 ** Math.min(resends, mostDoublings),
    );
  }

  function repeat(): void {
    pause();
    if (!isOnline()) return;
    for (const { kept } of streams.values()) kept.slice(0, burst).forEach(send);
    arm();
  }

  return {
    add(toLeg, mediaEpoch, afterSeq, body) {
      let stream = streams.get(toLeg);
      if (!stream || stream.mediaEpoch < mediaEpoch) {
        streams.set(toLeg, (stream = { mediaEpoch, last: 0, kept: [] }));
      }
      if (stream.mediaEpoch > mediaEpoch || stream.kept.length >= keptLimit) return false;
      const signal = { toLeg, mediaEpoch, n: ++stream.last, afterSeq, body };
      stream.kept.push(signal);
      if (isOnline()) send(signal);
      arm();
      return true;
    },

    acknowledge({ fromLeg, mediaEpoch, n }) {
      const stream = streams.get(fromLeg);
      const first = stream?.kept[0];
      if (stream?.mediaEpoch !== mediaEpoch || !first || first.n > n) return;
      stream.kept = stream.kept.filter((signal) => signal.n > n);
      resends = 0;
      pause();
      arm();
    },

    resend() {
      resends = 0;
      repeat();
    },

    keep(legIds) {
      for (const leg of streams.keys()) if (!legIds.includes(leg)) streams.delete(leg);
      if (!streams.size) pause();
    },
  };
}
