import { describe, expect, test } from 'vitest';
import type { UserCommand } from './commands.ts';
import { decideSystem } from './decide-system.ts';
import { joinedLegs, nextDeadlineAt } from './facts.ts';
import { defaultSettings } from './settings.ts';
import {
  ended,
  heard,
  left,
  lost,
  outcomeOf,
  present,
  start,
  taken,
} from '../test/expected-events.ts';
import { sampleActors, sampleCall } from './testing/index.ts';
import type { SampleCall } from './testing/index.ts';

const { alice, bob1, bob2, carol, dave, mallory } = sampleActors;
const deadline = { type: 'deadline.passed' } as const;
const toCarol: UserCommand = { type: 'call.transfer', to: 'user:carol' };

describe('blind transfer', () => {
  test('rings the target, the transferor leaves and the other one waits', () => {
    expect(outcomeOf(sampleCall('active'), alice, toCarol, 10_000)).toEqual([
      {
        type: 'participant.invited',
        participantId: 'p3',
        address: 'user:carol',
        userId: 'carol',
        role: 'member',
        via: 'transfer',
        by: 'p1',
        ringDeadlineAt: start + 55_000,
      },
      {
        type: 'leg.offered',
        legId: 'l4',
        participantId: 'p3',
        userId: 'carol',
        deviceId: 'c1',
        acknowledgeDeadlineAt: start + 12_000,
      },
      left('p1', 'transferred', 'p1'),
      { type: 'participant.role', participantId: 'p2', role: 'moderator' },
      { type: 'call.ringing' },
    ]);
  });

  test('who is left behind silent while media connected keeps their place for the lease (P-814)', () => {
    const silent = sampleCall('connecting').after(
      { system: { type: 'device.silent', userId: 'bob', deviceId: 'b1' } },
      4_000,
    );
    const waiting = silent.after({ actor: alice, command: toCarol }, 5_000);
    expect(waiting.events.slice(-2)).toMatchObject([
      { type: 'call.ringing' },
      { type: 'leg.graced', legId: 'l2', graceDeadlineAt: start + 15_000 },
    ]);
  });

  test('may be made by either side', () => {
    const call = sampleCall('active').after({ actor: bob1, command: toCarol }, 10_000);
    expect(present(call.facts)).toEqual([
      'alice joined dial moderator',
      'carol invited transfer member',
    ]);
  });

  test('goes on in the same media epoch, with a connect deadline', () => {
    const { facts } = sampleCall('transferred');
    expect(facts.call).toMatchObject({ state: 'active', mediaEpoch: 1 });
    expect(joinedLegs(facts).map(({ id, hears }) => [id, hears])).toEqual([
      ['l2', ['l4']],
      ['l4', ['l2']],
    ]);
  });

  test('in a room the others talk on while the target rings', () => {
    const call = sampleCall('room').after(
      { actor: alice, command: { type: 'call.transfer', to: 'user:dave' } },
      20_000,
    );
    expect(call.facts.call.state).toBe('active');
    expect(present(call.facts)).toEqual([
      'bob joined dial moderator',
      'carol joined invite member',
      'dave invited transfer member',
    ]);
  });

  test('out of a full call is none too many', () => {
    const call = sampleCall('full').after(
      { actor: alice, command: { type: 'call.transfer', to: 'user:erin' } },
      20_000,
    );
    expect(present(call.facts)).toHaveLength(4);
  });

  test.each([
    ['to oneself', 'active', alice, 'user:alice', 'cannot_dial_self'],
    ['to who is there', 'active', alice, 'user:bob', 'already_there'],
    ['to no address', 'active', alice, 'carol', 'invalid_address'],
    ['to a phone number', 'active', alice, 'tel:+4930123456', 'address_unsupported'],
    ['before an answer', 'ringing', alice, 'user:carol', 'wrong_state'],
    ['by who is called and has not answered', 'ringing', bob1, 'user:carol', 'wrong_state'],
    ['by a device that lost', 'active', bob2, 'user:carol', 'answered_elsewhere'],
    ['by a stranger', 'active', mallory, 'user:carol', 'call_not_found'],
    ['of an ended call', 'ended', alice, 'user:carol', 'call_ended'],
    ['a second time', 'waiting', alice, 'user:dave', 'call_ended'],
    ['by who waits', 'waiting', bob1, 'user:dave', 'wrong_state'],
  ] as const)('%s is refused', (_what, point, actor, to, code) => {
    const command = { type: 'call.transfer', to } as UserCommand;
    const at = point === 'ended' ? 70_000 : 15_000;
    expect(outcomeOf(sampleCall(point), actor, command, at)).toMatchObject({ code });
  });

  test.each([
    ['busy', { busy: true }],
    ['unreachable', { deviceIds: [] }],
  ] as const)('to who is %s is refused, and nothing changes', (endReason, reach) => {
    expect(outcomeOf(sampleCall('active'), alice, toCarol, 10_000, { carol: reach })).toEqual({
      code: 'callee_unavailable',
      endReason,
    });
  });

  test('by a guest is refused', () => {
    const call = sampleCall('active')
      .after(
        { actor: alice, command: { type: 'call.invite', to: 'user:carol', role: 'guest' } },
        10_000,
      )
      .after({ actor: carol, command: { type: 'call.accept' } }, 11_000);
    expect(outcomeOf(call, carol, { type: 'call.transfer', to: 'user:dave' }, 12_000)).toEqual({
      code: 'not_permitted',
    });
  });
});

describe('a transfer that is not taken comes back (rule 9)', () => {
  const waiting = sampleCall('waiting');
  const silentCarol = { type: 'device.silent', userId: 'carol', deviceId: 'c1' } as const;
  const connecting = waiting.after({ actor: carol, command: { type: 'call.accept' } }, 12_000);

  const failures: Readonly<Record<string, () => SampleCall>> = {
    declined: () => waiting.after({ actor: carol, command: { type: 'call.decline' } }, 15_000),
    busy: () =>
      waiting.after({ actor: carol, command: { type: 'call.decline', busy: true } }, 15_000),
    unanswered: () => waiting.after({ system: deadline }, 55_000),
    unreachable: () =>
      waiting.after({ system: silentCarol }, 15_000).after({ system: deadline }, 25_000),
    failed: () =>
      waiting.after(
        { actor: carol, command: { type: 'call.hang-up', cause: 'permission_denied' } },
        15_000,
      ),
    'failed: media never connected': () => connecting.after({ system: deadline }, 32_000),
  };
  test.each(Object.keys(failures))('%s', (name) => {
    const { facts } = failures[name]!();
    const [reason] = name.split(':');
    expect(facts.participants[2]).toMatchObject({ state: 'left', leftReason: reason });
    expect(present(facts)).toEqual(['bob joined dial moderator', 'alice invited return member']);
    expect(facts.legs.at(-1)).toMatchObject({ deviceId: 'a1', state: 'offered', id: 'l5' });
    expect(facts.call).toMatchObject({ state: 'ringing', connectDeadlineAt: null });
  });

  const back = failures['declined']!();

  test('and goes on when the transferor takes it', () => {
    const taken2 = back
      .after({ actor: alice, command: { type: 'call.accept' } }, 16_000)
      .after({ actor: alice, command: heard('l2') }, 16_200)
      .after({ actor: bob1, command: heard('l5') }, 16_210);
    expect(taken2.facts.call.state).toBe('active');
    expect(present(taken2.facts)).toEqual([
      'bob joined dial moderator',
      'alice joined return member',
    ]);
  });

  test('and the call ends when the transferor does not take it either', () => {
    expect(outcomeOf(back, alice, { type: 'call.decline' }, 16_000)).toEqual([
      lost('l5', 'declined'),
      left('p2', 'declined', 'p4'),
      left('p4', 'declined', 'p4'),
      ended('declined', 'p4'),
    ]);
  });

  test('not to a transferor who was brought back in meanwhile', () => {
    const again = waiting.after(
      { actor: bob1, command: { type: 'call.invite', to: 'user:alice' } },
      13_000,
    );
    expect(outcomeOf(again, carol, { type: 'call.decline' }, 15_000)).toEqual([
      lost('l4', 'declined'),
      left('p3', 'declined', 'p3'),
    ]);
  });

  test('not after the target talked: that is a call like any other', () => {
    expect(outcomeOf(sampleCall('transferred'), carol, { type: 'call.hang-up' }, 20_000)).toEqual([
      left('p2', 'completed', 'p3'),
      left('p3', 'completed', 'p3'),
      ended('completed', 'p3'),
    ]);
  });

  test('not when the one who waits takes the invitation back', () => {
    const command: UserCommand = { type: 'call.remove', participantId: 'p3' };
    expect(outcomeOf(waiting, bob1, command, 15_000)).toEqual([
      left('p2', 'canceled', 'p2'),
      lost('l4', 'canceled'),
      left('p3', 'canceled', 'p2'),
      ended('canceled', 'p2'),
    ]);
  });

  test('in a room too: the others talk on while the transferor rings', () => {
    const call = sampleCall('room')
      .after({ actor: alice, command: { type: 'call.transfer', to: 'user:dave' } }, 20_000)
      .after({ actor: dave, command: { type: 'call.decline' } }, 21_000);
    expect(call.facts.call.state).toBe('active');
    expect(present(call.facts)).toEqual([
      'bob joined dial moderator',
      'carol joined invite member',
      'alice invited return member',
    ]);
  });

  test('from where the target forwarded it to', () => {
    const settings = { ...defaultSettings, forwardOnNoAnswer: 'user:dave' } as const;
    const reach = { carol: { settings } };
    const call = sampleCall('active')
      .after({ actor: alice, command: toCarol }, 10_000, reach)
      .after({ actor: carol, command: { type: 'call.ring' } }, 10_100, reach)
      .after({ system: deadline }, 30_000, reach);
    expect(present(call.facts)).toEqual([
      'bob joined dial moderator',
      'dave invited forward member',
    ]);
    const returned = call.after({ actor: dave, command: { type: 'call.decline' } }, 31_000);
    expect(present(returned.facts)).toEqual([
      'bob joined dial moderator',
      'alice invited return member',
    ]);
  });

  test('and is not forwarded from there, also when every device says busy', () => {
    const settings = { ...defaultSettings, forwardOnBusy: 'user:dave' } as const;
    const declined = back.after(
      { actor: alice, command: { type: 'call.decline', busy: true } },
      16_000,
      { alice: { settings } },
    );
    expect(declined.facts.call).toMatchObject({ state: 'ended', endReason: 'busy' });
    expect(declined.facts.participants.some(({ userId }) => userId === 'dave')).toBe(false);
  });
});

test('a call of three that never connected ends at its connect deadline, transfer or not (rule 4)', () => {
  // Alice, Bob and Dave joined; Alice transferred to Carol, who joined; nobody hears anybody.
  const call = sampleCall('connecting')
    .after({ actor: alice, command: { type: 'call.invite', to: 'user:dave' } }, 4_000)
    .after({ actor: dave, command: { type: 'call.accept' } }, 5_000)
    .after({ actor: alice, command: toCarol }, 6_000)
    .after({ actor: carol, command: { type: 'call.accept' } }, 7_000);
  expect(joinedLegs(call.facts)).toHaveLength(3);
  const { facts } = taken(decideSystem(call.facts, deadline, call.at(23_000)));
  expect(nextDeadlineAt(facts!) ?? Infinity).toBeGreaterThan(start + 23_000);
});
