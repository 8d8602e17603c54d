import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { settle } from '@ringfence/base/testing';
import { webSocketTransport } from '../src/index.ts';
import { transportConformance } from '../src/testing/index.ts';
import type { TransportHarness, TransportPeer } from '../src/testing/index.ts';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

function peerOf(socket: WebSocket): TransportPeer {
  const received: string[] = [];
  let closedWith: number | null = null;
  socket.on('message', (data: Buffer) => received.push(data.toString()));
  socket.on('close', (code) => (closedWith = code));
  socket.on('error', () => {});
  return {
    received,
    get closedWith() {
      return closedWith;
    },
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
  };
}

/** A port on which nobody listens: one that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function createHarness(): Promise<TransportHarness & { readonly protocols: string[] }> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => (offered.has('ringfence.1') ? 'ringfence.1' : false),
  });
  const peers: TransportPeer[] = [];
  const protocols: string[] = [];
  server.on('connection', (socket) => {
    protocols.push(socket.protocol);
    peers.push(peerOf(socket));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    transport: webSocketTransport,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deadUrl: `ws://127.0.0.1:${await freePort()}`,
    peers,
    protocols,
    async until(isDone) {
      while (!isDone()) await settle();
    },
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('webSocketTransport', () => {
  for (const { name, run } of transportConformance(createHarness)) it(name, run);

  it('speaks the subprotocol it is asked for (P-101)', async () => {
    const harness = await createHarness();
    const opened = new Promise<void>((resolve) => {
      webSocketTransport.connect(harness.url, 'ringfence.1', {
        opened: resolve,
        message() {},
        closed() {},
      });
    });
    await opened;
    expect(harness.protocols).toEqual(['ringfence.1']);
    await harness.close();
  });

  it('does not open when the server speaks another subprotocol', async () => {
    const harness = await createHarness();
    const code = await new Promise<number | 'opened'>((resolve) => {
      webSocketTransport.connect(harness.url, 'ringfence.99', {
        opened: () => resolve('opened'),
        message() {},
        closed: resolve,
      });
    });
    expect(code).toBe(1006);
    await harness.close();
  });

  it('is closed with 1006 where the platform has no WebSocket', async () => {
    const platform = globalThis.WebSocket;
    Reflect.deleteProperty(globalThis, 'WebSocket');
    try {
      const code = await new Promise((resolve) => {
        const connection = webSocketTransport.connect('ws://127.0.0.1', 'ringfence.1', {
          opened() {},
          message() {},
          closed: resolve,
        });
        connection.send('x');
        connection.close(1000, '');
      });
      expect(code).toBe(1006);
    } finally {
      globalThis.WebSocket = platform;
    }
  });
});
