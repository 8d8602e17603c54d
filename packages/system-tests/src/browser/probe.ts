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

/** An element of the page that plays, or did. */
interface Player {
  readonly sinkId: string;
  readonly isPlaying: boolean;
}

interface Probe {
  /** Those that are not closed. */
  readonly connections: readonly RTCPeerConnection[];
  /** How many descriptions were ever applied: a negotiation is two. */
  readonly descriptions: number;
  /** What plays the sound of others: elements with a stream, in the order they first played. */
  players(): readonly Player[];
  sample(): Promise<MediaSample>;
  /** Resolves when so many connections stand, no other, and `sounding` of them bring sound; default all. */
  untilHearing(count: number, sounding?: number): Promise<void>;
  /** Resolves when so many connections stand and each brings pictures. */
  untilSeeing(count: number): Promise<void>;
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
  const made: RTCPeerConnection[] = [];
  let descriptions = 0;
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
      this.addEventListener('signalingstatechange', () => (descriptions += 1));
    }
  };
  const standing = () => made.filter((each) => each.connectionState !== 'closed');
  const played = new Set<HTMLMediaElement>();
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    played.add(this);
    return play.call(this);
  };
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  /** More energy than the receiver makes up when a sender stops; a beep has a hundred times that. */
  const silence = 1e-4;
  const patienceMs = 15_000;
  /** Throws once patience is over, with all that was seen, so that a failed test says what stood. */
  const deadline = (what: string) => {
    const startMs = performance.now();
    return (now: MediaSample): void => {
      if (performance.now() - startMs < patienceMs) return;
      throw new Error(`${what} not within ${patienceMs} ms; last: ${JSON.stringify(now)}`);
    };
  };

  /** How much of something each connection that is connected has brought. */
  const brought = async (
    kind: 'audio' | 'video',
    field: 'totalAudioEnergy' | 'framesDecoded',
  ): Promise<Map<RTCPeerConnection, number>> => {
    const found = new Map<RTCPeerConnection, number>();
    for (const connection of standing()) {
      if (connection.connectionState !== 'connected') continue;
      let sum = 0;
      for (const stats of (await connection.getStats()).values()) {
        if (stats.type === 'inbound-rtp' && stats.kind === kind) sum += stats[field] ?? 0;
      }
      found.set(connection, sum);
    }
    return found;
  };
  const untilBrought = async (
    count: number,
    bringing: number,
    ...what: Parameters<typeof brought>
  ): Promise<void> => {
    const check = deadline(`${what.join(' ')} from ${bringing} of ${count}`);
    /** Longer than two beeps are apart. */
    const windowMs = 1_500;
    let since = performance.now();
    const first = await brought(...what);
    for (;;) {
      const now = await brought(...what);
      for (const [connection, sum] of now) {
        if (!first.has(connection)) first.set(connection, sum);
      }
      const growing = [...now].filter(([each, sum]) => sum > first.get(each)! + silence).length;
      const isWhole = now.size === count && standing().length === count;
      // That some are still is known only when a while has gone by.
      const isSeen = bringing === count || performance.now() - since > windowMs;
      if (isWhole && isSeen && growing === bringing) return;
      if (growing > bringing) {
        first.clear();
        since = performance.now();
      }
      check(await sample());
      await pause(25);
    }
  };

  const sample = async (): Promise<MediaSample> => {
    const open = standing();
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
    get connections() {
      return standing();
    },
    get descriptions() {
      return descriptions;
    },
    players: () =>
      [...played]
        .filter((element) => element.srcObject !== null && !element.muted)
        .map((element) => ({ sinkId: element.sinkId, isPlaying: !element.paused })),
    sample,
    untilHearing: (count, sounding = count) =>
      untilBrought(count, sounding, 'audio', 'totalAudioEnergy'),
    untilSeeing: (count) => untilBrought(count, count, 'video', 'framesDecoded'),
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
