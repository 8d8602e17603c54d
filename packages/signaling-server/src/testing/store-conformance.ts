import assert from 'node:assert/strict';
import { systemClock } from '@ringfence/base';
import { defaultSettings, nextDeadlineAt } from '@ringfence/call-rules';
import type { Actor, CallFacts } from '@ringfence/call-rules';
import type { Guard, Store } from '../ports.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { changeOf, conflict, newId, StoreFixture } from './store-fixture.ts';

/** The cases every {@link Store} passes. `make` gives a store; it may hold other organisations. */
export function storeConformance(
  make: () =>
    { store: Store; close?(): Promise<void> } | Promise<{ store: Store; close?(): Promise<void> }>,
): readonly ConformanceCase[] {
  const define = (
    name: string,
    run: (fixture: StoreFixture) => Promise<void>,
  ): ConformanceCase => ({
    name,
    async run() {
      const { store, close } = await make();
      try {
        await run(new StoreFixture(store));
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
      assert.equal(await store.settingsOf('other', 'alice'), null);
      const foreign = { ...facts, call: { ...facts.call, orgId: 'other' } };
      const guard = fixture.absent();
      const calls = [changeOf({ facts: foreign, events: [] })];
      const result = await store.commit({ orgId: 'other', guards: [guard], calls, outbox: [] });
      assert.deepEqual(result, conflict(guard, null));
      assert.deepEqual(await store.load(fixture.orgId, callId), facts);
    }),
    define('a call id is taken once', async (fixture) => {
      const facts = await fixture.dialed();
      const guard = fixture.absent();
      const again = await fixture.store.commit(fixture.set(fixture.dial(), [guard]));
      assert.deepEqual(again, conflict(guard, facts));
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
      for (const each of lost) assert.deepEqual(each, conflict(guard, change.facts));
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
      assert.deepEqual(result, conflict(guards[1]!, null));
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
      const { store } = fixture;
      const facts = await fixture.dialed();
      const second = newId();
      const attempt = (guard: Guard) =>
        store.commit(fixture.set(fixture.dial(second), [fixture.absent(second), guard]));
      for (const userId of ['alice', 'bob']) {
        const guard = fixture.engaged(userId);
        assert.deepEqual(await attempt(guard), conflict(guard, null));
      }
      await fixture.write(fixture.terminate(facts), fixture.at(facts));
      assert.deepEqual(await attempt(fixture.engaged('bob')), { outcome: 'applied' });
      const third = newId();
      const waiting = [
        fixture.absent(third),
        fixture.engaged('alice', 1),
        fixture.engaged('bob', 1),
      ];
      await fixture.write(fixture.dial(third), ...waiting);
    }),
    define('who left a call that goes on is engaged no more', async (fixture) => {
      const { store, alice } = fixture;
      const [call, other] = await fixture.twoCalls();
      const callId = call.call.id;
      const merge = { type: 'call.merge', fromCallId: other.call.id, other } as const;
      const merged = fixture.decide(call, alice, merge, callId);
      await fixture.write(merged, fixture.at(call), fixture.at(other));
      const leave = fixture.decide(merged.facts, alice, { type: 'call.hang-up' }, callId);
      await fixture.write(leave, fixture.at(merged.facts));
      const next = newId();
      const attempt = (userId: string) => {
        const guards = [fixture.absent(next), fixture.engaged(userId)];
        return store.commit(fixture.set(fixture.dial(next), guards));
      };
      for (const userId of ['bob', 'carol']) {
        assert.deepEqual(await attempt(userId), conflict(fixture.engaged(userId), null));
      }
      const listed = await store.callsOf(fixture.orgId, 'alice', fixture.now);
      assert.deepEqual(listed, [leave.facts]);
      assert.deepEqual(await attempt('alice'), { outcome: 'applied' });
    }),
    define('of many dials to one user, one engages them', async (fixture) => {
      const dials = Array.from({ length: 16 }, (_, index) => {
        const callId = newId();
        const dial = fixture.dial(callId, { ...fixture.alice, userId: `x${index}` });
        const guards = [fixture.absent(callId), fixture.engaged('bob')];
        return fixture.store.commit(fixture.set(dial, guards));
      });
      const results = await Promise.all(dials);
      assert.equal(results.filter((result) => result.outcome === 'applied').length, 1);
    }),
    define('writes two calls that become one, or neither', async (fixture) => {
      const { store, orgId } = fixture;
      const [call, other] = await fixture.twoCalls();
      const transfer = fixture.transfer(call, other);
      const old: Guard = { guard: 'call.seq', callId: other.call.id, seq: other.call.seq - 1 };
      const refused = fixture.set(transfer, [fixture.at(call), old], fixture.answer());
      assert.deepEqual(await store.commit(refused), conflict(old, other));
      assert.deepEqual(await store.load(orgId, call.call.id), call);
      assert.deepEqual(await store.load(orgId, other.call.id), other);
      assert.equal(await store.answerOf(orgId, 'alice', 'c1'), null);

      await fixture.write(transfer, fixture.at(call), fixture.at(other));
      for (const { facts, events } of [transfer, transfer.other!]) {
        const { id } = facts.call;
        const before = events[0]!.seq - 1;
        assert.deepEqual(await store.load(orgId, id), facts);
        assert.deepEqual(await store.eventsAfter(orgId, id, before, 100), events);
      }
      assert.deepEqual(await store.callsOf(orgId, 'bob', fixture.now), [transfer.facts]);
      assert.deepEqual(await store.callsOf(orgId, 'carol', fixture.now), [transfer.facts]);
    }),
    define('of many changes of the same two calls, one is applied', async (fixture) => {
      const { store } = fixture;
      const [call, other] = await fixture.twoCalls();
      const sets = Array.from({ length: 16 }, (_, index) => {
        const [one, two] = index % 2 === 0 ? [call, other] : [other, call];
        return fixture.set(fixture.transfer(one!, two!), [fixture.at(one!), fixture.at(two!)]);
      });
      const results = await Promise.all(sets.map((set) => store.commit(set)));
      assert.equal(results.filter((result) => result.outcome === 'applied').length, 1);
    }),
    define('knows who rings whom, while nobody has answered', async (fixture) => {
      const { store, alice, bob, carol } = fixture;
      const probe = newId();
      const attempt = (from: Actor, to: Actor) => {
        const guards = [fixture.pairFree(from, to), fixture.absent(fixture.callId)];
        return store.commit(fixture.set(fixture.dial(probe, carol), guards));
      };
      const first = await fixture.dialed();
      assert.deepEqual(await attempt(alice, bob), conflict(fixture.pairFree(alice, bob), first));
      // The other way round, and with others, it does not ring: the guard after it is met.
      const next = conflict(fixture.absent(), first);
      assert.deepEqual(await attempt(bob, alice), next);
      assert.deepEqual(await attempt(alice, carol), next);
      // Of two the oldest is named.
      const later = await fixture.dialed(newId());
      assert.deepEqual(await attempt(alice, bob), conflict(fixture.pairFree(alice, bob), first));
      const accept = fixture.decide(first, bob, { type: 'call.accept' });
      const accepted = await fixture.write(accept, fixture.at(first));
      assert.deepEqual(await attempt(alice, bob), conflict(fixture.pairFree(alice, bob), later));
      await fixture.write(fixture.terminate(later), fixture.at(later));
      assert.deepEqual(await attempt(alice, bob), conflict(fixture.absent(), accepted));
    }),
    define('of two dials that cross, one is applied and the other meets it', async (fixture) => {
      const { store, alice, bob } = fixture;
      const dial = async (from: Actor, to: Actor) => {
        const callId = newId();
        const change = fixture.dial(callId, from, to);
        const guards = [fixture.absent(callId), fixture.pairFree(to, from)];
        return { change, result: await store.commit(fixture.set(change, guards)) };
      };
      const outcomes = await Promise.all([dial(alice, bob), dial(bob, alice)]);
      const applied = outcomes.filter(({ result }) => result.outcome === 'applied');
      assert.equal(applied.length, 1);
      const met = outcomes.find(({ result }) => result.outcome === 'conflict')!.result;
      assert.deepEqual((met as { facts: unknown }).facts, applied[0]!.change.facts);
    }),
    define('keeps a user’s settings, each version once', async (fixture) => {
      const { store, orgId } = fixture;
      assert.equal(await store.settingsOf(orgId, 'alice'), null);
      const away = { ...defaultSettings, doNotDisturb: true, version: 1 };
      const results = await Promise.all(
        Array.from({ length: 16 }, () =>
          store.commit(fixture.setSettings(away, [fixture.settingsAt(0)])),
        ),
      );
      assert.equal(results.filter((result) => result.outcome === 'applied').length, 1);
      assert.equal(results.filter((result) => result.outcome === 'conflict').length, 15);
      assert.deepEqual(await store.settingsOf(orgId, 'alice'), away);
      assert.equal(await store.settingsOf(orgId, 'bob'), null);
      const forward = {
        doNotDisturb: false,
        forwardOnBusy: 'user:bob',
        forwardOnNoAnswer: 'user:carol',
        version: 2,
      } as const;
      const set = fixture.setSettings(forward, [fixture.settingsAt(1)]);
      assert.deepEqual(await store.commit(set), { outcome: 'applied' });
      assert.deepEqual(await store.settingsOf(orgId, 'alice'), forward);
    }),
    define('holds a call to the settings it was decided on', async (fixture) => {
      const { store, orgId, callId } = fixture;
      const away = { ...defaultSettings, doNotDisturb: true, version: 1 };
      await store.commit(fixture.setSettings(away, [fixture.settingsAt(0)]));
      const old = fixture.settingsAt(0);
      const stale = fixture.set(fixture.dial(), [fixture.absent(), old]);
      assert.deepEqual(await store.commit(stale), conflict(old, null, away));
      assert.equal(await store.load(orgId, callId), null);
      const ahead = fixture.settingsAt(1, 'bob');
      const wrong = fixture.set(fixture.dial(), [fixture.absent(), ahead]);
      assert.deepEqual(await store.commit(wrong), conflict(ahead, null, null));
      await fixture.write(
        fixture.dial(),
        fixture.absent(),
        fixture.settingsAt(1),
        fixture.settingsAt(0, 'bob'),
      );
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
      const late = newId();
      fixture.now -= 600_000;
      const dial = fixture.dial(late);
      await store.commit(fixture.set(dial, [fixture.absent(late)]));
      assert.deepEqual(await mine(), [dial.facts]);
      fixture.now += 600_000;
      const passed = fixture.decideSystem(dial.facts, { type: 'deadline.passed' });
      await store.commit(fixture.set(passed, [fixture.at(dial.facts)]));
      assert.deepEqual(await mine(), []);
    }),
    define('hands out at most as many as asked for, the earliest first', async (fixture) => {
      const { store } = fixture;
      const start = fixture.now;
      for (const ageMs of [600_000, 900_000, 700_000]) {
        const callId = newId();
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
