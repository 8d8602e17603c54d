import { defaultSettings } from '@ringfence/call-rules';
import type { CallEvent } from '@ringfence/call-rules';
import { sampleCall } from '@ringfence/call-rules/testing';
import type { SamplePoint } from '@ringfence/call-rules/testing';
import { writeAnswer, writeEvent, writeNotice, writeRequest } from '../codec.ts';
import type { SignalBody } from '../signals.ts';

/** A session description as browsers write it, for one audio and one video line (RFC 8829). */
export function sampleSdp(lines = 120): string {
  const head = [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0 1',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126',
    'c=IN IP4 0.0.0.0',
  ];
  const body = Array.from(
    { length: Math.max(0, lines - head.length) },
    (_, index) => `a=rtcp-fb:${96 + index} transport-cc`,
  );
  return [...head, ...body, ''].join('\r\n');
}

/** Candidates as a browser finds them on one network card (RFC 8839). */
export const sampleCandidates: SignalBody = {
  kind: 'candidates',
  candidates: [
    {
      candidate:
        'candidate:842163049 1 udp 1677729535 192.0.2.10 51234 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag EsAw network-cost 999',
      sdpMid: '0',
      sdpMLineIndex: 0,
      usernameFragment: 'EsAw',
    },
    { candidate: '', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'EsAw' },
  ],
};

/** Frames as they cross the wire. */
export interface SampleFrames {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** The frames of one whole call between two devices, from `hello` to the hang-up. */
export function callFrames(): SampleFrames {
  const { callId } = sampleCall('offered');
  const token = `${'e'.repeat(36)}.${'p'.repeat(160)}.${'s'.repeat(43)}`;
  const media = { callId, mediaEpoch: 1 };
  const signal = (toLeg: string, n: number, body: SignalBody): string =>
    writeNotice('signal', { ...media, toLeg, n, afterSeq: 7, body });
  const received = (fromLeg: string, n: number, body: SignalBody): string =>
    writeEvent('signal', { ...media, fromLeg, n, afterSeq: 7, body });
  const since = (from: SamplePoint, to: SamplePoint): CallEvent[] =>
    sampleCall(to).events.slice(sampleCall(from).events.length);
  const answerOf = (
    id: string,
    name: 'call.dial' | 'call.ring' | 'call.accept' | 'call.media' | 'call.hang-up',
    events: readonly CallEvent[],
  ): string => writeAnswer(id, name, { callId, seq: events.at(-1)!.seq, events: [...events] });

  const offer: SignalBody = { kind: 'offer', sdp: sampleSdp() };
  const answer: SignalBody = { kind: 'answer', sdp: sampleSdp() };
  const offered = sampleCall('offered').events;
  const ringing = since('offered', 'ringing');
  const connecting = since('ringing', 'connecting');
  const active = since('connecting', 'active');
  const ended = since('active', 'ended');
  const hello = (device: string) =>
    ({ token, device, client: 'ringfence/0.1.0', known: { [callId]: 3 } }) as const;

  return {
    client: [
      writeRequest('h1', 'hello', hello('a1')),
      writeRequest('h2', 'hello', hello('b1')),
      writeRequest('c1', 'call.dial', {
        callId,
        to: 'user:bob',
        media: { audio: true, video: true },
      }),
      writeRequest('c2', 'call.ring', { callId }),
      writeRequest('c3', 'call.accept', { callId }),
      writeRequest('c4', 'call.ice-servers', { callId }),
      signal('l2', 1, offer),
      signal('l2', 2, sampleCandidates),
      writeNotice('signal.ack', { ...media, toLeg: 'l1', n: 2 }),
      signal('l1', 1, answer),
      signal('l1', 2, sampleCandidates),
      writeNotice('signal.ack', { ...media, toLeg: 'l2', n: 2 }),
      writeRequest('c5', 'call.media', { ...media, legId: 'l2', connected: true }),
      writeRequest('c6', 'call.media', { ...media, legId: 'l1', connected: true }),
      writeRequest('c7', 'call.update', { callId, muted: true }),
      writeNotice('beat', { n: 1 }),
      writeNotice('beat', { n: 1 }),
      writeRequest('c8', 'call.sync', { callId, afterSeq: 3 }),
      writeRequest('c9', 'token.refresh', { token }),
      writeRequest('c10', 'call.hang-up', { callId }),
    ],
    server: [
      writeAnswer('h1', 'hello', {
        session: 's1',
        userId: 'alice',
        orgId: 'acme',
        now: 1_700_000_000_000,
        beatMs: 2_000,
        reconnectSpreadMs: 500,
        tokenExpiresAt: 1_700_003_600_000,
        settings: defaultSettings,
        calls: [{ callId, snapshot: sampleCall('active').facts }],
      }),
      answerOf('c1', 'call.dial', offered),
      writeEvent('call.events', { callId, events: [...offered] }),
      answerOf('c2', 'call.ring', ringing),
      writeEvent('call.events', { callId, events: [...ringing] }),
      answerOf('c3', 'call.accept', connecting),
      writeEvent('call.events', { callId, events: [...connecting] }),
      received('l1', 1, offer),
      received('l1', 2, sampleCandidates),
      writeEvent('signal.ack', { ...media, fromLeg: 'l2', n: 2 }),
      received('l2', 1, answer),
      writeEvent('call.events', { callId, events: [...active] }),
      writeEvent('beat', { n: 1, calls: { [callId]: sampleCall('active').facts.call.seq } }),
      writeEvent('token.expiring', { expiresAt: 1_700_003_600_000 }),
      writeAnswer('c4', 'call.ice-servers', {
        iceServers: [
          { urls: ['turn:turn.example.org:3478?transport=udp'], username: 'u', credential: 'c' },
        ],
        expiresAt: 1_700_003_600_000,
      }),
      writeAnswer('c8', 'call.sync', { callId, events: [...connecting, ...active] }),
      writeAnswer('c9', 'token.refresh', { tokenExpiresAt: 1_700_003_600_000 }),
      answerOf('c10', 'call.hang-up', ended),
      writeEvent('call.events', { callId, events: [...ended] }),
    ],
  };
}
