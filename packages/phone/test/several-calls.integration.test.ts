import { describe, expect, test } from 'vitest';
import type { Call, ViewState } from '../src/index.ts';
import { codeOf, watch, World } from './phone-pair.ts';

const lines = (calls: readonly Call[]): string[] =>
  calls.map(({ peer, state, holding }) => `${peer.userId} ${state} ${holding}`);

describe('several calls', () => {
  test('a second call: accepting it holds the first, and swap changes over', async () => {
    const world = new World();
    const [alice, bob, carol] = await world.phones('alice', 'bob', 'carol');
    const [toBob, ofBob] = await world.connect(alice!, bob!);
    const [toBob2, ofBob2] = await world.connect(carol!, bob!);
    const expected = (one: string, two: string) => [`alice active ${one}`, `carol active ${two}`];
    expect(lines(bob!.phone.calls)).toEqual(expected('local', 'none'));
    expect([toBob.holding, toBob2.holding]).toEqual(['remote', 'none']);
    await ofBob.swap();
    expect(lines(bob!.phone.calls)).toEqual(expected('none', 'local'));
    await world.pass(100);
    expect([toBob.holding, toBob2.holding]).toEqual(['none', 'remote']);
    // What is on hold stays so when the other call ends.
    ofBob.hangUp();
    await world.pass(100);
    expect(lines(bob!.phone.calls)).toEqual(['carol active local']);
    ofBob2.resume();
    await world.pass(100);
    expect(toBob2.holding).toBe('none');
    ofBob2.hangUp();
    await world.expectClean();
  });

  test('a dial holds the calls that are on, and the call it makes is heard', async () => {
    const world = new World();
    const [alice, bob, carol] = await world.phones('alice', 'bob', 'carol');
    await world.connect(alice!, bob!);
    const second = await alice!.phone.dial('user:carol');
    expect(lines(alice!.phone.calls)).toEqual(['bob active local', 'carol preparing none']);
    await world.pass(100);
    carol!.incoming[0]!.accept();
    await world.pass(500);
    expect(lines(alice!.phone.calls)).toEqual(['bob active local', 'carol active none']);
    // What is held before it is answered is held when it is.
    const third = await alice!.phone.dial('user:dan');
    await world.pass(100);
    expect([third.end?.reason, second.holding]).toEqual(['unreachable', 'local']);
    for (const call of alice!.phone.calls) call.hangUp();
    await world.expectClean();
  });

  test('a call that was held while it rang is on hold when it is answered', async () => {
    const world = new World();
    const [alice, bob, carol] = await world.phones('alice', 'bob', 'carol');
    const first = await alice!.phone.dial('user:bob');
    await world.pass(100);
    const second = await alice!.phone.dial('user:carol');
    await world.pass(100);
    for (const { incoming } of [bob!, carol!]) incoming[0]!.accept();
    await world.pass(500);
    expect(lines(alice!.phone.calls)).toEqual(['bob active local', 'carol active none']);
    expect([bob!.incoming[0]!.holding, carol!.incoming[0]!.holding]).toEqual(['remote', 'none']);
    first.hangUp();
    second.hangUp();
    await world.expectClean();
  });

  test('a call that is taken back by the browser leaves the others on hold', async () => {
    const world = new World();
    const [alice, bob, carol] = await world.phones('alice', 'bob', 'carol');
    const [call] = await world.connect(alice!, bob!);
    alice!.plan = { microphone: 'permission_denied' };
    await carol!.phone.dial('user:alice');
    await world.pass(100);
    alice!.incoming[0]!.accept();
    await world.pass(100);
    expect([alice!.incoming[0]!.end?.cause, call.holding]).toEqual(['permission_denied', 'local']);
    call.hangUp();
    await world.expectClean();
  });

  test('calls.changed says when the list does', async () => {
    const world = new World();
    const [alice, bob] = await world.phones('alice', 'bob');
    const counts: number[] = [];
    alice!.phone.on('calls.changed', (calls) => counts.push(calls.length));
    const [call] = await world.connect(alice!, bob!);
    call.mute();
    call.hangUp();
    await world.pass(100);
    expect(counts).toEqual([1, 0]);
    await world.expectClean();
  });

  test('swap with one call, or of one that is not answered', async () => {
    const world = new World();
    const [alice, bob, carol] = await world.phones('alice', 'bob', 'carol');
    const [call] = await world.connect(alice!, bob!);
    expect(await codeOf(call.swap())).toBe('no_other_call');
    await carol!.phone.dial('user:alice');
    await world.pass(100);
    // One that rings is none to swap with: it is to be accepted.
    expect(await codeOf(call.swap())).toBe('no_other_call');
    expect(await codeOf(alice!.incoming[0]!.swap())).toBe('wrong_state');
    expect(call.holding).toBe('none');
    call.hangUp();
    expect(await codeOf(call.swap())).toBe('call_ended');
    alice!.incoming[0]!.decline();
    await world.expectClean();
  });

  test('without call waiting, a call that comes in while one rings is declined as busy', async () => {
    const world = new World();
    const [alice, carol] = await world.phones('alice', 'carol');
    // This device wants one call, the user's other one takes more: the server offers both.
    const desk = await world.phone('bob', { deviceId: 'desk', callWaiting: false });
    const tablet = await world.phone('bob', { deviceId: 'tablet' });
    await alice!.phone.dial('user:bob');
    await world.pass(100);
    desk.incoming[0]!.accept();
    await world.pass(500);
    const second = await carol!.phone.dial('user:bob');
    const story = watch(second);
    await world.pass(100);
    expect([desk.incoming.length, tablet.incoming.length]).toEqual([1, 2]);
    expect(story.seen).toEqual<ViewState[]>(['preparing', 'dialing', 'ringing']);
    tablet.incoming[1]!.accept();
    await world.pass(500);
    expect([second.state, lines(desk.phone.calls)]).toEqual(['active', ['alice active none']]);
    second.hangUp();
    desk.incoming[0]!.hangUp();
    await world.expectClean();
  });

  test('fifty call at once: four ring, the others hear busy, nothing is lost', async () => {
    const world = new World();
    const bob = await world.phone('bob');
    const callers = await world.phones(
      ...Array.from({ length: 50 }, (_, index) => `user-${index}`),
    );
    const calls = await Promise.all(callers.map(({ phone }) => phone.dial('user:bob')));
    await world.pass(1_000);
    const count = (state: ViewState): number => calls.filter((call) => call.state === state).length;
    expect([count('ringing'), count('ended')]).toEqual([4, 46]);
    const ends = calls.flatMap(({ end }) => end ?? []);
    expect(new Set(ends.map(({ reason }) => reason))).toEqual(new Set(['busy']));
    expect(bob.phone.calls.map(({ id }) => id)).toEqual(
      calls.filter(({ state }) => state === 'ringing').map(({ id }) => id),
    );
    bob.incoming[2]!.accept();
    await world.pass(500);
    expect(lines(bob.phone.calls).map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'ringing none',
      'ringing none',
      'active none',
      'ringing none',
    ]);
    for (const call of bob.phone.calls) call.hangUp();
    await world.expectClean();
  });

  test('all devices ring; one answers, and the others are told when and by whom', async () => {
    const world = new World();
    const alice = await world.phone('alice');
    const desk = await world.phone('bob', { deviceId: 'desk' });
    const tablet = await world.phone('bob', { deviceId: 'tablet' });
    const mobile = await world.phone('bob', { deviceId: 'mobile' });
    const call = await alice.phone.dial('user:bob');
    await world.pass(100);
    const [answered, idle, late] = [desk, tablet, mobile].map(({ incoming }) => incoming[0]!);
    const stories = [idle!, late!].map((each) => watch(each));
    answered!.accept();
    // Its accept crosses the other one.
    late!.accept();
    await world.pass(500);
    expect(stories).toEqual(
      [
        ['ringing', 'ended'],
        ['ringing', 'accepting', 'ended'],
      ].map((seen) => ({
        seen,
        ends: [{ reason: 'answered-elsewhere', cause: null, by: 'local', answeredBy: 'desk' }],
        refused: [],
      })),
    );
    expect([call.state, answered!.state]).toEqual(['active', 'active']);
    expect(idle!.endedAt).toBe(answered!.answeredAt);
    expect(idle!.participants[0]).toMatchObject({ userId: 'bob', self: true, legId: 'l2' });
    expect([tablet.phone.calls, mobile.phone.calls]).toEqual([[], []]);
    answered!.hangUp();
    await world.expectClean();
  });

  test('all devices ring; one declines for the user, and the others are told', async () => {
    const world = new World();
    const alice = await world.phone('alice');
    const desk = await world.phone('bob', { deviceId: 'desk' });
    const tablet = await world.phone('bob', { deviceId: 'tablet' });
    const call = await alice.phone.dial('user:bob');
    await world.pass(100);
    desk.incoming[0]!.decline();
    await world.pass(100);
    expect([call.end?.reason, tablet.incoming[0]!.end?.reason]).toEqual([
      'declined',
      'declined-elsewhere',
    ]);
    await world.expectClean();
  });
});
