export { createTelephonyClient } from './telephony-client.ts';

export type {
  ClientCall,
  ClientCredential,
  ClientEvents,
  ClientFailure,
  ClientResult,
  ClientStatus,
  TelephonyClient,
  TelephonyClientCollaborators,
  TelephonyClientOptions,
} from './telephony-client.ts';
