import { createHmac } from 'node:crypto';
import { systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import type {
  CleanUp,
  CredentialRequest,
  Provider,
  ProviderContext,
  ProviderCredential,
} from '../provider/provider.ts';
import { ProviderError } from '../provider/provider-error.ts';
import type { Secret } from '../provider/secrets.ts';

/** What tunes the TURN provider. */
export interface TurnOptions {
  /** Default `turn`. */
  readonly name?: string | undefined;
  /** As `turn:turn.example.com:3478?transport=udp`. */
  readonly turnUrls: readonly string[];
  /** Default: none. */
  readonly stunServers?: readonly string[] | undefined;
  /** The realm of the TURN server; it stands in the SIP URI as well. */
  readonly realm: string;
  /** A user name of the TURN server that does not change. Left out: one for each credential. */
  readonly username?: string | undefined;
}

export interface TurnCollaborators {
  /** The secret shared with the TURN server; with `username`, its password. */
  readonly secret: Secret;
  readonly clock?: Clock;
}

/**
 * A TURN server of your own, as coturn: it needs no network and no account, so it works as the last
 * provider in a row. With a shared secret each credential is a user name that holds its end, and its
 * HMAC (draft-uberti-behave-turn-rest-00, coturn's `use-auth-secret`); with a `username` it is a
 * login that never changes. It cannot be revoked, and there are no calls.
 */
export function createTurnProvider(
  options: TurnOptions,
  { secret, clock = systemClock }: TurnCollaborators,
): Provider {
  const { name = 'turn', turnUrls, stunServers = [], realm } = options;
  const login = (user: string, expiresAt: number): { username: string; password: string } => {
    if (options.username !== undefined) {
      return { username: options.username, password: secret.reveal() };
    }
    const username = `${Math.floor(expiresAt / 1_000)}:${user}`;
    const password = createHmac('sha1', secret.reveal()).update(username).digest('base64');
    return { username, password };
  };
  return {
    name,
    async issueCredential(
      { username: user, ttlMs, wantsToken }: CredentialRequest,
      { signal }: ProviderContext,
    ): Promise<ProviderCredential> {
      signal.throwIfAborted();
      if (wantsToken) throw unsupported('make a token; a TURN server has none');
      const expiresAt = Math.floor((clock.now() + ttlMs) / 1_000) * 1_000;
      const { username, password } = login(user, expiresAt);
      return {
        // One that never changes may have any form.
        id: encodeURI(username).slice(0, 256),
        username,
        password,
        expiresAt,
        realm,
        sipUri: `sip:${encodeURIComponent(username)}@${realm}`,
        stunServers,
        turnServers: [{ urls: turnUrls, username, credential: password }],
      };
    },
    async revokeCredential(): Promise<void> {
      throw unsupported('revoke a TURN credential; it ends by itself');
    },
    async cleanUpCredentials(_request, { signal }): Promise<CleanUp> {
      signal.throwIfAborted();
      return { removed: 0, kept: 0 };
    },
  };
}

function unsupported(what: string): ProviderError {
  return new ProviderError('not_supported', `unable to ${what}`, { effect: 'none' });
}
