export { createRinger } from './create-ringer.ts';

export type { Ringer, RingerCollaborators, RingerEvents, RingerOptions } from './create-ringer.ts';
export type { ToneName, ToneRegion, Tones } from '@ringfence/media/tones';
