import { defaultSettings, directRinging } from '@ringfence/call-rules';
import type { CallFacts, Reach, UserSettings } from '@ringfence/call-rules';
import type { Directory, Found } from './directory.ts';
import type { CommitResult, Guard, StoredSettings } from './ports.ts';

type Conflict = Extract<CommitResult, { readonly outcome: 'conflict' }>;

/** What is known of users, and how many calls each may be in. */
export interface AssumptionParts {
  readonly callsPerUser: number;
  readonly directory: Directory;
}

/** Whose decision it is. */
interface Decider {
  readonly orgId: string;
  /** Who commands; null when the server finds something out. */
  readonly userId: string | null;
}

/**
 * What one decision takes for granted of the users it would ring: that they are free, that their
 * settings are those last heard of, that no call of theirs crosses this one. What the rules read is
 * noted, and the write is held to it with guards, so that it costs one round trip when all is so.
 * What a guard disproves is known from then on, and the rules decide anew.
 */
export class Assumptions {
  readonly #decider: Decider;
  readonly #parts: AssumptionParts;
  /** Those whom the rules asked about. Most commands ring nobody. */
  readonly #users: UserAssumption[] = [];

  constructor(decider: Decider, parts: AssumptionParts) {
    this.#decider = decider;
    this.#parts = parts;
  }

  /** The rules' question. */
  readonly reach = (userId: string): Reach => {
    let user = this.#of(userId);
    if (user === undefined) {
      user = new UserAssumption(userId, this.#decider, this.#parts);
      this.#users.push(user);
    }
    return user;
  };

  /** What the write is held to. A call that crosses comes first: it makes the rest beside the point. */
  addGuards(guards: Guard[]): void {
    for (const user of this.#users) user.addPairGuard(guards);
    for (const user of this.#users) user.addUserGuards(guards);
  }

  /** Takes in that a guard did not hold: the rules begin again. */
  disprove({ guard, facts, settings }: Conflict): void {
    this.#begin();
    switch (guard.guard) {
      case 'pair.free':
        this.#of(guard.fromUserId)?.cross(facts);
        break;
      case 'call.seq':
        for (const user of this.#users) user.recross(guard.callId, facts);
        break;
      case 'user.engaged':
        this.#of(guard.userId)?.engage();
        break;
      case 'user.settings':
        this.#of(guard.userId)?.learn(settings);
        break;
      case 'call.absent':
      case 'time.before':
        break;
    }
  }

  /** Users whose settings were read and are not proven by the store. */
  get unproven(): readonly string[] {
    return this.#users.filter((user) => user.isUnproven).map(({ userId }) => userId);
  }

  /**
   * Takes in a user's settings as the store has them. True when they are not those assumed: the
   * rules begin again.
   */
  prove(userId: string, settings: StoredSettings | null): boolean {
    const isNews = this.#of(userId)?.learn(settings) ?? false;
    if (isNews) this.#begin();
    return isNews;
  }

  /** Forgets what was read. */
  #begin(): void {
    for (const user of this.#users) user.begin();
  }

  #of(userId: string): UserAssumption | undefined {
    return this.#users.find((user) => user.userId === userId);
  }
}

/** A {@link Reach} that notes what is read of it. */
class UserAssumption implements Reach {
  readonly userId: string;
  readonly #decider: Decider;
  readonly #found: Found;
  /** In at most so many calls, the user takes one more. */
  readonly #atMost: number;
  #settings: StoredSettings | null;
  #crossing: CallFacts | undefined;
  #isEngaged = false;
  #isProven = false;
  #isCrossingRead = false;
  #isBusyRead = false;
  #areSettingsRead = false;

  constructor(userId: string, decider: Decider, parts: AssumptionParts) {
    const { callsPerUser, directory } = parts;
    this.userId = userId;
    this.#decider = decider;
    this.#found = directory.reach(decider.orgId, userId);
    this.#settings = this.#found.settings;
    // Who acts wants the call: only who is called may want no second one.
    const isWaiting = userId === decider.userId || this.#found.callWaiting;
    this.#atMost = isWaiting ? callsPerUser - 1 : 0;
  }

  get deviceIds(): readonly string[] {
    return this.#found.deviceIds;
  }

  get busy(): boolean {
    this.#isBusyRead = true;
    return this.#isEngaged;
  }

  get settings(): UserSettings {
    this.#areSettingsRead = true;
    return this.#settings ?? defaultSettings;
  }

  get crossing(): CallFacts | undefined {
    this.#isCrossingRead = true;
    return this.#crossing;
  }

  get isUnproven(): boolean {
    return this.#areSettingsRead && !this.#isProven;
  }

  begin(): void {
    this.#isCrossingRead = this.#isBusyRead = this.#areSettingsRead = false;
  }

  addPairGuard(guards: Guard[]): void {
    const { orgId, userId: toUserId } = this.#decider;
    if (!this.#isCrossingRead || this.#crossing !== undefined || toUserId === null) return;
    guards.push({ guard: 'pair.free', orgId, fromUserId: this.userId, toUserId });
  }

  addUserGuards(guards: Guard[]): void {
    const { userId } = this;
    const { orgId, userId: actorUserId } = this.#decider;
    // Who is not rung need not be free.
    const isRung =
      userId === actorUserId ||
      (this.#found.deviceIds.length > 0 && this.#settings?.doNotDisturb !== true);
    if (this.#isBusyRead && isRung && !this.#isEngaged) {
      guards.push({ guard: 'user.engaged', orgId, userId, atMost: this.#atMost });
    }
    if (this.#areSettingsRead) {
      const version = this.#settings?.version ?? 0;
      guards.push({ guard: 'user.settings', orgId, userId, version });
    }
  }

  /** A call of this user rings at the actor. */
  cross(facts: CallFacts | null): void {
    this.#crossing = facts !== null && directRinging(facts) !== null ? facts : undefined;
  }

  /** The call that crosses has gone on. */
  recross(callId: string, facts: CallFacts | null): void {
    if (this.#crossing?.call.id === callId) this.cross(facts);
  }

  engage(): void {
    this.#isEngaged = true;
  }

  /** True when the settings are not those assumed so far. */
  learn(settings: StoredSettings | null): boolean {
    const isNews = settings?.version !== this.#settings?.version;
    this.#settings = settings;
    this.#isProven = true;
    return isNews;
  }
}
