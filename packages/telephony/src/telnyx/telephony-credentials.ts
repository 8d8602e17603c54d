import type {
  CleanUp,
  CleanUpRequest,
  CredentialRequest,
  ProviderContext,
} from '../provider/provider.ts';
import { pageSize, readPages, removeExpired } from './credential-kind.ts';
import type { CredentialKind, CredentialKindParts, SipLogin } from './credential-kind.ts';
import { path } from './telnyx-api.ts';
import { telephonyCredentialAnswer, telephonyCredentialList } from './telnyx-schemas.ts';
import type { TelephonyCredential } from './telnyx-schemas.ts';

/**
 * Telephony credentials on a credential connection that exists. Telnyx makes name and password (32
 * hexadecimal characters) and ends them at their time.
 */
export class TelephonyCredentials implements CredentialKind {
  readonly #parts: CredentialKindParts;
  readonly #connectionId: string;

  constructor(parts: CredentialKindParts, connectionId: string) {
    this.#parts = parts;
    this.#connectionId = connectionId;
  }

  async issue(
    { username, ttlMs }: CredentialRequest,
    { signal }: ProviderContext,
  ): Promise<SipLogin> {
    const { api, clock, tag } = this.#parts;
    const expiresAt = clock.now() + ttlMs;
    const body = {
      connection_id: this.#connectionId,
      name: username,
      tag,
      expires_at: new Date(expiresAt).toISOString(),
    };
    const at = '/telephony_credentials';
    const { data } = await api.json(
      { method: 'POST', path: at, body, signal },
      telephonyCredentialAnswer,
    );
    const { id, sip_username: name, sip_password: password } = data;
    return { id, username: name, password, expiresAt: readTime(data.expires_at) ?? expiresAt };
  }

  async revoke(id: string, { signal }: ProviderContext): Promise<void> {
    const { api } = this.#parts;
    await api.text({ method: 'DELETE', path: path`/telephony_credentials/${id}`, signal });
  }

  async cleanUp(request: CleanUpRequest, context: ProviderContext): Promise<CleanUp> {
    const { api, clock, tag } = this.#parts;
    const { signal } = context;
    const tagged = await readPages((page) => {
      const query = {
        'filter[tag]': tag,
        'page[number]': String(page),
        'page[size]': String(pageSize),
      };
      const at = '/telephony_credentials';
      return api.json({ method: 'GET', path: at, query, signal }, telephonyCredentialList);
    });
    const now = clock.now();
    const ours = tagged.filter((each) => this.#isOfConnection(each));
    return removeExpired(
      ours,
      (each) => isExpired(each, now),
      request,
      (id) => this.revoke(id, context),
    );
  }

  /** Of what is on other connections nothing is removed, whatever a list has in it. */
  #isOfConnection({ resource_id: of }: TelephonyCredential): boolean {
    return typeof of !== 'string' || of === `connection:${this.#connectionId}`;
  }
}

function isExpired({ expired, expires_at: expiresAt }: TelephonyCredential, now: number): boolean {
  return expired === true || expired === 'true' || (readTime(expiresAt) ?? Infinity) <= now;
}

/** Telnyx writes its times in UTC, some without saying so. */
function readTime(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
