import { expect, test } from 'vitest';
import { seededRandom } from '@ringfence/base/testing';
import { transportConformance } from '@ringfence/signaling-client/testing';
import type { TransportHarness, TransportPeer } from '@ringfence/signaling-client/testing';
import { Uplink } from './network.ts';
import { Trace } from './trace.ts';
import { settle, VirtualTime } from './virtual-time.ts';

interface Peer extends TransportPeer {
  readonly received: string[];
}

function createHarness() {
  const time = new VirtualTime(seededRandom(1));
  const peers: Peer[] = [];
  const uplink: Uplink = new Uplink(
    'alice',
    {},
    {
      clock: time.clock('network'),
      random: seededRandom(2),
      trace: new Trace(() => time.elapsedMs),
      accept(socket) {
        const peer = {
          received: [] as string[],
          closedWith: null as number | null,
          send: (text: string) => socket.send(text),
          close: (code: number, reason: string) => socket.close(code, reason),
          cut: () => uplink.break('reset'),
        };
        peers.push(peer);
        return {
          message: (text) => peer.received.push(text),
          binary() {},
          control() {},
          closed: (code) => (peer.closedWith = code),
        };
      },
    },
  );
  return {
    time,
    uplink,
    transport: uplink,
    url: uplink.url,
    deadUrl: 'wss://nobody.sim',
    peers,
    async until(isDone: () => boolean) {
      await settle();
      while (!isDone()) {
        if (!time.runNext()) throw new Error('nothing is under way');
        await settle();
      }
    },
    close: () => Promise.resolve(),
  } satisfies TransportHarness & { time: VirtualTime; uplink: Uplink };
}

for (const { name, run } of transportConformance(() => Promise.resolve(createHarness()))) {
  test(`as a transport it ${name}`, run);
}

function connect({ uplink }: ReturnType<typeof createHarness>) {
  const heard: string[] = [];
  const connection = uplink.connect(uplink.url, 'ringfence.1', {
    opened: () => heard.push('opened'),
    message: (text) => heard.push(text),
    closed: (code) => heard.push(`closed ${code}`),
  });
  return { connection, heard };
}

test.each([
  ['reset', 1006, ['opened', 'closed 1006']],
  ['silence', null, ['opened']],
  ['server-hears', 1006, ['opened']],
  ['phone-hears', null, ['opened', 'closed 1006']],
] as const)('a break of kind %s is heard where it says', async (how, closedWith, expected) => {
  const harness = createHarness();
  const { connection, heard } = connect(harness);
  await harness.until(() => heard.length === 1);
  connection.send('lost under way');
  harness.uplink.break(how);
  harness.peers[0]!.send('lost as well');
  connection.send('lost too');
  while (harness.time.runNext());
  expect(heard).toEqual(expected);
  expect(harness.peers[0]!.received).toEqual([]);
  expect(harness.peers[0]!.closedWith).toBe(closedWith);
});

test('while the network is down frames wait in order, or the connection is lost', async () => {
  const outcomes = new Set<string>();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const harness = createHarness();
    for (let skip = 0; skip < attempt; skip += 1) {
      connect(harness).connection.close(1000, '');
    }
    while (harness.time.runNext());
    const { connection, heard } = connect(harness);
    await harness.until(() => heard.length === 1);
    connection.send('1');
    harness.uplink.down = true;
    connection.send('2');
    while (harness.time.runNext());
    expect(harness.peers.at(-1)!.received).toEqual([]);
    harness.uplink.down = false;
    connection.send('3');
    while (harness.time.runNext());
    outcomes.add(harness.peers.at(-1)!.received.join());
  }
  expect([...outcomes].sort()).toEqual(['', '1,2,3']);
});
