export { pageBrowser } from './browser.ts';
export { captureCause } from './capture-cause.ts';
export { createMedia } from './engine.ts';
export { resolveMediaOptions } from './options.ts';
export { estimateMos } from './quality/mos.ts';

export type { Browser } from './browser.ts';
export type { CaptureCause } from './capture-cause.ts';
export type { CaptureConstraints, MediaKind } from './capture.ts';
export type {
  DeviceList,
  Devices,
  DeviceSelection,
  DevicesEvents,
  MediaDevice,
} from './devices.ts';
export type { MediaCollaborators, MediaEngine, MediaEngineEvents } from './engine.ts';
export type { MediaErrorCode } from './errors.ts';
export type {
  IncomingSignal,
  MediaSession,
  MediaSessionEvents,
  MediaSessionOptions,
  OutgoingSignal,
  SignalChannel,
} from './media-session.ts';
export type { MediaOptions, QualityLimits, ResolvedMediaOptions } from './options.ts';
export type { SpeechPath } from './quality/mos.ts';
export type { Quality } from './quality/quality.ts';
export type { QualityWarning } from './quality/warnings.ts';
