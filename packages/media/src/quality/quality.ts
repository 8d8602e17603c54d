import type { QualityLimits } from '../options.ts';
import { estimateMos } from './mos.ts';
import type { Counters } from './statistics.ts';
import type { QualityWarning } from './warnings.ts';

/** How well a call goes, over the last sample. What a browser or a silent line cannot tell is null. */
export interface Quality {
  /** Wall clock of the sample, milliseconds since the Unix epoch. */
  readonly at: number;
  /** To the peer and back, milliseconds. */
  readonly roundTripMs: number | null;
  /** Packets that were lost on their way here, percent. Null while nothing arrives. */
  readonly lossPercent: number | null;
  /** Packets that the peer lost of ours, percent, by its last report. */
  readonly sendLossPercent: number | null;
  /** Interarrival jitter of received audio (RFC 3550 section 6.4.1), milliseconds. */
  readonly jitterMs: number | null;
  /** Payload sent and received, kilobits a second. */
  readonly sendKbps: number;
  readonly receiveKbps: number;
  /** Decoded frames of received video a second; null without video. */
  readonly framesPerSecond: number | null;
  /** For how long received video stood still, milliseconds; null without video. */
  readonly frozenMs: number | null;
  /** Estimated mean opinion score of received speech, 1 to 4.5; null while none arrives. */
  readonly mos: number | null;
  /** What is wrong, raised at 3 of 5 samples and cleared at 0 of 5. Sorted. */
  readonly warnings: readonly QualityWarning[];
}

export type QualitySample = Omit<Quality, 'warnings'>;

/** One packet of speech, and what a codec looks ahead: Opus at its usual 20 ms. */
const packetisationMs = 25;

/** Works out a sample from two readings of the counters. */
export function compare(before: Counters, after: Counters, at: number): QualitySample {
  const elapsedMs = Math.max(1, after.at - before.at);
  // 8 bits a byte over milliseconds is kilobits over seconds. Counters restart with a new stream.
  const rate = (from: number, to: number): number => (Math.max(0, to - from) * 8) / elapsedMs;
  const audioLoss = loss([before.audio], [after.audio]);
  return {
    at,
    roundTripMs: after.roundTripMs,
    lossPercent: loss([before.audio, before.video], [after.audio, after.video]),
    sendLossPercent: after.sendLossPercent,
    jitterMs: after.jitterMs,
    sendKbps: rate(before.bytesSent, after.bytesSent),
    receiveKbps: rate(before.bytesReceived, after.bytesReceived),
    framesPerSecond: after.hasVideo
      ? (Math.max(0, after.framesDecoded - before.framesDecoded) * 1_000) / elapsedMs
      : null,
    frozenMs: after.hasVideo ? Math.max(0, after.frozenMs - before.frozenMs) : null,
    mos:
      audioLoss === null || after.roundTripMs === null
        ? null
        : estimateMos({
            delayMs: after.roundTripMs / 2 + bufferMs(before, after) + packetisationMs,
            lossPercent: audioLoss,
          }),
  };
}

function loss(
  before: readonly Counters['audio'][],
  after: readonly Counters['audio'][],
): number | null {
  let received = 0;
  let lost = 0;
  after.forEach((packets, index) => {
    received += packets.received - before[index]!.received;
    lost += packets.lost - before[index]!.lost;
  });
  if (received <= 0) return null;
  return (Math.max(0, lost) / (received + Math.max(0, lost))) * 100;
}

/** The mean wait in the jitter buffer; twice the jitter where the browser does not say. */
function bufferMs(before: Counters, after: Counters): number {
  const samples = after.bufferedSamples - before.bufferedSamples;
  if (samples > 0) return Math.max(0, after.bufferedMs - before.bufferedMs) / samples;
  return 2 * (after.jitterMs ?? 0);
}

/** Which limits a sample is over. What is not known is not over. */
export function overLimits(
  sample: QualitySample,
  limits: QualityLimits,
): Record<QualityWarning, boolean> {
  return {
    'high-round-trip': (sample.roundTripMs ?? 0) > limits.roundTripMs,
    'high-loss': (sample.lossPercent ?? 0) > limits.lossPercent,
    'high-jitter': (sample.jitterMs ?? 0) > limits.jitterMs,
    'frozen-video': (sample.frozenMs ?? 0) > limits.frozenMs,
    'low-mos': (sample.mos ?? limits.mos) < limits.mos,
  };
}
