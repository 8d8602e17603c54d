import { parseAddress } from './address.ts';
import type { Address } from './address.ts';
import type { RefusalCode } from './refusals.ts';

/** What a user wants done with calls for them, on all of their devices. */
export interface UserSettings {
  /** No device rings: callers hear `busy`, or are forwarded as when busy. */
  readonly doNotDisturb: boolean;
  /** Where a call goes that finds the user busy or not to be disturbed; null for nowhere. */
  readonly forwardOnBusy: Address | null;
  /** Where a call goes that nobody answers, or that finds no device; null for nowhere. */
  readonly forwardOnNoAnswer: Address | null;
}

/** The settings of a user who never set any. */
export const defaultSettings: UserSettings = {
  doNotDisturb: false,
  forwardOnBusy: null,
  forwardOnNoAnswer: null,
};

/** Why the settings cannot be taken; null when they can. */
export function refuseSettings(userId: string, settings: UserSettings): RefusalCode | null {
  for (const target of [settings.forwardOnBusy, settings.forwardOnNoAnswer]) {
    if (target === null) continue;
    const to = parseAddress(target);
    if (to === null) return 'invalid_address';
    if (to.kind !== 'user') return 'address_unsupported';
    if (to.id === userId) return 'cannot_dial_self';
  }
  return null;
}
