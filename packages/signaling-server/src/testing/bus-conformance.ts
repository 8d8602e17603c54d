import assert from 'node:assert/strict';
import type { Bus, BusMessage } from '../ports.ts';
import type { ConformanceCase } from './conformance-case.ts';

/** Two ends of one bus, as two instances hold them. */
export interface BusPair {
  readonly a: Bus;
  readonly b: Bus;
  close?(): Promise<void>;
}

/** Subscribes, keeps what comes, and lets a case wait for it. */
function receive(
  bus: Bus,
  topic: string,
): { got: string[]; end: () => void; until(count: number): Promise<void> } {
  const got: string[] = [];
  let wake = (): void => {};
  const end = bus.subscribe(topic, (message: BusMessage) => {
    assert.equal(message.topic, topic);
    got.push(message.body);
    wake();
  });
  return {
    got,
    end,
    async until(count) {
      while (got.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** The cases every {@link Bus} passes. `make` gives a fresh pair for each. */
export function busConformance(make: () => BusPair | Promise<BusPair>): readonly ConformanceCase[] {
  const define = (name: string, run: (pair: BusPair) => Promise<void>): ConformanceCase => ({
    name,
    async run() {
      const pair = await make();
      try {
        await run(pair);
      } finally {
        await pair.close?.();
      }
    },
  });
  return [
    define('carries a message to the other end and to its own, in order', async ({ a, b }) => {
      const own = receive(a, 't');
      const other = receive(b, 't');
      a.publish({ topic: 't', body: '"one"' });
      a.publish({ topic: 't', body: '"two"' });
      await Promise.all([own.until(2), other.until(2)]);
      assert.deepEqual(own.got, ['"one"', '"two"']);
      assert.deepEqual(other.got, ['"one"', '"two"']);
    }),
    define('keeps topics apart', async ({ a, b }) => {
      const wanted = receive(b, 'wanted');
      const unwanted = receive(b, 'unwanted');
      a.publish({ topic: 'wanted', body: '1' });
      await wanted.until(1);
      assert.deepEqual(unwanted.got, []);
    }),
    define('stops when unsubscribed, and unsubscribing twice is harmless', async ({ a, b }) => {
      const first = receive(b, 't');
      const second = receive(b, 't');
      first.end();
      first.end();
      a.publish({ topic: 't', body: '1' });
      await second.until(1);
      assert.deepEqual(first.got, []);
    }),
    define('a listener that throws harms no other', async ({ a, b }) => {
      b.subscribe('t', () => {
        throw new Error('broken on purpose');
      });
      const sound = receive(b, 't');
      a.publish({ topic: 't', body: '1' });
      a.publish({ topic: 't', body: '2' });
      await sound.until(2);
      assert.deepEqual(sound.got, ['1', '2']);
    }),
    define('publishing to nobody is no error', async ({ a }) => {
      a.publish({ topic: 'nobody', body: '1' });
    }),
  ];
}
