import { describe, expect, test } from 'vitest';
import { seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import type { Tube } from '@ringfence/isolation';
import { createInProcessBus, createSignalingServer } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createTestAuth } from '@ringfence/signaling-server/testing';
import type { Call, CallEnd } from '../src/index.ts';
import { codeOf, Pair, watch, World } from './phone-pair.ts';

const broken: CallEnd = { reason: 'failed', cause: 'internal', by: 'local' };

const bang = (): never => {
  throw new Error('bang');
};

/** The tube of a call, on the side that was first. */
const tubeOf = ({ id }: Call, { tubes }: World): Tube => tubes.find(({ name }) => name === id)!;

type End = (call: Call, world: World) => void;

const ways: readonly (readonly [string, End])[] = [
  ['hung up', (call) => call.hangUp()],
  ['ended by its tube', (call, world) => void tubeOf(call, world).close()],
];

/** A pair between two instances that share a store; writing to it takes one of them two seconds. */
async function twoInstances() {
  const pair = new Pair();
  const { clock } = pair;
  const store = createMemoryStore({ clock });
  const bus = createInProcessBus();
  const late: typeof store.commit = async (change) => {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 2_000));
    return store.commit(change);
  };
  const slow = new Proxy(store, {
    get: (target, name) => {
      const own: unknown = name === 'commit' ? late : Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
  const [quick, lagging] = [store, slow].map((each, index) =>
    createSignalingServer(
      {},
      { store: each, bus, auth: createTestAuth(), clock, random: seededRandom(index + 50) },
    ),
  );
  await pair.server.close();
  const use = (server: typeof quick): unknown => Object.assign(pair, { server });
  use(quick);
  pair.bob = await pair.phone('bob');
  use(lagging);
  pair.alice = await pair.phone('alice');
  return { pair, lagging: lagging!, useQuick: () => use(quick) };
}

describe('a dial that no server has answered', () => {
  test.each(ways)('%s, by way of another instance, leaves nobody ringing', async (_, end) => {
    const { pair, lagging, useQuick } = await twoInstances();
    const call = await pair.alice.phone.dial('user:bob');
    await pair.pass(20);
    expect(call.state).toBe('dialing');
    useQuick();
    pair.alice.network.cut();
    end(call, pair);
    await pair.pass(10_000);
    expect([pair.alice.phone.state, call.state, pair.bob.incoming]).toEqual(['ready', 'ended', []]);
    const stopping = lagging.close();
    await pair.pass(6_000);
    await stopping;
    await pair.expectClean();
  });
});

describe('an end that hangs', () => {
  test.each(['ring', 'talk'] as const)('does not delay that of a call: %s', async (scene) => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair[scene]();
    const tube = tubeOf(outgoing, pair);
    tube.own(() => new Promise(() => {}));
    void tube.close();
    expect([outgoing.end, pair.alice.media.browser.liveTracks]).toEqual([broken, 0]);
    await pair.pass(100);
    expect([incoming.state, pair.alice.phone.calls]).toEqual(['ended', []]);
    await pair.pass(2_000);
    expect([tube.size, tube.faults]).toEqual([0, 1]);
  });
});

describe('what throws at the end keeps nothing else', () => {
  type Spoil = (pair: Pair, call: Call) => unknown;
  const parts: readonly (readonly [string, Spoil])[] = [
    [
      'a connection',
      ({ alice }) => Object.assign(alice.media.browser.openConnections[0]!, { close: bang }),
    ],
    [
      'a sound',
      ({ alice }) => Object.assign(alice.media.browser.attachedAudios[0]!, { pause: bang }),
    ],
    ['a stream', (_, call) => Object.assign(call.localStream!, { removeTrack: bang })],
    ['a track', (_, call) => Object.assign(call.localStream!.getAudioTracks()[0]!, { stop: bang })],
  ];

  describe.each(ways)('of a call that is %s', (_, end) => {
    test.each(parts)('%s', async (part, spoil) => {
      const pair = await Pair.make();
      const { outgoing, incoming, caller } = await pair.talk({ audio: true, video: true });
      const { browser } = pair.alice.media;
      const tube = tubeOf(outgoing, pair);
      spoil(pair, outgoing);
      end(outgoing, pair);
      await pair.pass(1_000);
      const closing = pair.alice.phone.close();
      await pair.pass(3_000);
      await closing;
      expect({
        end: await outgoing.ended(),
        told: caller.ends.length,
        other: incoming.state,
        // The clone that cannot be stopped, and not the microphone it is of, nor the camera.
        tracks: browser.liveTracks,
        connections: browser.openConnections.length,
        audios: browser.attachedAudios.length,
        sessions: pair.alice.media.size,
        owned: tube.size,
        faults: tube.statistics().errorSources,
      }).toEqual({
        end: outgoing.end,
        told: 1,
        other: 'ended',
        tracks: part === 'a track' ? 1 : 0,
        connections: part === 'a connection' ? 1 : 0,
        audios: part === 'a sound' ? 1 : 0,
        sessions: 0,
        owned: 0,
        faults: { close: part === 'a stream' ? 2 : 1 },
      });
    });
  });
});

test.each(ways)('a media session that does not close keeps no call that is %s', async (_, end) => {
  const pair = await Pair.make();
  const { media } = pair.alice;
  const session = media.session.bind(media);
  media.session = (options) => Object.assign(session(options), { close: bang });
  const { outgoing, incoming, caller } = await pair.talk();
  end(outgoing, pair);
  await pair.pass(1_000);
  expect([caller.ends, await outgoing.ended()]).toEqual([[outgoing.end], outgoing.end]);
  expect([incoming.state, pair.alice.phone.calls]).toEqual(['ended', []]);
});

describe('a tube that cannot be made', () => {
  /** Alice is asked for her microphone as a call of Bob crosses hers; then there are no more tubes. */
  async function crossing() {
    const world = new World();
    let isFull = false;
    const create: TubeRegistry['create'] = (...given) =>
      isFull ? bang() : world.registry.create(...given);
    const alice = await world.phone('alice', { tubes: { create } }, { captureMs: 60_000 });
    const bob = await world.phone('bob');
    const outgoing = await alice.phone.dial('user:bob');
    await world.pass(50);
    await bob.phone.dial('user:alice');
    await world.pass(200);
    expect([outgoing.state, alice.incoming]).toEqual(['preparing', []]);
    isFull = true;
    return { world, alice, outgoing, story: watch(outgoing), tube: tubeOf(outgoing, world) };
  }

  test.each(ways)('for a call that crossed one harms not that one, %s', async (_, end) => {
    const { world, alice, outgoing, story, tube } = await crossing();
    end(outgoing, world);
    await world.pass(1_000);
    expect([story.ends, await outgoing.ended()]).toEqual([[outgoing.end], outgoing.end]);
    expect([tube.closed, tube.size, tube.faults, alice.media.size]).toEqual([true, 0, 0, 0]);
  });

  test('as the registry closes, neither', async () => {
    const { world, outgoing, story } = await crossing();
    await world.registry.close();
    expect([story.ends, await outgoing.ended()]).toEqual([[broken], broken]);
  });

  test('for a call that comes in harms no call that is on', async () => {
    const world = new World();
    let isFull = false;
    const create: TubeRegistry['create'] = (...given) =>
      isFull ? bang() : world.registry.create(...given);
    const alice = await world.phone('alice', { tubes: { create } });
    const [bob, carol] = await world.phones('bob', 'carol');
    const [call] = await world.connect(alice, bob!);
    isFull = true;
    const refused = await carol!.phone.dial('user:alice');
    await world.pass(1_000);
    expect([call.state, alice.incoming]).toEqual(['active', []]);
    isFull = false;
    refused.hangUp();
    call.hangUp();
    await world.pass(1_000);
    expect(tubeOf(call, world).faults).toBe(0);
  });
});

test('closing the tube of a device that rings leaves the other devices of its user ringing', async () => {
  const world = new World();
  const tubes = new TubeRegistry({}, { clock: world.clock });
  const alice = await world.phone('alice');
  const first = await world.phone('bob', { deviceId: 'first', tubes });
  const second = await world.phone('bob', { deviceId: 'second' });
  const outgoing = await alice.phone.dial('user:bob');
  await world.pass(100);
  const [incoming, other] = [first.incoming[0]!, second.incoming[0]!];
  await tubes.find(outgoing.id)!.close();
  await world.pass(1_000);
  expect([incoming.end, outgoing.state, other.state]).toEqual([broken, 'ringing', 'ringing']);
  other.accept();
  await world.pass(500);
  expect(outgoing.state).toBe('active');
  outgoing.hangUp();
  await world.expectClean();
});

describe('a phone that closes', () => {
  test('begins no call that a listener dials then', async () => {
    const pair = await Pair.make();
    const { outgoing } = await pair.talk();
    const dials: Promise<string>[] = [];
    outgoing.on('call.changed', () => dials.push(codeOf(pair.alice.phone.dial('user:bob'))));
    const closing = pair.alice.phone.close();
    await pair.pass(3_000);
    await closing;
    expect(new Set(await Promise.all(dials))).toEqual(new Set(['phone_closed']));
    expect([pair.tubes.length, pair.bob.incoming.length]).toEqual([2, 1]);
    await pair.expectClean();
  });

  test('closed again by a listener, has closed for both at once', async () => {
    const pair = await Pair.make();
    const { outgoing } = await pair.talk();
    const { phone } = pair.alice;
    const again: Promise<void>[] = [];
    outgoing.on('call.changed', () => void again.push(phone.close()));
    const closing = phone.close();
    expect(again.length).toBeGreaterThan(0);
    expect(new Set([closing, ...again]).size).toBe(1);
    await pair.pass(3_000);
    await closing;
  });
});
