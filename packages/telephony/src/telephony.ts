/*
 * Telephony as a host sees it. The files:
 *
 *   telephony.ts           this: what a host can do
 *   isolated-telephony.ts  how it does it
 *   isolated-worker.ts     how the worker is started
 *   call-ledger.ts, telephony-metrics.ts
 *                          what is known in the host, and outlives workers
 *   worker/                what runs in the worker: provider-desk.ts asks providers, each behind a
 *                          breaker; contract.ts is what goes over
 *   provider/              the port to a provider, its errors, its secrets
 *   telnyx/, turn/         the providers
 *   routes/, client/       HTTP, and the browser's side of it
 *
 *   1. Nothing here throws or rejects: what went wrong is in the result. Only createTelephonyRoutes
 *      and createTelephonyClient throw when they are made, for options that are not valid.
 *   2. Secrets are read in the worker, from where the host says they are. None comes back.
 *   3. Nothing that a user typed goes over to the worker unchecked.
 *   4. What the worker answers is checked; one that answers nonsense is replaced.
 *   5. Phone numbers and names are in results, and never in messages or logs.
 */
import type { Clock, Logger, Random } from '@ringfence/base';
import type { CallableChild, SupervisorState } from '@ringfence/isolation/supervisor';
import type { TelephonyCall } from './call-ledger.ts';
import type { IsolationOptions } from './isolated-worker.ts';
import type { ProviderConfig } from './provider/provider-config.ts';
import type { ProviderCredential } from './provider/provider.ts';
import type { Result, TelephonyFailure } from './result.ts';
import type { TelephonyMetrics } from './telephony-metrics.ts';
import type { TelephonyWebhook, WebhookRequest } from './telnyx/telnyx-webhooks.ts';
import type { ProviderCleanUp, ProviderState, TelephonyWorker } from './worker/contract.ts';

/** What telephony is made of. */
export interface TelephonyOptions {
  /** Asked in this order. */
  readonly providers: readonly ProviderConfig[];
  readonly isolation?: IsolationOptions;
}

/** What telephony works with. Each has the real thing as its default. */
export interface TelephonyCollaborators {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Makes the workers, in place of a process or a thread. */
  readonly createWorker?: () => CallableChild<TelephonyWorker>;
}

/**
 *     idle ─▶ starting ⇄ error      any ─▶ stopped ─▶ starting
 *                 └▶ ready ⇄ ▲
 */
export type TelephonyState = SupervisorState;

/** How it stands. Plain data, as the status route answers. */
export interface TelephonyStatus {
  readonly status: TelephonyState;
  /** True while its worker is there and takes calls; of the providers it says nothing. */
  readonly healthy: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** How it stands, asked of the worker itself. Plain data. */
export interface TelephonyHealth extends TelephonyStatus {
  /** How long the worker took to answer, milliseconds. */
  readonly roundTripMs: number;
  readonly providers: readonly ProviderState[];
  /** Why the worker failed last, as a code. */
  readonly lastError: string | undefined;
}

/** A credential, and the id to revoke it with. */
export interface TelephonyCredential extends ProviderCredential {
  readonly provider: string;
}

export interface IssueCredential {
  /** 1 to 128 of `A-Z a-z 0-9 . _ + @ -`, beginning with a letter or digit. */
  readonly username: string;
  /** How long it lives, milliseconds. Default a day; a minute to a day. */
  readonly ttlMs?: number | undefined;
  /** True to have a token for the provider's browser SDK as well. Default false. */
  readonly wantsToken?: boolean | undefined;
}

export interface PlaceCall {
  /** E.164. */
  readonly to: string;
  /** E.164. Default: the provider's. */
  readonly from?: string | undefined;
  /** Who places it. */
  readonly userId?: string | undefined;
}

export interface OfCall {
  readonly callId: string;
  /** Who asks. */
  readonly userId?: string | undefined;
}

export interface TelephonyEvents {
  'status.changed': TelephonyStatus;
  'call.changed': { readonly call: TelephonyCall };
  'webhook.received': { readonly webhook: TelephonyWebhook };
  /** `restartInMs` is undefined when there is no restart any more. */
  'worker.failed': {
    readonly code: string;
    /** For developers. Reads "unable to X; Y". */
    readonly message: string;
    readonly restart: number;
    readonly restartInMs: number | undefined;
  };
  /**
   * It gave up, until `start` is called again: its worker failed too often, or its start can only
   * fail, as without its key.
   */
  fatal_error: { readonly error: TelephonyFailure };
}

/** Telephony in a worker of its own. No method throws or rejects. */
export interface Telephony extends AsyncDisposable {
  /** Starts the worker. Resolves when it is ready, or was given up. A second call joins. */
  start(options?: { readonly signal?: AbortSignal }): Promise<Result<undefined>>;
  stop(): Promise<void>;
  status(): TelephonyStatus;
  /** Asks the worker for a sign of life. */
  health(): Promise<TelephonyHealth>;
  issueCredential(request: IssueCredential): Promise<Result<TelephonyCredential>>;
  /** `credentialId` is the credential's `id`. */
  revokeCredential(request: { readonly credentialId: string }): Promise<Result<undefined>>;
  /**
   * Removes expired credentials at every provider. With `isDryRun` it only counts. What is no
   * boolean there, and an unknown field, is `invalid_request`, and nothing is removed.
   */
  cleanUpCredentials(request?: {
    readonly isDryRun?: boolean;
  }): Promise<Result<readonly ProviderCleanUp[]>>;
  /**
   * Calls a number. One that may have been placed though its answer was lost is not `retryable`:
   * look at `calls()` and the webhooks before it is placed again.
   */
  placeCall(request: PlaceCall): Promise<Result<TelephonyCall>>;
  answerCall(request: OfCall): Promise<Result<TelephonyCall>>;
  endCall(request: OfCall): Promise<Result<TelephonyCall>>;
  /** Those that ring or run, as far as this host knows. */
  calls(): readonly TelephonyCall[];
  metrics(): TelephonyMetrics;
  /** Takes in a webhook of a provider. */
  receiveWebhook(request: WebhookRequest): Result<TelephonyWebhook>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof TelephonyEvents>(
    name: Name,
    listener: (payload: TelephonyEvents[Name]) => unknown,
  ): () => void;
}
