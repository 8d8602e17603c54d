import { randomInteger } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { Tube } from '@ringfence/isolation';
import { expect, test } from 'vitest';
import { createMedia } from '../src/engine.ts';
import { createSignalMesh, createTestSide, FakeBrowser } from '../src/testing/index.ts';
import type { FakeDevice, TestSide } from '../src/testing/index.ts';

/** What a side was last told, to compare with what it does. */
interface Seat {
  readonly side: TestSide;
  readonly browser: FakeBrowser;
  readonly devices: ReturnType<typeof createMedia>['devices'];
  readonly headset: FakeDevice;
  readonly heldBy: Set<string>;
  readonly apart: Set<string>;
  held: boolean;
}

const idsOf = (tracks: readonly { readonly id: string }[]): string[] =>
  tracks.map(({ id }) => id).sort();

const legs = ['l1', 'l2', 'l3', 'l4'];

/** Four sessions of the code that ships, each on a page of its own, every step in random time. */
async function runTrial(seed: number): Promise<void> {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const log: string[] = [];
  const mesh = createSignalMesh({ leastMs: 1, mostMs: 60 }, { clock, random });
  const kinds = { audio: true, video: randomInteger(random, 2) === 1 };
  const pick = <Each>(from: readonly Each[]): Each => from[randomInteger(random, from.length)]!;
  const seats = legs.map((legId): Seat => {
    const operationMs = randomInteger(random, 30);
    const browser = new FakeBrowser({ operationMs }, { clock, random });
    const headset = browser.addDevice('audioinput', 'headset');
    const engine = createMedia({ giveUpMs: 600_000 }, { browser, clock, random });
    const signals = mesh.channel(legId);
    const tube = new Tube(legId, { clock });
    const side = createTestSide({ callId: `seed ${seed}`, legId, engine, signals, kinds, tube });
    side.session.acquire(kinds);
    const none = (): Set<string> => new Set();
    const { devices } = engine;
    return { side, browser, devices, headset, heldBy: none(), apart: none(), held: false };
  });
  await clock.advanceAsync(5);

  const meet = (one: Seat, other: Seat): void => {
    one.side.connect(1, other.side.legId);
    other.side.connect(1, one.side.legId);
  };
  const part = async (one: Seat, other: Seat): Promise<void> => {
    for (const [seat, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      seat.side.session.disconnect(peer.side.legId);
      seat.apart.add(peer.side.legId);
    }
    // A call that is moved has another channel: nothing of the old one arrives in the new one.
    await clock.advanceAsync(100);
    one.side.session.disconnect(other.side.legId);
    other.side.session.disconnect(one.side.legId);
  };

  const act = async (): Promise<void> => {
    const seat = pick(seats);
    const peer = pick(seats.filter((each) => each !== seat));
    const { side, headset, devices, browser } = seat;
    const what = pick(['camera', 'hold', 'held by', 'restart', 'part', 'choose', 'plug'] as const);
    log.push(`${clock.monotonic()} ${side.legId} ${what} ${peer.side.legId}`);
    switch (what) {
      case 'camera':
        return side.control({ camera: randomInteger(random, 2) === 1 });
      case 'hold':
        seat.held = !seat.held;
        return side.control({ held: seat.held });
      case 'held by':
        if (!seat.heldBy.delete(peer.side.legId)) seat.heldBy.add(peer.side.legId);
        return side.control({ heldBy: [...seat.heldBy] });
      case 'restart':
        return pick(browser.openConnections)?.restartIce();
      case 'part':
        return part(seat, peer);
      case 'choose': {
        const microphone = pick(['', headset.id, browser.microphone.id]);
        // Refused while the headset is out.
        void devices.select({ microphone }).catch(() => {});
        return;
      }
      case 'plug':
        return headset.isPlugged ? headset.unplug() : headset.plugIn();
    }
  };

  for (const [index, seat] of seats.entries()) {
    for (const peer of seats.slice(index + 1)) meet(seat, peer);
    await clock.advanceAsync(randomInteger(random, 40));
  }
  for (let actions = 0; actions < 14; actions += 1) {
    await act();
    await clock.advanceAsync(randomInteger(random, 80));
    const apart = seats.flatMap((seat) => [...seat.apart].map((legId) => [seat, legId] as const));
    for (const [seat, legId] of apart) {
      if (randomInteger(random, 2) === 0 || !seat.apart.has(legId)) continue;
      const peer = seats.find((each) => each.side.legId === legId)!;
      seat.apart.delete(legId);
      peer.apart.delete(seat.side.legId);
      meet(seat, peer);
    }
  }
  await clock.advanceAsync(5_000);

  const context = `seed ${seed}\n${log.join('\n')}`;
  for (const { side, browser, held, heldBy, apart } of seats) {
    const peers = legs.filter((legId) => legId !== side.legId && !apart.has(legId));
    expect([...side.session.remoteStreams.keys()].sort(), context).toEqual(peers);
    expect(browser.openConnections, context).toHaveLength(peers.length);
    expect(
      side.reports.some(({ type }) => type === 'media.failed'),
      context,
    ).toBe(false);
    const own = idsOf(side.session.localStream!.getTracks());
    for (const connection of browser.openConnections) {
      expect([connection.signalingState, connection.connectionState], context).toEqual([
        'stable',
        'connected',
      ]);
    }
    // Every leg gets all that is captured, except those that hold.
    const silent = held ? peers : peers.filter((legId) => heldBy.has(legId));
    const sending = browser.openConnections.map((connection) =>
      idsOf(connection.getTransceivers().flatMap(({ sender }) => sender.track ?? [])),
    );
    expect(
      sending.filter((tracks) => tracks.length === 0),
      context,
    ).toHaveLength(silent.length);
    for (const tracks of sending) if (tracks.length > 0) expect(tracks, context).toEqual(own);
    for (const legId of peers) {
      const isPlayed = !silent.includes(legId);
      for (const track of side.session.remoteStreams.get(legId)!.getTracks()) {
        expect(track.enabled, context).toBe(isPlayed);
      }
    }
    expect(browser.attachedAudios, context).toHaveLength(peers.length);
  }
  for (const { devices, headset, side } of seats) {
    const { deviceId } = side.session.localStream!.getAudioTracks()[0]!.getSettings();
    // What was chosen is in use when it is there, and something always is.
    expect(deviceId === headset.id && !headset.isPlugged, context).toBe(false);
    if (devices.selected.microphone === headset.id && headset.isPlugged) {
      expect(deviceId, context).toBe(headset.id);
    }
    side.session.close();
  }
  await clock.advanceAsync(500);
  for (const { browser } of seats) {
    const { liveTracks, openConnections, attachedAudios, listeners } = browser;
    const left = liveTracks + openConnections.length + attachedAudios.length + listeners;
    expect([left, clock.pending], context).toEqual([0, 0]);
  }
}

test.each([1, 26, 51, 76])(
  'four sessions always end up with each other, whatever happens (25 seeds from %i)',
  async (first) => {
    for (let seed = first; seed < first + 25; seed += 1) await runTrial(seed);
  },
);
