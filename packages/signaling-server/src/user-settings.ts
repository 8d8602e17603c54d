import { RingfenceError } from '@ringfence/base';
import { defaultSettings, refuseSettings } from '@ringfence/call-rules';
import type { Address, RefusalCode, UserSettings } from '@ringfence/call-rules';
import { writeEvent } from '@ringfence/protocol';
import type { RequestBody } from '@ringfence/protocol';
import type { Directory } from './directory.ts';
import type { Peers } from './peers.ts';
import type { StoredSettings } from './ports.ts';
import type { Session } from './session.ts';
import type { StoreAccess } from './store-access.ts';

/** How often a change is made anew when the user's other devices make theirs at the same time. */
const attempts = 8;

export interface UserSettingsParts {
  readonly store: StoreAccess;
  readonly directory: Directory;
  readonly peers: Peers;
}

/**
 * What users want done with calls for them. The store has it; the directory remembers it for users
 * who are connected. Whoever learns of something newer, by whatever way, tells the user's devices.
 */
export class UserSettingsAccess {
  readonly #parts: UserSettingsParts;

  constructor(parts: UserSettingsParts) {
    this.#parts = parts;
  }

  /** Reads a user's settings from the store; null where none were ever set. One round trip. */
  async read(orgId: string, userId: string, except?: Session): Promise<StoredSettings | null> {
    const settings = await this.#parts.store.trip((store) => store.settingsOf(orgId, userId));
    if (settings !== null) this.learn(orgId, userId, settings, except);
    return settings;
  }

  /**
   * Changes what is named, and tells the user's other devices. One round trip, and one more where
   * it is not known whether the first was done.
   *
   * @returns The settings as they are then, or why they cannot be so.
   * @throws {RingfenceError} `store_unavailable`.
   */
  async update(
    session: Session,
    change: RequestBody<'settings.update'>,
  ): Promise<{ readonly settings: UserSettings } | { readonly refusal: RefusalCode }> {
    const { orgId, userId } = session.identity!;
    const { directory, peers } = this.#parts;
    let before = directory.settings(orgId, userId);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const wanted = changed(before ?? defaultSettings, change);
      const refusal = refuseSettings(userId, wanted);
      if (refusal !== null) return { refusal };
      const version = before?.version ?? 0;
      if (isSame(wanted, before ?? defaultSettings)) {
        // What is asked is already so, unless what is remembered is old.
        before = await this.read(orgId, userId);
        if ((before?.version ?? 0) === version) return { settings: wanted };
        continue;
      }
      const settings: StoredSettings = { ...wanted, version: version + 1 };
      const met = await this.#write(orgId, userId, settings);
      if (met === 'written') {
        this.learn(orgId, userId, settings, session);
        peers.settings(orgId, userId, settings);
        return { settings: wanted };
      }
      before = met;
    }
    throw new RingfenceError(
      'store_unavailable',
      'unable to change the settings; other devices change them all the time',
      { fault: 'server', retryable: true, hint: 'Try again.' },
    );
  }

  /** Writes settings over those of the version before. When others stand there, says which. */
  async #write(
    orgId: string,
    userId: string,
    settings: StoredSettings,
  ): Promise<'written' | StoredSettings | null> {
    const { store } = this.#parts;
    const version = settings.version - 1;
    try {
      const result = await store.trip((real) =>
        real.commit({
          orgId,
          guards: [{ guard: 'user.settings', orgId, userId, version }],
          calls: [],
          settings: { userId, settings },
          outbox: [],
        }),
      );
      return result.outcome === 'conflict' ? result.settings : 'written';
    } catch (thrown) {
      const found = await store.trip((real) => real.settingsOf(orgId, userId));
      if (found?.version === settings.version && isSame(found, settings)) return 'written';
      throw thrown;
    }
  }

  /** Takes in settings that stand in the store, and tells the user's devices here when they are news. */
  learn(orgId: string, userId: string, settings: StoredSettings, except?: Session): void {
    const { directory } = this.#parts;
    if (!directory.learnSettings(orgId, userId, settings)) return;
    const text = writeEvent('settings.changed', plain(settings));
    for (const { where } of directory.devices(orgId, userId)) {
      if (where.kind === 'here' && where.session !== except) where.session.send(text);
    }
  }
}

/** The settings as the wire has them. */
export function plain({
  doNotDisturb,
  forwardOnBusy,
  forwardOnNoAnswer,
}: UserSettings): UserSettings {
  return { doNotDisturb, forwardOnBusy, forwardOnNoAnswer };
}

function isSame(one: UserSettings, other: UserSettings): boolean {
  return (
    one.doNotDisturb === other.doNotDisturb &&
    one.forwardOnBusy === other.forwardOnBusy &&
    one.forwardOnNoAnswer === other.forwardOnNoAnswer
  );
}

/** The settings with what is named in place of what was. */
function changed(before: UserSettings, change: RequestBody<'settings.update'>): UserSettings {
  const { doNotDisturb, forwardOnBusy, forwardOnNoAnswer } = change;
  return {
    doNotDisturb: doNotDisturb ?? before.doNotDisturb,
    forwardOnBusy: target(forwardOnBusy, before.forwardOnBusy),
    forwardOnNoAnswer: target(forwardOnNoAnswer, before.forwardOnNoAnswer),
  };
}

/** Null turns forwarding off; a field left out leaves it. */
function target(named: string | null | undefined, before: Address | null): Address | null {
  return named === undefined ? before : (named as Address | null);
}
