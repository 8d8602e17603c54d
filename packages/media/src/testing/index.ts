export { mediaConformance } from './conformance.ts';
export { FakeBrowser } from './fake-browser.ts';
export { createFakeMedia } from './fake-media.ts';
export { calleeLeg, callerLeg, createSignalPair } from './signal-pair.ts';
export { createTestCall } from './test-call.ts';

export type { MediaCheck, MediaUnderTest } from './conformance.ts';
export type { FakeBrowserCollaborators, FakeBrowserOptions } from './fake-browser.ts';
export type {
  FakeMediaControls,
  FakeMedia,
  FakeMediaOptions,
  FakeMediaPlan,
} from './fake-media.ts';
export type { FakeNetwork } from './fake-statistics.ts';
export type { FakeDevice, FakeTrack } from './fake-track.ts';
export type { FakePeerConnection } from './fake-peer-connection.ts';
export type { SignalPair, SignalPairOptions } from './signal-pair.ts';
export type { TestCall, TestCallOptions, TestSide } from './test-call.ts';
