import { describe, expect, test } from 'vitest';
import { Pair, watch, who, World } from './phone-pair.ts';
import type { TestPhone } from './phone-pair.ts';

/** Both dial each other; the second one so much later. */
async function cross(pair: Pair, first: TestPhone, second: TestPhone, laterMs: number) {
  const userOf = ({ phone }: TestPhone): string => `user:${phone.identity!.userId}`;
  const one = await first.phone.dial(userOf(second));
  if (laterMs > 0) await pair.pass(laterMs);
  const two = await second.phone.dial(userOf(first));
  return [one, two] as const;
}

/** A pair in which Bob takes his time with the browser's prompt for the microphone. */
async function slowBob(captureMs = 5_000): Promise<Pair> {
  const pair = new Pair();
  pair.alice = await pair.phone('alice');
  pair.bob = await pair.phone('bob', {}, { captureMs });
  return pair;
}

describe('two who dial each other', () => {
  for (const [name, swapped] of [
    ['alice first', false],
    ['bob first', true],
  ] as const) {
    // A capture takes 2 ms and a message 5: the dial of the first is out, and its call is not in yet.
    for (const laterMs of [0, 1, 4, 8]) {
      test(`${name}, the other ${laterMs} ms later: one call, and nobody is asked to answer`, async () => {
        const pair = await Pair.make();
        const order = swapped ? [pair.bob, pair.alice] : [pair.alice, pair.bob];
        const [one, two] = await cross(pair, order[0]!, order[1]!, laterMs);
        const stories = [watch(one), watch(two)];
        const dialed = two.id;
        const moved: unknown[] = [];
        two.on('call.moved', (event) => moved.push(event));
        await pair.pass(1_000);
        expect([one.state, two.state]).toEqual(['active', 'active']);
        expect(one.id).toBe(two.id);
        expect(moved).toEqual([{ fromCallId: dialed, toCallId: one.id }]);
        expect([pair.alice.incoming, pair.bob.incoming]).toEqual([[], []]);
        expect([pair.alice.phone.calls, pair.bob.phone.calls].map(({ length }) => length)).toEqual([
          1, 1,
        ]);
        expect([one.remoteStream, two.remoteStream]).not.toContain(null);
        expect([one.direction, two.direction]).toEqual(['outgoing', 'outgoing']);
        two.hangUp();
        await pair.pass(100);
        expect(stories.map(({ ends }) => ends)).toEqual([
          [{ reason: 'completed', cause: null, by: 'remote' }],
          [{ reason: 'completed', cause: null, by: 'local' }],
        ]);
        await pair.expectClean();
      });
    }
  }

  test('one dials whose call rings here already: that call is taken', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.ring();
    expect(await pair.bob.phone.dial('user:alice', { audio: true, video: true })).toBe(incoming);
    await pair.pass(500);
    expect([outgoing.state, incoming.state, pair.bob.phone.calls]).toEqual([
      'active',
      'active',
      [incoming],
    ]);
    incoming.hangUp();
    await pair.expectClean();
  });

  test('a call that comes in while the microphone is asked for is not shown, and is joined', async () => {
    const pair = await slowBob(30_000);
    const two = await pair.bob.phone.dial('user:alice');
    await pair.pass(1_000);
    const one = await pair.alice.phone.dial('user:bob');
    await pair.pass(10_000);
    // It rings, for all that Alice is told, and nothing is shown to Bob.
    expect([one.state, two.state, pair.bob.incoming]).toEqual(['ringing', 'preparing', []]);
    await pair.pass(20_000);
    expect([one.state, two.state, one.id]).toEqual(['active', 'active', two.id]);
    one.hangUp();
    await pair.expectClean();
  });

  test('when the dial comes to nothing, the call that crossed it is shown', async () => {
    const pair = await slowBob();
    const two = await pair.bob.phone.dial('user:alice');
    await pair.pass(100);
    const one = await pair.alice.phone.dial('user:bob');
    await pair.pass(1_000);
    expect(pair.bob.incoming).toEqual([]);
    two.hangUp();
    expect(pair.bob.incoming.map(({ id, state }) => [id, state])).toEqual([[one.id, 'ringing']]);
    await pair.pass(100);
    pair.bob.incoming[0]!.accept();
    await pair.pass(6_000);
    expect([one.state, pair.bob.incoming[0]!.state]).toEqual(['active', 'active']);
    one.hangUp();
    await pair.expectClean();
  });

  test('when the call that crossed is over first, it is never shown', async () => {
    const pair = await slowBob();
    const two = await pair.bob.phone.dial('user:alice');
    await pair.pass(100);
    const one = await pair.alice.phone.dial('user:bob');
    await pair.pass(1_000);
    one.hangUp();
    await pair.pass(5_000);
    // The dial goes on as it would have without it.
    expect([two.state, pair.bob.incoming]).toEqual(['ringing', []]);
    expect(pair.alice.incoming.map(({ id }) => id)).toEqual([two.id]);
    two.hangUp();
    await pair.expectClean();
  });

  test('a third who calls meanwhile is shown', async () => {
    const pair = await slowBob();
    const carol = await pair.phone('carol');
    const two = await pair.bob.phone.dial('user:alice');
    await pair.pass(100);
    const other = await carol.phone.dial('user:bob');
    await pair.pass(100);
    expect(pair.bob.incoming.map(({ id }) => id)).toEqual([other.id]);
    two.hangUp();
    other.hangUp();
    await pair.expectClean();
  });

  test('with several devices: the one that dials is the one that talks', async () => {
    const world = new World();
    const alice = await world.phone('alice');
    const desk = await world.phone('bob', { deviceId: 'desk' });
    const tablet = await world.phone('bob', { deviceId: 'tablet' });
    const one = await alice.phone.dial('user:bob');
    await world.pass(8);
    const two = await desk.phone.dial('user:alice');
    await world.pass(1_000);
    expect([one.state, two.state, one.id]).toEqual(['active', 'active', two.id]);
    expect([desk.incoming, alice.incoming]).toEqual([[], []]);
    expect(tablet.incoming.map(({ end }) => end?.reason)).toEqual(['answered-elsewhere']);
    expect(who(one)).toBe('alice active, bob active');
    two.hangUp();
    await world.expectClean();
  });

  test('the dial whose connection breaks right then is still one call', async () => {
    const pair = await Pair.make();
    const [one, two] = await cross(pair, pair.alice, pair.bob, 8);
    await pair.pass(3);
    pair.bob.network.cut();
    await pair.pass(5_000);
    expect([one.state, two.state, one.id]).toEqual(['active', 'active', two.id]);
    expect(pair.bob.incoming).toEqual([]);
    two.hangUp();
    await pair.expectClean();
  });

  test('who hangs up while it happens is out of both calls', async () => {
    for (const afterMs of [3, 6, 9, 12, 15]) {
      const pair = await Pair.make();
      const [one, two] = await cross(pair, pair.alice, pair.bob, 8);
      await pair.pass(afterMs);
      two.hangUp();
      await pair.pass(5_000);
      expect({ afterMs, states: [one.state, two.state], shown: pair.bob.incoming }).toEqual({
        afterMs,
        states: ['ended', 'ended'],
        shown: [],
      });
      await pair.expectClean();
    }
  });
});
