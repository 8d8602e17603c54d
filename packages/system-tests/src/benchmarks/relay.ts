/*
 * The least a server of our calls could do: it parses every frame and sends on the frames that the
 * recorded call has at this place, each stringified once. No state, no rules, no checks.
 */
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { RelayScript, Side } from './recording.ts';

const pairs = new Map<string, Partial<Record<Side, WebSocket>>>();
let script: RelayScript = { caller: [], callee: [] };

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket, request) => {
  const [pair, side] = request.url!.slice(1).split('/') as [string, Side];
  const ends = pairs.get(pair) ?? {};
  pairs.set(pair, ends);
  ends[side] = socket;
  let place = 0;
  socket.on('message', (data: Buffer) => {
    const { request: name } = JSON.parse(data.toString()) as { request?: string };
    // Each side's part of a call begins with one of these.
    if (name === 'call.dial' || name === 'call.ring') place = 0;
    const sentOn = script[side][place++] ?? [];
    for (const { to, frame } of sentOn) ends[to]!.send(JSON.stringify(frame));
  });
});
server.on('listening', () => process.send!({ port: (server.address() as { port: number }).port }));
process.on('message', (ask: { readonly script?: RelayScript }) => {
  script = ask.script ?? script;
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMicros: user + system, trips: 0 });
});
process.on('disconnect', () => process.exit());
