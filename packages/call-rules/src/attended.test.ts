import { describe, expect, test } from 'vitest';
import type { Actor, UserCommand } from './commands.ts';
import { decide } from './decide.ts';
import { decideSystem } from './decide-system.ts';
import { hasJoined } from './facts.ts';
import { checked, left, present, start, taken } from '../test/expected-events.ts';
import { checkCallInvariants, sampleActors, sampleCall, secondCall } from './testing/index.ts';
import type { SampleCall } from './testing/index.ts';

/* Two calls that become one: attended transfer and merge. */

const { alice, bob1, bob2, carol, dave } = sampleActors;

/** What two calls come to when one is transferred to, or merged into, the other. */
function together(
  call: SampleCall,
  other: SampleCall | null,
  action: 'transfer' | 'merge',
  options: { readonly actor?: Actor; readonly afterMs?: number } = {},
) {
  const { actor = alice, afterMs = 30_000 } = options;
  const callId = other?.callId ?? '018bcfe5-6800-7000-8000-00000000000f';
  const facts = other?.facts ?? null;
  const command: UserCommand =
    action === 'transfer'
      ? { type: 'call.transfer', toCallId: callId, other: facts }
      : { type: 'call.merge', fromCallId: callId, other: facts };
  return decide(call.facts, actor, command, call.at(afterMs));
}

/** The same, where it is carried out, with every invariant held. */
function joined(call: SampleCall, other: SampleCall, action: 'transfer' | 'merge') {
  const decision = taken(together(call, other, action));
  const bodies = checked(call, decision, 30_000);
  checkCallInvariants({
    callId: other.callId,
    events: [...other.events, ...decision.other!.events],
    facts: decision.other!.facts,
  });
  return { facts: decision.facts!, over: decision.other!.facts, bodies };
}

describe('attended transfer', () => {
  test('brings who was consulted into the call, with their device, in one write', () => {
    const { facts, over, bodies } = joined(
      sampleCall('active'),
      secondCall(alice, carol, 'active'),
      'transfer',
    );
    expect(bodies).toEqual([
      {
        type: 'participant.invited',
        participantId: 'p3',
        address: 'user:carol',
        userId: 'carol',
        role: 'member',
        via: 'transfer',
        by: 'p1',
        ringDeadlineAt: expect.any(Number) as number,
      },
      {
        type: 'leg.offered',
        legId: 'l4',
        participantId: 'p3',
        userId: 'carol',
        deviceId: 'c1',
        acknowledgeDeadlineAt: start + 32_000,
      },
      { type: 'leg.ringing', legId: 'l4' },
      {
        type: 'participant.joined',
        participantId: 'p3',
        legId: 'l4',
        connectDeadlineAt: start + 50_000,
      },
      left('p1', 'transferred', 'p1'),
      { type: 'participant.role', participantId: 'p2', role: 'moderator' },
      { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 50_000 },
    ]);
    expect(present(facts)).toEqual(['bob joined dial moderator', 'carol joined transfer member']);
    expect(over.call).toMatchObject({
      state: 'ended',
      endReason: 'transferred',
      movedTo: facts.call.id,
    });
    expect(over.participants.map(({ leftReason }) => leftReason)).toEqual([
      'transferred',
      'transferred',
    ]);
  });

  test('may be made from the other call as well', () => {
    const { facts } = joined(secondCall(alice, carol, 'active'), sampleCall('active'), 'transfer');
    expect(present(facts)).toEqual(['carol joined dial moderator', 'bob joined transfer member']);
  });

  test('to somebody who still rings: they ring on, and the other one waits', () => {
    const { facts } = joined(sampleCall('active'), secondCall(alice, carol, 'ringing'), 'transfer');
    expect(facts.call.state).toBe('ringing');
    expect(present(facts)).toEqual(['bob joined dial moderator', 'carol ringing transfer member']);
    // The ring time is that of the consultation: it does not begin anew.
    expect(facts.participants[2]).toMatchObject({ ringDeadlineAt: start + 65_000 });
  });

  test('to somebody who is only offered the call: their device has yet to acknowledge', () => {
    const { facts } = joined(sampleCall('active'), secondCall(alice, carol, 'offered'), 'transfer');
    expect(facts.legs.at(-1)).toMatchObject({
      state: 'offered',
      deviceId: 'c1',
      acknowledgeDeadlineAt: start + 32_000,
    });
  });

  test('that is then declined comes back to the transferor', () => {
    const call = sampleCall('active');
    const other = secondCall(alice, carol, 'ringing');
    const { facts } = taken(together(call, other, 'transfer'));
    const declined = taken(decide(facts, carol, { type: 'call.decline' }, call.at(31_000)));
    expect(present(declined.facts!)).toEqual([
      'bob joined dial moderator',
      'alice invited return member',
    ]);
  });

  test('of several comes back when the last of them does not take it, and not before', () => {
    const other = secondCall(alice, carol, 'active')
      .after({ actor: alice, command: { type: 'call.invite', to: 'user:dave' } }, 25_000)
      .after({ actor: dave, command: { type: 'call.ring' } }, 25_100);
    const { at, callId } = sampleCall('active');
    const { facts } = taken(together(sampleCall('active'), other, 'transfer'));
    const declined = taken(decide(facts, dave, { type: 'call.decline' }, at(31_000)));
    expect(present(declined.facts!)).toEqual([
      'bob joined dial moderator',
      'carol joined transfer member',
    ]);
    const failed = decideSystem(declined.facts!, { type: 'deadline.passed' }, at(50_000));
    expect(present(taken(failed).facts!)).toEqual([
      'bob joined dial moderator',
      'alice invited return member',
    ]);
    // All of them joined, and nobody heard anybody.
    const all = taken(decide(facts, dave, { type: 'call.accept' }, at(31_000)));
    const unheard = taken(decideSystem(all.facts!, { type: 'deadline.passed' }, at(51_000)));
    expect(present(unheard.facts!)).toEqual(present(taken(failed).facts!));
    expect(unheard.facts!.call).toMatchObject({ id: callId, state: 'ringing' });
  });

  test('keeps what the moved one does with their media, and that they are silent', () => {
    const other = secondCall(alice, carol, 'active')
      .after({ actor: carol, command: { type: 'call.update', held: true, muted: true } }, 25_000)
      .after({ system: { type: 'device.silent', userId: 'carol', deviceId: 'c1' } }, 26_000);
    const { facts } = joined(sampleCall('active'), other, 'transfer');
    expect(facts.legs.at(-1)).toMatchObject({ held: true, muted: true, silent: true });
  });

  test('a moved one who is silent and has to wait keeps their place for the lease (P-814)', () => {
    const other = secondCall(alice, carol, 'active', 500).after(
      { system: { type: 'device.silent', userId: 'carol', deviceId: 'c1' } },
      2_000,
    );
    const { facts } = taken(together(sampleCall('ringing'), other, 'transfer', { afterMs: 3_000 }));
    expect(facts!.call.state).toBe('ringing');
    expect(facts!.legs.at(-1)).toMatchObject({ silent: true, graceDeadlineAt: start + 13_000 });
  });

  test.each<readonly [string, () => SampleCall, () => SampleCall | null, string]>([
    ['to a call that is not there', () => sampleCall('active'), () => null, 'call_not_found'],
    ['to itself', () => sampleCall('active'), () => sampleCall('active'), 'same_call'],
    [
      'to a call of others',
      () => sampleCall('active'),
      () => secondCall(dave, carol, 'active'),
      'call_not_found',
    ],
    [
      'to a call that has ended',
      () => sampleCall('active'),
      () =>
        secondCall(alice, carol, 'active').after(
          { actor: carol, command: { type: 'call.hang-up' } },
          25_000,
        ),
      'call_ended',
    ],
    [
      'to a call that rings here',
      () => sampleCall('active'),
      () => secondCall(carol, alice, 'ringing'),
      'wrong_state',
    ],
    [
      'of a call that has ended',
      () => sampleCall('active').after({ actor: bob1, command: { type: 'call.hang-up' } }, 15_000),
      () => secondCall(alice, carol, 'active'),
      'call_ended',
    ],
    [
      'when both ring: nobody would be left to wait',
      () => sampleCall('ringing'),
      () => secondCall(alice, carol, 'ringing', 1_000),
      'wrong_state',
    ],
    [
      'when the same user is in both',
      () => sampleCall('active'),
      () => secondCall(alice, bob2, 'ringing'),
      'already_there',
    ],
  ])('%s is refused', (_what, call, other, code) => {
    expect(together(call(), other(), 'transfer')).toMatchObject({ refusal: { code } });
  });

  test('by another device of the user is refused', () => {
    const call = sampleCall('active');
    const second = secondCall({ ...alice, deviceId: 'a2' }, carol, 'active');
    expect(together(call, second, 'transfer')).toEqual({ refusal: { code: 'wrong_state' } });
  });
});

describe('merge', () => {
  test('brings those of the other call in, and the actor stays', () => {
    const { facts, over } = joined(
      sampleCall('active'),
      secondCall(alice, carol, 'active'),
      'merge',
    );
    expect(facts.call.state).toBe('active');
    expect(present(facts)).toEqual([
      'alice joined dial moderator',
      'bob joined dial member',
      'carol joined merge member',
    ]);
    expect(over.call).toMatchObject({ endReason: 'transferred', movedTo: facts.call.id });
  });

  test('of a call that rings into one that rings: whoever answers first talks', () => {
    const decision = taken(
      together(sampleCall('ringing'), secondCall(alice, carol, 'ringing', 500), 'merge', {
        afterMs: 1_000,
      }),
    );
    expect(decision.facts!.call.state).toBe('ringing');
    expect(present(decision.facts!)).toEqual([
      'alice joined dial moderator',
      'bob ringing dial member',
      'carol ringing merge member',
    ]);
  });

  test('of one that talks into one that rings makes that one connect', () => {
    const decision = taken(
      together(sampleCall('ringing'), secondCall(alice, carol, 'active', 500), 'merge', {
        afterMs: 3_000,
      }),
    );
    expect(decision.facts!.call.state).toBe('connecting');
  });

  test('of more than four is refused', () => {
    expect(
      together(sampleCall('full'), secondCall(alice, sampleActors.erin, 'active'), 'merge'),
    ).toEqual({ refusal: { code: 'call_full' } });
  });

  test.each(['merge', 'transfer'] as const)(
    'by who may not end a room for all does not take the room elsewhere: %s (P-837)',
    (action) => {
      const room = sampleCall('room');
      const withDave = secondCall(bob1, dave, 'active');
      const refusal = { code: 'not_permitted' };
      expect(together(withDave, room, action, { actor: bob1 })).toEqual({ refusal });
      // The other way round, Dave comes into the room.
      const came = taken(together(room, withDave, action, { actor: bob1 }));
      expect(present(came.facts!)).toContain(`dave joined ${action} member`);
      const byModerator = together(secondCall(alice, dave, 'active'), room, action);
      expect(taken(byModerator).other!.facts.call.movedTo).not.toBeNull();
    },
  );

  test('with a call one has left says how one left it, and nothing of what came later', () => {
    const leftRoom = sampleCall('room').after(
      { actor: bob1, command: { type: 'call.hang-up' } },
      20_000,
    );
    const isOver = leftRoom.after({ actor: alice, command: { type: 'call.hang-up' } }, 25_000);
    const withDave = secondCall(bob1, dave, 'active');
    const refusal = { code: 'call_ended', endReason: 'completed', at: start + 20_000 };
    for (const other of [leftRoom, isOver]) {
      expect(together(withDave, other, 'merge', { actor: bob1 })).toEqual({ refusal });
      // Nor does a device that was never in it find out whether it goes on.
      const onOther = decide(
        other.facts,
        { ...bob1, deviceId: 'b9' },
        { type: 'call.accept' },
        other.at(30_000),
      );
      expect(onOther).toEqual({ refusal });
    }
  });

  test('with itself is refused', () => {
    expect(together(sampleCall('active'), sampleCall('active'), 'merge')).toEqual({
      refusal: { code: 'same_call' },
    });
  });

  test('into a call in which one has not joined is refused', () => {
    const call = sampleCall('ringing');
    const other = secondCall(bob1, carol, 'active', 500);
    expect(together(call, other, 'merge', { actor: bob1, afterMs: 3_000 })).toEqual({
      refusal: { code: 'wrong_state' },
    });
  });

  test('who joined with one device is in the merged call with that device alone', () => {
    const { facts } = joined(secondCall(alice, carol, 'active'), sampleCall('active'), 'merge');
    const ofBob = facts.legs.filter(({ userId }) => userId === 'bob');
    expect(ofBob.map((leg) => [leg.deviceId, hasJoined(facts, leg)])).toEqual([['b1', true]]);
  });
});
