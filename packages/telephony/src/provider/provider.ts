/** A TURN server, as `RTCPeerConnection` takes it. */
export interface TurnServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** What a provider gives to a user, to register and call with. */
export interface ProviderCredential {
  /** The provider's id of it. For revoking. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** The SIP realm, as `sip.telnyx.com`. */
  readonly realm: string;
  readonly sipUri: string;
  readonly stunServers: readonly string[];
  readonly turnServers: readonly TurnServer[];
  /** A token for the provider's own browser SDK, when it was asked for. */
  readonly token?: string | undefined;
}

export interface CredentialRequest {
  /** Checked already: see `isUsername`. */
  readonly username: string;
  /** How long it lives, milliseconds. */
  readonly ttlMs: number;
  /** True to have a token for the provider's browser SDK as well. */
  readonly wantsToken: boolean;
}

/** What a cleaning up did. */
export interface CleanUp {
  /** Expired credentials that were removed; with `isDryRun`, that would have been. */
  readonly removed: number;
  /** Credentials of ours that are left. */
  readonly kept: number;
}

export interface CleanUpRequest {
  /** Only counts. */
  readonly isDryRun: boolean;
}

export interface ProviderContext {
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

export interface PlaceCallRequest {
  /** E.164. */
  readonly to: string;
  /** E.164; undefined for the provider's own default. */
  readonly from: string | undefined;
  /** Unique. A provider that hears it twice places one call. */
  readonly commandId: string;
}

/** The part of a provider that calls phone numbers. */
export interface ProviderCalls {
  /** Resolves with the provider's id of the call, once it is on its way. */
  place(request: PlaceCallRequest, context: ProviderContext): Promise<{ readonly id: string }>;
  /** Takes an incoming call. */
  answer(id: string, context: ProviderContext): Promise<void>;
  /** Ends a call. One that has ended rejects with `call_ended`. */
  end(id: string, context: ProviderContext): Promise<void>;
}

/**
 * The port to a telephony provider. It lives in the worker, knows its secrets, and keeps them out of
 * what it returns and throws. `providerConformance` of `@ringfence/telephony/testing` checks one.
 *
 * Every method rejects with a {@link ProviderError}, or with the reason of the signal.
 */
export interface Provider {
  /** Unique among the providers of a worker: 1 to 32 of `a-z 0-9 -`. */
  readonly name: string;
  /** Left out: it does credentials alone. */
  readonly calls?: ProviderCalls;
  issueCredential(
    request: CredentialRequest,
    context: ProviderContext,
  ): Promise<ProviderCredential>;
  /** Ends a credential before its time. One that is not there any more rejects with `not_found`. */
  revokeCredential(id: string, context: ProviderContext): Promise<void>;
  /** Removes what expired. */
  cleanUpCredentials(request: CleanUpRequest, context: ProviderContext): Promise<CleanUp>;
}
