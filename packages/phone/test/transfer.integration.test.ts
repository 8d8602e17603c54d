import { describe, expect, test } from 'vitest';
import { testToken } from '@ringfence/signaling-server/testing';
import type { Call, CallEnd, RingfenceError } from '../src/index.ts';
import { codeOf, watch, who, World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

const transferred: CallEnd = { reason: 'transferred', cause: null, by: 'local' };

/** Alice and Bob talk; Bob is the one who transfers. */
async function talking(...others: readonly string[]) {
  const world = new World();
  const [alice, bob, carol, dave] = (await world.phones('alice', 'bob', ...others)) as TestPhone[];
  const [outgoing, incoming] = await world.connect(alice!, bob!);
  return { world, alice: alice!, bob: bob!, carol: carol!, dave: dave!, outgoing, incoming };
}

/** All that an error says. */
const toJson = ({ code, message, fault, retryable, hint, details }: RingfenceError): string =>
  JSON.stringify({ code, message, fault, retryable, hint, details });

const streams = (...calls: readonly Call[]): boolean =>
  calls.every(({ remoteStream }) => remoteStream !== null);

describe('a blind transfer', () => {
  test('the other waits, and talks to whom the call was passed on to', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const story = watch(outgoing);
    const asked = incoming.transfer('user:carol');
    expect(incoming.requests.map(({ request }) => request.type)).toEqual(['call.transfer']);
    await world.pass(100);
    await asked;
    expect([incoming.end, bob.phone.calls]).toEqual([transferred, []]);
    expect([outgoing.state, outgoing.peer.userId]).toEqual(['ringing', 'carol']);
    const taken = carol.incoming[0]!;
    expect([taken.via, taken.peer.userId, taken.id]).toEqual(['transfer', 'alice', outgoing.id]);
    taken.accept();
    await world.pass(500);
    expect([outgoing.state, taken.state, who(outgoing)]).toEqual([
      'active',
      'active',
      'alice active, carol active',
    ]);
    expect(streams(outgoing, taken)).toBe(true);
    expect(story.seen).toEqual(['active', 'ringing', 'connecting', 'active']);
    taken.hangUp();
    await world.pass(100);
    expect(outgoing.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    await world.expectClean();
  });

  test.each<[string, (taken: Call, world: World) => Promise<unknown> | void]>([
    ['declines', (taken) => taken.decline()],
    ['does not answer', (_taken, world) => world.pass(46_000)],
  ])('who is called %s: the call comes back to who transferred it', async (_what, fail) => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    await Promise.all([incoming.transfer('user:carol'), world.pass(100)]);
    await fail(carol.incoming[0]!, world);
    await world.pass(100);
    expect(bob.incoming).toHaveLength(2);
    const back = bob.incoming[1]!;
    expect([back.via, back.state, back.peer.userId, back.id]).toEqual([
      'return',
      'ringing',
      'alice',
      outgoing.id,
    ]);
    expect([outgoing.state, outgoing.peer.userId]).toEqual(['ringing', 'bob']);
    back.accept();
    await world.pass(500);
    expect([outgoing.state, back.state, streams(outgoing, back)]).toEqual([
      'active',
      'active',
      true,
    ]);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('whose media does not connect sends the call back too', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    carol.plan = { connection: 'broken' };
    await Promise.all([incoming.transfer('user:carol'), world.pass(100)]);
    carol.incoming[0]!.accept();
    await world.pass(1_000);
    expect(bob.incoming[1]).toMatchObject({ via: 'return', state: 'ringing' });
    bob.incoming[1]!.accept();
    await world.pass(500);
    expect([outgoing.state, carol.phone.calls]).toEqual(['active', []]);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('a return that nobody takes ends the call', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    await Promise.all([incoming.transfer('user:carol'), world.pass(100)]);
    carol.incoming[0]!.decline();
    await world.pass(100);
    bob.incoming[1]!.decline();
    await world.pass(100);
    expect(outgoing.end).toMatchObject({ reason: 'declined', by: 'remote' });
    await world.expectClean();
  });

  test('who waits may hang up', async () => {
    const { world, carol, outgoing, incoming } = await talking('carol');
    await Promise.all([incoming.transfer('user:carol'), world.pass(100)]);
    outgoing.hangUp();
    await world.pass(100);
    expect(outgoing.end).toEqual({ reason: 'canceled', cause: null, by: 'local' });
    expect(carol.incoming[0]!.end).toEqual({ reason: 'canceled', cause: null, by: 'remote' });
    await world.expectClean();
  });

  test('a call on hold is transferred, and is heard again', async () => {
    const { world, carol, outgoing, incoming } = await talking('carol');
    incoming.hold();
    await world.pass(100);
    expect(outgoing.holding).toBe('remote');
    await Promise.all([incoming.transfer('user:carol'), world.pass(100)]);
    carol.incoming[0]!.accept();
    await world.pass(500);
    expect([outgoing.holding, outgoing.state]).toEqual(['none', 'active']);
    outgoing.hangUp();
    await world.expectClean();
  });
});

describe('an attended transfer', () => {
  test('puts the two through: one call moves, and stays the same object', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult, ofCarol] = await world.connect(bob, carol);
    const moves: object[] = [];
    ofCarol.on('call.moved', (event) => moves.push(event));
    const story = watch(ofCarol);
    const { id } = ofCarol;
    await Promise.all([incoming.transfer(consult), world.pass(500)]);
    expect([incoming.end, consult.end, bob.phone.calls]).toEqual([transferred, transferred, []]);
    expect(moves).toEqual([{ fromCallId: id, toCallId: outgoing.id }]);
    expect([outgoing.state, ofCarol.state, ofCarol.id]).toEqual(['active', 'active', outgoing.id]);
    expect([who(outgoing), who(ofCarol)]).toEqual([
      'alice active, carol active',
      'carol active, alice active',
    ]);
    expect([outgoing.holding, ofCarol.holding, streams(outgoing, ofCarol)]).toEqual([
      'none',
      'none',
      true,
    ]);
    expect([carol.phone.calls, carol.incoming]).toEqual([[ofCarol], [ofCarol]]);
    expect(story.ends).toEqual([]);
    ofCarol.hangUp();
    await world.pass(100);
    expect([story.ends[0]?.reason, outgoing.end?.by]).toEqual(['completed', 'remote']);
    await world.expectClean();
  });

  test('the other way round: who was there first is moved', async () => {
    const { world, alice, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult, ofCarol] = await world.connect(bob, carol);
    await Promise.all([consult.transfer(incoming), world.pass(500)]);
    expect([outgoing.id, outgoing.state, ofCarol.state]).toEqual([ofCarol.id, 'active', 'active']);
    expect(alice.phone.calls).toEqual([outgoing]);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('while the other rings still (semi-attended): who waits hears who answers', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const consult = await bob.phone.dial('user:carol');
    await world.pass(100);
    const ringing = carol.incoming[0]!;
    await Promise.all([incoming.transfer(consult), world.pass(100)]);
    expect([incoming.end, consult.end]).toEqual([transferred, transferred]);
    expect([outgoing.state, outgoing.peer.userId]).toEqual(['ringing', 'carol']);
    // It rings on: the same call, from somebody else now.
    expect([carol.incoming.length, ringing.state, ringing.peer.userId]).toEqual([
      1,
      'ringing',
      'alice',
    ]);
    ringing.accept();
    await world.pass(500);
    expect([outgoing.state, ringing.state, streams(outgoing, ringing)]).toEqual([
      'active',
      'active',
      true,
    ]);
    ringing.hangUp();
    await world.expectClean();
  });

  test('semi-attended and declined: the call comes back', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const consult = await bob.phone.dial('user:carol');
    await world.pass(100);
    await Promise.all([incoming.transfer(consult), world.pass(100)]);
    carol.incoming[0]!.decline();
    await world.pass(100);
    expect(bob.incoming.at(-1)).toMatchObject({ via: 'return', state: 'ringing', id: outgoing.id });
    bob.incoming.at(-1)!.accept();
    await world.pass(500);
    expect(outgoing.state).toBe('active');
    outgoing.hangUp();
    await world.expectClean();
  });

  test('a device that was offline meanwhile finds its call where it went', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult, ofCarol] = await world.connect(bob, carol);
    carol.network.latencyMs = 400;
    carol.network.cut();
    await Promise.all([incoming.transfer(consult), world.pass(100)]);
    expect(ofCarol.id).not.toBe(outgoing.id);
    await world.pass(5_000);
    expect([ofCarol.id, ofCarol.state, outgoing.state]).toEqual([outgoing.id, 'active', 'active']);
    expect(carol.incoming).toEqual([ofCarol]);
    ofCarol.hangUp();
    await world.pass(2_000);
    await world.expectClean();
  });

  test('who hung up without a server is out of the call they were moved to, too', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult, ofCarol] = await world.connect(bob, carol);
    const { connect } = carol.network;
    carol.network.connect = () => ({ send: () => {}, close: () => {} });
    carol.network.cut();
    ofCarol.hangUp();
    expect(await ofCarol.ended()).toMatchObject({ reason: 'completed', by: 'local' });
    await Promise.all([incoming.transfer(consult), world.pass(1_000)]);
    expect(who(outgoing)).toContain('carol');
    carol.network.connect = connect;
    await world.pass(25_000);
    expect([outgoing.end?.reason, carol.phone.state, carol.incoming, carol.phone.calls]).toEqual([
      'completed',
      'ready',
      [ofCarol],
      [],
    ]);
    await world.expectClean();
  });

  test('who hangs up while they are put through is out', async () => {
    for (const afterMs of [0, 3, 6, 9, 12]) {
      const { world, bob, carol, outgoing, incoming } = await talking('carol');
      const [consult, ofCarol] = await world.connect(bob, carol);
      const moving = incoming.transfer(consult);
      await world.pass(afterMs);
      ofCarol.hangUp();
      await world.pass(5_000);
      const outcome = await codeOf(moving);
      // The transfer came first, or found nobody there.
      expect({ afterMs, outcome, end: ofCarol.state, left: carol.phone.calls }).toEqual({
        afterMs,
        outcome: expect.stringMatching(/none|call_ended/),
        end: 'ended',
        left: [],
      });
      expect([outgoing.state, incoming.state]).toEqual(
        outcome === 'none' ? ['ended', 'ended'] : ['active', 'active'],
      );
      outgoing.hangUp();
      await world.expectClean();
    }
  });
});

describe('what cannot be transferred', () => {
  test('to oneself, to a stranger, to nobody, to who is there: the call goes on', async () => {
    const { world, alice, outgoing, incoming } = await talking();
    const token = testToken({ userId: 'stranger', orgId: 'other' });
    const stranger = await world.phone('stranger', { token });
    const refused: string[] = [];
    incoming.on('call.refused', ({ code }) => refused.push(code));
    expect(await codeOf(incoming.transfer('bob'))).toBe('invalid_address');
    expect(await codeOf(incoming.transfer('user:bob'))).toBe('cannot_dial_self');
    expect(await codeOf(incoming.transfer(incoming))).toBe('same_call');
    const asked = [
      incoming.transfer('user:nobody'),
      incoming.transfer('user:stranger'),
      incoming.transfer('user:alice'),
      incoming.transfer('queue:support'),
    ];
    await world.pass(100);
    expect(await Promise.all(asked.map(codeOf))).toEqual([
      'callee_unavailable',
      'callee_unavailable',
      'already_there',
      'address_unsupported',
    ]);
    expect(refused).toEqual(await Promise.all(asked.map(codeOf)));
    // Who does not exist and who belongs to others cannot be told apart.
    const [nobody, foreign] = await Promise.all(asked.map((each) => each.catch(toJson)));
    expect(nobody).toEqual(foreign);
    expect([nobody, stranger.incoming]).toEqual([
      expect.stringContaining('"endReason":"unreachable"'),
      [],
    ]);
    expect([incoming.state, outgoing.state, incoming.requests]).toEqual(['active', 'active', []]);
    expect(alice.phone.calls).toEqual([outgoing]);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('an ended call, or to one that has ended', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult] = await world.connect(bob, carol);
    consult.hangUp();
    expect(await codeOf(incoming.transfer(consult))).toBe('call_ended');
    const none = undefined as never;
    expect([await codeOf(incoming.transfer(none)), await codeOf(incoming.merge(none))]).toEqual([
      'invalid_address',
      'call_ended',
    ]);
    expect(await codeOf(incoming.transfer(null as never))).toBe('invalid_address');
    expect(await codeOf(consult.transfer(incoming))).toBe('call_ended');
    expect(await codeOf(consult.transfer('user:carol'))).toBe('call_ended');
    expect(await codeOf(consult.invite('user:carol'))).toBe('call_ended');
    outgoing.hangUp();
    await world.pass(100);
    expect(await codeOf(incoming.transfer('user:carol'))).toBe('call_ended');
    await world.expectClean();
  });

  test('to a call that rings here: it has to be answered first', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const dial = await carol.phone.dial('user:bob');
    await world.pass(100);
    const asked = incoming.transfer(bob.incoming.at(-1)!);
    await world.pass(100);
    await expect(asked).rejects.toMatchObject({
      code: 'wrong_state',
      hint: 'Answer the call first, or look at its state.',
    });
    dial.hangUp();
    outgoing.hangUp();
    await world.expectClean();
  });

  test('a call that ends while the transfer is asked for', async () => {
    const { world, bob, carol, outgoing, incoming } = await talking('carol');
    const [consult, ofCarol] = await world.connect(bob, carol);
    // Carol's hang-up is with the server first.
    ofCarol.hangUp();
    await world.pass(1);
    const asked = incoming.transfer(consult);
    await world.pass(100);
    expect([await codeOf(asked), outgoing.state]).toEqual(['call_ended', 'active']);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('without a server: refused in time, and the call goes on', async () => {
    const { world, bob, outgoing, incoming } = await talking('carol');
    const { connect } = bob.network;
    bob.network.connect = () => ({ send: () => {}, close: () => {} });
    bob.network.cut();
    const asked = incoming.transfer('user:carol');
    await world.pass(11_000);
    expect([await codeOf(asked), incoming.requests]).toEqual(['request_expired', []]);
    bob.network.connect = connect;
    await world.pass(25_000);
    expect([outgoing.state, incoming.state]).toEqual(['active', 'active']);
    outgoing.hangUp();
    await world.expectClean();
  });

  test('nobody has to look at what became of a request', async () => {
    const { world, outgoing, incoming } = await talking();
    // An unhandled rejection would fail this file.
    void incoming.transfer('user:nobody');
    void incoming.invite('nobody');
    void incoming.sendDtmf('?');
    void incoming.swap();
    await world.pass(100);
    outgoing.hangUp();
    await world.expectClean();
  });
});
