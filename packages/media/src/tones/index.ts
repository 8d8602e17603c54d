export { tonePlans } from './plans.ts';
export { createTones } from './tones.ts';
export { drawTone } from './waveform.ts';

export type { Melody, NetworkTone, Note, ToneName, TonePlan, ToneRegion } from './plans.ts';
export type { Tones, TonesCollaborators, TonesEvents, TonesOptions } from './tones.ts';
