import type { MediaKind } from '../capture.ts';

/** The network that fake statistics tell of. Mutable: a test turns it bad and good again. */
export interface FakeNetwork {
  roundTripMs: number;
  jitterMs: number;
  /** Packets that get lost, percent. */
  lossPercent: number;
}

interface FakeStream {
  readonly kind: MediaKind;
  readonly isSending: boolean;
  readonly isReceiving: boolean;
}

interface FakeReading {
  readonly at: number;
  /** For how long the connection has stood, milliseconds. */
  readonly connectedMs: number;
  readonly network: FakeNetwork;
  readonly streams: readonly FakeStream[];
}

const rates: Record<MediaKind, { readonly packets: number; readonly bytes: number }> = {
  // A second of Opus at 32 kb/s in packets of 20 ms, and of video at 800 kb/s.
  audio: { packets: 50, bytes: 4_000 },
  video: { packets: 100, bytes: 100_000 },
};

/**
 * A statistics report of a connection that carried steady media all along. Loss holds from the
 * start: a reading after a change tells of it only by the packets since.
 */
export function fakeStatistics({ at, connectedMs, network, streams }: FakeReading): RTCStatsReport {
  const elapsed = connectedMs / 1_000;
  const report = new Map<string, Record<string, unknown>>();
  const add = (id: string, type: string, fields: Record<string, unknown>): void => {
    report.set(id, { id, type, timestamp: at, ...fields });
  };
  add('T', 'transport', { selectedCandidatePairId: 'P' });
  add('P', 'candidate-pair', { currentRoundTripTime: network.roundTripMs / 1_000 });
  for (const { kind, isSending, isReceiving } of streams) {
    const { packets, bytes } = rates[kind];
    const share = network.lossPercent / 100;
    if (isSending) {
      add(`O${kind}`, 'outbound-rtp', { kind, bytesSent: Math.round(bytes * elapsed) });
      add(`R${kind}`, 'remote-inbound-rtp', { kind, fractionLost: share });
    }
    if (isReceiving) {
      add(`I${kind}`, 'inbound-rtp', {
        kind,
        bytesReceived: Math.round(bytes * elapsed * (1 - share)),
        packetsReceived: Math.round(packets * elapsed * (1 - share)),
        packetsLost: Math.round(packets * elapsed * share),
        jitter: network.jitterMs / 1_000,
        ...(kind === 'video'
          ? { framesDecoded: Math.round(30 * elapsed), totalFreezesDuration: 0 }
          : {
              jitterBufferDelay: 0.04 * 48_000 * elapsed,
              jitterBufferEmittedCount: 48_000 * elapsed,
            }),
      });
    }
  }
  return report;
}
