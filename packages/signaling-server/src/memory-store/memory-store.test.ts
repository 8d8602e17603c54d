import { expect, it } from 'vitest';
import { uuidV7 } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { decide, defaultSettings, resolveDeadlines } from '@ringfence/call-rules';
import { createMemoryStore } from './memory-store.ts';
import type { CallFacts, Circumstances, UserCommand } from '@ringfence/call-rules';
import type { MemoryStore } from './memory-store.ts';

const clock = new FakeClock();
const random = seededRandom(1);

/** Everyone has one device and is free. */
const around = (callId: string, now: number): Circumstances => ({
  callId,
  now,
  deadlines: resolveDeadlines(),
  reach: () => ({ deviceIds: ['b'], busy: false, settings: defaultSettings }),
});
const column = { nextDeadlineAt: null, directRinging: null };

/** Writes a call that ended as it began, with its answer. */
async function bury(store: MemoryStore): Promise<string> {
  const callId = uuidV7(clock, random);
  const now = store.now();
  const actor = { orgId: 'acme', userId: 'alice', deviceId: 'a' };
  const cancel: UserCommand = { type: 'call.hang-up', dialed: true };
  const decision = decide(null, actor, cancel, around(callId, now));
  if (decision.refusal !== undefined || decision.facts === null) throw new Error('refused');
  const { facts, events } = decision;
  await store.commit({
    orgId: 'acme',
    guards: [],
    calls: [{ facts, events, ...column }],
    outbox: [],
    answer: {
      orgId: 'acme',
      userId: 'alice',
      commandId: callId,
      requestHash: '',
      answer: '',
      keepUntil: now + 1_000,
    },
  });
  return callId;
}

it('forgets ended calls and answers when their time is over', async () => {
  const store = createMemoryStore({ clock }, { endedMs: 5_000 });
  const first = await bury(store);
  clock.advance(2_000);
  const second = await bury(store);
  expect(store.size).toMatchObject({ calls: 2, answers: 1, engaged: 0 });
  clock.advance(4_000);
  await bury(store);
  expect(store.size).toMatchObject({ calls: 2, answers: 1, engaged: 0 });
  expect(await store.load('acme', first)).toBeNull();
  expect(await store.load('acme', second)).not.toBeNull();
  expect(await store.callsOf('acme', 'alice', 0)).toHaveLength(2);
});

it('keeps the newest lines of a long history, without a gap', async () => {
  const store = createMemoryStore({ clock });
  const callId = uuidV7(clock, random);
  const alice = { orgId: 'acme', userId: 'alice', deviceId: 'a' };
  const media = { audio: true, video: false };
  let facts: CallFacts | null = null;
  const write = async (command: UserCommand): Promise<void> => {
    const decision = decide(facts, alice, command, around(callId, store.now()));
    if (decision.refusal !== undefined) throw new Error('refused');
    facts = decision.facts!;
    const { events } = decision;
    const calls = [{ facts, events, ...column }];
    await store.commit({ orgId: 'acme', guards: [], calls, outbox: [] });
  };
  const seqs = async (afterSeq: number, limit: number): Promise<number[]> =>
    (await store.eventsAfter('acme', callId, afterSeq, limit)).map(({ seq }) => seq);
  await write({ type: 'call.dial', to: 'user:bob', media });
  for (let n = 0; n < 4_998; n += 1) await write({ type: 'call.update', muted: n % 2 === 0 });
  expect(await seqs(4_998, 10)).toEqual([4_999, 5_000]);
  expect(await seqs(5_000, 10)).toEqual([]);
  const all = await seqs(0, 10_000);
  expect([all.length >= 1_000, all.length <= 2_000, all.at(-1)]).toEqual([true, true, 5_000]);
  expect(all[0]).toBe(5_001 - all.length);
  await write({ type: 'call.hang-up' });
  expect(await seqs(0, 10_000)).toHaveLength(200);
});

it('forgets the oldest when there are too many', async () => {
  const store = createMemoryStore({ clock }, { endedCalls: 2, answers: 3 });
  for (let count = 0; count < 5; count += 1) await bury(store);
  expect(store.size).toEqual({ calls: 2, answers: 3, engaged: 0, settings: 0 });
});

it('its clock does not step with the wall clock', () => {
  const store = createMemoryStore({ clock });
  const before = store.now();
  clock.stepWallClock(-3_600_000);
  clock.advance(10);
  expect(store.now()).toBe(before + 10);
});

it('refuses bounds out of their range', () => {
  expect(() => createMemoryStore({}, { answers: 0 })).toThrow(
    'unable to use option answers; 0 is not a number from 1 to 100000000',
  );
});
