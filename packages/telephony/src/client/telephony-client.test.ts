import { FakeClock, seededRandom, settle } from '@ringfence/base/testing';
import { expect, test } from 'vitest';
import { createTelephonyClient } from './telephony-client.ts';
import type { TelephonyClientOptions } from './telephony-client.ts';

const ready = { status: 'ready', healthy: true, timestamp: 5 };

/** A client whose service does what `answer` says. */
function setUp(options: TelephonyClientOptions = {}) {
  const clock = new FakeClock();
  const requests: [string, RequestInit][] = [];
  const service = {
    answer: async (_url: string, _init: RequestInit): Promise<Response> => Response.json(ready),
  };
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    requests.push([url, init]);
    return service.answer(url, init);
  };
  const collaborators = { fetch, clock, random: seededRandom(1) };
  const client = createTelephonyClient(options, collaborators);
  return { client, clock, requests, service };
}

test('it polls about every ten seconds, tells of changes, and stops', async () => {
  const { client, clock, requests, service } = setUp();
  const heard: string[] = [];
  client.on('status.changed', ({ status, isAvailable }) => heard.push(`${status} ${isAvailable}`));
  expect(client.status).toEqual({
    status: 'unknown',
    healthy: false,
    timestamp: 0,
    isAvailable: false,
  });
  client.start();
  client.start();
  await settle();
  expect(client.status).toEqual({ ...ready, isAvailable: true });
  expect(requests).toHaveLength(1);
  await clock.advanceAsync(8_999);
  expect(requests).toHaveLength(1);
  await clock.advanceAsync(2_001);
  expect(requests).toHaveLength(2);
  service.answer = async () => Response.json({ ...ready, status: 'error', healthy: false });
  await clock.advanceAsync(11_000);
  service.answer = () => Promise.reject(new TypeError('fetch failed'));
  await clock.advanceAsync(11_000);
  client.stop();
  const { length } = requests;
  await clock.advanceAsync(60_000);
  expect([requests.length, clock.pending]).toEqual([length, 0]);
  expect(heard).toEqual(['ready true', 'error false', 'unknown false']);
});

test('stopped and started at once it polls once', async () => {
  const { client, clock, requests } = setUp();
  client.start();
  client.stop();
  client.start();
  await clock.advanceAsync(60_000);
  client.stop();
  expect(requests.length).toBeLessThanOrEqual(9);
  expect(clock.pending).toBe(0);
});

test('an answer that was overtaken is dropped', async () => {
  const { client, service } = setUp();
  let release!: (response: Response) => void;
  service.answer = () => new Promise((resolve) => (release = resolve));
  const slow = client.refresh();
  service.answer = async () => Response.json(ready);
  await client.refresh();
  release(Response.json({ ...ready, status: 'error' }));
  await slow;
  expect(client.status.status).toBe('ready');
});

test('whatever the service answers, the status is one', async () => {
  const { client, service } = setUp();
  const answers = [
    () => new Response('<html>', { status: 200 }),
    () => Response.json(null),
    () => Response.json({ status: 'great', healthy: true, timestamp: 1 }),
    () => Response.json({ status: 'ready', healthy: true }),
    () => Response.json({ error: 'no' }, { status: 500 }),
    () => new Response(null, { status: 204 }),
  ];
  for (const answer of answers) {
    service.answer = async () => answer();
    expect(await client.refresh()).toMatchObject({ status: 'unknown', isAvailable: false });
  }
});

test('calls are made, answered and ended', async () => {
  const { client, requests, service } = setUp({ headers: { 'x-app': '1' }, baseUrl: '/phone/' });
  const heard: unknown[] = [];
  client.on('call.changed', (call) => heard.push(call?.state));
  let state = 'ringing';
  service.answer = async () => Response.json({ success: true, callId: 'telnyx:1', state });
  const call = { callId: 'telnyx:1', state: 'ringing' };
  expect(await client.makeCall('+12025550123')).toEqual({ ok: true, value: call });
  expect(client.activeCall).toEqual(call);
  state = 'active';
  await client.answerCall('telnyx:1');
  expect(client.activeCall).toEqual({ callId: 'telnyx:1', state: 'active' });
  state = 'ended';
  await client.endCall('telnyx:1');
  expect(client.activeCall).toBeUndefined();
  await client.endCall('telnyx:1');
  expect(heard).toEqual(['ringing', 'active', undefined]);
  expect(requests.map(([url, { body }]) => [url, JSON.parse(body as string)])).toEqual([
    ['/phone/call', { action: 'make', phoneNumber: '+12025550123' }],
    ['/phone/call', { action: 'answer', callId: 'telnyx:1' }],
    ['/phone/call', { action: 'end', callId: 'telnyx:1' }],
    ['/phone/call', { action: 'end', callId: 'telnyx:1' }],
  ]);
  expect(requests[0]![1]).toMatchObject({
    method: 'POST',
    headers: { 'x-app': '1', 'content-type': 'application/json' },
    credentials: 'same-origin',
  });
});

test('a credential is given as it came', async () => {
  const { client, service } = setUp();
  const credential = {
    username: 'u',
    password: 'p',
    expires_at: 1,
    realm: 'r',
    sip_uri: 'sip:u@r',
    stun_servers: [],
    turn_servers: [],
  };
  service.answer = async () => Response.json({ success: true, credential });
  expect(await client.issueCredential({ username: 'u' })).toEqual({ ok: true, value: credential });
  for (const wrong of [
    { username: 'u' },
    { ...credential, password: 7 },
    { ...credential, stun_servers: [null] },
    // What RTCPeerConnection throws of.
    { ...credential, turn_servers: [{ urls: 'turn:x', username: 'u', credential: 'c' }] },
    { ...credential, turn_servers: [{ urls: ['turn:x'], username: 'u' }] },
    { ...credential, turn_servers: [null] },
  ]) {
    service.answer = async () => Response.json({ success: true, credential: wrong });
    expect([wrong, await client.issueCredential({ username: 'u' })]).toMatchObject([
      wrong,
      { ok: false, error: { code: 'nonsense' } },
    ]);
  }
});

test('a refusal is a value, with the code of the service', async () => {
  const { client, service } = setUp();
  const body = { success: false, error: 'unable to x; y', code: 'not_ready', retryable: true };
  service.answer = async () => Response.json({ ...body, hint: 'Do z.' }, { status: 503 });
  expect(await client.makeCall('+12025550123')).toEqual({
    ok: false,
    error: { code: 'not_ready', message: 'unable to x; y', retryable: true, hint: 'Do z.' },
  });
  service.answer = async () => Response.json({}, { status: 502 });
  expect(await client.endCall('telnyx:1')).toEqual({
    ok: false,
    error: {
      code: 'nonsense',
      message: 'unable to go on; status 502',
      retryable: true,
      hint: 'Check baseUrl, and what answers there.',
    },
  });
});

test('a call of which nothing is heard may have been placed: it is not to be tried again', async () => {
  const { client, clock, service } = setUp({ timeoutMs: 1_000 });
  const answers: readonly [string, () => Promise<Response>][] = [
    ['unreachable', () => Promise.reject(new TypeError('fetch failed'))],
    // Of what stands between: the service itself may have done it.
    ['nonsense', async () => Response.json({}, { status: 502 })],
    ['nonsense', async () => new Response('<html>', { status: 504 })],
    ['nonsense', async () => new Response('<html>')],
    ['nonsense', async () => Response.json({ success: true })],
  ];
  const doubt = {
    retryable: false,
    message: expect.stringMatching(/^unable to .+; .+, and the call may have been placed$/),
    hint: expect.stringContaining('it may have been placed'),
  };
  for (const [code, answer] of answers) {
    service.answer = answer;
    expect(await client.makeCall('+12025550123')).toEqual({ ok: false, error: { code, ...doubt } });
  }
  service.answer = (_, { signal }) =>
    new Promise((_resolve, reject) =>
      signal!.addEventListener('abort', () => reject(signal!.reason)),
    );
  const slow = client.makeCall('+12025550123');
  await clock.advanceAsync(1_000);
  expect(await slow).toEqual({ ok: false, error: { code: 'unreachable', ...doubt } });
  // What was refused, or never sent, was not placed.
  service.answer = async () => new Response('<html>', { status: 404 });
  const refused = await client.makeCall('+12025550123');
  const unsent = await client.makeCall('+12025550123', { signal: AbortSignal.abort() });
  for (const { error } of [refused, unsent] as { error: { message: string } }[]) {
    expect(error.message).not.toContain('may have been placed');
  }
});

test('a service that does not answer is given up, and so is a request that its caller gave up', async () => {
  const { client, clock, service } = setUp({ timeoutMs: 1_000 });
  service.answer = (_, { signal }) =>
    new Promise((_resolve, reject) =>
      signal!.addEventListener('abort', () => reject(signal!.reason)),
    );
  const slow = client.endCall('telnyx:1');
  await clock.advanceAsync(1_000);
  expect(await slow).toMatchObject({ error: { code: 'unreachable', retryable: true } });
  const abort = new AbortController();
  const given = client.endCall('telnyx:1', { signal: abort.signal });
  abort.abort();
  expect(await given).toMatchObject({ error: { code: 'aborted', retryable: false } });
  expect(clock.pending).toBe(0);
});

test('options out of range are named', () => {
  expect(() => createTelephonyClient({ pollMs: 1 })).toThrow(/option pollMs; 1 is not/);
  expect(() => createTelephonyClient({ baseUrl: 5 as never })).toThrow(
    'unable to use option baseUrl; 5 is not a URL or a path',
  );
  expect(() => createTelephonyClient({ timeoutMs: Number.NaN })).toThrow(/option timeoutMs; NaN/);
});
