export { idsOf } from '../devices.ts';
export { dtmfError, isDtmf, unavailable } from '../errors.ts';
export { mediaConformance } from './conformance.ts';
export { FakeAudioContext } from './fake-audio-context.ts';
export { FakeBrowser } from './fake-browser.ts';
export { createFakeMedia } from './fake-media.ts';
export { calleeLeg, callerLeg, createSignalPair } from './signal-pair.ts';
export { createSignalMesh } from './signal-mesh.ts';
export { createTestCall, createTestSide } from './test-call.ts';

export type { MediaCheck } from './conformance.ts';
export type { MediaUnderTest } from './conformance-bench.ts';
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
export type { FakeAudio } from './fake-audio.ts';
export type { FakeAudioContextOptions, FakeSource } from './fake-audio-context.ts';
export type { SentSignal, SignalMesh, SignalMeshOptions } from './signal-mesh.ts';
export type { SignalPair } from './signal-pair.ts';
export type { TestCall, TestCallOptions, TestSide, TestSideOptions } from './test-call.ts';
