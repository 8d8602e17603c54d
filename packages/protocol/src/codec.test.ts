import { RingfenceError } from '@ringfence/base';
import { refusalTexts } from '@ringfence/call-rules';
import { sampleCall } from '@ringfence/call-rules/testing';
import { describe, expect, test } from 'vitest';
import {
  errorFromWire,
  errorTexts,
  isSignalBody,
  LIMITS,
  readAnswerBody,
  readClientFrame,
  readServerFrame,
  wireError,
  writeAnswer,
  writeChange,
  writeError,
  writeEvent,
  writeNotice,
  writeRequest,
} from './index.ts';
import type { ErrorCode, RequestName } from './index.ts';
import { sampleCandidates, sampleFrames, sampleSdp } from './testing/index.ts';

const { callId, events } = sampleCall('active');
const otherCallId = '018bcfe5-6800-7000-8000-000000000002';
const json = (value: unknown): string => JSON.stringify(value);
const request = (name: string, body: unknown, id: unknown = 'c1'): string =>
  json({ id, request: name, body });
const signal = (body: unknown, change: object = {}): string =>
  json({
    notice: 'signal',
    body: { callId, mediaEpoch: 1, n: 1, afterSeq: 3, toLeg: 'l2', body, ...change },
  });

describe('what is written is read', () => {
  const { client, server } = sampleFrames();

  test.each(client)('client frame %#', (frame) => {
    const sent = JSON.parse(frame) as Record<string, unknown>;
    const read = readClientFrame(frame);
    expect(read).toEqual(
      'notice' in sent
        ? { kind: 'notice', name: sent['notice'], body: sent['body'] }
        : { kind: 'request', id: sent['id'], name: sent['request'], body: sent['body'] },
    );
  });

  test.each(server)('server frame %#', (frame) => {
    const sent = JSON.parse(frame) as Record<string, unknown>;
    expect(readServerFrame(frame)).toEqual(
      'event' in sent
        ? { kind: 'event', name: sent['event'], body: sent['body'] }
        : { kind: 'answer', id: sent['id'], ok: sent['ok'] },
    );
  });

  test('every request and notice there is (P-203)', () => {
    const commands = { callId };
    const bodies: { [Name in RequestName]: object } = {
      hello: { token: 't', device: 'd1', callWaiting: true, known: {} },
      'token.refresh': { token: 't' },
      'call.dial': { callId, to: 'user:bob', media: { audio: true, video: false } },
      'call.ring': commands,
      'call.accept': commands,
      'call.decline': { callId, busy: true },
      'call.hang-up': { callId, cause: 'permission_denied', dialed: true, everyone: false },
      'call.media': { callId, mediaEpoch: 1, legId: 'l2', connected: false },
      'call.update': { callId, held: true, muted: false, camera: true },
      'call.invite': { callId, to: 'user:carol', role: 'guest' },
      'call.remove': { callId, participantId: 'p3' },
      'call.request-mute': { callId, participantId: 'p3' },
      'call.transfer': { callId, toCallId: otherCallId },
      'call.merge': { callId, fromCallId: otherCallId },
      'call.sync': { callId, afterSeq: 0 },
      'call.ice-servers': commands,
      'settings.update': { doNotDisturb: true, forwardOnBusy: null, forwardOnNoAnswer: 'user:bob' },
    };
    for (const [name, body] of Object.entries(bodies)) {
      const frame = writeRequest('c1', name as 'call.ring', body as { callId: string });
      expect(readClientFrame(frame)).toEqual({ kind: 'request', id: 'c1', name, body });
    }
    const acknowledgement = { callId, mediaEpoch: 1, n: 4, toLeg: 'l2' };
    expect(readClientFrame(writeNotice('signal.ack', acknowledgement))).toEqual({
      kind: 'notice',
      name: 'signal.ack',
      body: acknowledgement,
    });
  });

  test('an answer with its body', () => {
    const body = { callId, seq: 10, events: [...events] };
    const frame = readServerFrame(writeAnswer('c1', 'call.accept', body));
    expect(frame).toEqual({ kind: 'answer', id: 'c1', ok: body });
    expect(readAnswerBody('call.accept', body)).toEqual(body);
    expect(readAnswerBody('call.accept', { callId, seq: 10 })).toBeNull();
    expect(readAnswerBody('hello', body)).toBeNull();
  });

  test('an error with what its code means (P-404)', () => {
    const error = wireError('rate_limited', { retryAfterMs: 250, details: { path: 'body' } });
    const frame = readServerFrame(writeError('c1', error));
    expect(frame).toEqual({ kind: 'answer', id: 'c1', error });
    const thrown = errorFromWire(error);
    expect(thrown).toBeInstanceOf(RingfenceError);
    expect(Object.assign({}, thrown)).toEqual({
      name: 'RingfenceError',
      code: 'rate_limited',
      fault: 'caller',
      retryable: true,
      hint: 'Wait for retryAfterMs.',
      details: { path: 'body', retryAfterMs: 250 },
    });
    expect(thrown.message).toBe(errorTexts.rate_limited.message);
  });

  test.each(Object.keys(errorTexts) as ErrorCode[])('the error %s', (code) => {
    const frame = readServerFrame(writeError('c1', wireError(code)));
    expect(frame).toEqual({ kind: 'answer', id: 'c1', error: { code, ...errorTexts[code] } });
  });

  test('every refusal of the rules is an error of the wire', () => {
    expect(errorTexts).toMatchObject(refusalTexts);
  });

  test('a code that is not known keeps its name, and what was sent with it', () => {
    const thrown = errorFromWire({ code: 'constructor', message: 'unable to go on; new code' });
    expect(Object.assign({}, thrown)).toEqual({
      name: 'RingfenceError',
      code: 'constructor',
      fault: 'server',
      retryable: false,
      hint: '',
      details: {},
    });
  });
});

describe('bad input of a client', () => {
  test.each([
    ['nothing (P-901)', ''],
    ['malformed JSON (P-901)', '{"id":"c1","request":"call.ring"'],
    ['a string (P-901)', '"hello"'],
    ['a number (P-901)', '1e999'],
    ['null (P-901)', 'null'],
    ['a list (P-901)', '[]'],
    ['a list of frames (P-901)', json([{ id: 'c1', request: 'call.ring', body: { callId } }])],
    ['no field at all (P-905)', '{}'],
    ['no id (P-905)', json({ request: 'call.ring', body: { callId } })],
    ['an empty id (P-905)', request('call.ring', { callId }, '')],
    ['an id of another type (P-905)', request('call.ring', { callId }, 1)],
    ['an id with a space (P-905)', request('call.ring', { callId }, 'a b')],
    ['an id too long (P-905)', request('call.ring', { callId }, 'x'.repeat(65))],
    ['a notice that is not known (P-903)', json({ notice: 'shout', body: {} })],
    ['a notice named constructor (P-923)', json({ notice: 'constructor', body: {} })],
    ['a notice named __proto__ (P-923)', json({ notice: '__proto__', body: {} })],
    ['a notice of another type (P-903)', json({ notice: 1, body: {} })],
    ['a notice without a body (P-903)', json({ notice: 'beat' })],
    ['a notice with a field too many (P-903)', json({ notice: 'beat', body: { n: 1 }, id: 'c1' })],
    ['a beat with a field too many (P-903)', json({ notice: 'beat', body: { n: 1, x: 1 } })],
    ['a beat below 0 (P-903)', json({ notice: 'beat', body: { n: -1 } })],
    ['an SDP of nonsense (P-916)', signal({ kind: 'offer', sdp: 'nonsense' })],
    ['an SDP that is no text (P-916)', signal({ kind: 'offer', sdp: { v: 0 } })],
    ['an empty SDP (P-916)', signal({ kind: 'answer', sdp: '' })],
    [
      'an SDP too long (P-916)',
      signal({ kind: 'offer', sdp: `v=0\r\n${'a'.repeat(LIMITS.sdpLength)}` }),
    ],
    ['a signal of unknown kind (P-916)', signal({ kind: 'rollback' })],
    ['a signal with a field too many (P-916)', signal({ kind: 'offer', sdp: 'v=0\r\n', x: 1 })],
    [
      'too many candidates (P-916)',
      signal({ kind: 'candidates', candidates: Array(33).fill({ candidate: '' }) }),
    ],
    ['a signal numbered 0', signal(sampleCandidates, { n: 0 })],
    ['a signal to no leg', signal(sampleCandidates, { toLeg: 'x1' })],
    ['a signal with both sides', signal(sampleCandidates, { fromLeg: 'l1' })],
  ])('%s is unreadable', (_what, frame) => {
    expect(readClientFrame(frame)).toEqual({ kind: 'unreadable' });
  });

  test.each(['call.steal', '', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'beat'])(
    'the request %j is not known (P-902, P-923)',
    (name) => {
      const error = name === '' ? fault('request') : wireError('unknown_request');
      expect(readClientFrame(request(name, { callId }))).toEqual({
        kind: 'refused',
        id: 'c1',
        error,
      });
    },
  );

  const fault = (path: string) => wireError('invalid_request', { details: { path } });
  const dial = { callId, to: 'user:bob', media: { audio: true, video: true } };
  const to = 'user:carol';
  const participantPath = 'body.participantId';
  const targetPath = 'body.toCallId';
  const known = Object.fromEntries(
    Array.from({ length: 65 }, (_, index) => [
      `018bcfe5-6800-7000-8000-${String(index).padStart(12, '0')}`,
      1,
    ]),
  );
  test.each<readonly [string, string, unknown, string]>([
    ['no body', 'call.ring', undefined, 'body'],
    ['a body of another type', 'call.ring', [], 'body'],
    ['an empty body', 'call.ring', {}, 'body.callId'],
    ['a call id that is none', 'call.ring', { callId: '1' }, 'body.callId'],
    ['a call id in capitals', 'call.ring', { callId: callId.toUpperCase() }, 'body.callId'],
    [
      'a call id of UUID version 4',
      'call.ring',
      { callId: callId.replace('-7', '-4') },
      'body.callId',
    ],
    ['a field too many', 'call.ring', { callId, force: true }, 'body.force'],
    ['a field named constructor', 'call.ring', { callId, constructor: 1 }, 'body.constructor'],
    [
      'a field named __proto__',
      'call.ring',
      JSON.parse(`{"callId":"${callId}","__proto__":{"isAdmin":true}}`),
      'body.__proto__',
    ],
    ['a field of another type', 'call.dial', { ...dial, media: true }, 'body.media'],
    [
      'an inner field of another type',
      'call.dial',
      { ...dial, media: { audio: 1, video: true } },
      'body.media.audio',
    ],
    [
      'an inner field too many',
      'call.dial',
      { ...dial, media: { audio: true, video: true, screen: true } },
      'body.media.screen',
    ],
    ['an address too long', 'call.dial', { ...dial, to: 'x'.repeat(129) }, 'body.to'],
    ['an empty address', 'call.dial', { ...dial, to: '' }, 'body.to'],
    ['a cause that is not known', 'call.hang-up', { callId, cause: 'boredom' }, 'body.cause'],
    [
      'an epoch that is no whole number',
      'call.media',
      { callId, mediaEpoch: 1.5, legId: 'l2', connected: true },
      'body.mediaEpoch',
    ],
    [
      'a leg that is none',
      'call.media',
      { callId, mediaEpoch: 1, legId: 'p2', connected: true },
      'body.legId',
    ],
    ['a role that is not known (P-936)', 'call.invite', { callId, to, role: 'boss' }, 'body.role'],
    ['a moderator', 'call.invite', { callId, to, role: 'moderator' }, 'body.role'],
    ['an empty participant', 'call.remove', { callId, participantId: '' }, participantPath],
    [
      'a participant too long',
      'call.remove',
      { callId, participantId: 'p'.repeat(129) },
      participantPath,
    ],
    ['no participant', 'call.request-mute', { callId }, participantPath],
    ['two targets (P-930)', 'call.transfer', { callId, to, toCallId: otherCallId }, targetPath],
    ['no target (P-930)', 'call.transfer', { callId }, 'body.to'],
    ['a call that is none', 'call.transfer', { callId, toCallId: 'l1' }, targetPath],
    ['no call to transfer', 'call.transfer', { toCallId: otherCallId }, 'body.callId'],
    ['a reason too many', 'call.decline', { callId, busy: true, cause: 'internal' }, 'body.cause'],
    ['no second call', 'call.merge', { callId }, 'body.fromCallId'],
    ['a second call in capitals', 'call.merge', { callId, fromCallId: 'A' }, 'body.fromCallId'],
    ['a setting of another type', 'settings.update', { doNotDisturb: null }, 'body.doNotDisturb'],
    ['an empty forwarding', 'settings.update', { forwardOnBusy: '' }, 'body.forwardOnBusy'],
    ['a setting that is not known', 'settings.update', { version: 1 }, 'body.version'],
    ['a seq below 0', 'call.sync', { callId, afterSeq: -1 }, 'body.afterSeq'],
    ['a token too long', 'token.refresh', { token: 'x'.repeat(8_193) }, 'body.token'],
    ['an empty token', 'hello', { token: '', device: 'd1' }, 'body.token'],
    ['no device', 'hello', { token: 't' }, 'body.device'],
    ['too many known calls', 'hello', { token: 't', device: 'd1', known }, 'body.known'],
    [
      'a known call that is none',
      'hello',
      { token: 't', device: 'd1', known: { constructor: 1 } },
      'body.known.constructor',
    ],
    [
      'a known call named __proto__',
      'hello',
      { token: 't', device: 'd1', known: JSON.parse('{"__proto__":1}') },
      'body.known.__proto__',
    ],
  ])('%s in %s is refused at its path (P-904)', (_what, name, body, path) => {
    expect(readClientFrame(request(name, body))).toEqual({
      kind: 'refused',
      id: 'c1',
      error: fault(path),
    });
  });

  test('a frame field too many is refused at its path (P-904)', () => {
    const frame = json({ id: 'c1', request: 'call.ring', body: { callId }, to: 'x' });
    expect(readClientFrame(frame)).toEqual({ kind: 'refused', id: 'c1', error: fault('to') });
  });

  test('nothing of it reaches a prototype', () => {
    readClientFrame('{"id":"c1","request":"call.ring","body":{"__proto__":{"isAdmin":true}}}');
    expect('isAdmin' in {}).toBe(false);
  });
});

describe('a frame of a server', () => {
  test.each([
    ['malformed JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['neither answer nor event', '{}'],
    ['an answer with neither ok nor error', json({ id: 'c1' })],
    ['an answer without an id', json({ ok: {} })],
    ['an error without a code', json({ id: 'c1', error: { message: 'm' } })],
    ['an event that is known but wrong', json({ event: 'call.events', body: { callId } })],
    [
      'a history event that is known but wrong',
      json({
        event: 'call.events',
        body: { callId, events: [{ type: 'leg.ringing', seq: 1, at: 1 }] },
      }),
    ],
    [
      'a retry time without end',
      '{"id":"c1","error":{"code":"x","message":"m","retryAfterMs":1e999}}',
    ],
  ])('%s is unreadable', (_what, frame) => {
    expect(readServerFrame(frame)).toEqual({ kind: 'unreadable' });
  });

  test.each(['call.recorded', 'constructor', '__proto__', 'toString'])(
    'the event %s is not known, and is ignored (P-206)',
    (event) => {
      expect(readServerFrame(json({ event, body: { any: 1 } }))).toEqual({ kind: 'unknown' });
    },
  );

  test('a field that is not known passes (P-205)', () => {
    const body = { n: 1, calls: { [otherCallId]: 4 }, mood: 'good' };
    expect(readServerFrame(json({ event: 'beat', body, trace: 'x' }))).toEqual({
      kind: 'event',
      name: 'beat',
      body,
    });
  });

  test('a history event of a type that is not known passes (P-508)', () => {
    const body = { callId, events: [{ type: 'call.recorded', seq: 1, at: 1, to: 'disk' }] };
    expect(readServerFrame(json({ event: 'call.events', body }))).toEqual({
      kind: 'event',
      name: 'call.events',
      body,
    });
  });

  test('a snapshot catches up', () => {
    const body = { callId, snapshot: sampleCall('ended').facts };
    expect(readAnswerBody('call.sync', body)).toEqual(body);
    const broken = { callId, snapshot: { ...body.snapshot, legs: [{}] } };
    expect(readAnswerBody('call.sync', broken)).toBeNull();
  });

  test('the two frames of a change are those written apart (P-503)', () => {
    const answer = { callId, seq: events.length, events: [...events] };
    expect(writeChange('c1', answer)).toEqual({
      answer: writeAnswer('c1', 'call.dial', answer),
      event: writeEvent('call.events', { callId, events: answer.events }),
    });
  });

  test('an event that is written is read', () => {
    const body = { expiresAt: 1_700_000_000_000 };
    expect(readServerFrame(writeEvent('token.expiring', body))).toEqual({
      kind: 'event',
      name: 'token.expiring',
      body,
    });
  });
});

describe('a signal fits the wire or is not sent (P-708)', () => {
  test('bodies are checked before they are sent', () => {
    expect(isSignalBody({ kind: 'offer', sdp: sampleSdp() })).toBe(true);
    expect(isSignalBody(sampleCandidates)).toBe(true);
    expect(isSignalBody({ kind: 'offer', sdp: '' })).toBe(false);
    expect(
      isSignalBody({ kind: 'candidates', candidates: [{ candidate: 'x'.repeat(1_025) }] }),
    ).toBe(false);
  });

  test('the largest bodies fit a frame', () => {
    const line = `a=${'x'.repeat(20)}\r\n`;
    const sdp = `v=0\r\n${line.repeat(5_000)}`.slice(0, LIMITS.sdpLength);
    const candidates = Array(LIMITS.candidatesPerSignal).fill({
      candidate: 'x'.repeat(LIMITS.candidateLength),
      sdpMid: 'x'.repeat(64),
      sdpMLineIndex: 255,
      usernameFragment: 'x'.repeat(256),
    }) as object[];
    for (const body of [
      { kind: 'offer', sdp },
      { kind: 'candidates', candidates },
    ]) {
      const frame = signal(body, { n: 1_000_000, afterSeq: Number.MAX_SAFE_INTEGER });
      expect(readClientFrame(frame).kind).toBe('notice');
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(LIMITS.frameBytes);
    }
  });
});
