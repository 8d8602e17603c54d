export { providerConformance } from './provider-conformance.ts';
export { TelnyxContractServer } from './telnyx-contract-server.ts';

export type { ConformanceCase, ProviderUnderTest } from './provider-conformance.ts';
export type {
  AccountCall,
  AccountConnection,
  AccountCredential,
  TelnyxAccount,
} from './telnyx-account.ts';
export type {
  SignedWebhook,
  TelnyxContractOptions,
  TelnyxFault,
} from './telnyx-contract-server.ts';
