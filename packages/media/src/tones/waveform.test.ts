import { describe, expect, test } from 'vitest';
import { tonePlans } from './plans.ts';
import type { NetworkTone, ToneName, ToneRegion } from './plans.ts';
import { drawTone } from './waveform.ts';

const sampleRate = 16_000;
const regions = Object.keys(tonePlans) as ToneRegion[];
const all = regions.flatMap((region) =>
  (Object.keys(tonePlans[region]) as ToneName[]).map((name) => [region, name] as const),
);

/** Stretches of sound and silence, in hundredths of a second, as somebody with a watch tells them. */
function cadenceOf(samples: Float32Array): [sounds: boolean, hundredths: number][] {
  const window = sampleRate / 100;
  const stretches: [boolean, number][] = [];
  for (let from = 0; from < samples.length; from += window) {
    const sounds = samples.subarray(from, from + window).some((each) => Math.abs(each) > 1e-4);
    const last = stretches.at(-1);
    if (last?.[0] === sounds) last[1] += 1;
    else stretches.push([sounds, 1]);
  }
  return stretches;
}

/** How strong a frequency is in a second of samples (Goertzel). */
function strengthAt(samples: Float32Array, hertz: number): number {
  let [real, imaginary] = [0, 0];
  samples.forEach((sample, index) => {
    const phase = (2 * Math.PI * hertz * index) / sampleRate;
    real += sample * Math.cos(phase);
    imaginary += sample * Math.sin(phase);
  });
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}

const networkTones = all.filter(([region, name]) => 'hertz' in tonePlans[region][name]);

describe.each(networkTones)('%s %s', (region, name) => {
  const plan = tonePlans[region][name] as NetworkTone;
  const samples = drawTone(plan, sampleRate);

  test('is on and off as its plan says', () => {
    expect(cadenceOf(samples)).toEqual(
      plan.cadenceS.map((lengthS, turn) => [turn % 2 === 0, Math.round(lengthS * 100)]),
    );
  });

  test('has its frequencies and no other', () => {
    const first = samples.subarray(0, Math.round(plan.cadenceS[0]! * sampleRate));
    for (const hertz of plan.hertz) {
      expect(strengthAt(first, hertz) / plan.amplitude).toBeGreaterThan(0.85);
    }
    for (const hertz of [300, 350, 550, 700, 850, 1_275]) {
      expect(strengthAt(first, hertz) / plan.amplitude).toBeLessThan(0.15);
    }
  });
});

test.each(all)(
  '%s %s begins and ends in silence, does not clip, and never jumps',
  (region, name) => {
    const samples = drawTone(tonePlans[region][name], 48_000);
    const loudest = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    expect(loudest).toBeLessThan(1);
    expect(loudest).toBeGreaterThan(0.03);
    expect([samples[0], Math.abs(samples.at(-1)!) < 1e-3]).toEqual([0, true]);
    // A click is a jump: more than the steepest of its waves may go in one sample.
    const steepest = samples.reduce(
      (most, each, index) => Math.max(most, Math.abs(each - (samples[index - 1] ?? 0))),
      0,
    );
    expect(steepest / loudest).toBeLessThan(0.35);
  },
);

test('a tone is as long as its plan at every sample rate', () => {
  for (const rate of [8_000, 44_100, 48_000, 96_000]) {
    expect(drawTone(tonePlans.europe['ring-back'], rate)).toHaveLength(5 * rate);
    expect(drawTone(tonePlans.europe.ring, rate)).toHaveLength(3.2 * rate);
  }
});

test('the plans are those of their sources', () => {
  const told = Object.fromEntries(
    networkTones.map(([region, name]) => {
      const { hertz, cadenceS } = tonePlans[region][name] as NetworkTone;
      return [`${region} ${name}`, `${hertz.join('+')} Hz ${cadenceS.join('-')}`];
    }),
  );
  expect(told).toEqual({
    'europe ring-back': '425 Hz 1-4',
    'europe busy': '425 Hz 0.5-0.5',
    'europe congestion': '425 Hz 0.24-0.24',
    'europe call-waiting': '425 Hz 0.2-0.2-0.2-5',
    'north-america ring-back': '440+480 Hz 2-4',
    'north-america busy': '480+620 Hz 0.5-0.5',
    'north-america congestion': '480+620 Hz 0.25-0.25',
    'north-america call-waiting': '440 Hz 0.3-9.7',
  });
});
