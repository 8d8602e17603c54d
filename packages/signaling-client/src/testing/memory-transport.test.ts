import { FakeClock, seededRandom, settle } from '@ringfence/base/testing';
import { describe, expect, it } from 'vitest';
import { createMemoryTransport } from './memory-transport.ts';
import type { MemorySocketEvents, MemoryTransport } from './memory-transport.ts';
import { transportConformance } from './transport-conformance.ts';
import type { TransportHarness, TransportPeer } from './transport-conformance.ts';

interface MemoryHarness extends TransportHarness {
  readonly network: MemoryTransport;
  readonly clock: FakeClock;
}

function createHarness(seed = 1): MemoryHarness {
  const clock = new FakeClock();
  const peers: TransportPeer[] = [];
  const live = createMemoryTransport({
    clock,
    random: seededRandom(seed),
    latencyMs: 10,
    jitterMs: 50,
    accept(socket) {
      const received: string[] = [];
      let closedWith: number | null = null;
      peers.push({
        received,
        get closedWith() {
          return closedWith;
        },
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
        cut: () => live.cut(),
      });
      const events: MemorySocketEvents = {
        message: (text) => received.push(text),
        binary() {},
        closed: (code) => (closedWith = code),
      };
      return events;
    },
  });
  const dead = createMemoryTransport({ clock, accept: () => null });
  return {
    network: live,
    clock,
    transport: {
      connect: (url, subprotocol, events) =>
        (url === 'memory:live' ? live : dead).connect(url, subprotocol, events),
    },
    url: 'memory:live',
    deadUrl: 'memory:dead',
    peers,
    async until(isDone) {
      await settle();
      while (!isDone()) {
        if (!clock.runNext()) throw new Error('nothing is under way');
        await settle();
      }
    },
    close: () => Promise.resolve(),
  };
}

describe('createMemoryTransport', () => {
  for (const { name, run } of transportConformance(() => Promise.resolve(createHarness()))) {
    it(name, run);
  }

  it('delays by latency and jitter, in order, the same for the same seed', () => {
    const run = (seed: number): readonly number[] => {
      const { network, clock, peers } = createHarness(seed);
      const arrivals: number[] = [];
      const connection = network.connect('memory:live', 'ringfence.1', {
        opened() {},
        message: () => arrivals.push(clock.monotonic()),
        closed() {},
      });
      clock.advance(1_000);
      for (let n = 0; n < 20; n++) peers[0]!.send(String(n));
      clock.advance(1_000);
      connection.close(1000, '');
      clock.advance(1_000);
      return arrivals;
    };
    const arrivals = run(7);
    expect(arrivals).toHaveLength(20);
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    expect(arrivals.every((at) => at >= 1_010 && at <= 1_060)).toBe(true);
    expect(run(7)).toEqual(arrivals);
    expect(run(8)).not.toEqual(arrivals);
  });

  it('goes dead without a word when it stalls, and speaks again on a new connection', () => {
    const { network, clock, peers } = createHarness();
    const heard: string[] = [];
    const dial = () =>
      network.connect('memory:live', 'ringfence.1', {
        opened: () => heard.push('opened'),
        message: (text) => heard.push(text),
        closed: (code) => heard.push(`closed ${code}`),
      });
    const dead = dial();
    clock.advance(1_000);
    dead.send('lost under way');
    network.stall();
    dead.send('lost');
    peers[0]!.send('lost');
    clock.advance(100_000);
    dead.close(1000, '');
    clock.advance(100_000);
    expect(heard).toEqual(['opened']);
    expect(peers[0]!.received).toEqual([]);
    expect(peers[0]!.closedWith).toBe(null);

    dial();
    clock.advance(1_000);
    peers[1]!.send('hello');
    clock.advance(1_000);
    expect(heard).toEqual(['opened', 'opened', 'hello']);

    network.cut();
    expect(heard).toEqual(['opened', 'opened', 'hello', 'closed 1006', 'closed 1006']);
    expect(peers.map((peer) => peer.closedWith)).toEqual([1006, 1006]);
    expect(network.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
