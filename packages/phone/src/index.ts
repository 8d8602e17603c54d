export { RingfenceError } from '@ringfence/base';
export { resolvePhoneOptions } from './options.ts';
export { createPhone } from './phone.ts';

export type { Call, CallEvents } from './call.ts';
export type { PhoneCollaborators, PhoneOptions, ResolvedPhoneOptions } from './options.ts';
export type { Phone, PhoneEvents, PhoneState } from './phone.ts';
export type { CallEnd, CallEndReason, Holding, ViewState } from '@ringfence/call-machine';
export type { EndCause, MediaKinds } from '@ringfence/call-rules';
export type { Quality } from '@ringfence/media';
export type { TokenSource } from '@ringfence/signaling-client';
