export { sampleCandidates, sampleSdp } from './sample-call-frames.ts';
export { sampleFrames } from './sample-frames.ts';

export type { SampleFrames } from './sample-call-frames.ts';
