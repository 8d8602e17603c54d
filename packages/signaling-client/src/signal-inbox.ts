import type { TimerHandle } from '@ringfence/base';
import type { CallFacts } from '@ringfence/call-rules';
import type { ReceivedSignal, SentAcknowledgement } from '@ringfence/protocol';
import type { Environment } from './environment.ts';

/** What comes from one leg in one epoch. */
interface Stream {
  readonly mediaEpoch: number;
  /** The last signal that was delivered. */
  last: number;
  /** Came early: by `n`, all above `last`. */
  readonly held: Map<number, ReceivedSignal>;
  /** An acknowledgement is due. */
  isDue: boolean;
}

export interface SignalInboxPorts {
  facts(): CallFacts | null;
  /** False while nobody listens. */
  isHeard(): boolean;
  deliver(signal: ReceivedSignal): void;
  acknowledge(acknowledgement: Omit<SentAcknowledgement, 'callId'>): void;
  /** A signal knows more of the call than we do. */
  lag(): void;
}

export interface SignalInbox {
  receive(signal: ReceivedSignal): void;
  /** Delivers what was held for facts, or for somebody to listen. */
  release(): void;
  clear(): void;
}

/** How long acknowledgements are gathered into one. */
const gatherMs = 20;
/** How far ahead of its order a signal is kept. */
const heldLimit = 512;

/**
 * Brings what other legs send into order: each signal once, in the order of `n`, none before the
 * facts it was sent upon are known, none of an old epoch (P-702, P-703, P-706). Acknowledged is
 * what was delivered, so what was only held is sent again when this side dies.
 */
export function createSignalInbox({ clock }: Environment, ports: SignalInboxPorts): SignalInbox {
  const streams = new Map<string, Stream>();
  let timer: TimerHandle;

  /** One acknowledgement for all that comes within a moment. */
  function acknowledge(stream: Stream): void {
    stream.isDue = true;
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      for (const [toLeg, due] of streams) {
        if (due.isDue) ports.acknowledge({ toLeg, mediaEpoch: due.mediaEpoch, n: due.last });
        due.isDue = false;
      }
    }, gatherMs);
  }

  function release(): void {
    for (const stream of streams.values()) {
      for (;;) {
        const signal = stream.held.get(stream.last + 1);
        // Read anew each time: who is delivered to may change the facts, or close.
        const call = ports.facts()?.call;
        if (!signal || !call || !ports.isHeard()) break;
        if (signal.afterSeq > call.seq || signal.mediaEpoch !== call.mediaEpoch) break;
        stream.held.delete(signal.n);
        stream.last = signal.n;
        acknowledge(stream);
        ports.deliver(signal);
      }
    }
  }

  return {
    receive(signal) {
      const { fromLeg, mediaEpoch, n } = signal;
      const call = ports.facts()?.call;
      if (call && mediaEpoch < call.mediaEpoch) return;
      let stream = streams.get(fromLeg);
      if (!stream || stream.mediaEpoch < mediaEpoch) {
        streams.set(fromLeg, (stream = { mediaEpoch, last: 0, held: new Map(), isDue: false }));
      }
      if (stream.mediaEpoch > mediaEpoch || n > stream.last + heldLimit) return;
      if (n <= stream.last) return acknowledge(stream);
      stream.held.set(n, signal);
      if (call && signal.afterSeq > call.seq) ports.lag();
      release();
    },

    release,

    clear() {
      clock.clearTimeout(timer);
      timer = undefined;
      streams.clear();
    },
  };
}
