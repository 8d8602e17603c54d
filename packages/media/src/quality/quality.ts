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
  const since = (...fields: readonly string[]): number =>
    fields.reduce((sum, name) => sum + (after.rtp[name] ?? 0) - (before.rtp[name] ?? 0), 0);
  // Counters restart with a new stream.
  const grown = (...fields: readonly string[]): number => Math.max(0, since(...fields));
  const loss = (...kinds: readonly string[]): number | null => {
    const received = since(...kinds.map((kind) => `inbound-rtp.${kind}.packetsReceived`));
    // May shrink: duplicates count as received (RFC 3550 section 6.4.1).
    const lost = grown(...kinds.map((kind) => `inbound-rtp.${kind}.packetsLost`));
    return received > 0 ? (lost / (received + lost)) * 100 : null;
  };
  // 8 bits a byte over milliseconds is kilobits over seconds.
  const kbps = (type: string, field: string): number =>
    (8 * grown(`${type}.audio.${field}`, `${type}.video.${field}`)) / elapsedMs;
  const scaled = (field: string, factor: number): number | null =>
    field in after.rtp ? after.rtp[field]! * factor : null;
  const hasVideo = 'inbound-rtp.video.timestamp' in after.rtp;
  const jitterMs = scaled('inbound-rtp.audio.jitter', 1_000);
  const audioLoss = loss('audio');
  const buffered = since('inbound-rtp.audio.jitterBufferEmittedCount');
  // The mean wait in the jitter buffer; twice the jitter where the browser does not say.
  const bufferMs =
    buffered > 0
      ? (grown('inbound-rtp.audio.jitterBufferDelay') * 1_000) / buffered
      : 2 * (jitterMs ?? 0);
  return {
    at,
    roundTripMs: after.roundTripMs,
    lossPercent: loss('audio', 'video'),
    sendLossPercent: scaled('remote-inbound-rtp.audio.fractionLost', 100),
    jitterMs,
    sendKbps: kbps('outbound-rtp', 'bytesSent'),
    receiveKbps: kbps('inbound-rtp', 'bytesReceived'),
    framesPerSecond: hasVideo
      ? (grown('inbound-rtp.video.framesDecoded') * 1_000) / elapsedMs
      : null,
    frozenMs: hasVideo ? grown('inbound-rtp.video.totalFreezesDuration') * 1_000 : null,
    mos:
      audioLoss === null || after.roundTripMs === null
        ? null
        : estimateMos({
            delayMs: after.roundTripMs / 2 + bufferMs + packetisationMs,
            lossPercent: audioLoss,
          }),
  };
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

/** The worst of some samples: that with the most warnings, then the lowest score. */
export function worst(samples: readonly (Quality | null)[]): Quality | null {
  const score = ({ mos, warnings }: Quality): number => (mos ?? 5) - 5 * warnings.length;
  const known = samples.filter((each): each is Quality => each !== null);
  return known.sort((one, other) => score(one) - score(other))[0] ?? null;
}
