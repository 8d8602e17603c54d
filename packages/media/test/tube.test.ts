import { settle } from '@ringfence/base/testing';
import type { IceServer } from '@ringfence/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestSide } from '../src/testing/index.ts';
import type { FakePeerConnection } from '../src/testing/index.ts';
import { both, MediaBench, speech } from './media-bench.ts';

let bench: MediaBench;
beforeEach(() => {
  bench = new MediaBench(3);
});
afterEach(() => bench.close());

const failed = { type: 'media.failed', cause: 'media_failed' };

const serversOf = (connection: FakePeerConnection): unknown =>
  connection.configuration.iceServers![0]?.username;

function turnFails(connection: FakePeerConnection, times = 1): void {
  for (let time = 0; time < times; time += 1) {
    const why = { url: 'turn:turn.example', errorCode: 701 };
    connection.dispatchEvent(Object.assign(new Event('icecandidateerror'), why));
  }
}

/** ICE servers whose user name counts the fetches. */
function countFetches(): { count: number } {
  const fetches = { count: 0 };
  bench.iceServers = async (): Promise<readonly IceServer[]> => {
    fetches.count += 1;
    return [{ urls: ['turn:turn.example'], username: `${fetches.count}`, credential: 'secret' }];
  };
  return fetches;
}

describe('closing the tube', () => {
  test('ends all that belongs to the session, and tells the call', async () => {
    const [first, second] = await bench.connected(both);
    const [tube] = bench.tubes;
    expect(tube!.size).toBeGreaterThan(0);
    await tube!.close();
    expect({
      owned: tube!.size,
      connections: bench.browser.openConnections.length,
      tracks: bench.browser.liveTracks,
      audios: bench.browser.attachedAudios.length,
      last: first!.reports.at(-1),
    }).toEqual({ owned: 0, connections: 0, tracks: 0, audios: 0, last: failed });
    const before = first!.reports.length;
    second!.control({ camera: false });
    for (const connection of bench.browser.connections) turnFails(connection, 5);
    await bench.clock.advanceAsync(60_000);
    expect(first!.reports).toHaveLength(before);
  });

  test('while ICE servers are asked for connects nothing', async () => {
    bench.iceServers = () => new Promise(() => {});
    const [first] = bench.call();
    first!.connect(1, 'l2');
    first!.session.acquire(speech);
    await bench.tubes[0]!.close();
    await bench.clock.advanceAsync(5_000);
    expect([bench.browser.connections, bench.browser.liveTracks]).toEqual([[], 0]);
    expect(first!.reports).toEqual([failed]);
  });

  test('before the session is asked for makes one that is closed, and says so', async () => {
    const [tube] = (bench.call(), bench.tubes);
    await tube!.close();
    const side = createTestSide({
      callId: 'late',
      legId: 'l1',
      engine: bench.engine,
      signals: { send() {}, receive: () => () => {} },
      kinds: speech,
      tube: tube!,
    });
    side.session.acquire(speech);
    side.connect(1, 'l2');
    await bench.clock.advanceAsync(1_000);
    expect([side.reports, bench.browser.asked]).toEqual([[failed], []]);
  });
});

test('a session that closes leaves its tube open, and nothing of its own in it', async () => {
  const [first] = await bench.connected(both);
  first!.session.close();
  await bench.clock.advanceAsync(3_000);
  expect([bench.tubes[0]!.closed, bench.tubes[0]!.size]).toEqual([false, 0]);
});

test('an epoch that is over leaves nothing in the tube', async () => {
  const [first, second] = await bench.connected(speech, [0, 1]);
  const { size } = bench.tubes[0]!;
  for (const epoch of [2, 3, 4]) {
    first!.connect(epoch, 'l2');
    second!.connect(epoch, 'l1');
    await bench.clock.advanceAsync(3_000);
  }
  expect(first!.reports.at(-1)).toMatchObject({ type: 'media.connected', mediaEpoch: 4 });
  expect(bench.tubes[0]!.size).toBe(size);
});

describe('TURN', () => {
  test('that fails five times in a row is replaced, without a restart', async () => {
    const fetches = countFetches();
    const [first] = await bench.connected(speech, [0, 1]);
    const [connection] = bench.browser.connections;
    const before = { generation: connection!.generation, fetched: fetches.count };
    turnFails(connection!, 4);
    await settle();
    expect([fetches.count, bench.tubes[0]!.statistics().turn!.failuresInARow]).toEqual([
      before.fetched,
      4,
    ]);
    turnFails(connection!);
    expect(bench.tubes[0]!.isHealthy).toBe(false);
    await bench.clock.advanceAsync(1_000);
    expect(fetches.count).toBe(before.fetched + 1);
    expect(serversOf(connection!)).toBe(`${fetches.count}`);
    expect(connection!.generation).toEqual(before.generation);
    expect(first!.reports).toHaveLength(2);
    expect(bench.tubes[0]!.isHealthy).toBe(true);
    expect(bench.tubes[0]!.statistics().turn!).toMatchObject({ failures: 5, retirements: 1 });
    expect(bench.tubes[1]!.statistics().turn!).toMatchObject({ failures: 0, retirements: 0 });
  });

  test('that gives a relay in between is not', async () => {
    countFetches();
    await bench.connected(speech, [0, 1]);
    const [connection] = bench.browser.connections;
    turnFails(connection!, 4);
    const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.9 9 typ relay', type: 'relay' };
    connection!.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
    turnFails(connection!, 4);
    await bench.clock.advanceAsync(1_000);
    expect(bench.tubes[0]!.statistics().turn!).toMatchObject({
      failures: 8,
      failuresInARow: 4,
      retirements: 0,
    });
  });

  test('is not what a STUN server fails at', async () => {
    countFetches();
    await bench.connected(speech, [0, 1]);
    const why = { url: 'stun:stun.example', errorCode: 701 };
    const [connection] = bench.browser.connections;
    connection!.dispatchEvent(Object.assign(new Event('icecandidateerror'), why));
    expect(bench.tubes[0]!.statistics().turn!.failures).toBe(0);
  });

  test('whose source is down leaves connections those that were had before', async () => {
    const fetches = countFetches();
    const { iceServers } = bench;
    bench.iceServers = () => (fetches.count < 2 ? iceServers() : Promise.reject(new Error('down')));
    const [first, second] = await bench.connected(speech, [0, 1]);
    for (let epoch = 2; epoch <= 8; epoch += 1) {
      first!.connect(epoch, 'l2');
      second!.connect(epoch, 'l1');
      await bench.clock.advanceAsync(500);
      expect(serversOf(bench.browser.connections.at(-1)!)).toBe('1');
    }
    expect(bench.tubes[0]!.breaker('turn').state).toBe('open');
  });

  test('whose source is down is asked five times, then left alone; calls connect', async () => {
    let asked = 0;
    bench.iceServers = async () => {
      asked += 1;
      throw new Error('no server');
    };
    const [first, second] = bench.call(speech, [0, 1]);
    for (let epoch = 1; epoch <= 8; epoch += 1) {
      first!.connect(epoch, 'l2');
      second!.connect(epoch, 'l1');
      await bench.clock.advanceAsync(500);
      const connected = { type: 'media.connected', mediaEpoch: epoch, peerLegId: 'l2' };
      expect(first!.reports.at(-1)).toEqual(connected);
    }
    // Each side has a tube, and a breaker, of its own.
    expect(asked).toBe(10);
    expect(bench.tubes[0]!.breaker('turn').state).toBe('open');
    await bench.clock.advanceAsync(30_000);
    first!.connect(9, 'l2');
    second!.connect(9, 'l1');
    await bench.clock.advanceAsync(500);
    expect(asked).toBe(12);
  });
});

describe('the breaker of media', () => {
  test.each(['breaker.failed', 'breaker.closed'] as const)(
    'a leg that is let go as it tells of %s leaves nothing',
    async (name) => {
      const [first] = await bench.connected(speech, [0, 1]);
      const [connection] = bench.browser.connections;
      const [tube] = bench.tubes;
      const breaker = tube!.breaker('media');
      breaker.on(name, () => first!.session.disconnect('l2'));
      if (name === 'breaker.closed') {
        for (let time = 0; time < 5; time += 1) breaker.failed(breaker.tryEnter());
        await bench.clock.advanceAsync(60_000);
        // The third success in a row closes it: that of the restart.
        for (let time = 0; time < 2; time += 1) breaker.succeeded(breaker.tryEnter());
      } else connection!.isReachable = false;
      connection!.turn('failed');
      await bench.clock.advanceAsync(20_000);
      expect([connection!.connectionState, breaker.state]).toEqual(['closed', 'closed']);
      first!.session.close();
      expect(tube!.size).toBe(0);
    },
  );

  test('opened by one leg, has another wait with its restart; it is done then', async () => {
    const sides = await bench.connected();
    const [toSecond, toThird] = bench.browser.connections;
    const [fromFirst] = bench.browsers[1]!.connections;
    for (const connection of [toSecond!, fromFirst!]) {
      connection.isReachable = false;
      connection.turn('failed');
    }
    await bench.clock.advanceAsync(45_000);
    expect(sides[0]!.reports.at(-1)).toEqual({ ...failed, peerLegId: 'l2' });
    const breaker = bench.tubes[0]!.breaker('media');
    expect(breaker.statistics()).toMatchObject({ failedRequests: 5, circuitOpens: 1 });
    expect(breaker.state).toBe('open');
    const before = toThird!.generation!.local;
    const waitMs = breaker.retryAfterMs;
    toThird!.turn('failed');
    await bench.clock.advanceAsync(waitMs - 1);
    expect(toThird!.generation!.local).toBe(before);
    await bench.clock.advanceAsync(1_000);
    expect(toThird!.generation!.local).not.toBe(before);
    expect(sides[0]!.reports.at(-1)).toEqual({
      type: 'media.connected',
      mediaEpoch: 1,
      peerLegId: 'l3',
    });
    expect(breaker.statistics()).toMatchObject({ failedRequests: 5, successfulRequests: 1 });
  });

  test('counts nothing while the peer is away: that says nothing of our media', async () => {
    await bench.connected(speech, [0, 1]);
    const [connection] = bench.browser.connections;
    bench.browsers[1]!.connections[0]!.close();
    connection!.isReachable = false;
    connection!.turn('failed');
    await bench.clock.advanceAsync(61_000);
    expect(connection!.connectionState).toBe('closed');
    expect(bench.tubes[0]!.breaker('media').statistics()).toMatchObject({
      totalRequests: 1,
      failedRequests: 0,
    });
  });
});
