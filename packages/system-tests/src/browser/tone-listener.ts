/** One buffer of sound (WebCodecs section 9.1). */
interface AudioData {
  readonly sampleRate: number;
  readonly numberOfFrames: number;
  copyTo(to: Float32Array, options: { planeIndex: number; format: 'f32-planar' }): void;
  close(): void;
}

declare global {
  /** Chromium's (W3C MediaStreamTrack insertable media processing). */
  var MediaStreamTrackProcessor: new (options: {
    track: MediaStreamTrack;
    maxBufferSize: number;
  }) => { readonly readable: ReadableStream<AudioData> };
  /** Resolves when these DTMF tones were heard in this order, from when it is called. */
  var untilTones: (tones: string) => Promise<void>;
}

/**
 * Runs in the page before its scripts: hears DTMF (ITU-T Q.23) in what arrives from the others, by
 * its two frequencies, as a telephone exchange would. The browser queues every buffer of sound, so
 * that a busy page misses none. It is sent to the page as text, so it uses nothing from outside itself but
 * the probe.
 */
export function installToneListener(): void {
  const rows = [697, 770, 852, 941];
  const columns = [1_209, 1_336, 1_477, 1_633];
  const keys = ['123A', '456B', '789C', '*0#D'];
  const patienceMs = 15_000;
  /** 43 ms at 48 kHz: long enough to tell the frequencies apart, short enough for a tone of 100 ms. */
  const windowLength = 2_048;
  const hop = 512;
  const shortestGapS = 0.04;
  /** How far above the others of its group a frequency has to stand, in dB. */
  const margin = 12;
  const floor = -60;
  /** Ten seconds of buffers of 10 ms. */
  const mostBuffers = 1_000;
  const hann = Float32Array.from(
    { length: windowLength },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / windowLength),
  );

  /** The level of one frequency, in dB (Goertzel). */
  const levelOf = (samples: Float32Array, hertz: number, rate: number): number => {
    const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / rate);
    let one = 0;
    let two = 0;
    for (const [index, sample] of samples.entries()) {
      [one, two] = [sample * hann[index]! + coefficient * one - two, one];
    }
    const power = one * one + two * two - coefficient * one * two;
    return 20 * Math.log10((4 * Math.sqrt(Math.max(power, 1e-20))) / windowLength);
  };

  const loudest = (levels: readonly number[]): number | null => {
    const order = levels
      .map((level, index) => ({ level, index }))
      .sort((a, b) => b.level - a.level);
    const [first, second] = order;
    return first!.level > floor && first!.level > second!.level + margin ? first!.index : null;
  };

  globalThis.untilTones = async (tones) => {
    const receivers = ringfenceProbe.connections.flatMap((each) => each.getReceivers());
    const { track } = receivers.find((receiver) => receiver.track.kind === 'audio')!;
    const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: mostBuffers });
    const reader = processor.readable.getReader();
    let samples = new Float32Array(0);
    let timeS = 0;
    let quietSinceS = 0;
    let heard = '';
    let last: string | null = null;
    const take = (window: Float32Array, rate: number): void => {
      const row = loudest(rows.map((hertz) => levelOf(window, hertz, rate)));
      const column = loudest(columns.map((hertz) => levelOf(window, hertz, rate)));
      const tone = row === null || column === null ? null : keys[row]![column]!;
      if (tone !== null && tone !== last) heard += tone;
      // One key is let go and pressed again only after a gap; a shorter one is a flaw of the sound.
      if (tone !== null) {
        last = tone;
        quietSinceS = timeS;
      } else if (timeS - quietSinceS > shortestGapS) last = null;
    };
    const late = setTimeout(() => void reader.cancel(), patienceMs);
    try {
      while (heard !== tones) {
        const { value: sound } = await reader.read();
        if (sound === undefined) {
          throw new Error(`${tones} not heard within ${patienceMs} ms; heard ${heard}`);
        }
        const joined = new Float32Array(samples.length + sound.numberOfFrames);
        joined.set(samples);
        sound.copyTo(joined.subarray(samples.length), { planeIndex: 0, format: 'f32-planar' });
        samples = joined;
        for (; samples.length >= windowLength; samples = samples.subarray(hop)) {
          take(samples.subarray(0, windowLength), sound.sampleRate);
          timeS += hop / sound.sampleRate;
        }
        sound.close();
      }
    } finally {
      clearTimeout(late);
      await reader.cancel();
    }
  };
}
