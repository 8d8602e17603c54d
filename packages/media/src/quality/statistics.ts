/** The counters of a connection at one moment, summed over its streams. */
export interface Counters {
  /** When the browser took them, milliseconds. */
  readonly at: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesDecoded: number;
  /** Total of time for which received video stood still, milliseconds. */
  readonly frozenMs: number;
  /** Packets received and lost of each kind. */
  readonly audio: Packets;
  readonly video: Packets;
  readonly roundTripMs: number | null;
  readonly jitterMs: number | null;
  /** Time that received samples waited in the jitter buffer, milliseconds; and how many samples. */
  readonly bufferedMs: number;
  readonly bufferedSamples: number;
  /** Share of our packets that the peer reports lost, percent. */
  readonly sendLossPercent: number | null;
  /** True when audio, or video, is received at all. */
  readonly hasVideo: boolean;
}

interface Packets {
  readonly received: number;
  readonly lost: number;
}

/** One entry of a report (W3C WebRTC statistics). Browsers leave out what they do not have. */
type Entry = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

const numberOr = <Fallback>(value: unknown, fallback: Fallback): number | Fallback =>
  typeof value === 'number' && Number.isFinite(value) ? value : fallback;

/** Reads the counters out of a statistics report. Fields that a browser lacks count as zero or null. */
export function readCounters(report: RTCStatsReport): Counters {
  const entries: Entry[] = [];
  report.forEach((entry: Entry) => entries.push(entry));
  const counters = {
    at: 0,
    bytesSent: 0,
    bytesReceived: 0,
    framesDecoded: 0,
    frozenMs: 0,
    audio: { received: 0, lost: 0 },
    video: { received: 0, lost: 0 },
    roundTripMs: roundTripMs(entries),
    jitterMs: null as number | null,
    bufferedMs: 0,
    bufferedSamples: 0,
    sendLossPercent: null as number | null,
    hasVideo: false,
  };
  for (const entry of entries) {
    counters.at = Math.max(counters.at, numberOr(entry['timestamp'], 0));
    const isVideo = entry['kind'] === 'video';
    if (entry.type === 'outbound-rtp') {
      counters.bytesSent += numberOr(entry['bytesSent'], 0);
    } else if (entry.type === 'inbound-rtp') {
      counters.bytesReceived += numberOr(entry['bytesReceived'], 0);
      const packets = isVideo ? counters.video : counters.audio;
      packets.received += numberOr(entry['packetsReceived'], 0);
      // May be negative: duplicates count as received (RFC 3550 section 6.4.1).
      packets.lost += numberOr(entry['packetsLost'], 0);
      if (isVideo) {
        counters.hasVideo = true;
        counters.framesDecoded += numberOr(entry['framesDecoded'], 0);
        counters.frozenMs += numberOr(entry['totalFreezesDuration'], 0) * 1_000;
      } else {
        counters.jitterMs = seconds(entry['jitter']);
        counters.bufferedMs += numberOr(entry['jitterBufferDelay'], 0) * 1_000;
        counters.bufferedSamples += numberOr(entry['jitterBufferEmittedCount'], 0);
      }
    } else if (entry.type === 'remote-inbound-rtp' && !isVideo) {
      const fraction = numberOr(entry['fractionLost'], null);
      if (fraction !== null) counters.sendLossPercent = fraction * 100;
    }
  }
  return counters;
}

const seconds = (value: unknown): number | null => {
  const read = numberOr(value, null);
  return read === null ? null : read * 1_000;
};

/** From the pair in use; else from what the peer's receiver reports say. */
function roundTripMs(entries: readonly Entry[]): number | null {
  const transport = entries.find((entry) => entry.type === 'transport');
  const pair = entries.find(
    (entry) =>
      entry.type === 'candidate-pair' &&
      (transport?.['selectedCandidatePairId'] === entry.id ||
        // Firefox has no transport entry and says it here.
        entry['selected'] === true),
  );
  const ofPair = seconds(pair?.['currentRoundTripTime']);
  if (ofPair !== null) return ofPair;
  const remote = entries.find(
    (entry) => entry.type === 'remote-inbound-rtp' && entry['roundTripTime'] !== undefined,
  );
  return seconds(remote?.['roundTripTime']);
}
