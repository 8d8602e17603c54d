export { checkCallInvariants } from './call-invariants.ts';
export { takeStep } from './call-step.ts';
export { factFaults } from './fact-invariants.ts';
export { randomCall, randomCalls } from './random-call.ts';
export { sampleActors, sampleCall, sampleDial, sampleReach, secondCall } from './sample-call.ts';

export type { CallHistory } from './call-invariants.ts';
export type { CallStep } from './call-step.ts';
export type { CallStepTaken, RandomCall, RandomCalls } from './random-call.ts';
export type { SampleCall, SamplePoint, SampleReach } from './sample-call.ts';
