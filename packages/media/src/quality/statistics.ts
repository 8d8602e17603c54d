/** The counters of a connection at one moment. */
export interface Counters {
  /** When the browser took them, milliseconds. */
  readonly at: number;
  readonly roundTripMs: number | null;
  /**
   * The numbers of RTP streams, by type, kind and field of the report, as
   * `inbound-rtp.audio.packetsReceived`; summed over streams. Browsers leave out what they do not
   * have.
   */
  readonly rtp: Readonly<Record<string, number>>;
}

/** One entry of a report (W3C WebRTC statistics). */
type Entry = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

/** Reads the counters out of a statistics report. */
export function readCounters(report: RTCStatsReport): Counters {
  const entries: readonly Entry[] = [...report.values()];
  const rtp: Record<string, number> = {};
  for (const entry of entries) {
    if (!entry.type.endsWith('bound-rtp')) continue;
    for (const [field, value] of Object.entries(entry)) {
      const name = `${entry.type}.${String(entry['kind'])}.${field}`;
      if (Number.isFinite(value)) rtp[name] = (rtp[name] ?? 0) + (value as number);
    }
  }
  return {
    at: Math.max(0, ...entries.map(({ timestamp }) => Number(timestamp) || 0)),
    roundTripMs: roundTripMs(entries),
    rtp,
  };
}

/** From the pair in use; else from what the peer's receiver reports say. */
function roundTripMs(entries: readonly Entry[]): number | null {
  const transport = entries.find(({ type }) => type === 'transport');
  const pair = entries.find(
    (entry) =>
      entry.type === 'candidate-pair' &&
      (transport?.['selectedCandidatePairId'] === entry.id ||
        // Firefox has no transport entry and says it here.
        entry['selected'] === true),
  );
  const remote = entries.find((entry) => entry['roundTripTime'] !== undefined);
  const seconds = pair?.['currentRoundTripTime'] ?? remote?.['roundTripTime'];
  return typeof seconds === 'number' ? seconds * 1_000 : null;
}
