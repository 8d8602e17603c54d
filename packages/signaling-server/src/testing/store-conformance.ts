import assert from 'node:assert/strict';
import { systemClock, systemRandom, uuidV7 } from '@ringfence/base';
import { decide, decideSystem, nextDeadlineAt, resolveDeadlines } from '@ringfence/call-rules';
import type { Actor, CallFacts, Deadlines, Decision, UserCommand } from '@ringfence/call-rules';
import type { ChangeSet, Guard, Store, StoredAnswer } from '../ports.ts';
import type { ConformanceCase } from './conformance-case.ts';

type Change = Extract<Decision, { readonly refusal?: undefined }> & { readonly facts: CallFacts };

/** One organisation of one test, so that suites may share a database. */
class Fixture {
  readonly store: Store;
  readonly orgId = `org-${uuidV7(systemClock, systemRandom)}`;
  readonly callId = uuidV7(systemClock, systemRandom);
  readonly alice: Actor = { orgId: this.orgId, userId: 'alice', deviceId: 'a' };
  readonly bob: Actor = { orgId: this.orgId, userId: 'bob', deviceId: 'b' };
  /** Set to pass deadlines without waiting. */
  now: number;
  deadlines: Deadlines = resolveDeadlines();

  constructor(store: Store) {
    this.store = store;
    this.now = store.now();
  }

  dial(callId = this.callId, actor = this.alice): Change {
    return this.decide(
      null,
      actor,
      {
        type: 'call.dial',
        to: 'user:bob',
        media: { audio: true, video: false },
        reach: { deviceIds: ['b'], busy: false, callerBusy: false },
      },
      callId,
    );
  }

  decide(
    facts: CallFacts | null,
    actor: Actor,
    command: UserCommand,
    callId = this.callId,
  ): Change {
    const decision = decide(facts, actor, command, {
      callId,
      now: this.now,
      deadlines: this.deadlines,
    });
    assert.equal(decision.refusal, undefined);
    return decision as Change;
  }

  terminate(facts: CallFacts): Change {
    const circumstances = { callId: facts.call.id, now: this.now, deadlines: this.deadlines };
    return decideSystem(facts, { type: 'call.terminate' }, circumstances) as Change;
  }

  set(change: Change, guards: readonly Guard[], answer?: StoredAnswer): ChangeSet {
    return {
      orgId: this.orgId,
      guards,
      facts: change.facts,
      nextDeadlineAt: nextDeadlineAt(change.facts),
      events: change.events,
      outbox: [],
      ...(answer && { answer }),
    };
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

  /** Dials, and returns the facts written. */
  async dialed(): Promise<CallFacts> {
    const change = this.dial();
    const result = await this.store.commit(this.set(change, [this.absent()]));
    assert.deepEqual(result, { outcome: 'applied' });
    return change.facts;
  }
}

/** The cases every {@link Store} passes. `make` gives a store; it may hold other organisations. */
export function storeConformance(
  make: () =>
    { store: Store; close?(): Promise<void> } | Promise<{ store: Store; close?(): Promise<void> }>,
): readonly ConformanceCase[] {
  const define = (name: string, run: (fixture: Fixture) => Promise<void>): ConformanceCase => ({
    name,
    async run() {
      const { store, close } = await make();
      try {
        await run(new Fixture(store));
      } finally {
        await close?.();
      }
    },
  });
  return [
    define('writes a call, and reads its facts and events back whole', async (fixture) => {
      const { store, orgId, callId } = fixture;
      const change = fixture.dial();
      assert.deepEqual(await store.load(orgId, callId), null);
      assert.deepEqual(await store.commit(fixture.set(change, [fixture.absent()])), {
        outcome: 'applied',
      });
      assert.deepEqual(await store.load(orgId, callId), change.facts);
      assert.deepEqual(await store.eventsAfter(orgId, callId, 0, 10), change.events);
      assert.deepEqual(await store.eventsAfter(orgId, callId, 1, 10), change.events.slice(1));
      assert.deepEqual(await store.eventsAfter(orgId, callId, 0, 1), change.events.slice(0, 1));
      assert.deepEqual(await store.eventsAfter(orgId, callId, change.facts.call.seq, 10), []);
    }),
    define('shows another organisation nothing', async (fixture) => {
      const { store, callId } = fixture;
      const facts = await fixture.dialed();
      assert.equal(await store.load('other', callId), null);
      assert.deepEqual(await store.eventsAfter('other', callId, 0, 10), []);
      assert.deepEqual(await store.callsOf('other', 'alice', 0), []);
      const other = { ...facts, call: { ...facts.call, orgId: 'other' } };
      const guard = fixture.absent();
      const result = await store.commit({
        orgId: 'other',
        guards: [guard],
        facts: other,
        events: [],
        outbox: [],
      });
      assert.deepEqual(result, { outcome: 'conflict', guard, facts: null });
      assert.deepEqual(await store.load(fixture.orgId, callId), facts);
    }),
    define('a call id is taken once', async (fixture) => {
      const facts = await fixture.dialed();
      const guard = fixture.absent();
      const again = await fixture.store.commit(fixture.set(fixture.dial(), [guard]));
      assert.deepEqual(again, { outcome: 'conflict', guard, facts });
    }),
    define('of many writes at one seq, one is applied', async (fixture) => {
      const { store, orgId, callId } = fixture;
      const facts = await fixture.dialed();
      const change = fixture.decide(facts, fixture.bob, { type: 'call.accept' });
      const guard = fixture.at(facts);
      const results = await Promise.all(
        Array.from({ length: 16 }, () => store.commit(fixture.set(change, [guard]))),
      );
      assert.equal(results.filter((result) => result.outcome === 'applied').length, 1);
      const lost = results.filter((result) => result.outcome === 'conflict');
      assert.equal(lost.length, 15);
      for (const each of lost)
        assert.deepEqual(each, { outcome: 'conflict', guard, facts: change.facts });
      const history = await store.eventsAfter(orgId, callId, 0, 100);
      assert.deepEqual(
        history.map((event) => event.seq),
        history.map((_, index) => index + 1),
      );
      assert.equal(history.length, change.facts.call.seq);
    }),
    define('a guard that fails leaves nothing behind', async (fixture) => {
      const { store, orgId, callId } = fixture;
      const guards: Guard[] = [fixture.absent(), { guard: 'time.before', at: fixture.now - 1 }];
      const result = await store.commit(fixture.set(fixture.dial(), guards, fixture.answer()));
      assert.deepEqual(result, { outcome: 'conflict', guard: guards[1], facts: null });
      assert.equal(await store.load(orgId, callId), null);
      assert.equal(await store.answerOf(orgId, 'alice', 'c1'), null);
      assert.deepEqual(await store.callsOf(orgId, 'alice', 0), []);
    }),
    define('the time guard holds before its time', async (fixture) => {
      const guards: Guard[] = [
        fixture.absent(),
        { guard: 'time.before', at: fixture.now + 60_000 },
      ];
      const result = await fixture.store.commit(fixture.set(fixture.dial(), guards));
      assert.deepEqual(result, { outcome: 'applied' });
    }),
    define('counts whom a call engages, until it ends', async (fixture) => {
      const { store, orgId } = fixture;
      const facts = await fixture.dialed();
      const second = uuidV7(systemClock, systemRandom);
      const free = (userId: string, atMost = 0): Guard => ({
        guard: 'user.engaged',
        orgId,
        userId,
        atMost,
      });
      const attempt = (guard: Guard) =>
        store.commit(fixture.set(fixture.dial(second), [fixture.absent(second), guard]));
      assert.deepEqual(await attempt(free('alice')), {
        outcome: 'conflict',
        guard: free('alice'),
        facts: null,
      });
      assert.deepEqual(await attempt(free('bob')), {
        outcome: 'conflict',
        guard: free('bob'),
        facts: null,
      });
      const ended = fixture.terminate(facts);
      assert.deepEqual(await store.commit(fixture.set(ended, [fixture.at(facts)])), {
        outcome: 'applied',
      });
      assert.deepEqual(await attempt(free('bob')), { outcome: 'applied' });
      const third = uuidV7(systemClock, systemRandom);
      const waiting = [fixture.absent(third), free('alice', 1), free('bob', 1)];
      assert.deepEqual(await store.commit(fixture.set(fixture.dial(third), waiting)), {
        outcome: 'applied',
      });
    }),
    define('of many dials to one user, one engages them', async (fixture) => {
      const { store, orgId } = fixture;
      const guard: Guard = { guard: 'user.engaged', orgId, userId: 'bob', atMost: 0 };
      const dials = Array.from({ length: 16 }, (_, index) => {
        const callId = uuidV7(systemClock, systemRandom);
        const actor = { ...fixture.alice, userId: `caller${index}` };
        return store.commit(
          fixture.set(fixture.dial(callId, actor), [fixture.absent(callId), guard]),
        );
      });
      const results = await Promise.all(dials);
      assert.equal(results.filter((result) => result.outcome === 'applied').length, 1);
    }),
    define('answers a command that was run before, and writes nothing', async (fixture) => {
      const { store, orgId, callId } = fixture;
      const answer = fixture.answer();
      const change = fixture.dial();
      const set = fixture.set(change, [fixture.absent()], answer);
      assert.deepEqual(await store.commit(set), { outcome: 'applied' });
      assert.deepEqual(await store.commit(set), { outcome: 'answered', answer });
      assert.deepEqual(await store.load(orgId, callId), change.facts);
      assert.deepEqual(await store.answerOf(orgId, 'alice', 'c1'), answer);
      assert.equal(await store.answerOf(orgId, 'alice', 'c2'), null);
      assert.equal(await store.answerOf(orgId, 'bob', 'c1'), null);
      assert.equal(await store.answerOf('other', 'alice', 'c1'), null);
    }),
    define('lists a user’s calls that are live, or ended after a time', async (fixture) => {
      const { store, orgId } = fixture;
      const facts = await fixture.dialed();
      assert.deepEqual(await store.callsOf(orgId, 'alice', fixture.now), [facts]);
      assert.deepEqual(await store.callsOf(orgId, 'bob', fixture.now), [facts]);
      assert.deepEqual(await store.callsOf(orgId, 'carol', 0), []);
      const ended = fixture.terminate(facts);
      await store.commit(fixture.set(ended, [fixture.at(facts)]));
      assert.deepEqual(await store.callsOf(orgId, 'alice', fixture.now), []);
      assert.deepEqual(await store.callsOf(orgId, 'alice', fixture.now - 1), [ended.facts]);
    }),
    define('hands out calls whose deadline has passed, until they are written', async (fixture) => {
      const { store, orgId } = fixture;
      const mine = async (): Promise<CallFacts[]> =>
        (await store.due(10_000)).filter((facts) => facts.call.orgId === orgId);
      await fixture.dialed();
      assert.deepEqual(await mine(), []);
      // A call that was dialed ten minutes ago, whose ring is long over.
      const late = uuidV7(systemClock, systemRandom);
      fixture.now -= 600_000;
      const dial = fixture.dial(late);
      await store.commit(fixture.set(dial, [fixture.absent(late)]));
      assert.deepEqual(await mine(), [dial.facts]);
      fixture.now += 600_000;
      const circumstances = { callId: late, now: fixture.now, deadlines: fixture.deadlines };
      const passed = decideSystem(dial.facts, { type: 'deadline.passed' }, circumstances) as Change;
      await store.commit(fixture.set(passed, [fixture.at(dial.facts)]));
      assert.deepEqual(await mine(), []);
    }),
    define('hands out at most as many as asked for, the earliest first', async (fixture) => {
      const { store } = fixture;
      const start = fixture.now;
      for (const ageMs of [600_000, 900_000, 700_000]) {
        const callId = uuidV7(systemClock, systemRandom);
        fixture.now = start - ageMs;
        await store.commit(fixture.set(fixture.dial(callId), [fixture.absent(callId)]));
      }
      assert.equal((await store.due(2)).length, 2);
      const times = (await store.due(10_000)).map((facts) => nextDeadlineAt(facts)!);
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    }),
    define('its clock is near the wall clock', async ({ store }) => {
      assert.ok(Math.abs(store.now() - systemClock.now()) < 60_000);
    }),
  ];
}
