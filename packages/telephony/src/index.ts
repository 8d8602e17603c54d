export { createTelephony } from './isolated-telephony.ts';
export { sharedTelephony } from './shared-telephony.ts';
export { createTelephonyRoutes } from './routes/routes.ts';
export { nodeHandler } from './routes/node-handler.ts';
export { isErrorCode } from './error-codes.ts';
export { isPhoneNumber, isUsername } from './input.ts';

export type {
  IssueCredential,
  OfCall,
  PlaceCall,
  Telephony,
  TelephonyCollaborators,
  TelephonyCredential,
  TelephonyEvents,
  TelephonyHealth,
  TelephonyOptions,
  TelephonyState,
  TelephonyStatus,
} from './telephony.ts';
export type { TelephonyCall } from './call-ledger.ts';
export type { TelephonyErrorCode } from './error-codes.ts';
export type { IsolationOptions } from './isolated-worker.ts';
export type { ProviderConfig } from './provider/provider-config.ts';
export type { TurnServer } from './provider/provider.ts';
export type { SecretSource } from './provider/secrets.ts';
export type { Result, TelephonyFailure } from './result.ts';
export type { TelephonyErrorBody } from './routes/answers.ts';
export type {
  TelephonyIntent,
  TelephonyRouteOptions,
  TelephonyRoutes,
  TelephonyUser,
} from './routes/routes.ts';
export type { TelephonyWebhook, WebhookRequest } from './telnyx/telnyx-webhooks.ts';
export type { ProviderMetrics, TelephonyMetrics } from './telephony-metrics.ts';
export type { ProviderCleanUp, ProviderState, TelephonyWorker } from './worker/contract.ts';
