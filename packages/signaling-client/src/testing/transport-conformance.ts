import { expectEqual } from './assert.ts';
import type { Transport } from '../transport.ts';

/** The server's end of one connection, as a harness hands it in. */
export interface TransportPeer {
  /** What has arrived so far. */
  readonly received: readonly string[];
  /** The close code it saw; null while open. */
  readonly closedWith: number | null;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Breaks the connection without a close frame. */
  cut(): void;
}

/** A network with a server on it, fresh for each case. */
export interface TransportHarness {
  readonly transport: Transport;
  /** Where the server listens. */
  readonly url: string;
  /** A URL where nobody listens. */
  readonly deadUrl: string;
  /** The connections the server took, in order. */
  readonly peers: readonly TransportPeer[];
  /** Lets the network work until `isDone`; rejects when that takes too long. */
  until(isDone: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** One case of the suite, for any test runner. `run` rejects when the adapter fails it. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

type Heard =
  readonly ['opened'] | readonly ['message', string] | readonly ['closed', number, string];

function dial(harness: TransportHarness, url = harness.url, subprotocol = 'ringfence.1') {
  const heard: Heard[] = [];
  let hasReturned = false;
  let wasEarly = false;
  const hear = (what: Heard): void => {
    wasEarly ||= !hasReturned;
    heard.push(what);
  };
  const connection = harness.transport.connect(url, subprotocol, {
    opened: () => hear(['opened']),
    message: (text) => hear(['message', text]),
    closed: (code, reason) => hear(['closed', code, reason]),
  });
  hasReturned = true;
  return {
    connection,
    heard,
    get wasEarly() {
      return wasEarly;
    },
    opened: () => harness.until(() => heard.length > 0),
    closed: () => harness.until(() => heard.at(-1)?.[0] === 'closed'),
  };
}

/**
 * What every transport must do. Runs `create` for each case.
 *
 * @example
 * for (const { name, run } of transportConformance(createHarness)) it(name, run);
 */
export function transportConformance(
  create: () => Promise<TransportHarness>,
): readonly ConformanceCase[] {
  const cases: Record<string, (harness: TransportHarness) => Promise<void>> = {
    async 'opens, and carries text both ways in order'(harness) {
      const client = dial(harness);
      await client.opened();
      const texts = ['{"a":1}', 'ü → 電話 🎧', 'x'.repeat(60_000)];
      for (const text of texts) client.connection.send(text);
      await harness.until(() => harness.peers[0]?.received.length === 3);
      expectEqual(harness.peers[0]!.received, texts);
      for (const text of texts) harness.peers[0]!.send(text);
      await harness.until(() => client.heard.length === 4);
      expectEqual(client.heard, [['opened'], ...texts.map((text) => ['message', text])]);
      expectEqual(client.wasEarly, false);
    },

    async 'drops what is sent before it stands'(harness) {
      const client = dial(harness);
      client.connection.send('early');
      await client.opened();
      client.connection.send('in time');
      await harness.until(() => (harness.peers[0]?.received.length ?? 0) > 0);
      expectEqual(harness.peers[0]!.received, ['in time']);
    },

    async 'closes for the client, after what was sent'(harness) {
      const client = dial(harness);
      await client.opened();
      client.connection.send('last');
      client.connection.close(4321, 'done');
      client.connection.close(1000, 'again');
      client.connection.send('too late');
      await client.closed();
      await harness.until(() => harness.peers[0]!.closedWith !== null);
      expectEqual(harness.peers[0]!.received, ['last']);
      expectEqual(harness.peers[0]!.closedWith, 4321);
      expectEqual(client.heard, [['opened'], ['closed', 4321, 'done']]);
    },

    async 'hears nothing after it asked to close'(harness) {
      const client = dial(harness);
      await client.opened();
      harness.peers[0]!.send('crossing');
      client.connection.close(1000, '');
      await client.closed();
      expectEqual(
        client.heard.map(([what]) => what),
        ['opened', 'closed'],
      );
    },

    async 'takes a code the platform forbids'(harness) {
      const client = dial(harness);
      await client.opened();
      client.connection.close(1007, 'unreadable');
      await client.closed();
      expectEqual(client.heard.length, 2);
    },

    async 'says why the server closed'(harness) {
      const client = dial(harness);
      await client.opened();
      harness.peers[0]!.send('last');
      harness.peers[0]!.close(4009, 'replaced');
      await client.closed();
      expectEqual(client.heard, [['opened'], ['message', 'last'], ['closed', 4009, 'replaced']]);
      client.connection.send('too late');
      client.connection.close(1000, '');
    },

    async 'says 1006 when the connection breaks'(harness) {
      const client = dial(harness);
      await client.opened();
      harness.peers[0]!.cut();
      await client.closed();
      expectEqual(client.heard, [['opened'], ['closed', 1006, '']]);
    },

    async 'says 1006 when nobody listens'(harness) {
      const client = dial(harness, harness.deadUrl);
      await client.closed();
      expectEqual(
        client.heard.map(([what, code]) => [what, code]),
        [['closed', 1006]],
      );
      expectEqual(client.wasEarly, false);
    },

    async 'says 1006 for a URL that is none, and never throws'(harness) {
      const client = dial(harness, 'nonsense://');
      client.connection.send('x');
      await client.closed();
      expectEqual(
        client.heard.map(([what, code]) => [what, code]),
        [['closed', 1006]],
      );
      expectEqual(client.wasEarly, false);
    },

    async 'may be closed before it stands'(harness) {
      const client = dial(harness);
      client.connection.close(1000, '');
      await client.closed();
      expectEqual(client.heard.length, 1);
    },

    async 'keeps connections apart'(harness) {
      const first = dial(harness);
      await first.opened();
      const second = dial(harness);
      await second.opened();
      harness.peers[1]!.send('for the second');
      harness.peers[0]!.close(4001, '');
      await first.closed();
      await harness.until(() => second.heard.length === 2);
      expectEqual(first.heard, [['opened'], ['closed', 4001, '']]);
      expectEqual(second.heard, [['opened'], ['message', 'for the second']]);
    },
  };
  return Object.entries(cases).map(([name, check]) => ({
    name,
    async run() {
      const harness = await create();
      try {
        await check(harness);
      } finally {
        await harness.close();
      }
    },
  }));
}
