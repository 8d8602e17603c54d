/** What the statistics of a page's peer connections add up to. */
export interface MediaSample {
  readonly connections: number;
  readonly audioBytesSent: number;
  readonly audioBytesReceived: number;
  readonly audioEnergyReceived: number;
  readonly audioLevelReceived: number;
  readonly videoBytesSent: number;
  readonly videoBytesReceived: number;
  readonly framesDecoded: number;
}

/** A figure of {@link MediaSample}. */
export type MediaFigure = keyof MediaSample;

interface Probe {
  sample(): Promise<MediaSample>;
  /** Resolves when every figure has grown over `since` by at least something. */
  untilGrown(figures: readonly MediaFigure[], since: MediaSample): Promise<MediaSample>;
  /** Resolves when none of the figures has changed for `windowMs`. */
  untilStill(figures: readonly MediaFigure[], windowMs: number): Promise<MediaSample>;
  /** Polls every 10 ms; the wall time at which frames were decoded and sound was heard. */
  untilMedia(options: { readonly video: boolean }): Promise<number>;
}

declare global {
  var ringfenceProbe: Probe;
}

/**
 * Runs in the page before its own scripts: remembers every peer connection that is made, so that a
 * test reads the browser's own statistics. It changes nothing about them.
 *
 * It is sent to the page as text, so it uses nothing from outside itself.
 */
export function installProbe(): void {
  const connections: RTCPeerConnection[] = [];
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  /** Rounding of the energy's sum; the quietest beep is far above. */
  const silence = 1e-7;
  const patienceMs = 15_000;
  /** Throws once patience is over, with all that was seen, so that a failed test says what stood. */
  const deadline = (what: string) => {
    const startMs = performance.now();
    return (now: MediaSample): void => {
      if (performance.now() - startMs < patienceMs) return;
      throw new Error(`${what} not within ${patienceMs} ms; last: ${JSON.stringify(now)}`);
    };
  };

  const sample = async (): Promise<MediaSample> => {
    const open = connections.filter((each) => each.connectionState !== 'closed');
    const total = {
      connections: open.filter((each) => each.connectionState === 'connected').length,
      audioBytesSent: 0,
      audioBytesReceived: 0,
      audioEnergyReceived: 0,
      audioLevelReceived: 0,
      videoBytesSent: 0,
      videoBytesReceived: 0,
      framesDecoded: 0,
    };
    for (const connection of open) {
      for (const stats of (await connection.getStats()).values()) {
        if (stats.type === 'outbound-rtp' && stats.kind === 'audio') {
          total.audioBytesSent += stats.bytesSent;
        } else if (stats.type === 'outbound-rtp') {
          total.videoBytesSent += stats.bytesSent;
        } else if (stats.type === 'inbound-rtp' && stats.kind === 'audio') {
          total.audioBytesReceived += stats.bytesReceived;
          total.audioEnergyReceived += stats.totalAudioEnergy ?? 0;
          total.audioLevelReceived = Math.max(total.audioLevelReceived, stats.audioLevel ?? 0);
        } else if (stats.type === 'inbound-rtp') {
          total.videoBytesReceived += stats.bytesReceived;
          total.framesDecoded += stats.framesDecoded ?? 0;
        }
      }
    }
    return total;
  };

  globalThis.ringfenceProbe = {
    sample,
    async untilGrown(figures, since) {
      const check = deadline(`growth of ${figures.join(', ')} over ${JSON.stringify(since)}`);
      for (;;) {
        const now = await sample();
        if (figures.every((figure) => now[figure] > since[figure] + silence)) return now;
        check(now);
        await pause(25);
      }
    },
    async untilStill(figures, windowMs) {
      const check = deadline(`no change of ${figures.join(', ')}`);
      let last = await sample();
      let stillSince = performance.now();
      for (;;) {
        await pause(50);
        const now = await sample();
        const isSame = figures.every((figure) => Math.abs(now[figure] - last[figure]) <= silence);
        if (!isSame) {
          last = now;
          stillSince = performance.now();
        } else if (performance.now() - stillSince >= windowMs) {
          return now;
        }
        check(now);
      }
    },
    async untilMedia({ video }) {
      const check = deadline('sound and frames');
      for (;;) {
        const now = await sample();
        check(now);
        if (now.audioEnergyReceived > 0 && (!video || now.framesDecoded > 0)) {
          return performance.timeOrigin + performance.now();
        }
        await pause(10);
      }
    },
  };
}
