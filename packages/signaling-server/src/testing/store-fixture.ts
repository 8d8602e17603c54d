import assert from 'node:assert/strict';
import { systemClock, systemRandom, uuidV7 } from '@ringfence/base';
import {
  decide,
  decideSystem,
  defaultSettings,
  directRinging,
  nextDeadlineAt,
  resolveDeadlines,
} from '@ringfence/call-rules';
import type {
  Actor,
  CallFacts,
  CallOutcome,
  Circumstances,
  Decision,
  SystemCommand,
  UserCommand,
} from '@ringfence/call-rules';
import type {
  CallChange,
  ChangeSet,
  Guard,
  Store,
  StoredAnswer,
  StoredSettings,
} from '../ports.ts';

type Change = Extract<Decision, { readonly refusal?: undefined }> & { readonly facts: CallFacts };

/** One organisation of one test, so that suites may share a database. */
export class StoreFixture {
  readonly store: Store;
  readonly orgId = `org-${newId()}`;
  readonly callId = newId();
  readonly alice: Actor = { orgId: this.orgId, userId: 'alice', deviceId: 'a' };
  readonly bob: Actor = { orgId: this.orgId, userId: 'bob', deviceId: 'b' };
  readonly carol: Actor = { orgId: this.orgId, userId: 'carol', deviceId: 'c' };
  /** Set to pass deadlines without waiting. */
  now: number;

  constructor(store: Store) {
    this.store = store;
    this.now = store.now();
  }

  dial(callId = this.callId, actor = this.alice, to = this.bob): Change {
    const media = { audio: true, video: false };
    const dial: UserCommand = { type: 'call.dial', to: `user:${to.userId}`, media };
    return this.decide(null, actor, dial, callId);
  }

  decide(
    facts: CallFacts | null,
    actor: Actor,
    command: UserCommand,
    callId = this.callId,
  ): Change {
    return made(decide(facts, actor, command, this.#circumstances(callId)));
  }

  decideSystem(facts: CallFacts, command: SystemCommand): Change {
    return made(decideSystem(facts, command, this.#circumstances(facts.call.id)));
  }

  terminate(facts: CallFacts): Change {
    return this.decideSystem(facts, { type: 'call.terminate' });
  }

  /** The write of a change, with the second call that changes with it. */
  set(change: Change, guards: readonly Guard[], answer?: StoredAnswer): ChangeSet {
    const outcomes: CallOutcome[] = [change, ...(change.other ? [change.other] : [])];
    const calls = outcomes.map(changeOf);
    return { orgId: this.orgId, guards, calls, outbox: [], ...(answer && { answer }) };
  }

  answer(commandId = 'c1', answer = '{"id":"c1","ok":{}}'): StoredAnswer {
    const { orgId } = this;
    const keepUntil = this.now + 60_000;
    return { orgId, userId: 'alice', commandId, requestHash: 'h', answer, keepUntil };
  }

  absent(callId = this.callId): Guard {
    return { guard: 'call.absent', callId };
  }

  at(facts: CallFacts): Guard {
    return { guard: 'call.seq', callId: facts.call.id, seq: facts.call.seq };
  }

  /** At most so many calls engage the user. */
  engaged(userId: string, atMost = 0): Guard {
    return { guard: 'user.engaged', orgId: this.orgId, userId, atMost };
  }

  pairFree(from: Actor, to: Actor): Guard {
    const { orgId } = this;
    return { guard: 'pair.free', orgId, fromUserId: from.userId, toUserId: to.userId };
  }

  settingsAt(version: number, userId = 'alice'): Guard {
    return { guard: 'user.settings', orgId: this.orgId, userId, version };
  }

  /** The write of Alice's settings. */
  setSettings(settings: StoredSettings, guards: readonly Guard[]): ChangeSet {
    const { orgId } = this;
    return { orgId, guards, calls: [], settings: { userId: 'alice', settings }, outbox: [] };
  }

  /** Writes, and returns the facts written. */
  async write(change: Change, ...guards: Guard[]): Promise<CallFacts> {
    assert.deepEqual(await this.store.commit(this.set(change, guards)), { outcome: 'applied' });
    return change.facts;
  }

  /** Dials, and returns the facts written. */
  dialed(callId = this.callId, actor = this.alice, to = this.bob): Promise<CallFacts> {
    return this.write(this.dial(callId, actor, to), this.absent(callId));
  }

  /** Alice talks with Bob in one call, and with Carol in another. */
  async twoCalls(): Promise<readonly [CallFacts, CallFacts]> {
    const calls: CallFacts[] = [];
    for (const callee of [this.bob, this.carol]) {
      const callId = newId();
      const dialed = await this.dialed(callId, this.alice, callee);
      const accept = this.decide(dialed, callee, { type: 'call.accept' }, callId);
      calls.push(await this.write(accept, this.at(dialed)));
    }
    return calls as [CallFacts, CallFacts];
  }

  /** Alice leaves, and connects those of her two calls. */
  transfer(call: CallFacts, other: CallFacts): Change {
    const command = { type: 'call.transfer', toCallId: other.call.id, other } as const;
    return this.decide(call, this.alice, command, call.call.id);
  }

  /** Everyone has one device, is free, and wants nothing special. */
  #circumstances(callId: string): Circumstances {
    const reach: Circumstances['reach'] = (userId) => {
      const deviceIds = [userId.slice(0, 1)];
      return { deviceIds, busy: false, settings: defaultSettings };
    };
    return { callId, now: this.now, deadlines: resolveDeadlines(), reach };
  }
}

/** The id of a call, or of anything else. */
export function newId(): string {
  return uuidV7(systemClock, systemRandom);
}

function made(decision: Decision): Change {
  assert.equal(decision.refusal, undefined);
  return decision as Change;
}

/** What a write does to a call. */
export function changeOf({ facts, events }: CallOutcome): CallChange {
  return {
    facts,
    nextDeadlineAt: nextDeadlineAt(facts),
    directRinging: directRinging(facts),
    events,
  };
}

/** What a commit says whose guard met `facts` or `settings`. */
export function conflict(
  guard: Guard,
  facts: CallFacts | null,
  settings: StoredSettings | null = null,
) {
  return { outcome: 'conflict', guard, facts, settings };
}
