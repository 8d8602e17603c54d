import { describe, expect, test } from 'vitest';
import type { Call, ParticipantView } from '../src/index.ts';
import { codeOf, watch, who, World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

/** Alice dialed Bob, and invited these. All of them talk. */
async function room(...invited: readonly string[]) {
  const world = new World();
  const [alice, bob] = (await world.phones('alice', 'bob')) as [TestPhone, TestPhone];
  const guests = await world.phones(...invited);
  const [of, ofBob] = await world.connect(alice, bob);
  const calls = [of, ofBob];
  for (const [index, { incoming }] of guests.entries()) {
    await Promise.all([of.invite(`user:${invited[index]!}`), world.pass(100)]);
    incoming[0]!.accept();
    await world.pass(500);
    calls.push(incoming[0]!);
  }
  return { world, alice, bob, guests, of, ofBob, calls };
}

const idOf = (call: Call, user: string): string =>
  call.participants.find(({ userId }) => userId === user)!.id;

/** How many others each hears. */
const heard = (calls: readonly Call[]): number[] =>
  calls.map(
    (call) => call.participants.filter(({ self, id }) => !self && call.streamOf(id)).length,
  );

describe('a room', () => {
  test('an invited third is shown at once, rings, joins, and each hears each', async () => {
    const { world, of, ofBob } = await room();
    const carol = await world.phone('carol');
    const changes: string[] = [];
    of.on('participant.changed', ({ userId, state }) => changes.push(`${userId} ${state}`));
    const asked = of.invite('user:carol');
    expect(who(of)).toBe('alice active, bob active, carol inviting');
    await world.pass(100);
    await asked;
    expect([who(of), who(ofBob)]).toEqual([
      'alice active, bob active, carol ringing',
      'bob active, alice active, carol ringing',
    ]);
    expect([of.requests, of.state, ofBob.state]).toEqual([[], 'active', 'active']);
    const ofCarol = carol.incoming[0]!;
    expect([ofCarol.via, ofCarol.peer.userId, ofCarol.id]).toEqual(['invite', 'alice', of.id]);
    ofCarol.accept();
    await world.pass(500);
    expect([who(ofCarol), heard([of, ofBob, ofCarol])]).toEqual([
      'carol active, alice active, bob active',
      [2, 2, 2],
    ]);
    expect(changes).toEqual([
      'carol inviting',
      'carol ringing',
      'carol connecting',
      'carol active',
    ]);
    of.hangUp({ everyone: true });
    await world.pass(100);
    expect([ofBob.end, ofCarol.end]).toEqual([
      { reason: 'completed', cause: null, by: 'remote' },
      { reason: 'completed', cause: null, by: 'remote' },
    ]);
    await world.expectClean();
  });

  test('of four; a fifth is refused, and nothing is left of the asking', async () => {
    const { world, of, calls } = await room('carol', 'dave');
    await world.phone('erin');
    expect(heard(calls)).toEqual([3, 3, 3, 3]);
    const asked = of.invite('user:erin');
    expect(who(of)).toContain('erin inviting');
    await world.pass(100);
    expect([await codeOf(asked), of.participants.length]).toEqual(['call_full', 4]);
    of.hangUp({ everyone: true });
    await world.expectClean();
  });

  test('who leaves is gone for the others, who go on; the last two end it', async () => {
    const { world, of, ofBob, guests, calls } = await room('carol');
    const ofCarol = calls[2]!;
    const gone: ParticipantView[] = [];
    ofBob.on('participant.changed', (each) => each.state === 'left' && gone.push(each));
    of.hangUp();
    await world.pass(100);
    expect(gone).toMatchObject([{ userId: 'alice', state: 'left', leftReason: 'completed' }]);
    expect([ofBob.state, ofCarol.state, heard([ofBob, ofCarol])]).toEqual([
      'active',
      'active',
      [1, 1],
    ]);
    // Who joined first of those that stay keeps order now.
    expect([ofBob.role, ofCarol.role, ofBob.peer.userId]).toEqual(['moderator', 'member', 'carol']);
    expect(of.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
    ofCarol.hangUp();
    await world.pass(100);
    expect([ofBob.end?.by, guests[0]!.phone.calls]).toEqual(['remote', []]);
    await world.expectClean();
  });

  test('who left sees nothing of what comes later', async () => {
    const { world, of, ofBob, calls } = await room('carol');
    of.hangUp();
    await world.pass(3_000);
    const seen = who(of);
    ofBob.mute();
    calls[2]!.hold();
    await world.pass(3_000);
    expect(who(of)).toBe(seen);
    ofBob.hangUp();
    await world.expectClean();
  });

  test('a moderator removes somebody, takes an invitation back, and asks for silence', async () => {
    const { world, of, ofBob, calls, guests } = await room('carol');
    const dave = await world.phone('dave');
    await Promise.all([of.invite('user:dave'), world.pass(100)]);
    await Promise.all([of.remove(idOf(of, 'dave')), world.pass(100)]);
    expect(dave.incoming[0]!.end).toEqual({ reason: 'canceled', cause: null, by: 'remote' });
    const asked: ParticipantView[] = [];
    ofBob.on('call.mute-requested', ({ by }) => asked.push(by));
    await Promise.all([of.requestMute(idOf(of, 'bob')), world.pass(100)]);
    expect([ofBob.muted, asked.map(({ userId }) => userId)]).toEqual([true, ['alice']]);
    expect(of.participants.find(({ userId }) => userId === 'bob')!.muted).toBe(true);
    ofBob.unmute();
    await world.pass(100);
    expect(of.participants.find(({ userId }) => userId === 'bob')!.muted).toBe(false);
    await Promise.all([of.remove(idOf(of, 'carol')), world.pass(100)]);
    expect([calls[2]!.end, guests[0]!.phone.calls]).toEqual([
      { reason: 'terminated', cause: null, by: 'remote' },
      [],
    ]);
    expect(who(of)).toBe('alice active, bob active');
    of.hangUp();
    await world.expectClean();
  });

  test('what a role does not allow is refused, and may() says so before', async () => {
    const { world, of, ofBob } = await room();
    const carol = await world.phone('carol');
    await Promise.all([of.invite('user:carol', { role: 'guest' }), world.pass(100)]);
    carol.incoming[0]!.accept();
    await world.pass(500);
    const guest = carol.incoming[0]!;
    expect([of.role, ofBob.role, guest.role]).toEqual(['moderator', 'member', 'guest']);
    const asked = [
      guest.invite('user:dave'),
      guest.transfer('user:dave'),
      guest.remove(idOf(guest, 'bob')),
      ofBob.remove(idOf(ofBob, 'carol')),
      ofBob.requestMute(idOf(ofBob, 'carol')),
      of.remove('p9'),
    ];
    await world.pass(100);
    expect(await Promise.all(asked.map(codeOf))).toEqual([
      'not_permitted',
      'not_permitted',
      'not_permitted',
      'not_permitted',
      'not_permitted',
      'participant_not_found',
    ]);
    expect([
      guest.may('invite'),
      ofBob.may('invite'),
      ofBob.may('remove', idOf(ofBob, 'carol')),
      of.may('remove', idOf(of, 'carol')),
      of.may('remove', idOf(of, 'alice')),
      of.may('remove', 'p9'),
      of.may('end-for-all'),
      of.may('dance' as never),
      of.may('toString' as never),
    ]).toEqual([false, true, false, true, false, false, true, false, false]);
    // A member who ends it for all leaves alone.
    ofBob.hangUp({ everyone: true });
    await world.pass(100);
    expect([of.state, guest.state, ofBob.state]).toEqual(['active', 'active', 'ended']);
    of.hangUp();
    await world.expectClean();
  });

  test('who cannot be invited: busy, offline, another organisation, there already', async () => {
    const { world, of } = await room();
    const [busy] = await world.phones('busy');
    await world.phone('carol', { callWaiting: false });
    await world.connect(busy!, (await world.phone('dave', { callWaiting: false }))!);
    const asked = ['user:dave', 'user:nobody', 'user:bob', 'user:alice', 'nobody'].map((to) =>
      of.invite(to),
    );
    await world.pass(200);
    expect(await Promise.all(asked.map(codeOf))).toEqual([
      'callee_unavailable',
      'callee_unavailable',
      'already_there',
      'cannot_dial_self',
      'invalid_address',
    ]);
    const details = await asked[0]!.catch((error: { details: unknown }) => error.details);
    expect(details).toMatchObject({ endReason: 'busy' });
    expect([who(of), of.state]).toEqual(['alice active, bob active', 'active']);
    for (const call of [of, ...busy!.phone.calls]) call.hangUp();
    await world.expectClean();
  });

  test('an invited who declines is shown as gone, and the call goes on', async () => {
    const { world, of, ofBob } = await room();
    const carol = await world.phone('carol');
    await Promise.all([of.invite('user:carol'), world.pass(100)]);
    carol.incoming[0]!.decline();
    await world.pass(100);
    expect(of.participants.at(-1)).toMatchObject({
      userId: 'carol',
      state: 'left',
      leftReason: 'declined',
    });
    expect([of.state, ofBob.state]).toEqual(['active', 'active']);
    of.hangUp();
    await world.expectClean();
  });

  test('one of three whose tab dies is reconnecting, then gone; the others go on', async () => {
    const { world, alice, bob, of, ofBob, guests } = await room('carol');
    const [carol] = guests as [TestPhone];
    carol.network.stall();
    carol.network.connect = () => ({ send: () => {}, close: () => {} });
    carol.media.call(of.id)!.disconnect();
    // Of the connections of the others, the last one made is that to Carol.
    for (const { media } of [alice, bob]) {
      const toCarol = media.browser.openConnections.at(-1)!;
      toCarol.isReachable = false;
      toCarol.turn('disconnected');
    }
    await world.pass(8_000);
    expect(who(of)).toBe('alice active, bob active, carol reconnecting');
    expect([of.state, ofBob.state]).toEqual(['active', 'active']);
    await world.pass(40_000);
    expect([who(of), of.state, ofBob.state]).toEqual([
      'alice active, bob active',
      'active',
      'active',
    ]);
    expect(heard([of, ofBob])).toEqual([1, 1]);
    of.hangUp();
    await world.pass(3_000);
    expect(of.end?.reason).toBe('completed');
  });

  test('hold in a room: remote when all others do', async () => {
    const { world, of, ofBob, calls } = await room('carol');
    ofBob.hold();
    await world.pass(100);
    expect([of.holding, ofBob.holding, calls[2]!.holding]).toEqual(['none', 'local', 'none']);
    calls[2]!.hold();
    await world.pass(100);
    expect(of.holding).toBe('remote');
    of.hangUp({ everyone: true });
    await world.expectClean();
  });
});

describe('merging', () => {
  test('two calls become one of three', async () => {
    const world = new World();
    const [alice, bob, carol] = (await world.phones('alice', 'bob', 'carol')) as TestPhone[];
    const [toBob, ofBob] = await world.connect(alice!, bob!);
    const [toCarol, ofCarol] = await world.connect(alice!, carol!);
    const stories = [watch(toBob), watch(toCarol), watch(ofBob), watch(ofCarol)];
    const asked = toBob.merge(toCarol);
    await world.pass(500);
    await asked;
    expect([toCarol.end?.reason, alice!.phone.calls]).toEqual(['transferred', [toBob]]);
    expect([toBob, ofBob, ofCarol].map(({ id, state, holding }) => [id, state, holding])).toEqual(
      Array.from({ length: 3 }, () => [toBob.id, 'active', 'none']),
    );
    expect([who(toBob), heard([toBob, ofBob, ofCarol])]).toEqual([
      'alice active, bob active, carol active',
      [2, 2, 2],
    ]);
    expect(stories.map(({ ends }) => ends.length)).toEqual([0, 1, 0, 0]);
    toBob.hangUp({ everyone: true });
    await world.expectClean();
  });

  test('who turns to a third call meanwhile goes on talking there', async () => {
    const world = new World();
    const [alice, bob, carol, dave] = (await world.phones(
      ...['alice', 'bob', 'carol', 'dave'],
    )) as TestPhone[];
    const [toBob] = await world.connect(alice!, bob!);
    const [toCarol] = await world.connect(alice!, carol!);
    const ofDave = await dave!.phone.dial('user:alice');
    await world.pass(500);
    const fromDave = alice!.phone.calls.find(({ state }) => state === 'ringing')!;
    const merged = toBob.merge(toCarol);
    fromDave.accept();
    await world.pass(500);
    await merged;
    expect([toBob.holding, fromDave.holding, fromDave.state]).toEqual(['local', 'none', 'active']);
    ofDave.hangUp();
    toBob.hangUp({ everyone: true });
    await world.expectClean();
  });

  test('brings back who was in the call before', async () => {
    const { world, alice, guests, of } = await room('carol');
    const carol = guests[0]!;
    carol.incoming[0]!.hangUp();
    await world.pass(100);
    // Nothing of this is told to who left.
    of.mute();
    await world.pass(100);
    const [toCarol, again] = await world.connect(alice, carol);
    const asked = of.merge(toCarol);
    await world.pass(1_000);
    await asked;
    expect([again.id, again.state, who(of)]).toEqual([
      of.id,
      'active',
      'alice active, bob active, carol active',
    ]);
    of.hangUp({ everyone: true });
    await world.expectClean();
  });

  test('with itself, with an ended call, beyond four', async () => {
    const { world, alice, of } = await room('carol', 'dave');
    const erin = await world.phone('erin');
    const [toErin] = await world.connect(alice, erin);
    expect(await codeOf(of.merge(of))).toBe('same_call');
    const asked = of.merge(toErin);
    await world.pass(100);
    expect(await codeOf(asked)).toBe('call_full');
    expect([of.state, toErin.state, of.holding, toErin.holding]).toEqual([
      'active',
      'active',
      'local',
      'none',
    ]);
    toErin.hangUp();
    expect(await codeOf(of.merge(toErin))).toBe('call_ended');
    of.hangUp({ everyone: true });
    await world.expectClean();
  });
});
