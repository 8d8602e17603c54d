import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { userAddress } from '../address.ts';
import type { Actor, Reach } from '../commands.ts';
import type { CallStep } from './call-step.ts';
import { resolveDeadlines } from '../deadlines.ts';
import type { Circumstances } from '../draft.ts';
import type { CallEvent } from '../events.ts';
import { directRinging, isEngaged, nextDeadlineAt } from '../facts.ts';
import type { CallFacts } from '../facts.ts';
import { defaultSettings } from '../settings.ts';
import type { UserSettings } from '../settings.ts';
import { chance, pick } from './random-choice.ts';

const orgId = 'acme';
const actor = (userId: string, deviceId: string): Actor => ({ orgId, userId, deviceId });

/** Who may be in the calls of a town, with their devices. */
export const townsfolk: readonly Actor[] = [
  actor('alice', 'a1'),
  actor('alice', 'a2'),
  actor('bob', 'b1'),
  actor('bob', 'b2'),
  actor('bob', 'b3'),
  actor('carol', 'c1'),
  actor('dave', 'd1'),
  actor('erin', 'e1'),
];

/** Who has no business in them: a stranger, and a namesake of another organisation. */
export const strangers: readonly Actor[] = [
  actor('mallory', 'm1'),
  { orgId: 'other', userId: 'alice', deviceId: 'a1' },
];

const nearMs = 60_000;
const userIds = [...new Set(townsfolk.map(({ userId }) => userId))];

interface TownCall {
  readonly callId: string;
  readonly events: CallEvent[];
  facts: CallFacts | null;
}

/** What the server knows beside one call: the others, who is connected, and what users want. */
export class RandomTown {
  readonly #random: Random;
  readonly #calls = new Map<string, TownCall>();
  readonly #settings = new Map<string, UserSettings>();
  readonly #offline: ReadonlySet<string>;
  /** How many calls each user takes at once. */
  readonly #capacity: ReadonlyMap<string, number>;
  #now = 1_700_000_000_000;

  constructor(random: Random) {
    this.#random = random;
    this.#offline = new Set(userIds.filter(() => chance(random, 1, 12)));
    this.#capacity = new Map(userIds.map((userId) => [userId, pick(random, [1, 4, 4])]));
    for (const userId of userIds) this.#settings.set(userId, this.#drawSettings());
  }

  get now(): number {
    return this.#now;
  }

  /** In the order they began. */
  get calls(): readonly TownCall[] {
    return [...this.#calls.values()];
  }

  /** The calls that go on. */
  get live(): readonly CallFacts[] {
    return this.calls.flatMap(({ facts }) =>
      facts === null || facts.call.state === 'ended' ? [] : [facts],
    );
  }

  factsOf(callId: string): CallFacts | null {
    return this.#calls.get(callId)?.facts ?? null;
  }

  /** An id for one more call. */
  newCallId(): string {
    const number = this.#calls.size + 1;
    return `018f0000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  }

  /** Mostly a little, at times exactly to or just past the next deadline of a call. */
  passTime(): void {
    const random = this.#random;
    const due = this.live.flatMap((facts) => nextDeadlineAt(facts) ?? []);
    const next = Math.min(...due);
    // The longest call may last half a day, and then little else would happen in it.
    const isNear = next < this.#now + nearMs || chance(random, 1, 20);
    if (due.length > 0 && isNear && chance(random, 1, 8)) {
      this.#now = Math.max(this.#now, next + randomInteger(random, 3) - 1);
    } else {
      this.#now += randomInteger(random, chance(random, 1, 16) ? 15_000 : 400);
    }
  }

  write(callId: string, events: readonly CallEvent[], facts: CallFacts | null): void {
    const known = this.#calls.get(callId);
    if (known === undefined) this.#calls.set(callId, { callId, events: [...events], facts });
    else {
      known.events.push(...events);
      known.facts = facts;
    }
  }

  /** What the rules are told with a step, as it is now. */
  circumstances(callId: string, step: CallStep): Circumstances {
    const asker = 'actor' in step ? step.actor.userId : null;
    const reaches = new Map(userIds.map((userId) => [userId, this.#reach(userId, asker)]));
    const nobody: Reach = { deviceIds: [], busy: false, settings: defaultSettings };
    return {
      callId,
      now: this.#now,
      deadlines: resolveDeadlines(),
      reach: (userId) => reaches.get(userId) ?? nobody,
    };
  }

  #reach(userId: string, asker: string | null): Reach {
    const deviceIds = this.#offline.has(userId)
      ? []
      : townsfolk.filter((each) => each.userId === userId).map(({ deviceId }) => deviceId);
    const engaged = this.live.filter((facts) => isEngaged(facts, userId)).length;
    const crossing = this.live.find((facts) => {
      const direct = directRinging(facts);
      return direct?.fromUserId === userId && direct.toUserId === asker;
    });
    return {
      deviceIds,
      busy: engaged >= this.#capacity.get(userId)!,
      settings: this.#settings.get(userId)!,
      crossing,
    };
  }

  #drawSettings(): UserSettings {
    const random = this.#random;
    const anybody = () => (chance(random, 1, 5) ? userAddress(pick(random, userIds)) : null);
    return {
      doNotDisturb: chance(random, 1, 15),
      forwardOnBusy: anybody(),
      forwardOnNoAnswer: anybody(),
    };
  }
}
