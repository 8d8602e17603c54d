/** A tone that a phone makes for its own user. */
export type ToneName = 'ring' | 'ring-back' | 'busy' | 'congestion' | 'call-waiting' | 'ended';

/** Whose tones they are: 425 Hz networks, or those of the precise tone plan. */
export type ToneRegion = 'europe' | 'north-america';

/** A tone of a telephone network: frequencies that sound together, on and off. */
export interface NetworkTone {
  readonly hertz: readonly number[];
  /** Seconds of sound and of silence in turn, again and again. */
  readonly cadenceS: readonly number[];
  /** Amplitude of each frequency, of full scale. Not the level on a line: that is too loud here. */
  readonly amplitude: number;
}

/** One struck note of a melody. */
export interface Note {
  readonly startS: number;
  readonly lengthS: number;
  readonly hertz: number;
  readonly amplitude: number;
}

/** A tone of our own. */
export interface Melody {
  readonly notes: readonly Note[];
  readonly lengthS: number;
  /** Again and again, or once. */
  readonly isRepeated: boolean;
}

export type TonePlan = NetworkTone | Melody;

/** Three soft bell notes, twice, then rest. */
const ring: Melody = {
  notes: [0, 0.72].flatMap((startS) => [
    { startS, lengthS: 0.9, hertz: 659.25, amplitude: 0.3 },
    { startS: startS + 0.14, lengthS: 0.9, hertz: 783.99, amplitude: 0.26 },
    { startS: startS + 0.28, lengthS: 1.1, hertz: 987.77, amplitude: 0.24 },
  ]),
  lengthS: 3.2,
  isRepeated: true,
};

/** Two notes down. */
const ended: Melody = {
  notes: [
    { startS: 0, lengthS: 0.35, hertz: 523.25, amplitude: 0.16 },
    { startS: 0.16, lengthS: 0.5, hertz: 392, amplitude: 0.16 },
  ],
  lengthS: 0.7,
  isRepeated: false,
};

/**
 * Every tone. Frequencies and cadences:
 *
 * - `europe`: ITU-T E.180 Supplement 2 (01/94), the entry of Germany, within the limits that E.180
 *   (03/98) recommends. Other countries of the 425 Hz plan differ by fractions of a second.
 * - `north-america`: ANSI T1.401 and Telcordia GR-506, the precise tone plan. Its reorder tone is
 *   what E.180 calls congestion.
 *
 * `ring` and `ended` are no tones of a network, and ours in both.
 */
export const tonePlans: Readonly<Record<ToneRegion, Readonly<Record<ToneName, TonePlan>>>> = {
  europe: {
    ring,
    'ring-back': { hertz: [425], cadenceS: [1, 4], amplitude: 0.07 },
    busy: { hertz: [425], cadenceS: [0.5, 0.5], amplitude: 0.07 },
    congestion: { hertz: [425], cadenceS: [0.24, 0.24], amplitude: 0.07 },
    'call-waiting': { hertz: [425], cadenceS: [0.2, 0.2, 0.2, 5], amplitude: 0.05 },
    ended,
  },
  'north-america': {
    ring,
    'ring-back': { hertz: [440, 480], cadenceS: [2, 4], amplitude: 0.045 },
    busy: { hertz: [480, 620], cadenceS: [0.5, 0.5], amplitude: 0.045 },
    congestion: { hertz: [480, 620], cadenceS: [0.25, 0.25], amplitude: 0.045 },
    'call-waiting': { hertz: [440], cadenceS: [0.3, 9.7], amplitude: 0.05 },
    ended,
  },
};
