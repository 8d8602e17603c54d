export { sampleCandidates, sampleFrames, sampleSdp } from './sample-frames.ts';

export type { SampleFrames } from './sample-frames.ts';
