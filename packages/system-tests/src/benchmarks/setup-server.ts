/*
 * Started by setup.ts: our signaling server on the memory store behind its `ws` adapter, in a
 * process of its own. Asked over IPC, it says what it has used so far.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSignalingServer } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createTestAuth } from '@ringfence/signaling-server/testing';
import { createWebSocketAdapter } from '@ringfence/signaling-server/ws';
import { countTrips } from './counting-store.ts';

const store = countTrips(createMemoryStore());
// Beats belong to connections, not to calls; the flood bound would stop the benchmark.
const signaling = createSignalingServer(
  { beatMs: 30_000, framesPerSecond: 100_000, frameBurst: 100_000 },
  { store, auth: createTestAuth() },
);
const adapter = createWebSocketAdapter(signaling);
const http = createServer();
http.on('upgrade', (request, socket, head) => {
  if (!adapter.handleUpgrade(request, socket, head)) socket.destroy();
});
http.listen(0, '127.0.0.1', () => {
  process.send!({ port: (http.address() as AddressInfo).port });
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMicros: user + system, trips: store.trips });
});
process.on('disconnect', () => process.exit());
