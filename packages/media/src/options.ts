import { numberOptions, optionError } from '@ringfence/base';
import type { NumberRange } from '@ringfence/base';
import type { CaptureConstraints } from './capture.ts';

/** The values beyond which a sample counts against the call. See {@link MediaOptions.limits}. */
export interface QualityLimits {
  /** Round trip, milliseconds. Default 400; 1 to 60,000. */
  readonly roundTripMs: number;
  /** Share of packets lost on their way here, percent. Default 3; 0 to 100. */
  readonly lossPercent: number;
  /** Interarrival jitter (RFC 3550 section 6.4.1), milliseconds. Default 30; 1 to 10,000. */
  readonly jitterMs: number;
  /** Video that stood still within one sample, milliseconds. Default 500; 1 to 60,000. */
  readonly frozenMs: number;
  /** Estimated mean opinion score below which speech is poor. Default 3.5; 1 to 4.5. */
  readonly mos: number;
}

/** Tuning of {@link createMedia}. Every field is optional. */
export interface MediaOptions {
  /**
   * How the microphone is asked for. Default: echo cancellation, noise suppression and automatic
   * gain, all on.
   */
  readonly audio?: MediaTrackConstraints;
  /** How the camera is asked for. Default: ideally 1280 by 720 at 30 frames a second. */
  readonly video?: MediaTrackConstraints;
  /**
   * Whether sessions play what they receive. Default true. Off, the page attaches
   * `remoteStreams` to elements of its own.
   */
  readonly playsAudio?: boolean;
  /** Which ICE candidates may be used (W3C WebRTC section 4.2.3). Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** How long to wait for the list of ICE servers before going on without. Default 3,000; 100 to 30,000. */
  readonly iceServersTimeoutMs?: number;
  /** How long candidates are gathered into one signal. Default 20; 0 to 1,000. */
  readonly candidateBatchMs?: number;
  /**
   * How long a lost connection may return by itself before ICE restarts: a random time between half
   * of this and all of it. Default 3,000; 0 to 60,000.
   */
  readonly restartAfterMs?: number;
  /** How long one ICE restart may take once both sides agreed on it. Default 8,000; 1,000 to 60,000. */
  readonly restartTimeoutMs?: number;
  /** How many agreed ICE restarts may fail before media has failed. Default 5; 1 to 20. */
  readonly restartAttempts?: number;
  /**
   * How long media may be lost altogether, the peer's answers missing included. Default 60,000;
   * 1,000 to 600,000. Keep it above the server's grace, which then decides.
   */
  readonly giveUpMs?: number;
  /** How often statistics are read. Default 1,000; 100 to 60,000. */
  readonly sampleMs?: number;
  /** When a sample counts against the call. */
  readonly limits?: Partial<QualityLimits>;
}

/** {@link MediaOptions} with every default filled in. */
export interface ResolvedMediaOptions extends Required<
  Omit<MediaOptions, 'audio' | 'video' | 'limits'>
> {
  readonly capture: CaptureConstraints;
  readonly limits: QualityLimits;
}

const defaultAudio: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

const defaultVideo: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

const ranges = {
  iceServersTimeoutMs: [3_000, 100, 30_000],
  candidateBatchMs: [20, 0, 1_000],
  restartAfterMs: [3_000, 0, 60_000],
  restartTimeoutMs: [8_000, 1_000, 60_000],
  restartAttempts: [5, 1, 20],
  giveUpMs: [60_000, 1_000, 600_000],
  sampleMs: [1_000, 100, 60_000],
} as const satisfies Partial<Record<keyof MediaOptions, NumberRange>>;

const limitRanges: Readonly<Record<keyof QualityLimits, NumberRange>> = {
  roundTripMs: [400, 1, 60_000],
  lossPercent: [3, 0, 100],
  jitterMs: [30, 1, 10_000],
  frozenMs: [500, 1, 60_000],
  mos: [3.5, 1, 4.5],
};

/**
 * Fills in the defaults of {@link MediaOptions} and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option`, naming the field and the value received.
 */
export function resolveMediaOptions(options: MediaOptions = {}): ResolvedMediaOptions {
  const {
    audio = defaultAudio,
    video = defaultVideo,
    iceTransportPolicy = 'all',
    playsAudio = true,
    limits = {},
  } = options;
  if (iceTransportPolicy !== 'all' && iceTransportPolicy !== 'relay') {
    throw optionError('iceTransportPolicy', iceTransportPolicy, '"all" or "relay"');
  }
  return {
    capture: { audio, video },
    playsAudio,
    iceTransportPolicy,
    ...numberOptions(ranges, options),
    limits: numberOptions(limitRanges, limits, 'limits.'),
  };
}
