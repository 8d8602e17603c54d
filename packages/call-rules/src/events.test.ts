import { RingfenceError } from '@ringfence/base';
import { describe, expect, test } from 'vitest';
import { evolve } from './events.ts';
import type { CallEvent } from './events.ts';
import type { CallFacts } from './facts.ts';
import { sampleCall } from './testing/index.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe('a gap (P-504)', () => {
  const { callId, facts, events } = sampleCall('active');
  test.each([
    ['an event that was folded before', events.at(-1)!],
    ['an event ahead of the next one', { type: 'call.active', seq: 99, at: 0 }],
  ] as const)('%s is refused', (_what, event) => {
    const thrown = thrownBy(() => evolve(callId, facts, event));
    expect(thrown).toBeInstanceOf(RingfenceError);
    expect(thrown).toMatchObject({
      code: 'event_gap',
      fault: 'network',
      retryable: true,
      details: { dueSeq: facts.call.seq + 1, receivedSeq: event.seq },
    });
  });

  test('a history cannot begin in the middle', () => {
    const ringing: CallEvent = { type: 'leg.ringing', legId: 'l2', seq: 1, at: 0 };
    expect(thrownBy(() => evolve(callId, null, ringing))).toMatchObject({ code: 'event_gap' });
  });
});

describe('an event that this version cannot place changes nothing but seq (P-508)', () => {
  const { callId, facts } = sampleCall('active');
  const after: CallFacts = { ...facts, call: { ...facts.call, seq: facts.call.seq + 1 } };
  const line = { seq: after.call.seq, at: 1_700_000_070_000 };
  const created = sampleCall('offered').events[0]!;

  test.each([
    { ...line, type: 'call.parked', to: 'sfu' } as unknown as CallEvent,
    { ...line, type: 'leg.ringing', legId: 'l9' } satisfies CallEvent,
    { ...line, type: 'leg.resumed', legId: 'l9' } satisfies CallEvent,
    { ...line, type: 'leg.lost', legId: 'l9', reason: 'canceled' } satisfies CallEvent,
    {
      ...line,
      type: 'participant.left',
      participantId: 'p9',
      reason: 'failed',
      cause: null,
      by: null,
    } satisfies CallEvent,
    {
      ...line,
      type: 'leg.media',
      legId: 'l9',
      fromLegId: 'l1',
      connected: true,
    } satisfies CallEvent,
    { ...line, type: 'leg.mute-requested', legId: 'l9', by: 'p1' } satisfies CallEvent,
    { ...line, type: 'participant.role', participantId: 'p9', role: 'guest' } satisfies CallEvent,
    { ...created, ...line },
  ])('$type', (event) => {
    expect(evolve(callId, facts, event)).toEqual(after);
  });
});

test('facts are never changed in place', () => {
  const { callId, events } = sampleCall('ended');
  let facts: CallFacts | null = null;
  for (const event of events) {
    const before = structuredClone(facts);
    const kept: CallFacts | null = facts;
    facts = evolve(callId, facts, event);
    expect(kept).toEqual(before);
  }
  expect(facts).toEqual(sampleCall('ended').facts);
});
