import { systemClock, systemRandom } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type {
  CleanUp,
  CleanUpRequest,
  CredentialRequest,
  PlaceCallRequest,
  Provider,
  ProviderCalls,
  ProviderContext,
  ProviderCredential,
  TurnServer,
} from '../provider/provider.ts';
import { ProviderError } from '../provider/provider-error.ts';
import type { Secret } from '../provider/secrets.ts';
import type { CredentialKind, SipLogin } from './credential-kind.ts';
import { CredentialConnections } from './credential-connections.ts';
import { TelephonyCredentials } from './telephony-credentials.ts';
import { path, readBaseUrl, TelnyxApi } from './telnyx-api.ts';
import type { Fetch } from './telnyx-api.ts';
import { commandAnswer, dialAnswer, tokenPattern } from './telnyx-schemas.ts';

/** What tunes the Telnyx provider. Every field has a default. */
export interface TelnyxOptions {
  /** Default `telnyx`. */
  readonly name?: string | undefined;
  /** Default `https://api.telnyx.com/v2`. HTTPS, or of this machine. */
  readonly apiUrl?: string | undefined;
  /**
   * A credential connection that credentials are made on. Default: none, and each user gets a
   * connection of their own, of which an account has few (5 to begin with).
   */
  readonly connectionId?: string | undefined;
  /** The Call Control application that places calls. Left out: there are no calls. */
  readonly callControlAppId?: string | undefined;
  /** The number calls are placed from, E.164. Left out: each call has to say. */
  readonly from?: string | undefined;
  /** Marks what is ours at Telnyx; cleaning up touches nothing else. Default `ringfence`. */
  readonly tag?: string | undefined;
  /** Default `sip.telnyx.com`. */
  readonly realm?: string | undefined;
  /** Default `stun:stun.telnyx.com:3478`. */
  readonly stunServers?: readonly string[] | undefined;
  /** How long one request may take, with its whole answer, milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: those of Telnyx, with the public login that its browser SDK has built in. */
  readonly turnServers?: readonly TurnServer[] | undefined;
}

/** What the provider works with. All but the key have the real thing as their default. */
export interface TelnyxCollaborators {
  readonly apiKey: Secret;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** As in the SDK of Telnyx, `team-telnyx/webrtc`: it is public, and the same for everybody. */
const publicTurnServers: readonly TurnServer[] = [
  {
    urls: ['turn:turn.telnyx.com:3478?transport=udp', 'turn:turn.telnyx.com:3478?transport=tcp'],
    username: 'testuser',
    credential: 'testpassword',
  },
];

/**
 * Telnyx, by its HTTP API (v2). For the worker: it holds the API key.
 *
 * When the account's limit of credentials is reached, expired ones are removed and it tries once
 * more.
 *
 * @throws {RingfenceError} `invalid_option`.
 */
export function createTelnyxProvider(
  options: TelnyxOptions,
  collaborators: TelnyxCollaborators,
): Provider {
  const { apiUrl = 'https://api.telnyx.com/v2', tag = 'ringfence', connectionId } = options;
  const { timeoutMs = 10_000 } = options;
  const { apiKey, clock = systemClock, random = systemRandom } = collaborators;
  const fetch = collaborators.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const api = new TelnyxApi({ baseUrl: readBaseUrl(apiUrl), apiKey, fetch, clock, timeoutMs });
  const parts = { api, clock, random, tag };
  const kind =
    connectionId === undefined
      ? new CredentialConnections(parts)
      : new TelephonyCredentials(parts, connectionId);
  return new TelnyxProvider(options, api, kind);
}

class TelnyxProvider implements Provider {
  readonly name: string;
  readonly calls?: ProviderCalls;
  readonly #options: TelnyxOptions;
  readonly #api: TelnyxApi;
  readonly #kind: CredentialKind;

  constructor(options: TelnyxOptions, api: TelnyxApi, kind: CredentialKind) {
    this.name = options.name ?? 'telnyx';
    this.#options = options;
    this.#api = api;
    this.#kind = kind;
    const { callControlAppId, from } = options;
    if (callControlAppId !== undefined) this.calls = new TelnyxCalls(api, callControlAppId, from);
  }

  async issueCredential(
    request: CredentialRequest,
    context: ProviderContext,
  ): Promise<ProviderCredential> {
    const login = await this.#issue(request, context);
    const {
      realm = 'sip.telnyx.com',
      stunServers = ['stun:stun.telnyx.com:3478'],
      turnServers = publicTurnServers,
    } = this.#options;
    const token = request.wantsToken ? await this.#token(login, context) : undefined;
    return {
      ...login,
      realm,
      sipUri: `sip:${login.username}@${realm}`,
      stunServers,
      turnServers,
      ...(token === undefined ? {} : { token }),
    };
  }

  revokeCredential(id: string, context: ProviderContext): Promise<void> {
    return this.#kind.revoke(id, context);
  }

  cleanUpCredentials(request: CleanUpRequest, context: ProviderContext): Promise<CleanUp> {
    return this.#kind.cleanUp(request, context);
  }

  async #issue(request: CredentialRequest, context: ProviderContext): Promise<SipLogin> {
    try {
      return await this.#kind.issue(request, context);
    } catch (thrown) {
      if (!isOf(thrown, 'credential_limit_reached')) throw thrown;
      const { removed } = await this.#kind.cleanUp({ isDryRun: false }, context);
      if (removed === 0) throw thrown;
      return this.#kind.issue(request, context);
    }
  }

  /** A credential that nobody gets is taken back: an account has few. */
  async #token({ id }: SipLogin, context: ProviderContext): Promise<string> {
    const { signal } = context;
    const at = path`/telephony_credentials/${id}/token`;
    try {
      if (this.#options.connectionId === undefined) throw noToken();
      const token = (await this.#api.text({ method: 'POST', path: at, signal })).trim();
      if (tokenPattern.test(token)) return token;
      throw new ProviderError('provider_nonsense', 'unable to use a token; it is no JWT');
    } catch (thrown) {
      await this.#kind.revoke(id, context).catch(() => {});
      throw thrown;
    }
  }
}

/** Calls by Call Control commands. */
class TelnyxCalls implements ProviderCalls {
  readonly #api: TelnyxApi;
  readonly #appId: string;
  readonly #from: string | undefined;

  constructor(api: TelnyxApi, appId: string, from: string | undefined) {
    this.#api = api;
    this.#appId = appId;
    this.#from = from;
  }

  async place(
    { to, from = this.#from, commandId }: PlaceCallRequest,
    { signal }: ProviderContext,
  ): Promise<{ readonly id: string }> {
    if (from === undefined) {
      const message = 'unable to place a call; no number was given that it comes from';
      throw new ProviderError('invalid_request', message, { effect: 'none' });
    }
    const body = { connection_id: this.#appId, to, from, command_id: commandId };
    const { data } = await this.#api.json(
      { method: 'POST', path: '/calls', body, signal },
      dialAnswer,
    );
    return { id: data.call_control_id };
  }

  async answer(id: string, { signal }: ProviderContext): Promise<void> {
    const at = path`/calls/${id}/actions/answer`;
    await this.#api.json({ method: 'POST', path: at, body: {}, signal }, commandAnswer);
  }

  async end(id: string, { signal }: ProviderContext): Promise<void> {
    const at = path`/calls/${id}/actions/hangup`;
    await this.#api.json({ method: 'POST', path: at, body: {}, signal }, commandAnswer);
  }
}

function isOf(thrown: unknown, code: string): boolean {
  return thrown instanceof ProviderError && thrown.code === code;
}

function noToken(): ProviderError {
  const message = 'unable to make a token; it takes a connectionId in the options of Telnyx';
  return new ProviderError('not_supported', message, { effect: 'none' });
}
