/** The tones of the page, made by code: no sound file is loaded. */

/** Sounds of one page. Each `start` returns the function that stops it. */
export interface Tones {
  /** Somebody calls. */
  ring(): () => void;
  /** It rings at the other end. */
  ringBack(): () => void;
  /** The call is over. */
  over(): void;
  /** Browsers are silent until the user has touched the page: call this when they do. */
  unlock(): void;
}

interface Note {
  readonly startS: number;
  readonly lengthS: number;
  readonly hertz: number;
  readonly loudness: number;
}

/** Three soft bell notes, twice, then rest. */
const ringNotes: readonly Note[] = [0, 0.72].flatMap((startS) => [
  { startS, lengthS: 0.9, hertz: 659.25, loudness: 0.3 },
  { startS: startS + 0.14, lengthS: 0.9, hertz: 783.99, loudness: 0.26 },
  { startS: startS + 0.28, lengthS: 1.1, hertz: 987.77, loudness: 0.24 },
]);
const overNotes: readonly Note[] = [
  { startS: 0, lengthS: 0.35, hertz: 523.25, loudness: 0.16 },
  { startS: 0.16, lengthS: 0.5, hertz: 392, loudness: 0.16 },
];

/** A struck note: a fast rise, a long fall, and an overtone that dies sooner. */
function strike(note: Note, timeS: number): number {
  const age = timeS - note.startS;
  if (age < 0 || age > note.lengthS) return 0;
  const rise = Math.min(1, age / 0.006);
  const fade = Math.min(1, (note.lengthS - age) / 0.05);
  const phase = 2 * Math.PI * note.hertz * age;
  const body = Math.sin(phase) * Math.exp(-4.5 * age);
  const overtone = 0.35 * Math.sin(3 * phase) * Math.exp(-14 * age);
  return note.loudness * rise * fade * (body + overtone);
}

/** The ringing tone of European networks: 425 Hz, one second in five (ITU-T E.180). */
function ringingTone(timeS: number): number {
  if (timeS > 1) return 0;
  const edge = Math.min(1, timeS / 0.02, (1 - timeS) / 0.02);
  return 0.07 * edge * Math.sin(2 * Math.PI * 425 * timeS);
}

function draw(
  context: AudioContext,
  lengthS: number,
  wave: (timeS: number) => number,
): AudioBuffer {
  const buffer = context.createBuffer(
    1,
    Math.ceil(lengthS * context.sampleRate),
    context.sampleRate,
  );
  const samples = buffer.getChannelData(0);
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = wave(index / context.sampleRate);
  }
  return buffer;
}

const sum = (notes: readonly Note[]) => (timeS: number) =>
  notes.reduce((level, note) => level + strike(note, timeS), 0);

/** Makes the tones of a page. Nothing is opened until the first of them, or `unlock`. */
export function createTones(): Tones {
  let context: AudioContext | null = null;
  const open = (): AudioContext => (context ??= new AudioContext());

  const play = (
    lengthS: number,
    wave: (timeS: number) => number,
    isLoop: boolean,
  ): (() => void) => {
    const audio = open();
    const source = audio.createBufferSource();
    source.buffer = draw(audio, lengthS, wave);
    source.loop = isLoop;
    source.connect(audio.destination);
    source.start();
    return () => {
      source.stop();
      source.disconnect();
    };
  };

  return {
    ring: () => play(3.2, sum(ringNotes), true),
    ringBack: () => play(5, ringingTone, true),
    over: () => void play(0.7, sum(overNotes), false),
    unlock() {
      const audio = open();
      if (audio.state === 'suspended') void audio.resume().catch(() => undefined);
    },
  };
}
