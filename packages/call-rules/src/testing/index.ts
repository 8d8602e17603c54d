export { checkCallInvariants } from './call-invariants.ts';
export { randomCall, takeStep } from './random-call.ts';
export { sampleActors, sampleCall } from './sample-call.ts';

export type { CallHistory } from './call-invariants.ts';
export type { CallStep, CallStepTaken, RandomCall } from './random-call.ts';
export type { SampleCall, SamplePoint } from './sample-call.ts';
