import { describe, expect, test } from 'vitest';
import type { UserCommand } from './commands.ts';
import { decideSystem } from './decide-system.ts';
import { joinedLegs, nextDeadlineAt, seenUntil } from './facts.ts';
import { defaultSettings } from './settings.ts';
import { checked, ended, heard, left, lost, outcomeOf, start } from '../test/expected-events.ts';
import { sampleActors, sampleCall } from './testing/index.ts';
import type { SampleCall } from './testing/index.ts';

/* Calls of three and four: who comes in, who goes, and who may say so. */

const { alice, bob1, bob2, carol, dave, erin, mallory } = sampleActors;
const deadline = { system: { type: 'deadline.passed' } } as const;
const inviteErin: UserCommand = { type: 'call.invite', to: 'user:erin' };
const remove = (participantId: string): UserCommand => ({ type: 'call.remove', participantId });
const mute = (participantId: string): UserCommand => ({ type: 'call.request-mute', participantId });
/** A room in which Erin is a guest whom Bob brought in. */
const withGuest = (): SampleCall =>
  sampleCall('room')
    .after(
      { actor: bob1, command: { type: 'call.invite', to: 'user:erin', role: 'guest' } },
      20_000,
    )
    .after({ actor: erin, command: { type: 'call.accept' } }, 21_000);

describe('invite', () => {
  test('rings every device of one more user, who is a member', () => {
    const reach = { erin: { deviceIds: ['e1', 'e2'] } };
    expect(outcomeOf(sampleCall('active'), bob1, inviteErin, 20_000, reach)).toEqual([
      {
        type: 'participant.invited',
        participantId: 'p3',
        address: 'user:erin',
        userId: 'erin',
        role: 'member',
        via: 'invite',
        by: 'p2',
        ringDeadlineAt: start + 65_000,
      },
      ...['e1', 'e2'].map((deviceId, index) => ({
        type: 'leg.offered',
        legId: `l${index + 4}`,
        participantId: 'p3',
        userId: 'erin',
        deviceId,
        acknowledgeDeadlineAt: start + 22_000,
      })),
    ]);
  });

  test.each([
    ['by who is called and has not answered', 'ringing', bob1, 'user:erin', 'wrong_state'],
    ['by a device that lost', 'active', bob2, 'user:erin', 'answered_elsewhere'],
    ['by a stranger', 'active', mallory, 'user:erin', 'call_not_found'],
    ['after the end', 'ended', alice, 'user:erin', 'call_ended'],
    ['by who left', 'transferred', alice, 'user:erin', 'call_ended'],
    ['of oneself', 'active', alice, 'user:alice', 'cannot_dial_self'],
    ['of who is there', 'active', alice, 'user:bob', 'already_there'],
    ['of who rings already', 'inviting', bob1, 'user:carol', 'already_there'],
    ['of a fifth', 'full', alice, 'user:erin', 'call_full'],
    ['of what is no address', 'active', alice, 'erin', 'invalid_address'],
    ['of a phone number', 'active', alice, 'tel:+4930123456', 'address_unsupported'],
  ] as const)('%s is refused', (_what, point, actor, to, code) => {
    const command = { type: 'call.invite', to } as UserCommand;
    expect(outcomeOf(sampleCall(point), actor, command, 20_000)).toMatchObject({ code });
  });

  test.each([
    ['busy', { busy: true }],
    ['busy', { settings: { ...defaultSettings, doNotDisturb: true } }],
    ['unreachable', { deviceIds: [] }],
  ] as const)('of who is %s is refused, and nothing changes', (endReason, reach) => {
    expect(outcomeOf(sampleCall('active'), alice, inviteErin, 20_000, { erin: reach })).toEqual({
      code: 'callee_unavailable',
      endReason,
    });
  });

  test('may come before the first answer: whoever answers first talks', () => {
    const call = sampleCall('ringing')
      .after({ actor: alice, command: inviteErin }, 500)
      .after({ actor: erin, command: { type: 'call.accept' } }, 1_500);
    expect(call.facts.call.state).toBe('connecting');
    expect(outcomeOf(call, bob1, { type: 'call.decline' }, 2_000)).toEqual([
      lost('l2', 'declined'),
      lost('l3', 'declined-elsewhere', 'l2'),
      left('p2', 'declined', 'p2'),
    ]);
  });

  test('who left may be brought back, as somebody new', () => {
    const call = sampleCall('room')
      .after({ actor: carol, command: { type: 'call.hang-up' } }, 20_000)
      .after({ actor: alice, command: { type: 'call.invite', to: 'user:carol' } }, 21_000)
      .after({ actor: carol, command: { type: 'call.accept' } }, 22_000);
    expect(call.facts.participants.map(({ id, userId, state }) => [id, userId, state])).toEqual([
      ['p1', 'alice', 'joined'],
      ['p2', 'bob', 'joined'],
      ['p3', 'carol', 'left'],
      ['p4', 'carol', 'joined'],
    ]);
    expect(joinedLegs(call.facts).map(({ id }) => id)).toEqual(['l1', 'l2', 'l5']);
  });
});

describe('an invitation that comes to nothing leaves the others as they are', () => {
  const call = sampleCall('inviting');

  test.each([
    [
      'declined',
      carol,
      { type: 'call.decline' },
      [lost('l4', 'declined'), left('p3', 'declined', 'p3')],
    ],
    ['taken back', bob1, remove('p3'), { code: 'not_permitted' }],
    ['taken back', alice, remove('p3'), [lost('l4', 'canceled'), left('p3', 'canceled', 'p1')]],
  ] as const)('%s', (_how, actor, command, outcome) => {
    expect(outcomeOf(call, actor, command, 20_000)).toEqual(outcome);
  });

  test('unanswered', () => {
    const decision = decideSystem(call.facts, deadline.system, call.at(55_000));
    expect(checked(call, decision, 55_000)).toEqual([
      lost('l4', 'unanswered'),
      left('p3', 'unanswered', null),
    ]);
  });

  test('unreachable: no device acknowledges in time', () => {
    const offered = sampleCall('active').after({ actor: alice, command: inviteErin }, 20_000);
    const decision = decideSystem(offered.facts, deadline.system, offered.at(22_000));
    expect(checked(offered, decision, 22_000)).toEqual([
      lost('l4', 'unreachable'),
      left('p3', 'unreachable', null),
    ]);
  });
});

describe('leave', () => {
  test('two go on, and who left sees nothing later', () => {
    const call = sampleCall('room')
      .after({ actor: carol, command: { type: 'call.hang-up' } }, 20_000)
      .after({ actor: bob1, command: { type: 'call.update', muted: true } }, 30_000);
    expect(call.facts.call.state).toBe('active');
    expect(call.facts.legs.map(({ hears }) => hears)).toEqual([['l2'], ['l1'], [], []]);
    expect(['alice', 'bob', 'carol'].map((userId) => seenUntil(call.facts, userId))).toEqual([
      null,
      null,
      start + 20_000,
    ]);
  });

  test('who is left behind with one who rings has no connect deadline any more (P-830)', () => {
    const waiting = sampleCall('connecting')
      .after({ actor: alice, command: { type: 'call.invite', to: 'user:carol' } }, 4_000)
      .after({ actor: carol, command: { type: 'call.accept' } }, 5_000)
      .after({ actor: bob1, command: { type: 'call.hang-up' } }, 6_000)
      .after({ actor: alice, command: { type: 'call.transfer', to: 'user:erin' } }, 7_000)
      .after({ actor: erin, command: { type: 'call.ring' } }, 7_100);
    expect(waiting.facts.call.state).toBe('ringing');
    // Erin's ring time, and not the end of Carol's time to connect.
    expect(nextDeadlineAt(waiting.facts)).toBe(start + 52_000);
  });

  test('who joins while two connect has a time of their own, also when the two are done (P-830)', () => {
    const call = sampleCall('connecting')
      .after({ actor: alice, command: { type: 'call.invite', to: 'user:carol' } }, 18_000)
      .after({ actor: carol, command: { type: 'call.accept' } }, 20_000)
      .after({ actor: bob1, command: heard('l1') }, 21_000)
      .after({ actor: alice, command: heard('l2') }, 21_010);
    expect(call.facts.call.state).toBe('active');
    expect(nextDeadlineAt(call.facts)).toBe(start + 40_000);
  });

  test('the last but one ends it, each with the reason of the end', () => {
    const call = sampleCall('room').after(
      { actor: alice, command: { type: 'call.hang-up' } },
      20_000,
    );
    expect(outcomeOf(call, carol, { type: 'call.hang-up' }, 21_000)).toEqual([
      left('p2', 'completed', 'p3'),
      left('p3', 'completed', 'p3'),
      ended('completed', 'p3'),
    ]);
  });

  test('the first who joined of those that stay becomes the moderator', () => {
    const full = sampleCall('full');
    const once = full.after({ actor: alice, command: { type: 'call.hang-up' } }, 20_000);
    const twice = once.after({ actor: bob1, command: { type: 'call.hang-up' } }, 21_000);
    const roles = ({ facts }: SampleCall) => facts.participants.map(({ role }) => role);
    expect(roles(full)).toEqual(['moderator', 'member', 'member', 'member']);
    expect(roles(once)).toEqual(['moderator', 'moderator', 'member', 'member']);
    expect(roles(twice)).toEqual(['moderator', 'moderator', 'moderator', 'member']);
  });

  test('a guest becomes the moderator only where all who stay are guests', () => {
    const invite = { type: 'call.invite', to: 'user:carol', role: 'guest' } as const;
    const guest = sampleCall('active')
      .after({ actor: bob1, command: invite }, 10_000)
      .after({ actor: carol, command: { type: 'call.accept' } }, 11_000)
      .after({ actor: alice, command: { type: 'call.invite', to: 'user:dave' } }, 12_000)
      .after({ actor: dave, command: { type: 'call.accept' } }, 13_000)
      .after({ actor: bob1, command: { type: 'call.hang-up' } }, 14_000);
    const moderated = guest.after({ actor: alice, command: { type: 'call.hang-up' } }, 15_000);
    const roles = ({ facts }: SampleCall) => facts.participants.map(({ role }) => role);
    expect(roles(moderated)).toEqual(['moderator', 'member', 'guest', 'moderator']);
    const toErin = guest
      .after({ actor: dave, command: { type: 'call.hang-up' } }, 15_000)
      .after({ actor: alice, command: inviteErin }, 16_000)
      .after({ actor: erin, command: { type: 'call.decline' } }, 17_000)
      .after({ actor: alice, command: { type: 'call.transfer', to: 'user:erin' } }, 18_000);
    expect(roles(toErin)[2]).toBe('moderator');
  });

  test('two left who never heard each other connect anew, with a deadline', () => {
    const call = sampleCall('inviting').after(
      { actor: carol, command: { type: 'call.accept' } },
      12_000,
    );
    expect(outcomeOf(call, alice, { type: 'call.hang-up' }, 13_000)).toEqual([
      left('p1', 'completed', 'p1'),
      { type: 'participant.role', participantId: 'p2', role: 'moderator' },
      { type: 'call.connecting', mediaEpoch: 1, connectDeadlineAt: start + 33_000 },
    ]);
  });
});

describe('remove', () => {
  test.each([
    ['a moderator', alice, 'p4', 'p1'],
    ['who invited', bob1, 'p4', 'p2'],
  ] as const)('by %s', (_who, actor, participantId, by) => {
    expect(outcomeOf(withGuest(), actor, remove(participantId), 30_000)).toEqual([
      left('p4', 'terminated', by),
    ]);
  });

  test.each([
    ['by a member who did not invite', carol, remove('p4'), 'not_permitted'],
    ['of the moderator by a member', bob1, remove('p1'), 'not_permitted'],
    ['by a guest', erin, remove('p3'), 'not_permitted'],
    ['of oneself', alice, remove('p1'), 'wrong_state'],
    ['of nobody', alice, remove('p99'), 'participant_not_found'],
  ] as const)('%s is refused', (_what, actor, command, code) => {
    expect(outcomeOf(withGuest(), actor, command, 30_000)).toEqual({ code });
  });

  test('of who left is refused', () => {
    const call = withGuest().after({ actor: erin, command: { type: 'call.hang-up' } }, 25_000);
    expect(outcomeOf(call, alice, remove('p4'), 30_000)).toEqual({ code: 'participant_not_found' });
  });

  test('of the only other one ends the call', () => {
    expect(outcomeOf(sampleCall('active'), alice, remove('p2'), 30_000)).toEqual([
      left('p1', 'terminated', 'p1'),
      left('p2', 'terminated', 'p1'),
      ended('terminated', 'p1'),
    ]);
  });
});

describe('a request to mute', () => {
  test('is noted at the leg, with who asked and when', () => {
    const call = sampleCall('room').after({ actor: alice, command: mute('p3') }, 20_000);
    expect(call.facts.legs.at(-1)).toMatchObject({
      muted: false,
      muteRequest: { by: 'p1', seq: call.facts.call.seq },
    });
  });

  test('of who is mute already changes nothing; a second one asks again', () => {
    const call = sampleCall('room').after({ actor: alice, command: mute('p3') }, 20_000);
    expect(outcomeOf(call, alice, mute('p3'), 21_000)).toEqual([
      { type: 'leg.mute-requested', legId: 'l4', by: 'p1' },
    ]);
    const muted = call.after(
      { actor: carol, command: { type: 'call.update', muted: true } },
      20_100,
    );
    expect(outcomeOf(muted, alice, mute('p3'), 21_000)).toEqual([]);
  });

  test.each([
    ['by a member', 'room', bob1, 'p3', 'not_permitted'],
    ['of oneself', 'room', alice, 'p1', 'wrong_state'],
    ['of who rings', 'inviting', alice, 'p3', 'wrong_state'],
    ['of nobody', 'room', alice, 'p99', 'participant_not_found'],
  ] as const)('%s is refused', (_what, point, actor, participantId, code) => {
    expect(outcomeOf(sampleCall(point), actor, mute(participantId), 20_000)).toEqual({ code });
  });
});

describe('who joins a call under way', () => {
  const joined = sampleCall('full');

  test('has a connect deadline of their own, and leaves when it passes', () => {
    const decision = decideSystem(joined.facts, deadline.system, joined.at(35_000));
    expect(checked(joined, decision, 35_000)).toEqual([
      left('p4', 'failed', null, 'media_timeout'),
    ]);
  });

  test('and falls silent before media connects: the cause is that they were lost', () => {
    const silent = joined.after(
      { system: { type: 'device.silent', userId: 'dave', deviceId: 'd1' } },
      16_000,
    );
    const decision = decideSystem(silent.facts, deadline.system, silent.at(35_000));
    expect(checked(silent, decision, 35_000)).toEqual([left('p4', 'failed', null, 'callee_lost')]);
  });

  test('has none any more once they hear somebody', () => {
    const heardOne = joined.after({ actor: dave, command: heard('l4') }, 16_000);
    const decision = decideSystem(heardOne.facts, deadline.system, heardOne.at(35_000));
    expect(checked(heardOne, decision, 35_000)).toEqual([]);
  });
});

test('grace runs on only while somebody hears the very device that is silent (P-814)', () => {
  const silent = sampleCall('room').after(
    { system: { type: 'device.silent', userId: 'carol', deviceId: 'c1' } },
    20_000,
  );
  const kept = silent.after({ actor: alice, command: heard('l4', false) }, 21_000);
  const held = decideSystem(kept.facts, deadline.system, kept.at(50_000));
  expect(checked(kept, held, 50_000)).toEqual([
    { type: 'leg.graced', legId: 'l4', graceDeadlineAt: start + 80_000 },
  ]);
  // Alice and Bob hear each other still, and that says nothing of Carol.
  const deaf = kept.after({ actor: bob1, command: heard('l4', false) }, 22_000);
  const lostCarol = decideSystem(deaf.facts, deadline.system, deaf.at(50_000));
  expect(checked(deaf, lostCarol, 50_000)).toEqual([left('p3', 'failed', 'p3', 'callee_lost')]);
});
