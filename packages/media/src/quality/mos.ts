/** What the estimate is made from. */
export interface SpeechPath {
  /** Mouth to ear, milliseconds. */
  readonly delayMs: number;
  /** Packets that did not arrive, percent. */
  readonly lossPercent: number;
}

/** R with every other parameter at its default value (ITU-T G.107 (06/2015) clause 7.1 and 8). */
const undisturbed = 93.2;
/** Packet-loss robustness of a codec with concealment (ITU-T G.113 Appendix I, G.711 with PLC). */
const robustness = 25.1;

/**
 * Estimates the mean opinion score of speech, 1 (bad) to 4.5 (best), by a simplified E-model.
 *
 * - Delay: `Id = 0.024 d + 0.11 (d - 177.3)` above 177.3 ms, the approximation of G.107 clause 7.3
 *   by Cole and Rosenbluth (ACM CCR 31(2), 2001).
 * - Loss: `Ie,eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl)` (G.107 equation 7-29), loss taken
 *   as random (BurstR 1), Ie 0. There is no ITU value for Opus; the robustness of G.711 with
 *   concealment stands in, so the estimate tends to be too low rather than too high.
 * - MOS from R by G.107 Annex B.
 *
 * It says nothing about echo, noise or loudness.
 */
export function estimateMos({ delayMs, lossPercent }: SpeechPath): number {
  const late = Math.max(0, delayMs - 177.3);
  const delayImpairment = 0.024 * delayMs + 0.11 * late;
  const lossImpairment = (95 * lossPercent) / (lossPercent + robustness);
  const rating = Math.max(0, Math.min(100, undisturbed - delayImpairment - lossImpairment));
  const mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  // Annex B dips below 1 for ratings under 6.5.
  return Math.max(1, mos);
}
