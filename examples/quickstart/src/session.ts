/*
 * A token, a name for this tab, a phone and its ringer: what to take into your own app.
 */
import { TubeRegistry } from '@ringfence/isolation';
import { createPhone } from '@ringfence/phone';
import type { Phone } from '@ringfence/phone';
import { createRinger } from '@ringfence/phone/ringer';
import { claimDeviceId } from '@ringfence/signaling-client/device-id';

/** Why nobody could be signed in. */
export type SignInProblem =
  'name_needed' | 'no_server' | 'no_dev_tokens' | 'name_refused' | 'failed';

export class SignInError extends Error {
  readonly problem: SignInProblem;

  constructor(problem: SignInProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** A user who is signed in. */
export interface Session {
  readonly phone: Phone;
  /** True while the browser lets the page make no sound. */
  readonly isSilenced: boolean;
  onSilenced(listener: () => void): void;
  /** Rings on another output than calls are heard on; `''` is the default. Rejects as a ringer does. */
  ringOn(deviceId: string): Promise<void>;
  /** Asks the browser for sound; it allows it when the user has just touched the page. */
  unlock(): void;
  close(): Promise<void>;
}

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
    throw new SignInError('no_server');
  }
  if (response.status === 403 || response.status === 404) throw new SignInError('no_dev_tokens');
  if (!response.ok) throw new SignInError('name_refused');
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Signs in and connects. Rejects with {@link SignInError} when the server gives no token. */
export async function openSession(userId: string): Promise<Session> {
  let first: string | null = await fetchToken(userId);
  // A tab keeps its device over a reload; a duplicated tab is a device of its own.
  const { deviceId, release } = await claimDeviceId();
  const phone = createPhone({
    url: `${location.origin.replace(/^http/, 'ws')}/v1/socket`,
    deviceId,
    tubes: new TubeRegistry(),
    // A fresh token for every connection; the one fetched above serves the first.
    token: () => {
      const token = first ?? fetchToken(userId);
      first = null;
      return token;
    },
  });
  const ringer = createRinger(phone);
  const blocked = { calls: false, tones: false };
  const listeners: (() => void)[] = [];
  const set = (change: Partial<typeof blocked>): void => {
    Object.assign(blocked, change);
    listeners.forEach((listener) => listener());
  };
  phone.on('audio.blocked', () => set({ calls: true }));
  phone.on('audio.unblocked', () => set({ calls: false }));
  ringer.on('ringer.blocked', () => set({ tones: true }));
  ringer.on('ringer.unblocked', () => set({ tones: false }));

  return {
    phone,
    get isSilenced() {
      return blocked.calls || blocked.tones;
    },
    onSilenced: (listener) => void listeners.push(listener),
    ringOn: (deviceId) => ringer.setOutput(deviceId),
    unlock() {
      void phone.unlockAudio();
      ringer.unlock();
    },
    async close() {
      ringer.close();
      await phone.close();
      release();
    },
  };
}

const nameKey = 'ringfence.name';

/** The name of this tab: another tab may be someone else, so it is kept for the tab alone. */
export const rememberedName = {
  read: (): string => sessionStorage.getItem(nameKey) ?? '',
  write: (name: string): void => sessionStorage.setItem(nameKey, name),
  forget: (): void => sessionStorage.removeItem(nameKey),
};

const languageKey = 'ringfence.language';

/** The language the user chose, in every tab. */
export const rememberedLanguage = {
  read: (): string => localStorage.getItem(languageKey) ?? '',
  write: (language: string): void => localStorage.setItem(languageKey, language),
};
