import type { Melody, NetworkTone, Note, TonePlan } from './plans.ts';

/** How long a tone takes to come and to go: without it, it clicks. */
const edgeS = 0.01;

/** How long one round of a tone takes, in seconds. */
const lengthOf = (plan: TonePlan): number =>
  'notes' in plan ? plan.lengthS : plan.cadenceS.reduce((sum, each) => sum + each, 0);

/** True for a tone that goes on until it is stopped. */
export const isRepeated = (plan: TonePlan): boolean => !('notes' in plan) || plan.isRepeated;

/** The samples of one round of a tone, from -1 to 1. The end fits the beginning. */
export function drawTone(plan: TonePlan, sampleRate: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.round(lengthOf(plan) * sampleRate));
  if ('notes' in plan) drawMelody(plan, sampleRate, samples);
  else drawCadence(plan, sampleRate, samples);
  return samples;
}

function drawMelody({ notes }: Melody, sampleRate: number, samples: Float32Array): void {
  for (const note of notes) {
    const first = Math.round(note.startS * sampleRate);
    const last = Math.min(samples.length, first + Math.round(note.lengthS * sampleRate));
    for (let index = first; index < last; index += 1) {
      samples[index]! += strike(note, (index - first) / sampleRate);
    }
  }
}

/** A struck note: a fast rise, a long fall, and an overtone that dies sooner. */
function strike({ hertz, lengthS, amplitude }: Note, ageS: number): number {
  const edge = Math.min(1, ageS / 0.006, (lengthS - ageS) / 0.05);
  const phase = 2 * Math.PI * hertz * ageS;
  const body = Math.sin(phase) * Math.exp(-4.5 * ageS);
  const overtone = 0.35 * Math.sin(3 * phase) * Math.exp(-14 * ageS);
  return amplitude * edge * (body + overtone);
}

function drawCadence(plan: NetworkTone, sampleRate: number, samples: Float32Array): void {
  const { hertz, cadenceS, amplitude } = plan;
  let startS = 0;
  cadenceS.forEach((lengthS, turn) => {
    const first = Math.round(startS * sampleRate);
    startS += lengthS;
    if (turn % 2 === 1) return;
    const last = Math.round(startS * sampleRate);
    for (let index = first; index < last; index += 1) {
      const ageS = (index - first) / sampleRate;
      const edge = Math.min(1, ageS / edgeS, (lengthS - ageS) / edgeS);
      const waves = hertz.reduce((sum, each) => sum + Math.sin(2 * Math.PI * each * ageS), 0);
      samples[index] = amplitude * edge * waves;
    }
  });
}
