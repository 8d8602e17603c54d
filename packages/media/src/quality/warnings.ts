/** What is wrong with a call, as far as statistics tell. */
export type QualityWarning =
  'high-round-trip' | 'high-loss' | 'high-jitter' | 'frozen-video' | 'low-mos';

const windowSize = 5;
const raiseAt = 3;

/**
 * Turns samples into warnings that do not flicker: a warning is raised when 3 of the last 5
 * samples were over its limit, and cleared when none was.
 */
export class Warnings {
  #samples: readonly Readonly<Record<QualityWarning, boolean>>[] = [];
  readonly #raised = new Set<QualityWarning>();

  /** Takes whether one sample was over each limit. Returns the warnings that stand, sorted. */
  add(sample: Readonly<Record<QualityWarning, boolean>>): readonly QualityWarning[] {
    this.#samples = [...this.#samples, sample].slice(-windowSize);
    for (const name of Object.keys(sample) as QualityWarning[]) {
      const over = this.#samples.filter((each) => each[name]).length;
      if (over >= raiseAt) this.#raised.add(name);
      else if (over === 0) this.#raised.delete(name);
    }
    return [...this.#raised].sort();
  }
}
