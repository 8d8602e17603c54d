import { numberOption, systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { LIMITS } from '@ringfence/protocol';
import type {
  CallChange,
  ChangeSet,
  CommitResult,
  Guard,
  Store,
  StoredAnswer,
  StoredSettings,
} from '../ports.ts';
import { CallIndex } from './call-index.ts';
import { Queue } from './queue.ts';

/** What bounds the memory of a memory store. */
export interface MemoryStoreOptions {
  /** How long a call is kept after its end. Default 24 hours; 0 to 7 days. */
  readonly endedMs?: number;
  /** The most ended calls kept; the oldest go first. Default 10,000; 0 to 10,000,000. */
  readonly endedCalls?: number;
  /** The most command answers kept; the oldest go first. Default 100,000; 1 to 100,000,000. */
  readonly answers?: number;
}

/** A store in the memory of one process. */
export interface MemoryStore extends Store {
  /**
   * What it holds now. `engaged` counts users who ring or talk, `settings` users who ever set any.
   */
  readonly size: {
    readonly calls: number;
    readonly answers: number;
    readonly engaged: number;
    readonly settings: number;
  };
}

interface Row {
  facts: CallFacts;
  nextDeadlineAt: number | null;
  directRinging: CallChange['directRinging'];
  /** The newest lines of its history, without a gap. */
  events: CallEvent[];
}

const day = 86_400_000;
/**
 * Whoever mutes and unmutes all day makes a history without end. A client that misses more than
 * `LIMITS.catchUpEvents` gets the facts, so older lines are of no use. A live call keeps more, for
 * readers that fall behind while it is written.
 */
const liveEvents = 5 * LIMITS.catchUpEvents;
// A user id and a command id hold no slash, so the keys are unambiguous.
const userKey = (orgId: string, userId: string): string => `${userId}/${orgId}`;
const answerKey = (orgId: string, userId: string, commandId: string): string =>
  `${commandId}/${userId}/${orgId}`;

/**
 * Makes a store in memory: for tests, for the simulator, and for a lone server that may forget its
 * calls when it stops. Hints are not kept: with the process, their receivers are gone too.
 *
 * Of a long call the newest lines of its history are kept, at least 1,000 while it is live and 200
 * when it has ended.
 *
 * Its clock is the wall clock at the start plus monotonic time, so it never runs back.
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 */
export function createMemoryStore(
  { clock = systemClock }: { readonly clock?: Clock } = {},
  options: MemoryStoreOptions = {},
): MemoryStore {
  const endedMs = numberOption('endedMs', options.endedMs ?? day, 0, 7 * day);
  const endedCalls = numberOption('endedCalls', options.endedCalls ?? 10_000, 0, 1e7);
  const answerLimit = numberOption('answers', options.answers ?? 100_000, 1, 1e8);

  const offsetMs = clock.now() - clock.monotonic();
  const rows = new Map<string, Row>();
  /** Calls by user, live or ended. */
  const byUser = new CallIndex();
  /** Live calls in which a user rings or talks. */
  const engaged = new CallIndex();
  const settings = new Map<string, StoredSettings>();
  /** Ended calls, oldest first. */
  const ended = new Queue<Row>();
  const live = new Set<Row>();
  const answers = new Map<string, StoredAnswer>();
  /** The keys of `answers`, oldest first. */
  const answered = new Queue<string>();
  /** No deadline falls before this time: spares a look at every call. */
  let earliestDeadlineAt = Infinity;

  const now = (): number => clock.monotonic() + offsetMs;

  const own = (orgId: string, callId: string): Row | undefined => {
    const row = rows.get(callId);
    return row?.facts.call.orgId === orgId ? row : undefined;
  };

  /** The oldest direct call from the one user that rings at the other. Few calls engage a user. */
  const crossing = (orgId: string, fromUserId: string, toUserId: string): CallFacts | null => {
    for (const callId of engaged.of(userKey(orgId, fromUserId))) {
      const { directRinging: pair, facts } = rows.get(callId)!;
      if (pair?.fromUserId === fromUserId && pair.toUserId === toUserId) return facts;
    }
    return null;
  };

  const holds = (guard: Guard, orgId: string): boolean => {
    switch (guard.guard) {
      case 'call.absent':
        return !rows.has(guard.callId);
      case 'call.seq':
        return own(orgId, guard.callId)?.facts.call.seq === guard.seq;
      case 'pair.free':
        return crossing(guard.orgId, guard.fromUserId, guard.toUserId) === null;
      case 'user.engaged':
        return engaged.count(userKey(guard.orgId, guard.userId)) <= guard.atMost;
      case 'user.settings':
        return (settings.get(userKey(guard.orgId, guard.userId))?.version ?? 0) === guard.version;
      case 'time.before':
        return now() < guard.at;
    }
  };

  /** What stands where a guard did not hold. */
  const conflict = (guard: Guard, orgId: string): CommitResult => {
    let facts: CallFacts | null = null;
    if ('callId' in guard) facts = own(orgId, guard.callId)?.facts ?? null;
    else if (guard.guard === 'pair.free') {
      facts = crossing(guard.orgId, guard.fromUserId, guard.toUserId);
    }
    const isSettings = guard.guard === 'user.settings';
    const met = isSettings ? settings.get(userKey(guard.orgId, guard.userId)) : undefined;
    return { outcome: 'conflict', guard, facts, settings: met ?? null };
  };

  const index = (facts: CallFacts): void => {
    const { id, orgId, state } = facts.call;
    for (const { userId, state: part } of facts.participants) {
      const key = userKey(orgId, userId);
      byUser.add(key, id);
      if (state !== 'ended' && part !== 'left') engaged.add(key, id);
      else engaged.remove(key, id);
    }
  };

  const open = (callId: string, facts: CallFacts): Row => {
    const row: Row = { facts, nextDeadlineAt: null, directRinging: null, events: [] };
    rows.set(callId, row);
    return row;
  };

  const write = ({ facts, events, nextDeadlineAt, directRinging }: CallChange): void => {
    const { id, state } = facts.call;
    let row = rows.get(id);
    const wasOver = row?.facts.call.state === 'ended';
    // Whom a call engages changes as it comes, as someone comes to it, and as someone goes.
    const isSameCompany = row !== undefined && sameCompany(row.facts, facts);
    row ??= open(id, facts);
    row.facts = facts;
    row.nextDeadlineAt = nextDeadlineAt;
    row.directRinging = directRinging;
    row.events.push(...events);
    trim(row, state === 'ended');
    if (!isSameCompany) index(facts);
    if (state === 'ended') {
      live.delete(row);
      if (!wasOver) ended.push(row);
    } else {
      live.add(row);
      if (nextDeadlineAt !== null)
        earliestDeadlineAt = Math.min(earliestDeadlineAt, nextDeadlineAt);
    }
  };

  const forget = ({ facts }: Row): void => {
    const callId = facts.call.id;
    for (const { userId } of facts.participants) {
      byUser.remove(userKey(facts.call.orgId, userId), callId);
    }
    rows.delete(callId);
  };

  const purge = (): void => {
    const at = now();
    for (let row = ended.first; row !== undefined; row = ended.first) {
      if (ended.size <= endedCalls && row.facts.call.endedAt! >= at - endedMs) break;
      ended.shift();
      forget(row);
    }
    for (let key = answered.first; key !== undefined; key = answered.first) {
      if (answers.size <= answerLimit && answers.get(key)!.keepUntil >= at) break;
      answered.shift();
      answers.delete(key);
    }
  };

  const commit = (changeSet: ChangeSet): CommitResult => {
    const { orgId, guards, calls, answer } = changeSet;
    const key = answer && answerKey(answer.orgId, answer.userId, answer.commandId);
    const before = key === undefined ? undefined : answers.get(key);
    if (before !== undefined) return { outcome: 'answered', answer: before };
    const broken = guards.find((guard) => !holds(guard, orgId));
    if (broken !== undefined) return conflict(broken, orgId);
    for (const call of calls) write(call);
    if (changeSet.settings !== undefined) {
      settings.set(userKey(orgId, changeSet.settings.userId), changeSet.settings.settings);
    }
    if (key !== undefined) {
      answers.set(key, answer!);
      answered.push(key);
    }
    purge();
    return { outcome: 'applied' };
  };

  return {
    get size() {
      return {
        calls: rows.size,
        answers: answers.size,
        engaged: engaged.size,
        settings: settings.size,
      };
    },
    now,
    async commit(changeSet) {
      return commit(changeSet);
    },
    async load(orgId, callId) {
      return own(orgId, callId)?.facts ?? null;
    },
    async eventsAfter(orgId, callId, afterSeq, limit) {
      const events = own(orgId, callId)?.events;
      if (events === undefined) return [];
      // `seq` counts without a gap, so it is an index.
      const from = Math.max(0, afterSeq + 1 - events[0]!.seq);
      return events.slice(from, from + limit);
    },
    async callsOf(orgId, userId, endedAfter) {
      const found = [...byUser.of(userKey(orgId, userId))].map((id) => rows.get(id)!.facts);
      return found.filter(({ call }) => call.endedAt === null || call.endedAt > endedAfter);
    },
    async settingsOf(orgId, userId) {
      return settings.get(userKey(orgId, userId)) ?? null;
    },
    async answerOf(orgId, userId, commandId) {
      return answers.get(answerKey(orgId, userId, commandId)) ?? null;
    },
    async due(limit) {
      const at = now();
      if (earliestDeadlineAt > at) return [];
      earliestDeadlineAt = Infinity;
      const found: Row[] = [];
      for (const row of live) {
        const { nextDeadlineAt } = row;
        if (nextDeadlineAt === null) continue;
        if (nextDeadlineAt < earliestDeadlineAt) earliestDeadlineAt = nextDeadlineAt;
        if (nextDeadlineAt <= at) found.push(row);
      }
      found.sort((a, b) => a.nextDeadlineAt! - b.nextDeadlineAt!);
      return found.slice(0, limit).map((row) => row.facts);
    },
  };
}

/** Lets go of the oldest lines; now and then, so that a write does not pay for it each time. */
function trim(row: Row, isOver: boolean): void {
  const kept = isOver ? LIMITS.catchUpEvents : liveEvents;
  if (row.events.length > (isOver ? kept : 2 * kept)) row.events = row.events.slice(-kept);
}

function sameCompany(before: CallFacts, after: CallFacts): boolean {
  return (
    after.call.state !== 'ended' &&
    after.participants.length === before.participants.length &&
    after.participants.every(
      ({ state }, index) => (state === 'left') === (before.participants[index]!.state === 'left'),
    )
  );
}
