import { describe, expect, test } from 'vitest';
import type { SystemCommand } from './commands.ts';
import { decideSystem } from './decide-system.ts';
import { resolveDeadlines } from './deadlines.ts';
import type { CallEventBody } from './events.ts';
import { nextDeadlineAt } from './facts.ts';
import {
  checked,
  endOf,
  endRinging,
  ended,
  heard,
  left,
  lost,
  start,
} from '../test/expected-events.ts';
import { sampleActors, sampleCall } from './testing/index.ts';
import type { SampleCall, SamplePoint } from './testing/index.ts';

const { alice, bob1, bob2 } = sampleActors;
const silence = (actor: typeof alice | typeof bob1 | typeof bob2): SystemCommand => ({
  type: 'device.silent',
  userId: actor.userId,
  deviceId: actor.deviceId,
});
const resumption = (actor: typeof alice | typeof bob1): SystemCommand => ({
  type: 'device.resumed',
  userId: actor.userId,
  deviceId: actor.deviceId,
});
const deadline: SystemCommand = { type: 'deadline.passed' };
function outcomeOf(
  call: SampleCall,
  command: SystemCommand,
  afterMs: number,
): readonly CallEventBody[] {
  return checked(call, decideSystem(call.facts, command, call.at(afterMs)), afterMs);
}

const fellSilent = (legId: string, graceDeadlineAt: number | null): CallEventBody => ({
  type: 'leg.silent',
  legId,
  graceDeadlineAt,
});

describe('device.silent', () => {
  const lease = start + 11_000;
  const grace = start + 31_000;
  test.each([
    ['offered', alice, [fellSilent('l1', lease)]],
    ['offered', bob1, [fellSilent('l2', lease)]],
    ['ringing', alice, [fellSilent('l1', lease)]],
    ['ringing', bob1, [fellSilent('l2', lease)]],
    ['connecting', alice, [fellSilent('l1', null)]],
    ['connecting', bob1, [fellSilent('l2', null)]],
    ['connecting', bob2, []],
    ['active', alice, [fellSilent('l1', grace)]],
    ['active', bob1, [fellSilent('l2', grace)]],
    ['active', bob2, []],
    ['ended', alice, []],
    ['tombstone', alice, []],
  ] as const)('when %s, of %o', (point, actor, events) => {
    // The samples' clocks run ahead of 1,000 ms from `connecting` on; the rules read only `now`.
    const call = sampleCall(point);
    const decision = decideSystem(call.facts, silence(actor), call.at(1_000));
    expect(
      decision.refusal ?? decision.events.map(({ seq: _seq, at: _at, ...body }) => body),
    ).toEqual(events);
  });

  test('of a device without a leg changes nothing', () => {
    const command: SystemCommand = { type: 'device.silent', userId: 'bob', deviceId: 'b9' };
    expect(outcomeOf(sampleCall('active'), command, 70_000)).toEqual([]);
  });

  test('again changes nothing: the first grace holds', () => {
    const call = sampleCall('active').after({ system: silence(alice) }, 70_000);
    expect(outcomeOf(call, silence(alice), 80_000)).toEqual([]);
  });
});

describe('device.resumed', () => {
  test.each(['offered', 'ringing', 'connecting', 'active'] as const)(
    'when %s, ends the silence and its deadline',
    (point) => {
      const call = sampleCall(point).after({ system: silence(bob1) }, 4_000);
      expect(outcomeOf(call, resumption(bob1), 4_500)).toEqual([
        { type: 'leg.resumed', legId: 'l2' },
      ]);
      const back = call.after({ system: resumption(bob1) }, 4_500);
      expect(back.facts.legs[1]).toEqual(sampleCall(point).facts.legs[1]);
    },
  );

  test.each(['offered', 'ringing', 'connecting', 'active', 'ended'] as const)(
    'when %s and nobody was silent, changes nothing',
    (point) => {
      expect(outcomeOf(sampleCall(point), resumption(bob1), 70_000)).toEqual([]);
    },
  );
});

describe('deadline.passed', () => {
  /** Each deadline of the defaults, one millisecond before it and on it. */
  test.each<readonly [SamplePoint, number, readonly CallEventBody[]]>([
    ['offered', 1_999, []],
    [
      'offered',
      2_000,
      [lost('l2', 'unreachable'), lost('l3', 'unreachable'), ...endOf('unreachable', null)],
    ],
    ['ringing', 1_999, []],
    ['ringing', 2_000, [lost('l3', 'unreachable')]],
    ['ringing', 45_000, endRinging('unanswered', 'unanswered', null)],
    ['connecting', 22_999, []],
    ['connecting', 23_000, endOf('failed', null, 'media_timeout')],
    ['active', 12 * 3_600_000 - 1, []],
    ['active', 12 * 3_600_000, endOf('terminated', null, 'maximum_length')],
    ['ringing', 12 * 3_600_000, endRinging('terminated', 'canceled', null, 'maximum_length')],
    ['ended', 12 * 3_600_000, []],
    ['tombstone', 12 * 3_600_000, []],
  ])('when %s, at %i ms (P-819, P-820)', (point, afterMs, events) => {
    expect(outcomeOf(sampleCall(point), deadline, afterMs)).toEqual(events);
  });

  test('rings on for the ring time when one device acknowledged (P-808)', () => {
    const call = sampleCall('ringing').after({ system: deadline }, 2_000);
    expect(nextDeadlineAt(call.facts)).toBe(start + 45_000);
    expect(outcomeOf(call, deadline, 44_999)).toEqual([]);
    expect(outcomeOf(call, deadline, 45_000)).toEqual([
      left('p1', 'unanswered', null),
      lost('l2', 'unanswered'),
      left('p2', 'unanswered', null),
      ended('unanswered', null),
    ]);
  });

  test('a silent ringing device is unreachable when its lease ends (P-814)', () => {
    const call = sampleCall('ringing')
      .after({ actor: bob2, command: { type: 'call.ring' } }, 200)
      .after({ system: silence(bob1) }, 1_000);
    expect(outcomeOf(call, deadline, 10_999)).toEqual([]);
    expect(outcomeOf(call, deadline, 11_000)).toEqual([lost('l2', 'unreachable')]);
    const both = call.after({ system: silence(bob2) }, 1_000);
    expect(outcomeOf(both, deadline, 11_000)).toEqual([
      lost('l2', 'unreachable'),
      lost('l3', 'unreachable'),
      ...endOf('unreachable', null),
    ]);
  });

  test('a silent caller ends a ringing call when the lease ends (P-814)', () => {
    const call = sampleCall('ringing')
      .after({ actor: bob2, command: { type: 'call.ring' } }, 200)
      .after({ system: silence(alice) }, 1_000);
    expect(outcomeOf(call, deadline, 11_000)).toEqual(
      endRinging('canceled', 'canceled', 'p1', 'caller_lost'),
    );
  });

  test('an answer lifts the lease of a silent caller; the connect deadline rules', () => {
    const call = sampleCall('ringing')
      .after({ system: silence(alice) }, 1_000)
      .after({ actor: bob1, command: { type: 'call.accept' } }, 5_000);
    expect(nextDeadlineAt(call.facts)).toBe(start + 25_000);
    expect(outcomeOf(call, deadline, 25_000)).toEqual(endOf('failed', null, 'caller_lost'));
  });

  test('a callee lost while the call connects is the cause (P-813)', () => {
    const call = sampleCall('connecting').after({ system: silence(bob1) }, 4_000);
    expect(outcomeOf(call, deadline, 23_000)).toEqual(endOf('failed', null, 'callee_lost'));
  });

  describe('grace of an active call (P-814)', () => {
    const call = sampleCall('active').after({ system: silence(bob1) }, 10_000);
    const extended: CallEventBody = {
      type: 'leg.graced',
      legId: 'l2',
      graceDeadlineAt: start + 70_000,
    };

    test('runs on while the other side hears media', () => {
      expect(outcomeOf(call, deadline, 39_999)).toEqual([]);
      expect(outcomeOf(call, deadline, 40_000)).toEqual([extended]);
    });

    test('ends at the next deadline once the other side lost media', () => {
      const deaf = call
        .after({ system: deadline }, 40_000)
        .after({ actor: alice, command: heard('l2', false) }, 41_000);
      expect(outcomeOf(deaf, deadline, 69_999)).toEqual([]);
      expect(outcomeOf(deaf, deadline, 70_000)).toEqual([...endOf('failed', 'p2', 'callee_lost')]);
    });

    test('ends at once when the other side lost media before', () => {
      const deaf = call.after({ actor: alice, command: heard('l2', false) }, 11_000);
      expect(outcomeOf(deaf, deadline, 40_000)).toEqual(endOf('failed', 'p2', 'callee_lost'));
    });

    test('does not run on for a side that is silent itself', () => {
      const both = call.after({ system: silence(alice) }, 12_000);
      expect(outcomeOf(both, deadline, 40_000)).toEqual(endOf('failed', 'p2', 'callee_lost'));
    });
  });
});

test.each<readonly [SamplePoint, readonly CallEventBody[]]>([
  ['offered', endRinging('terminated', 'canceled', null)],
  ['connecting', endOf('terminated', null)],
  ['active', endOf('terminated', null)],
  ['ended', []],
  ['tombstone', []],
])('call.terminate when %s', (point, events) => {
  expect(outcomeOf(sampleCall(point), { type: 'call.terminate' }, 70_000)).toEqual(events);
});

test('the deadlines are configuration', () => {
  const call = sampleCall('active');
  const circumstances = { ...call.at(10_000), deadlines: resolveDeadlines({ graceMs: 5_000 }) };
  const decision = decideSystem(call.facts, silence(alice), circumstances);
  expect(decision.refusal ?? decision.events).toEqual([
    {
      type: 'leg.silent',
      legId: 'l1',
      graceDeadlineAt: start + 15_000,
      seq: 11,
      at: start + 10_000,
    },
  ]);
});
