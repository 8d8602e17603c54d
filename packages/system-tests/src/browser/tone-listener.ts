declare global {
  /** Resolves when these DTMF tones were heard in this order, from when it is called. */
  var untilTones: (tones: string) => Promise<void>;
}

/**
 * Runs in the page before its scripts: hears DTMF (ITU-T Q.23) in what arrives from the others, by
 * its two frequencies, as a telephone exchange would. It is sent to the page as text, so it uses
 * nothing from outside itself but the probe.
 */
export function installToneListener(): void {
  const rows = [697, 770, 852, 941];
  const columns = [1_209, 1_336, 1_477, 1_633];
  const keys = ['123A', '456B', '789C', '*0#D'];
  const patienceMs = 15_000;
  const shortestGapMs = 40;
  /** How far above the others of its group a frequency has to stand, in dB. */
  const margin = 12;
  const floor = -70;

  const loudest = (levels: readonly number[]): number | null => {
    const order = levels
      .map((level, index) => ({ level, index }))
      .sort((a, b) => b.level - a.level);
    const [first, second] = order;
    return first!.level > floor && first!.level > second!.level + margin ? first!.index : null;
  };

  globalThis.untilTones = async (tones) => {
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 2_048, smoothingTimeConstant: 0 });
    for (const connection of ringfenceProbe.connections) {
      for (const { track } of connection.getReceivers()) {
        if (track.kind !== 'audio') continue;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      }
    }
    const bins = new Float32Array(analyser.frequencyBinCount);
    const levelAt = (hertz: number): number => {
      const bin = Math.round((hertz * analyser.fftSize) / context.sampleRate);
      return Math.max(bins[bin - 1]!, bins[bin]!, bins[bin + 1]!);
    };
    const read = (): string | null => {
      analyser.getFloatFrequencyData(bins);
      const row = loudest(rows.map(levelAt));
      const column = loudest(columns.map(levelAt));
      return row === null || column === null ? null : keys[row]![column]!;
    };
    let heard = '';
    let last: string | null = null;
    let quietSince = 0;
    const startMs = performance.now();
    try {
      while (heard !== tones) {
        const tone = read();
        if (tone !== null && tone !== last) heard += tone;
        // One key is let go and pressed again only after a gap; a shorter one is a flaw of the sound.
        if (tone === null && performance.now() - quietSince > shortestGapMs) last = null;
        if (tone !== null) {
          last = tone;
          quietSince = performance.now();
        }
        if (performance.now() - startMs > patienceMs) {
          throw new Error(`${tones} not heard within ${patienceMs} ms; heard ${heard}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      await context.close();
    }
  };
}
