import { describe, expect, test } from 'vitest';
import type { UserCommand } from './commands.ts';
import { legOfDevice } from './facts.ts';
import type { CallFacts } from './facts.ts';
import { defaultSettings } from './settings.ts';
import type { UserSettings } from './settings.ts';
import { outcomeOf, start } from '../test/expected-events.ts';
import { checkCallInvariants, sampleActors, sampleCall, sampleDial } from './testing/index.ts';
import type { SampleReach } from './testing/index.ts';

const { alice, bob1, bob2, carol, dave } = sampleActors;
const deadline = { system: { type: 'deadline.passed' } } as const;

const onBusy = (forwardOnBusy: UserSettings['forwardOnBusy']) => ({
  settings: { ...defaultSettings, forwardOnBusy },
});
const onNoAnswer = (forwardOnNoAnswer: UserSettings['forwardOnNoAnswer']) => ({
  settings: { ...defaultSettings, forwardOnNoAnswer },
});

/** How each participant came, stands and went. */
const course = ({ participants }: CallFacts) =>
  participants.map(({ userId, via, state, leftReason }) =>
    [userId, via, state, leftReason].filter((word) => word !== null).join(' '),
  );

/** Alice dials Bob; every invariant holds. */
function dial(reach: SampleReach): CallFacts {
  const call = sampleDial(reach);
  checkCallInvariants(call);
  return call.facts;
}

describe('forward on busy', () => {
  test.each<readonly [string, SampleReach[string]]>([
    ['is busy', { busy: true, ...onBusy('user:carol') }],
    [
      'is not to be disturbed',
      { settings: { ...onBusy('user:carol').settings, doNotDisturb: true } },
    ],
  ])('a dial to who %s rings where they said', (_what, bob) => {
    const facts = dial({ bob });
    expect(course(facts)).toEqual([
      'alice dial joined',
      'bob dial left busy',
      'carol forward invited',
    ]);
    expect(facts.participants[2]).toMatchObject({ role: 'member', invitedBy: 'p2' });
    expect(facts.call.state).toBe('ringing');
  });

  test('when every device says busy', () => {
    const reach = { bob: onBusy('user:carol') };
    const call = sampleCall('ringing')
      .after({ actor: bob1, command: { type: 'call.decline', busy: true } }, 500, reach)
      .after({ actor: bob2, command: { type: 'call.decline', busy: true } }, 600, reach);
    expect(course(call.facts)).toEqual([
      'alice dial joined',
      'bob dial left busy',
      'carol forward invited',
    ]);
  });

  test('a plain decline is the user speaking: nothing is forwarded', () => {
    const reach = {
      bob: {
        settings: {
          ...onBusy('user:carol').settings,
          forwardOnNoAnswer: 'user:carol',
        } as UserSettings,
      },
    };
    const call = sampleCall('ringing').after(
      { actor: bob1, command: { type: 'call.decline' } },
      500,
      reach,
    );
    expect(call.facts.call).toMatchObject({ state: 'ended', endReason: 'declined' });
  });

  test('by an invitation keeps the role', () => {
    const command: UserCommand = { type: 'call.invite', to: 'user:carol', role: 'guest' };
    const call = sampleCall('active').after({ actor: alice, command }, 10_000, {
      carol: { busy: true, ...onBusy('user:dave') },
    });
    expect(call.facts.participants[3]).toMatchObject({
      userId: 'dave',
      role: 'guest',
      via: 'forward',
    });
  });
});

describe('forward when nobody answers', () => {
  const reach = { bob: onNoAnswer('user:carol') };

  test('the first rings 20 s, the next one in full', () => {
    const ringing = sampleDial(reach).after(
      { actor: bob1, command: { type: 'call.ring' } },
      100,
      reach,
    );
    expect(ringing.facts.participants[1]).toMatchObject({ ringDeadlineAt: start + 20_000 });
    const forwarded = ringing.after(deadline, 20_000, reach);
    checkCallInvariants(forwarded);
    expect(course(forwarded.facts)).toEqual([
      'alice dial joined',
      'bob dial left unanswered',
      'carol forward invited',
    ]);
    expect(forwarded.facts.participants[2]).toMatchObject({ ringDeadlineAt: start + 65_000 });
    expect(legOfDevice(forwarded.facts, 'bob', 'b1')).toMatchObject({ lostReason: 'unanswered' });
  });

  test('a device that rang and hears no more of it may not answer', () => {
    const forwarded = sampleDial(reach)
      .after({ actor: bob1, command: { type: 'call.ring' } }, 100, reach)
      .after(deadline, 20_000, reach);
    expect(outcomeOf(forwarded, bob1, { type: 'call.accept' }, 20_100)).toEqual({
      code: 'call_ended',
      endReason: 'unanswered',
      lostReason: 'unanswered',
      at: start + 20_000,
    });
  });

  test('when no device acknowledges, the call goes on to them at once', () => {
    const forwarded = sampleDial(reach).after(deadline, 2_000, reach);
    expect(course(forwarded.facts)).toEqual([
      'alice dial joined',
      'bob dial left unreachable',
      'carol forward invited',
    ]);
  });

  test('a dial to who is away rings where they said', () => {
    const facts = dial({ bob: { ...onNoAnswer('user:carol'), deviceIds: [] } });
    expect(course(facts)).toEqual([
      'alice dial joined',
      'bob dial left unreachable',
      'carol forward invited',
    ]);
    expect(facts.participants[2]).toMatchObject({ ringDeadlineAt: start + 45_000 });
  });

  test('the ring time is that of its beginning, and where it goes is what is set at its end', () => {
    const set = sampleCall('ringing').after(deadline, 45_000, reach);
    expect(course(set.facts)[2]).toBe('carol forward invited');
    const cleared = sampleDial(reach)
      .after({ actor: bob1, command: { type: 'call.ring' } }, 100, reach)
      .after(deadline, 20_000);
    expect(cleared.facts.call).toMatchObject({ state: 'ended', endReason: 'unanswered' });
  });

  test('where it would go is told to nobody before it goes there', () => {
    const ringing = sampleDial(reach);
    expect(JSON.stringify([ringing.facts, ringing.events])).not.toContain('carol');
  });
});

describe('forwards never run in a circle', () => {
  test.each<readonly [string, SampleReach, readonly string[]]>([
    [
      'to who dialed',
      { bob: { busy: true, ...onBusy('user:alice') } },
      ['alice dial left busy', 'bob dial left busy'],
    ],
    [
      'to oneself',
      { bob: { busy: true, ...onBusy('user:bob') } },
      ['alice dial left busy', 'bob dial left busy'],
    ],
    [
      'to one another',
      {
        bob: { busy: true, ...onBusy('user:carol') },
        carol: { busy: true, ...onBusy('user:bob') },
      },
      ['alice dial left busy', 'bob dial left busy', 'carol forward left busy'],
    ],
  ])('%s', (_what, reach, expected) => {
    const facts = dial(reach);
    expect(course(facts)).toEqual(expected);
    expect(facts.call).toMatchObject({ state: 'ended', endReason: 'busy' });
  });

  test('and five at most', () => {
    const users = ['bob', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7'];
    const reach = Object.fromEntries(
      users.map((user, index) => [
        user,
        { busy: true, deviceIds: [`${user}-1`], ...onBusy(`user:${users[index + 1] ?? 'bob'}`) },
      ]),
    );
    const facts = dial(reach);
    expect(facts.participants.filter(({ via }) => via === 'forward')).toHaveLength(5);
    expect(facts.call.endReason).toBe('busy');
  });
});

test('the last one in a chain answers, and talks with who dialed', () => {
  const call = sampleDial({
    bob: { busy: true, ...onBusy('user:carol') },
    carol: { deviceIds: [], ...onNoAnswer('user:dave') },
  });
  expect(course(call.facts)).toEqual([
    'alice dial joined',
    'bob dial left busy',
    'carol forward left unreachable',
    'dave forward invited',
  ]);
  const answered = call.after({ actor: dave, command: { type: 'call.accept' } }, 1_000);
  expect(answered.facts.call.state).toBe('connecting');
  expect(outcomeOf(answered, carol, { type: 'call.accept' }, 1_100)).toEqual({
    code: 'call_ended',
    endReason: 'unreachable',
    at: start,
  });
});

test('when it rang in vain, who was forwarded to ends it', () => {
  const call = sampleDial({ bob: { busy: true, ...onBusy('user:carol') } });
  const over = call.after({ actor: carol, command: { type: 'call.decline' } }, 1_000);
  expect(course(over.facts)).toEqual([
    'alice dial left declined',
    'bob dial left busy',
    'carol forward left declined',
  ]);
});
