import { describe, expect, test } from 'vitest';
import type { CallEmitted, CallRequest } from '../src/index.ts';
import { CallTown } from './call-town.ts';
import type { Side } from './call-town.ts';
import { alice, bob, carol, dave } from './call-truth.ts';

/** Alice dials Bob, and invites the others one by one. All talk. */
function room(...invited: readonly (typeof carol)[]): CallTown {
  const town = new CallTown([alice, bob, carol, dave]);
  const host = town.dial(alice, 'user:bob');
  host.actor.start();
  town.pass();
  for (const [index, who] of [bob, ...invited].entries()) {
    if (index > 0) ask(host, `t${index}`, { type: 'call.invite', to: `user:${who.userId}` });
    town.pass();
    town.sideOf(who).actor.send({ type: 'user.accept' });
    town.pass();
  }
  return town;
}

function ask(side: Side, ticket: string, request: CallRequest): void {
  side.actor.send({ type: 'user.request', ticket, request });
}

const states = (town: CallTown) => town.sides.map(({ view }) => view.state);
const outcomes = ({ told }: Side): CallEmitted[] =>
  told.filter(({ type }) => type === 'request.done' || type === 'call.refused');

/** Who is shown to be in a call, and how. */
const company = ({ view }: Side) =>
  view.participants.map(({ userId, state }) => `${userId} ${state}`);

/** What a side's media was asked, but for what it sends. */
const links = ({ media }: Side) =>
  media.requests.flatMap((request) => {
    if (request.type === 'connect') {
      return `connect ${request.peerLegId}${request.polite ? ' politely' : ''}`;
    }
    return request.type === 'disconnect' ? `disconnect ${request.peerLegId}` : [];
  });

const lastControl = ({ media }: Side) =>
  media.requests.filter(({ type }) => type === 'control').at(-1);

describe('a room', () => {
  test('each is connected with each, and of two the one that came first offers', () => {
    const town = room(carol, dave);
    expect(states(town)).toEqual(['active', 'active', 'active', 'active']);
    expect(town.sides.map(links)).toEqual([
      ['connect l2', 'connect l3', 'connect l4'],
      ['connect l1 politely', 'connect l3', 'connect l4'],
      ['connect l1 politely', 'connect l2 politely', 'connect l4'],
      ['connect l1 politely', 'connect l2 politely', 'connect l3 politely'],
    ]);
    const { legs } = town.truth.facts!;
    expect(legs.map(({ id, hears }) => [id, [...hears].sort()])).toEqual([
      ['l1', ['l2', 'l3', 'l4']],
      ['l2', ['l1', 'l3', 'l4']],
      ['l3', ['l1', 'l2', 'l4']],
      ['l4', ['l1', 'l2', 'l3']],
    ]);
  });

  test('who is shown: oneself first, then in the order they came', () => {
    const town = room(carol);
    expect(town.sideOf(bob).view.participants).toEqual([
      {
        id: 'p2',
        address: 'user:bob',
        userId: 'bob',
        role: 'member',
        invitedBy: 'alice',
        self: true,
        state: 'active',
        leftReason: null,
        legId: 'l2',
        held: false,
        muted: false,
        camera: false,
      },
      expect.objectContaining({ id: 'p1', userId: 'alice', role: 'moderator', invitedBy: null }),
      expect.objectContaining({ id: 'p3', userId: 'carol', role: 'member', invitedBy: 'alice' }),
    ]);
    expect(town.sideOf(carol).view).toMatchObject({
      direction: 'incoming',
      via: 'invite',
      role: 'member',
      peer: { address: 'user:alice', userId: 'alice' },
    });
  });

  test('an invitation is shown at once, then as it goes', () => {
    const town = room();
    const host = town.sideOf(alice);
    ask(host, 't1', { type: 'call.invite', to: 'user:carol', role: 'guest' });
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol inviting']);
    expect(host.view.participants[2]).toMatchObject({
      id: 't1',
      role: 'guest',
      invitedBy: 'alice',
      legId: null,
    });
    expect(host.view.requests).toEqual([
      { ticket: 't1', request: { type: 'call.invite', to: 'user:carol', role: 'guest' } },
    ]);
    town.clock.advance(20);
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol ringing']);
    expect(host.view.requests).toEqual([]);
    expect(outcomes(host)).toEqual([{ type: 'request.done', ticket: 't1' }]);
    town.pass();
    town.onConnect = () => {};
    town.sideOf(carol).actor.send({ type: 'user.accept' });
    town.pass();
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol connecting']);
    expect(company(town.sideOf(carol))).toEqual([
      'carol connecting',
      'alice connecting',
      'bob connecting',
    ]);
    expect(town.sideOf(carol).view).toMatchObject({ state: 'connecting', role: 'guest' });
  });

  test('an invitation that is declined is shown until they are asked again', () => {
    const town = room();
    const host = town.sideOf(alice);
    ask(host, 't1', { type: 'call.invite', to: 'user:carol' });
    town.pass();
    town.sideOf(carol).actor.send({ type: 'user.decline' });
    town.pass();
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol left']);
    expect(host.view.participants[2]).toMatchObject({ leftReason: 'declined', legId: null });
    ask(host, 't2', { type: 'call.invite', to: 'user:carol' });
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol left', 'carol inviting']);
    town.pass();
    expect(company(host)).toEqual(['alice active', 'bob active', 'carol ringing']);
  });

  test('a refused invitation is taken back, with the reason', () => {
    const town = room();
    const host = town.sideOf(alice);
    town.truth.reach.set('carol', { deviceIds: [] });
    ask(host, 't1', { type: 'call.invite', to: 'user:carol' });
    town.pass();
    expect(company(host)).toEqual(['alice active', 'bob active']);
    expect(outcomes(host)).toEqual([
      { type: 'call.refused', command: 'call.invite', code: 'callee_unavailable', ticket: 't1' },
    ]);
  });

  test('one leaves: the others go on, and end their media with that one', () => {
    const town = room(carol);
    town.sideOf(bob).actor.send({ type: 'user.hang-up' });
    town.pass();
    expect(states(town)).toEqual(['active', 'ended', 'active']);
    expect(town.sideOf(bob).story.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
    expect(links(town.sideOf(alice)).at(-1)).toBe('disconnect l2');
    expect(links(town.sideOf(carol)).at(-1)).toBe('disconnect l2');
    expect(company(town.sideOf(alice))).toEqual(['alice active', 'carol active']);
  });

  test('the moderator leaves: the first who joined becomes it', () => {
    const town = room(carol);
    town.sideOf(alice).actor.send({ type: 'user.hang-up' });
    town.pass();
    expect(town.sideOf(bob).view).toMatchObject({ role: 'moderator', peer: { userId: 'carol' } });
    expect(town.sideOf(carol).view).toMatchObject({ role: 'member', peer: { userId: 'bob' } });
  });

  test('the moderator ends it for all', () => {
    const town = room(carol);
    town.sideOf(alice).actor.send({ type: 'user.hang-up', everyone: true });
    town.pass();
    expect(town.sides.map(({ story }) => story.end)).toEqual([
      { reason: 'completed', cause: null, by: 'local' },
      { reason: 'completed', cause: null, by: 'remote' },
      { reason: 'completed', cause: null, by: 'remote' },
    ]);
  });

  test('who may not end it for all leaves alone', () => {
    const town = room(carol);
    const side = town.sideOf(bob);
    side.actor.send({ type: 'user.hang-up', everyone: true });
    town.pass();
    expect(states(town)).toEqual(['active', 'ended', 'active']);
    expect(side.signaling.commands.at(-1)).toEqual({ type: 'call.hang-up' });
    expect(side.story.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
  });

  test('one is removed', () => {
    const town = room(carol);
    ask(town.sideOf(alice), 'r', { type: 'call.remove', participantId: 'p3' });
    town.pass();
    expect(states(town)).toEqual(['active', 'active', 'ended']);
    expect(town.sideOf(carol).story.end).toEqual({
      reason: 'terminated',
      cause: null,
      by: 'remote',
    });
    expect(outcomes(town.sideOf(alice)).at(-1)).toEqual({ type: 'request.done', ticket: 'r' });
  });

  test('hold in a room: nothing to or from who holds, and remote when all others do', () => {
    const town = room(carol);
    const [host, second, third] = town.sides as [Side, Side, Side];
    const plain = { type: 'control', muted: false, camera: false, held: false };
    second.actor.send({ type: 'user.update', held: true });
    town.pass();
    expect([host.view.holding, second.view.holding]).toEqual(['none', 'local']);
    expect(lastControl(host)).toEqual({ ...plain, heldBy: ['l2'] });
    expect(host.view.participants.map(({ held }) => held)).toEqual([false, true, false]);
    third.actor.send({ type: 'user.update', held: true });
    town.pass();
    expect([host, second, third].map(({ view }) => view.holding)).toEqual([
      'remote',
      'local',
      'local',
    ]);
    expect(lastControl(host)).toEqual({ ...plain, heldBy: ['l2', 'l3'] });
    expect(lastControl(second)).toEqual({ ...plain, held: true, heldBy: ['l3'] });
    second.actor.send({ type: 'user.hang-up' });
    town.pass();
    expect(lastControl(host)).toEqual({ ...plain, heldBy: ['l3'] });
    expect(host.view.holding).toBe('remote');
  });
});

describe('a request to mute', () => {
  test('mutes at once, tells the host, and lets the user speak again', () => {
    const town = room(carol);
    const side = town.sideOf(bob);
    ask(town.sideOf(alice), 'm', { type: 'call.request-mute', participantId: 'p2' });
    town.clock.advance(20);
    expect(side.view.muted).toBe(true);
    expect(lastControl(side)).toMatchObject({ muted: true });
    expect(side.told).toEqual([{ type: 'call.mute-requested', by: 'p1' }]);
    town.pass();
    expect(town.sideOf(carol).view.participants).toContainEqual(
      expect.objectContaining({ userId: 'bob', muted: true }),
    );
    side.actor.send({ type: 'user.update', muted: false });
    town.pass();
    expect(side.view.muted).toBe(false);
    // Later facts still hold the old request; it is done with.
    town.sideOf(carol).actor.send({ type: 'user.update', held: true });
    town.pass();
    expect(side.view.muted).toBe(false);
    ask(town.sideOf(alice), 'n', { type: 'call.request-mute', participantId: 'p2' });
    town.pass();
    expect(side.view.muted).toBe(true);
    expect(side.told).toHaveLength(2);
  });

  test('is for the moderator', () => {
    const town = room(carol);
    ask(town.sideOf(bob), 'm', { type: 'call.request-mute', participantId: 'p1' });
    town.pass();
    expect(outcomes(town.sideOf(bob))).toEqual([
      { type: 'call.refused', command: 'call.request-mute', code: 'not_permitted', ticket: 'm' },
    ]);
    expect(town.sideOf(alice).view.muted).toBe(false);
  });
});

describe('media in a room', () => {
  const stop = (side: Side, peerLegId: string): void =>
    side.media.report({ type: 'media.disconnected', mediaEpoch: 1, peerLegId });
  const fail = (side: Side, peerLegId: string): void =>
    side.media.report({ type: 'media.failed', cause: 'media_failed', peerLegId });

  test('active while one of the others flows, reconnecting when none does', () => {
    const town = room(carol);
    const host = town.sideOf(alice);
    stop(host, 'l2');
    expect([host.view.state, company(host)]).toEqual([
      'active',
      ['alice active', 'bob reconnecting', 'carol active'],
    ]);
    stop(host, 'l3');
    expect(host.view.state).toBe('reconnecting');
    town.pass();
    expect(town.truth.facts!.legs[0]!.hears).toEqual([]);
    host.media.report({ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l3' });
    expect(host.view.state).toBe('active');
    expect(company(host)).toEqual(['alice active', 'bob reconnecting', 'carol active']);
  });

  test('one falls silent: active with the other, reconnecting when both are', () => {
    const town = room(carol);
    const host = town.sideOf(alice);
    town.cut(town.sideOf(bob));
    town.pass();
    expect([host.view.state, company(host)]).toEqual([
      'active',
      ['alice active', 'bob reconnecting', 'carol active'],
    ]);
    town.cut(town.sideOf(carol));
    town.pass();
    expect(host.view.state).toBe('reconnecting');
    town.heal(town.sideOf(carol));
    town.pass();
    expect(host.view.state).toBe('active');
  });

  test('fails between two for good: the one that came later leaves, the other waits', () => {
    const town = room(carol);
    const [host, second, third] = town.sides as [Side, Side, Side];
    fail(second, 'l3');
    town.pass();
    expect(states(town)).toEqual(['active', 'active', 'active']);
    expect(company(second)).toEqual(['bob active', 'alice active', 'carol reconnecting']);
    fail(third, 'l2');
    town.pass();
    expect(states(town)).toEqual(['active', 'active', 'ended']);
    expect(third.story.end).toEqual({ reason: 'failed', cause: 'media_failed', by: 'local' });
    expect(company(host)).toEqual(['alice active', 'bob active']);
    // What comes of a leg that left changes nothing.
    fail(second, 'l3');
    stop(second, 'l3');
    expect(second.view.state).toBe('active');
  });

  test('fails with the only one that was heard: this side leaves, whoever came first', () => {
    const town = room(carol);
    const host = town.sideOf(alice);
    stop(host, 'l3');
    fail(host, 'l2');
    town.pass();
    expect(states(town)).toEqual(['ended', 'active', 'active']);
  });

  test('fails altogether: this side leaves', () => {
    const town = room(carol);
    town.sideOf(alice).media.report({ type: 'media.failed', cause: 'media_failed' });
    town.pass();
    expect(states(town)).toEqual(['ended', 'active', 'active']);
  });

  test('does not connect for who came to a call under way: they leave, the others go on', () => {
    const town = room();
    const host = town.sideOf(alice);
    ask(host, 't', { type: 'call.invite', to: 'user:carol' });
    town.pass();
    town.onConnect = () => {};
    town.sideOf(carol).actor.send({ type: 'user.accept' });
    town.clock.advance(20_100);
    expect(states(town)).toEqual(['active', 'active', 'ended']);
    expect(town.sideOf(carol).story.end).toEqual({
      reason: 'failed',
      cause: 'media_timeout',
      by: null,
    });
  });
});
