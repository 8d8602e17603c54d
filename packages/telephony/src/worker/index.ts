export { createProviders } from '../provider/provider-config.ts';
export { createTelnyxProvider } from '../telnyx/telnyx-provider.ts';
export { createTurnProvider } from '../turn/turn-provider.ts';
export { ProviderError } from '../provider/provider-error.ts';
export { readSecret, Secret } from '../provider/secrets.ts';
export { serveTelephony } from './serve-telephony.ts';

export type { MakeProviders } from './serve-telephony.ts';
export type { Provider } from '../provider/provider.ts';
export type {
  CleanUp,
  CleanUpRequest,
  CredentialRequest,
  PlaceCallRequest,
  ProviderCalls,
  ProviderContext,
  ProviderCredential,
  TurnServer,
} from '../provider/provider.ts';
export type { ProviderErrorOptions } from '../provider/provider-error.ts';
export type { ProviderConfig } from '../provider/provider-config.ts';
export type { SecretSource } from '../provider/secrets.ts';
export type { TelnyxCollaborators, TelnyxOptions } from '../telnyx/telnyx-provider.ts';
export type { TurnCollaborators, TurnOptions } from '../turn/turn-provider.ts';
