import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { legOfDevice } from './facts.ts';
import { endOf, heard, joinB1, lost, outcomeOf, start } from '../test/expected-events.ts';
import { sampleActors, sampleCall } from './testing/index.ts';

/* From the first ring to media: who answers, with which device, and what comes too late. */

const { alice, bob1, bob2 } = sampleActors;

describe('accept', () => {
  test('one millisecond before the ring deadline wins, and must be written before it', () => {
    const { facts, at } = sampleCall('ringing');
    expect(decide(facts, bob1, { type: 'call.accept' }, at(44_999))).toMatchObject({
      before: start + 45_000,
    });
  });

  test('on the very deadline is refused', () => {
    const { facts, at } = sampleCall('ringing');
    expect(decide(facts, bob1, { type: 'call.accept' }, at(45_000))).toEqual({
      refusal: { code: 'deadline_passed' },
    });
  });

  test('racing a cancel: the first that is written counts (P-812)', () => {
    const call = sampleCall('ringing');
    const cancel = { actor: alice, command: { type: 'call.hang-up' } } as const;
    const accept = { actor: bob1, command: { type: 'call.accept' } } as const;
    const answered = call.after(accept, 1_000).after(cancel, 1_001);
    expect(answered.facts.call.endReason).toBe('completed');
    const canceled = call.after(cancel, 1_000);
    expect(decide(canceled.facts, bob1, accept.command, call.at(1_001))).toEqual({
      refusal: {
        code: 'call_ended',
        endReason: 'canceled',
        lostReason: 'canceled',
        at: start + 1_000,
      },
    });
  });

  test('of one of several devices, and each other hears which one won (P-807)', () => {
    const call = sampleCall('ringing').after({ actor: bob2, command: { type: 'call.ring' } }, 200);
    const won = call.after({ actor: bob2, command: { type: 'call.accept' } }, 1_000);
    expect(legOfDevice(won.facts, 'bob', 'b1')).toMatchObject({
      state: 'lost',
      lostReason: 'answered-elsewhere',
    });
    expect(outcomeOf(won, bob1, { type: 'call.accept' }, 1_001)).toEqual({
      code: 'answered_elsewhere',
      lostReason: 'answered-elsewhere',
      byUserId: 'bob',
      at: start + 1_000,
    });
  });
});

describe('a device that is busy', () => {
  test('is out alone: the others ring on, and may answer', () => {
    const call = sampleCall('ringing')
      .after({ actor: bob2, command: { type: 'call.ring' } }, 200)
      .after({ actor: bob1, command: { type: 'call.decline', busy: true } }, 300);
    expect(call.facts.call.state).toBe('ringing');
    expect(outcomeOf(call, bob1, { type: 'call.accept' }, 400)).toEqual({
      code: 'leg_lost',
      lostReason: 'busy',
    });
    const won = call.after({ actor: bob2, command: { type: 'call.accept' } }, 500);
    expect(won.facts.call.state).toBe('connecting');
  });

  test('and the last of them ends the call with busy', () => {
    const call = sampleCall('ringing').after(
      { actor: bob1, command: { type: 'call.decline', busy: true } },
      300,
    );
    expect(outcomeOf(call, bob2, { type: 'call.decline', busy: true }, 400)).toEqual([
      lost('l3', 'busy'),
      ...endOf('busy', null),
    ]);
  });
});

describe('a leg that was unreachable', () => {
  /** b2 did not acknowledge; b1 rings. */
  const call = sampleCall('ringing').after({ system: { type: 'deadline.passed' } }, 2_000);

  test('rings again by a late acknowledgement (P-806)', () => {
    expect(legOfDevice(call.facts, 'bob', 'b2')).toMatchObject({
      state: 'lost',
      lostReason: 'unreachable',
    });
    const back = call.after({ actor: bob2, command: { type: 'call.ring' } }, 5_000);
    expect(legOfDevice(back.facts, 'bob', 'b2')).toMatchObject({
      state: 'ringing',
      lostReason: null,
      silent: false,
      graceDeadlineAt: null,
    });
  });

  test('may accept: what it says shows that it is there', () => {
    expect(outcomeOf(call, bob2, { type: 'call.accept' }, 5_000)).toEqual([
      { type: 'leg.ringing', legId: 'l3' },
      { type: 'participant.joined', participantId: 'p2', legId: 'l3', connectDeadlineAt: null },
      lost('l2', 'answered-elsewhere', 'l3'),
      { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 25_000 },
    ]);
  });

  test('may decline', () => {
    expect(outcomeOf(call, bob2, { type: 'call.decline' }, 5_000)).toEqual([
      { type: 'leg.ringing', legId: 'l3' },
      lost('l3', 'declined'),
      lost('l2', 'declined-elsewhere', 'l3'),
      ...endOf('declined', 'p2'),
    ]);
  });

  test('is too late once another device answered', () => {
    const taken = call.after({ actor: bob1, command: { type: 'call.accept' } }, 3_000);
    expect(outcomeOf(taken, bob2, { type: 'call.ring' }, 5_000)).toEqual({
      code: 'answered_elsewhere',
      lostReason: 'unreachable',
      byUserId: 'bob',
      at: start + 3_000,
    });
  });
});

describe('a silent leg', () => {
  const silence = { system: { type: 'device.silent', userId: 'bob', deviceId: 'b1' } } as const;

  test('is back by its acknowledgement, and its lease with it', () => {
    const call = sampleCall('offered').after(silence, 100);
    const back = call.after({ actor: bob1, command: { type: 'call.ring' } }, 200);
    expect(legOfDevice(back.facts, 'bob', 'b1')).toMatchObject({
      state: 'ringing',
      silent: false,
      graceDeadlineAt: null,
    });
    const later = back.after({ system: { type: 'deadline.passed' } }, 10_100);
    expect(legOfDevice(later.facts, 'bob', 'b1')!.state).toBe('ringing');
  });

  const mutedLeg = { held: false, muted: true, camera: false };
  test.each([
    ['ringing', { type: 'call.ring' }, []],
    ['ringing', { type: 'call.accept' }, joinB1(start + 5_000)],
    ['active', { type: 'call.ring' }, []],
    ['active', { type: 'call.accept' }, []],
    ['active', heard('l1'), []],
    [
      'active',
      { type: 'call.update', muted: true },
      [{ type: 'leg.updated', legId: 'l2', ...mutedLeg }],
    ],
  ] as const)('when %s, is back by %j', (point, command, more) => {
    const call = sampleCall(point).after(silence, 4_000);
    expect(outcomeOf(call, bob1, command, 5_000)).toEqual([
      { type: 'leg.resumed', legId: 'l2' },
      ...more,
    ]);
  });
});

describe('media (P-813)', () => {
  test('the call is active once each hears the other', () => {
    const call = sampleCall('connecting').after({ actor: bob1, command: heard('l1') }, 3_100);
    expect(call.facts.call.state).toBe('connecting');
    expect(outcomeOf(call, alice, heard('l2'), 3_200)).toEqual([
      { type: 'leg.media', legId: 'l1', fromLegId: 'l2', connected: true },
      { type: 'call.active' },
    ]);
  });

  test('grace starts with `active` for a device that fell silent before it', () => {
    const call = sampleCall('connecting')
      .after({ actor: bob1, command: heard('l1') }, 3_100)
      .after({ system: { type: 'device.silent', userId: 'bob', deviceId: 'b1' } }, 3_150);
    expect(outcomeOf(call, alice, heard('l2'), 3_200)).toEqual([
      { type: 'leg.media', legId: 'l1', fromLegId: 'l2', connected: true },
      { type: 'call.active' },
      { type: 'leg.graced', legId: 'l2', graceDeadlineAt: start + 33_200 },
    ]);
  });

  test('lost in the call does not end it, and it stays active when media is back', () => {
    const call = sampleCall('active').after({ actor: alice, command: heard('l2', false) }, 5_000);
    expect(call.facts.call.state).toBe('active');
    expect(outcomeOf(call, alice, heard('l2'), 6_000)).toEqual([
      { type: 'leg.media', legId: 'l1', fromLegId: 'l2', connected: true },
    ]);
  });

  test('each remembers when media first connected, whatever comes after', () => {
    const call = sampleCall('active')
      .after({ actor: alice, command: heard('l2', false) }, 5_000)
      .after({ actor: alice, command: heard('l2') }, 6_000);
    expect(call.facts.participants.map(({ connectedAt }) => connectedAt)).toEqual([
      start + 3_210,
      start + 3_200,
    ]);
  });
});
