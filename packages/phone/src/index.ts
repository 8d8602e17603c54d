export { RingfenceError } from '@ringfence/base';
export { createPhone } from './create-phone.ts';
export { resolvePhoneOptions } from './options.ts';

export type { Call, CallEvents, InviteOptions } from './call.ts';
export type { PhoneErrorCode } from './errors.ts';
export type { PhoneCollaborators, PhoneOptions, ResolvedPhoneOptions, Tubes } from './options.ts';
export type { Phone, PhoneEvents, PhoneState, SettingsChange } from './phone.ts';
export type {
  CallEnd,
  CallEndReason,
  CallRequest,
  Holding,
  ParticipantView,
  PendingRequest,
  ViewState,
} from '@ringfence/call-machine';
export type {
  Action,
  Address,
  EndCause,
  MediaKinds,
  ParticipantId,
  Role,
  UserSettings,
  Via,
} from '@ringfence/call-rules';
export type { Devices, Quality } from '@ringfence/media';
export type { TokenSource } from '@ringfence/signaling-client';
