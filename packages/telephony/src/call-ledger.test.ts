import { FakeClock } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { CallLedger, remember } from './call-ledger.ts';

const outgoing = {
  callId: 'telnyx:1',
  provider: 'telnyx',
  state: 'ringing',
  direction: 'outgoing',
  to: '+12025550123',
  userId: 'ada',
} as const;

test('a call rings, is answered, and ends', () => {
  const clock = new FakeClock(1_000);
  const ledger = new CallLedger(clock);
  const call = {
    ...outgoing,
    from: undefined,
    startedAt: 1_000,
    answeredAt: undefined as number | undefined,
  };
  expect(ledger.update(outgoing)).toEqual(call);
  clock.advance(500);
  const active = { ...call, state: 'active', answeredAt: 1_500 };
  const { callId, provider } = outgoing;
  expect(ledger.update({ callId, provider, state: 'active' })).toEqual(active);
  expect(ledger.list()).toEqual([active]);
  expect(ledger.update({ callId, provider, state: 'ended' })).toEqual({
    ...active,
    state: 'ended',
  });
  expect([ledger.list(), ledger.size, ledger.get(callId)]).toEqual([[], 0, undefined]);
});

test('what is told late brings no call back, and twice changes nothing', () => {
  const ledger = new CallLedger(new FakeClock());
  const { callId, provider } = outgoing;
  ledger.update({ callId, provider, state: 'active' });
  expect(ledger.update({ callId, provider, state: 'ringing' })).toBeUndefined();
  expect(ledger.get(callId)?.state).toBe('active');
  expect(ledger.update({ callId, provider, state: 'active' })).toBeUndefined();
  ledger.update({ callId, provider, state: 'ended' });
  expect(ledger.update({ callId, provider, state: 'active' })).toBeUndefined();
  expect(ledger.size).toBe(0);
});

test('what is known of a call first stays; what is known later is added', () => {
  const ledger = new CallLedger(new FakeClock());
  ledger.update(outgoing);
  const { callId, provider } = outgoing;
  const more = { direction: 'incoming', to: '+19', from: '+12025550100', userId: 'bob' } as const;
  const call = ledger.update({ callId, provider, state: 'ringing', ...more });
  expect(call).toMatchObject({ ...outgoing, from: '+12025550100' });
});

test('a call whose end nobody told is forgotten after four hours, and the oldest of too many', () => {
  const clock = new FakeClock();
  const ledger = new CallLedger(clock);
  ledger.update(outgoing);
  clock.advance(7_200_000);
  ledger.update({ ...outgoing, callId: 'telnyx:2' });
  clock.advance(7_200_000);
  expect(ledger.list().map(({ callId }) => callId)).toEqual(['telnyx:2']);
  for (let count = 3; count < 10_005; count += 1) {
    ledger.update({ ...outgoing, callId: `telnyx:${count}` });
  }
  expect(ledger.size).toBe(10_000);
  expect(ledger.get('telnyx:4')).toBeUndefined();
  expect(ledger.get('telnyx:5')).toBeDefined();
});

test('a set remembers the newest', () => {
  const set = new Set<string>();
  for (const value of ['a', 'b', 'c', 'b']) remember(set, value, 2);
  expect([...set]).toEqual(['b', 'c']);
});
