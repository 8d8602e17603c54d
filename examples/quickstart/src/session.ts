import { createPhone } from '@ringfence/phone';
import type { Phone } from '@ringfence/phone';

/** Why nobody could be signed in, in words for the page. */
export class SignInError extends Error {}

/** Asks the server for a token. A host app asks its own back end, which knows who is logged in. */
async function fetchToken(userId: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch('/v1/dev/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId }),
    });
  } catch {
    throw new SignInError('The server does not answer. Is it running?');
  }
  if (response.status === 403 || response.status === 404) {
    throw new SignInError(
      'This server gives no development tokens here. Start it with --dev, and with --dev-allow-remote for other machines.',
    );
  }
  if (!response.ok) throw new SignInError('The server did not accept this name.');
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Signs in and connects. Rejects with {@link SignInError} when the server gives no token. */
export async function openPhone(userId: string): Promise<Phone> {
  let first: string | null = await fetchToken(userId);
  return createPhone({
    url: `${location.origin.replace(/^http/, 'ws')}/v1/socket`,
    // A fresh token for every connection; the one fetched above serves the first.
    token: () => {
      const token = first ?? fetchToken(userId);
      first = null;
      return token;
    },
  });
}

const key = 'ringfence.name';

/** The name of this tab: another tab may be someone else, so it is kept for the tab alone. */
export const rememberedName = {
  read: (): string => sessionStorage.getItem(key) ?? '',
  write: (name: string): void => sessionStorage.setItem(key, name),
  forget: (): void => sessionStorage.removeItem(key),
};
