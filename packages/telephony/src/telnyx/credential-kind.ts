import type { Clock, Random } from '@ringfence/base';
import type {
  CleanUp,
  CleanUpRequest,
  CredentialRequest,
  ProviderContext,
} from '../provider/provider.ts';
import type { TelnyxApi } from './telnyx-api.ts';

/** A user name and a password that SIP takes. */
export interface SipLogin {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt: number;
}

/** One of the two things at Telnyx that a user can register with. */
export interface CredentialKind {
  issue(request: CredentialRequest, context: ProviderContext): Promise<SipLogin>;
  revoke(id: string, context: ProviderContext): Promise<void>;
  cleanUp(request: CleanUpRequest, context: ProviderContext): Promise<CleanUp>;
}

export interface CredentialKindParts {
  readonly api: TelnyxApi;
  readonly clock: Clock;
  readonly random: Random;
  /** Marks what is ours at Telnyx. */
  readonly tag: string;
}

interface Page<Item> {
  readonly data: readonly Item[];
  readonly meta: { readonly total_pages: number };
}

/** The largest that Telnyx allows. */
export const pageSize = 250;
const mostPages = 40;

/** Every item of a list, page after page. */
export async function readPages<Item>(
  read: (page: number) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let page = 1; page <= mostPages; page += 1) {
    const { data, meta } = await read(page);
    items.push(...data);
    if (page >= meta.total_pages || data.length === 0) break;
  }
  return items;
}

/** Removes the items that expired, one after another. One that somebody else removed is removed. */
export async function removeExpired<Item extends { readonly id: string }>(
  items: readonly Item[],
  isExpired: (item: Item) => boolean,
  { isDryRun }: CleanUpRequest,
  remove: (id: string) => Promise<void>,
): Promise<CleanUp> {
  const expired = items.filter(isExpired);
  if (!isDryRun) {
    for (const { id } of expired) {
      await remove(id).catch((thrown: { readonly code?: unknown }) => {
        if (thrown.code !== 'not_found') throw thrown;
      });
    }
  }
  return { removed: expired.length, kept: items.length - expired.length };
}
