import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import type {
  CleanUp,
  CleanUpRequest,
  CredentialRequest,
  ProviderContext,
} from '../provider/provider.ts';
import { pageSize, readPages, removeExpired } from './credential-kind.ts';
import type { CredentialKind, CredentialKindParts, SipLogin } from './credential-kind.ts';
import { path } from './telnyx-api.ts';
import { connectionAnswer, connectionList } from './telnyx-schemas.ts';
import type { Connection } from './telnyx-schemas.ts';

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const lowercase = 'abcdefghijklmnopqrstuvwxyz0123456789';
const passwordLength = 32;

/**
 * A credential connection of its own for each user, with a name and a password that we make. An
 * account has few of them. Telnyx does not end them: the time is in their names, for
 * {@link cleanUp}.
 */
export class CredentialConnections implements CredentialKind {
  readonly #parts: CredentialKindParts;

  constructor(parts: CredentialKindParts) {
    this.#parts = parts;
  }

  async issue(
    { username, ttlMs }: CredentialRequest,
    { signal }: ProviderContext,
  ): Promise<SipLogin> {
    const { api, clock, random, tag } = this.#parts;
    // Whole: what stands in a name otherwise is not known again.
    const expiresAt = Math.floor(clock.now() + ttlMs);
    const userName = connectionUserName(random, username);
    const password = draw(random, alphanumeric, passwordLength);
    const body = {
      connection_name: `${tag}-${expiresAt}-${userName}`,
      user_name: userName,
      password,
    };
    const { data } = await api.json(
      { method: 'POST', path: '/credential_connections', body, signal },
      connectionAnswer,
    );
    return { id: data.id, username: userName, password, expiresAt };
  }

  async revoke(id: string, { signal }: ProviderContext): Promise<void> {
    const { api } = this.#parts;
    await api.text({ method: 'DELETE', path: path`/credential_connections/${id}`, signal });
  }

  async cleanUp(request: CleanUpRequest, context: ProviderContext): Promise<CleanUp> {
    const { api, clock, tag } = this.#parts;
    const { signal } = context;
    const all = await readPages((page) => {
      const query = {
        'filter[connection_name][contains]': `${tag}-`,
        'page[number]': String(page),
        'page[size]': String(pageSize),
      };
      const at = '/credential_connections';
      return api.json({ method: 'GET', path: at, query, signal }, connectionList);
    });
    const ours = all.filter((each) => expiryOf(each, tag) !== undefined);
    const now = clock.now();
    return removeExpired(
      ours,
      (each) => expiryOf(each, tag)! <= now,
      request,
      (id) => this.revoke(id, context),
    );
  }
}

/** Undefined for a connection that is not ours: those are never touched. */
function expiryOf({ connection_name: name }: Connection, tag: string): number | undefined {
  if (typeof name !== 'string' || !name.startsWith(`${tag}-`)) return undefined;
  const match = /^(\d{13})-[a-z0-9]{4,32}$/.exec(name.slice(tag.length + 1));
  return match === null ? undefined : Number(match[1]);
}

/** 4 to 32 letters and digits, which nobody else has: Telnyx wants it unique among all accounts. */
function connectionUserName(random: Random, username: string): string {
  const readable = username
    .toLowerCase()
    .replace(/@.*$/s, '')
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 12);
  return `${readable}${draw(random, lowercase, 16)}`;
}

function draw(random: Random, from: string, length: number): string {
  return Array.from({ length }, () => from[randomInteger(random, from.length)]).join('');
}
