import { inspect } from 'node:util';
import { settle } from '@ringfence/base/testing';
import { MemoryChild } from '@ringfence/isolation/testing';
import { expect, test } from 'vitest';
import { memoryTelephony } from '../test/memory-telephony.ts';
import { createTelephony } from './isolated-telephony.ts';
import type { TelephonyOptions } from './telephony.ts';
import { sharedTelephony } from './shared-telephony.ts';
import type { TelephonyWorker } from './worker/contract.ts';
import { ProviderDesk } from './worker/provider-desk.ts';
import { openDesk, telephonyHandlers } from './worker/serve-telephony.ts';

const ada = { username: 'ada@example.com' };
const to = '+12025550123';

test('it starts, says how it is, and stops', async () => {
  await using made = await memoryTelephony();
  const { telephony, clock } = made;
  const heard: string[] = [];
  telephony.on('status.changed', ({ status, healthy }) => heard.push(`${status} ${healthy}`));
  expect(telephony.status()).toEqual({ status: 'idle', healthy: false, timestamp: clock.now() });
  expect(await telephony.start()).toEqual({ ok: true, value: undefined });
  expect(telephony.status()).toEqual({ status: 'ready', healthy: true, timestamp: clock.now() });
  expect(await telephony.health()).toEqual({
    status: 'ready',
    healthy: true,
    timestamp: clock.now(),
    roundTripMs: 0,
    providers: [{ name: 'telnyx', breaker: 'closed', hasCalls: true }],
    lastError: undefined,
  });
  await telephony.stop();
  expect(telephony.status()).toMatchObject({ status: 'stopped', healthy: false });
  expect(await telephony.issueCredential(ada)).toMatchObject({
    ok: false,
    error: { code: 'not_ready', retryable: true },
  });
  expect(heard).toEqual(['starting false', 'ready true', 'stopped false']);
});

test('a credential is issued and revoked', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx, clock } = made;
  await telephony.start();
  const issued = await telephony.issueCredential(ada);
  const [credential] = telnyx.account.credentials.values();
  expect(issued).toMatchObject({
    ok: true,
    value: {
      id: `telnyx:${credential!.id}`,
      provider: 'telnyx',
      username: credential!.sipUsername,
      expiresAt: clock.now() + 86_400_000,
    },
  });
  const revoke = () => telephony.revokeCredential({ credentialId: `telnyx:${credential!.id}` });
  expect(await revoke()).toEqual({ ok: true, value: undefined });
  expect(await revoke()).toMatchObject({ ok: false, error: { code: 'not_found' } });
  expect(telnyx.account.credentials.size).toBe(0);
});

test('a call is placed, answered and ended, and told at each step', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const heard: string[] = [];
  telephony.on('call.changed', ({ call }) => heard.push(call.state));
  const placed = await telephony.placeCall({ to, userId: 'ada' });
  if (!placed.ok) throw new Error(placed.error.message);
  const { callId } = placed.value;
  expect(placed.value).toMatchObject({ provider: 'telnyx', state: 'ringing', to, userId: 'ada' });
  expect(telephony.calls()).toEqual([placed.value]);
  expect(await telephony.answerCall({ callId })).toMatchObject({ value: { state: 'active', to } });
  expect(telephony.metrics().activeCalls).toBe(1);
  expect(await telephony.endCall({ callId })).toMatchObject({ value: { state: 'ended', to } });
  expect(telephony.calls()).toEqual([]);
  expect([...telnyx.account.calls.values()].map(({ state }) => state)).toEqual(['ended']);
  // Ending it again is no failure; answering it is.
  expect(await telephony.endCall({ callId })).toMatchObject({
    ok: true,
    value: { state: 'ended' },
  });
  expect(await telephony.answerCall({ callId })).toMatchObject({ error: { code: 'call_ended' } });
  expect(heard).toEqual(['ringing', 'active', 'ended']);
});

test('webhooks bring calls, and take them away; a duplicate does nothing', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const heard: string[] = [];
  telephony.on('call.changed', ({ call }) => heard.push(`${call.direction} ${call.state}`));
  telephony.on('webhook.received', ({ webhook }) => heard.push(webhook.type));
  const call = telnyx.account.ring('+12025550111', '+12025550100');
  const deliver = (type: string, id?: string) => {
    const payload = {
      call_control_id: call.id,
      direction: 'incoming',
      from: call.from,
      to: call.to,
    };
    const { headers, body } = telnyx.signWebhook({ type, payload, ...(id && { id }) });
    return telephony.receiveWebhook({
      signature: headers['telnyx-signature-ed25519']!,
      timestamp: headers['telnyx-timestamp']!,
      body: Buffer.from(body),
    });
  };
  deliver('call.initiated', 'event-1');
  expect(telephony.calls()).toMatchObject([{ callId: `telnyx:${call.id}`, from: '+12025550111' }]);
  expect(deliver('call.initiated', 'event-1')).toMatchObject({ value: { isDuplicate: true } });
  const { callId } = telephony.calls()[0]!;
  expect(await telephony.answerCall({ callId, userId: 'ada' })).toMatchObject({
    value: { direction: 'incoming', state: 'active', userId: 'ada' },
  });
  deliver('call.hangup');
  expect(telephony.calls()).toEqual([]);
  expect(heard).toEqual([
    'incoming ringing',
    'call.initiated',
    'incoming active',
    'incoming ended',
    'call.hangup',
  ]);
});

test('a webhook that is not signed, and one that nobody can check', async () => {
  await using made = await memoryTelephony();
  const request = { signature: 'x', timestamp: '1', body: new Uint8Array() };
  expect(made.telephony.receiveWebhook(request)).toMatchObject({
    error: { code: 'invalid_signature' },
  });
  const broken = made.telephony.receiveWebhook(undefined as never);
  expect(broken).toMatchObject({
    error: {
      code: 'invalid_request',
      message:
        'unable to read a webhook; its argument is undefined and not an object of signature, timestamp, body',
    },
  });
  for (const [wrong, why] of [
    [{ ...request, signatur: 'x' }, 'signatur is none of signature, timestamp, body'],
    [{ ...request, signature: 7 }, 'signature is no text, and not null'],
    [{ ...request, body: '{}' }, 'body is no Uint8Array'],
  ] as const) {
    expect(made.telephony.receiveWebhook(wrong as never)).toMatchObject({
      error: { code: 'invalid_request', message: `unable to read a webhook; ${why}` },
    });
  }
  // As a host has headers that did not come.
  const unsigned = { body: request.body, signature: undefined, timestamp: undefined };
  expect(made.telephony.receiveWebhook(unsigned as never)).toMatchObject({
    error: { code: 'invalid_signature' },
  });
  const without = createTelephony({ providers: [{ kind: 'custom', name: 'own' }] });
  expect(without.receiveWebhook(request)).toMatchObject({ error: { code: 'not_supported' } });
});

test('nothing that is wrong goes to the worker, and nothing throws', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const wrong = [
    await telephony.issueCredential({ username: 'a b' }),
    await telephony.issueCredential({ ...ada, ttlMs: 1 }),
    await telephony.placeCall({ to: '0171 1234567' }),
    await telephony.placeCall({ to, from: 'anonymous' }),
    await telephony.answerCall({ callId: 'call-1' }),
    await telephony.endCall({ callId: '' }),
    await telephony.revokeCredential({ credentialId: '../x' }),
    await telephony.issueCredential(undefined as never),
    await telephony.placeCall(null as never),
    await telephony.endCall(7 as never),
  ];
  expect(wrong.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
    'invalid_username',
    'invalid_request',
    'invalid_number',
    'invalid_number',
    'invalid_request',
    'invalid_request',
    'invalid_request',
    'invalid_request',
    'invalid_request',
    'invalid_request',
  ]);
  expect(telnyx.requests).toEqual([]);
});

test('a worker that dies ends what it was doing, and no call', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx, clock, workers } = made;
  await telephony.start();
  const placed = await telephony.placeCall({ to });
  telnyx.plan({ kind: 'slow' });
  const asked = telnyx.nextRequest();
  const lost = telephony.placeCall({ to });
  await asked;
  const failures: unknown[] = [];
  telephony.on('worker.failed', (failed) => failures.push(failed));
  workers[0]!.crash();
  expect(await lost).toMatchObject({ ok: false, error: { code: 'worker_lost', retryable: false } });
  expect(telephony.status()).toMatchObject({ status: 'error', healthy: false });
  expect(await telephony.issueCredential(ada)).toMatchObject({ error: { code: 'not_ready' } });
  // The calls run at the provider.
  expect(telephony.calls()).toEqual([placed.ok && placed.value]);
  await clock.advanceAsync(5_000);
  expect(telephony.status()).toMatchObject({ status: 'ready', healthy: true });
  expect(await telephony.issueCredential(ada)).toMatchObject({ ok: true });
  expect(telephony.metrics()).toMatchObject({ restarts: 1, credentials: { issued: 1, failed: 1 } });
  const message = 'unable to use telephony; its worker died with it';
  expect(failures).toEqual([{ code: 'child_exited', message, restart: 1, restartInMs: 5_000 }]);
});

test('of several workers one may die, and nothing is refused', async () => {
  await using made = await memoryTelephony({ size: 2 });
  const { telephony, telnyx, clock, workers } = made;
  const heard: string[] = [];
  await telephony.start();
  expect(workers.length).toBe(2);
  telephony.on('status.changed', ({ status }) => heard.push(status));
  telnyx.plan({ kind: 'slow' }, { times: 2 });
  const asks: Promise<unknown>[] = [];
  // One is with each: whichever dies has one to lose.
  for (const ask of [() => telephony.issueCredential(ada), () => telephony.placeCall({ to })]) {
    const asked = telnyx.nextRequest();
    asks.push(ask());
    await asked;
  }
  const busy = workers.map(({ pending }) => pending);
  workers[0]!.crash();
  workers[1]!.crash();
  telnyx.releaseSlow();
  expect(busy).toEqual([1, 1]);
  // Both died: no other one is there to take the credential.
  for (const lost of asks) expect(await lost).toMatchObject({ error: { code: 'worker_lost' } });
  await clock.advanceAsync(5_000);
  expect([heard.splice(0), workers.length]).toEqual([['error', 'ready'], 4]);

  telnyx.plan({ kind: 'slow' });
  const asked = telnyx.nextRequest();
  const issued = telephony.issueCredential(ada);
  await asked;
  workers.find(({ pending }) => pending === 1)!.crash();
  expect(await issued).toMatchObject({ ok: true });
  expect(await telephony.placeCall({ to })).toMatchObject({ ok: true });
  expect(telephony.status()).toMatchObject({ status: 'ready', healthy: true });
  expect(heard).toEqual([]);
  await clock.advanceAsync(5_000);
  expect(await telephony.health()).toMatchObject({ healthy: true, lastError: 'child_exited' });
  expect(telephony.metrics()).toMatchObject({ restarts: 3, activeCalls: 1 });
  expect(workers.length).toBe(5);
});

test('of several workers each has breakers of its own', async () => {
  await using made = await memoryTelephony({ size: 2 });
  const { telephony, telnyx } = made;
  await telephony.start();
  telnyx.plan({ kind: 'failing', status: 500 }, { times: 10 });
  const codes: string[] = [];
  for (let count = 0; count < 11; count += 1) {
    const placed = await telephony.placeCall({ to });
    codes.push(placed.ok ? 'ok' : placed.error.code);
  }
  // In turn: five failures each.
  expect(codes).toEqual([
    ...Array.from({ length: 10 }, () => 'provider_failed'),
    'provider_unavailable',
  ]);
});

test('starts and stops in any order end as the last one says', async () => {
  await using made = await memoryTelephony();
  const { telephony, workers } = made;
  const [first, second] = [telephony.start(), telephony.start()];
  expect([await first, await second, workers.length]).toEqual([
    { ok: true, value: undefined },
    { ok: true, value: undefined },
    1,
  ]);
  // A start while it stops.
  const stopping = telephony.stop();
  const again = telephony.start();
  await stopping;
  expect(await again).toEqual({ ok: true, value: undefined });
  expect([telephony.status().status, workers.length]).toEqual(['ready', 2]);
  await Promise.all([telephony.stop(), telephony.stop()]);
  // A stop while it starts.
  const starting = telephony.start();
  await telephony.stop();
  expect(await starting).toMatchObject({ ok: false, error: { code: 'worker_lost' } });
  expect(telephony.status()).toMatchObject({ status: 'stopped', healthy: false });
  // A start that is given up.
  const abort = new AbortController();
  const given = telephony.start({ signal: abort.signal });
  abort.abort();
  expect(await given).toMatchObject({ ok: false, error: { code: 'not_ready' } });
  expect(telephony.status().status).toBe('stopped');
  expect(await telephony.start()).toMatchObject({ ok: true });
});

test('two of them have nothing in common', async () => {
  await using one = await memoryTelephony();
  await using other = await memoryTelephony();
  await Promise.all([one.telephony.start(), other.telephony.start()]);
  await one.telephony.placeCall({ to });
  one.workers[0]!.crash();
  await settle();
  expect(other.telephony.status().status).toBe('ready');
  expect(other.telephony.calls()).toEqual([]);
  expect(other.telephony.metrics()).toMatchObject({ restarts: 0, providers: [] });
});

test('health waits no longer than a heartbeat for a worker that hangs', async () => {
  await using made = await memoryTelephony();
  const { telephony, clock, workers } = made;
  await telephony.start();
  workers[0]!.hang();
  const asked = telephony.health();
  await clock.advanceAsync(5_000);
  expect(await asked).toMatchObject({ healthy: false, providers: [] });
  const stopping = telephony.stop();
  // It is ended by force.
  await clock.advanceAsync(5_000);
  await stopping;
});

test('who answers a call that nobody here heard of is called', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const callId = `telnyx:${telnyx.account.ring('+12025550111', '+12025550100').id}`;
  expect(await telephony.answerCall({ callId })).toMatchObject({
    value: { direction: 'incoming', state: 'active' },
  });
});

test('an id that would lead to another place at the provider goes nowhere', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  for (const id of ['telnyx:.', 'telnyx:..']) {
    const asked = [
      await telephony.revokeCredential({ credentialId: id }),
      await telephony.endCall({ callId: id }),
    ];
    for (const answer of asked)
      expect(answer).toMatchObject({ error: { code: 'invalid_request' } });
  }
  // What only looks like a way stays one part of the path.
  expect(await telephony.endCall({ callId: 'telnyx:../../x?y#z' })).toMatchObject({
    error: { code: 'not_found' },
  });
  expect(telnyx.requests).toEqual(['POST /calls/..%2F..%2Fx%3Fy%23z/actions/hangup']);
});

test('a worker that hangs is replaced', async () => {
  await using made = await memoryTelephony();
  const { telephony, clock, workers } = made;
  await telephony.start();
  await clock.advanceAsync(30_000);
  workers[0]!.hang();
  await clock.advanceAsync(35_000);
  expect(telephony.status().status).toBe('error');
  await clock.advanceAsync(10_000);
  expect(telephony.status().status).toBe('ready');
  expect(telephony.metrics().checks).toEqual({ answered: 1, failed: 1, successRate: 0.5 });
});

test('a worker that answers nonsense is replaced, and not believed', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx, workers } = made;
  await telephony.start();
  telnyx.plan({ kind: 'slow' });
  const asked = telnyx.nextRequest();
  const issued = telephony.placeCall({ to });
  await asked;
  workers[0]!.sendRaw(['result', 1, { ok: true, value: { id: 7 } }]);
  expect(await issued).toMatchObject({ ok: false, error: { code: 'worker_lost' } });
  expect(telephony.status().status).toBe('error');
});

test('with a spare nobody notices', async () => {
  await using made = await memoryTelephony({ spares: 1 });
  const { telephony, workers } = made;
  await telephony.start();
  workers[0]!.crash();
  await settle();
  expect(telephony.status()).toMatchObject({ status: 'ready', healthy: true });
  expect(await telephony.issueCredential(ada)).toMatchObject({ ok: true });
});

test('three restarts, then it gives up, until it is started again', async () => {
  await using made = await memoryTelephony();
  const { telephony, clock, workers } = made;
  await telephony.start();
  const fatal: string[] = [];
  telephony.on('fatal_error', ({ error }) => fatal.push(`${error.code} ${error.message}`));
  for (let restart = 0; restart < 3; restart += 1) {
    workers.at(-1)!.crash();
    await clock.advanceAsync(5_000);
    expect(telephony.status().status).toBe('ready');
  }
  workers.at(-1)!.crash();
  await clock.advanceAsync(60_000);
  expect([workers.length, telephony.status().status]).toEqual([4, 'error']);
  expect(fatal).toEqual([
    'start_failed unable to use telephony; its worker failed too often, and the last time its worker died with it',
  ]);
  expect(await telephony.placeCall({ to })).toMatchObject({
    error: {
      code: 'not_ready',
      message: 'unable to use telephony; it gave up',
      retryable: false,
      hint: expect.stringContaining('call start() again'),
    },
  });
  expect(await telephony.start()).toMatchObject({ ok: true });
  expect(telephony.status().status).toBe('ready');
});

test('a key that is not there fails the start, and says where it was looked for', async () => {
  await using made = await memoryTelephony({ maxRestarts: 0 }, {
    apiKey: { env: 'NOT_SET' },
  } as never);
  const { telephony } = made;
  expect(await telephony.start()).toEqual({
    ok: false,
    error: {
      code: 'start_failed',
      message: 'unable to read the secret in variable NOT_SET; it is empty or not set',
      fault: 'server',
      retryable: false,
      hint: expect.any(String),
    },
  });
  expect(await telephony.health()).toMatchObject({ status: 'error', healthy: false });
});

test('a start that can only fail is given up at once, and says why', async () => {
  const missing = { apiKey: { env: 'NOT_SET' } } as never;
  await using made = await memoryTelephony({ size: 2 }, missing);
  const { telephony, clock, workers } = made;
  const message = 'unable to read the secret in variable NOT_SET; it is empty or not set';
  const heard: unknown[] = [];
  telephony.on('worker.failed', (failed) => heard.push(failed));
  telephony.on('fatal_error', ({ error }) => heard.push(error.message));
  telephony.on('status.changed', ({ status }) => heard.push(status));
  const error = { code: 'start_failed', message, retryable: false };
  // No time goes by on this clock.
  expect(await telephony.start()).toMatchObject({ ok: false, error });
  expect(heard).toEqual([
    'starting',
    'error',
    { code: 'start_failed', message, restart: 1, restartInMs: undefined },
    message,
  ]);
  await clock.advanceAsync(60_000);
  expect([workers.length, telephony.status()]).toEqual([
    2,
    { status: 'error', healthy: false, timestamp: clock.now() },
  ]);
  expect(await telephony.health()).toMatchObject({ lastError: 'start_failed' });
  expect(await telephony.issueCredential(ada)).toMatchObject({ error: { retryable: false } });
  // It may be there by now.
  expect(await telephony.start()).toMatchObject({ ok: false, error });
  expect(workers.length).toBe(4);
});

test('a worker that serves is not ended because another one cannot be started', async () => {
  const apiKey = { env: 'KEY' };
  await using made = await memoryTelephony({ size: 1, spares: 1 }, { apiKey } as never);
  const { telephony, clock, workers } = made;
  await telephony.start();
  const fatal: unknown[] = [];
  telephony.on('fatal_error', (payload) => fatal.push(payload));
  apiKey.env = 'NOT_SET';
  workers[1]!.crash();
  await clock.advanceAsync(5_000);
  expect(workers.length).toBe(3);
  expect([fatal, telephony.status().status]).toEqual([[], 'ready']);
  expect(await telephony.issueCredential(ada)).toMatchObject({ ok: true });
});

test('a provider that its worker does not make fails the start', async () => {
  await expect(openDesk([{ kind: 'custom', name: 'acme' }], () => [])).rejects.toMatchObject({
    code: 'start_failed',
    message:
      'unable to start; this worker makes no provider acme: name a file that does in isolation.workerUrl',
  });
});

test('a call whose answer was lost may have been placed, and says so', async () => {
  const doubt = {
    retryable: false,
    message: expect.stringMatching(/^unable to .+; .+, and the call may have been placed$/),
    hint: 'Look at calls() and the webhooks before you place it again: it may have been placed.',
  };
  for (const [fault, code] of [
    [{ kind: 'cut-after' }, 'provider_unreachable'],
    [{ kind: 'failing', status: 500 }, 'provider_failed'],
    [{ kind: 'failing', status: 503, retryAfter: '5' }, 'provider_failed'],
    [{ kind: 'failing', status: 408 }, 'timeout'],
    [{ kind: 'malformed' }, 'provider_nonsense'],
  ] as const) {
    await using made = await memoryTelephony();
    await made.telephony.start();
    made.telnyx.plan(fault);
    const placed = await made.telephony.placeCall({ to });
    expect(placed).toMatchObject({ ok: false, error: { code, provider: 'telnyx', ...doubt } });
    // There is no time at which it is well to try again.
    expect(placed.ok || placed.error.retryAfterMs).toBe(undefined);
  }
  await using made = await memoryTelephony();
  const { telephony, telnyx, clock } = made;
  await telephony.start();
  telnyx.plan({ kind: 'slow' });
  const asked = telnyx.nextRequest();
  const slow = telephony.placeCall({ to });
  await asked;
  await clock.advanceAsync(10_000);
  expect(await slow).toMatchObject({ ok: false, error: { code: 'timeout', ...doubt } });
  // What certainly did nothing is tried again with no harm.
  telnyx.plan({ kind: 'rate-limited', retryAfter: '2' });
  expect(await telephony.placeCall({ to })).toMatchObject({
    error: { code: 'provider_rate_limited', retryable: true, retryAfterMs: 2_000 },
  });
});

test('what does no harm when it is done twice stays retryable, and says that it may be done', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const placed = await telephony.placeCall({ to });
  const callId = placed.ok ? placed.value.callId : '';
  telnyx.plan({ kind: 'cut-after' });
  expect(await telephony.endCall({ callId })).toMatchObject({
    error: {
      code: 'provider_unreachable',
      retryable: true,
      message: expect.stringMatching(/, and it may have been done$/),
    },
  });
  expect(await telephony.endCall({ callId })).toMatchObject({ value: { state: 'ended' } });
});

const misspelt: readonly [string, object, RegExp][] = [
  ['placeCall', { to, form: '+12025550100' }, /place a call; form is none of to, from, userId$/],
  ['placeCall', { to, userId: 5 }, /place a call; userId is of type number and not a string$/],
  [
    'placeCall',
    [to],
    /place a call; its argument is a list and not an object of to, from, userId$/,
  ],
  ['issueCredential', { ...ada, ttl: 60 }, /ttl is none of username, ttlMs, wantsToken$/],
  ['issueCredential', { ...ada, wantsToken: 'yes' }, /wantsToken is of type string and not a bool/],
  ['endCall', { callId: 'telnyx:x', user: 'ada' }, /end a call; user is none of callId, userId$/],
  ['answerCall', { callId: 'telnyx:x', userId: null }, /answer a call; userId is null and not a s/],
  ['revokeCredential', { id: 'telnyx:x' }, /id is none of credentialId$/],
  ['cleanUpCredentials', { isDryRun: 'true' }, /isDryRun is of type string and not a boolean$/],
  ['cleanUpCredentials', { isDryRun: 1 }, /isDryRun is of type number and not a boolean$/],
  ['cleanUpCredentials', { isDryrun: true }, /isDryrun is none of isDryRun$/],
  ['cleanUpCredentials', { dryRun: true }, /dryRun is none of isDryRun$/],
];

test.each(misspelt)('%s refuses %j by the name of the field', async (method, request, message) => {
  await using made = await memoryTelephony();
  const { telephony, telnyx, clock } = made;
  await telephony.start();
  await telephony.issueCredential({ ...ada, ttlMs: 60_000 });
  clock.advance(60_001);
  telnyx.requests.length = 0;
  const ask = telephony[method as 'placeCall'].bind(telephony) as (of: unknown) => Promise<unknown>;
  expect(await ask(request)).toMatchObject({
    ok: false,
    error: { code: 'invalid_request', message: expect.stringMatching(message) },
  });
  expect([telnyx.requests, telnyx.account.credentials.size]).toEqual([[], 1]);
});

test('what is asked for without its argument is refused by what is missing', async () => {
  await using made = await memoryTelephony();
  const { telephony } = made;
  for (const method of ['placeCall', 'issueCredential', 'endCall', 'revokeCredential'] as const) {
    const ask = telephony[method].bind(telephony) as (of?: unknown) => Promise<unknown>;
    expect(await ask()).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringMatching(/argument is undefined/) },
    });
  }
  expect(await telephony.cleanUpCredentials(null as never)).toMatchObject({
    error: { code: 'invalid_request' },
  });
});

const invalid: readonly [unknown, RegExp][] = [
  [undefined, /option providers; undefined is not a list of 1 to 16 providers$/],
  [{}, /option providers; undefined is not a list of 1 to 16 providers$/],
  [{ providers: [] }, /option providers; a list of 0 is not a list of 1 to 16 providers$/],
  [
    { providers: [{ kind: 'other' }] },
    /option providers\.0\.kind; "other" is not 'telnyx', 'turn' or 'custom'$/,
  ],
  [
    { providers: [{}] },
    /option providers\.0\.kind; undefined is not 'telnyx', 'turn' or 'custom'$/,
  ],
  [{ providers: ['telnyx'] }, /option providers\.0; what was given is not a provider, as \{ kind/],
  [
    { providers: [{ kind: 'telnyx' }] },
    /option providers\.0\.apiKey; undefined is not \{ env: 'NAME' \} or \{ file: 'path' \}/,
  ],
  [
    { providers: [{ kind: 'turn', secret: { env: 'X' }, realm: 'r', turnUrls: [] }] },
    /option providers\.0\.turnUrls; a list of 0 is not a list of STUN or TURN URLs, at least one$/,
  ],
  [
    { providers: [{ kind: 'telnyx', apiKey: { env: 'X' }, conectionId: '7' }] },
    /option providers\.0\.conectionId; there is none of that name here, only kind, name, apiKey/,
  ],
  [
    {
      providers: [
        {
          kind: 'telnyx',
          apiKey: { env: 'X' },
          turnServers: [{ urls: [], username: 'u', credential: { env: 'X' }, url: 'x' }],
        },
      ],
    },
    /turnServers\.0\.url; there is none of that name here, only urls, username, credential$/,
  ],
  [
    { providers: [{ kind: 'telnyx', apiKey: { env: 'X' }, realm: '' }] },
    /option providers\.0\.realm; "" is not a text of 1 to 512 characters$/,
  ],
  [
    { providers: [{ kind: 'turn', secret: { env: 'X' }, realm: 'r', turnUrls: ['http://x'] }] },
    /turnUrls\.0; "http:\/\/x" is not a STUN or TURN URL/,
  ],
  [{ providers: [{ kind: 'custom', name: 'Not Good' }] }, /providers\.0\.name; "Not Good" is not/],
  [
    { providers: [{ kind: 'custom', name: 'a', timeoutMs: 5 }] },
    /providers\.0\.timeoutMs; 5 is not a number from 100 to 60000$/,
  ],
  [
    {
      providers: [
        { kind: 'custom', name: 'a' },
        { kind: 'custom', name: 'a' },
      ],
    },
    /the name a is there twice/,
  ],
  [
    { providers: [{ kind: 'custom', name: 'a' }], isolation: { kind: 'fibre' } },
    /isolation\.kind; fibre is not/,
  ],
  [
    { providers: [{ kind: 'custom', name: 'a' }], isolation: { maxRestarts: -1 } },
    /maxRestarts; -1 is not/,
  ],
];

test.each(invalid)('options that are not valid fail the start: %j', async (options, message) => {
  await using telephony = createTelephony(options as TelephonyOptions);
  const started = await telephony.start();
  expect(started).toMatchObject({
    ok: false,
    error: { code: 'invalid_option', message: expect.stringMatching(message) },
  });
  expect(telephony.status()).toMatchObject({ status: 'error', healthy: false });
  expect(await telephony.issueCredential(ada)).toMatchObject({
    error: {
      code: 'not_ready',
      message: 'unable to use telephony; its options are not valid',
      retryable: false,
    },
  });
  expect(await telephony.health()).toMatchObject({ lastError: 'invalid_option' });
  expect(telephony.metrics()).toMatchObject({ uptimeMs: 0, restarts: 0 });
});

test('a key among the options is not repeated', async () => {
  const apiKey = 'KEY0123456789_canary';
  for (const providers of [
    [{ kind: 'telnyx', apiKey }],
    [{ kind: 'telnyx', apiKey: { env: apiKey, key: apiKey } }],
    [{ kind: 'telnyx', apiKey: { env: apiKey } }],
    [{ kind: 'turn', secret: apiKey, realm: 'r', turnUrls: ['turn:x'] }],
    [
      {
        kind: 'telnyx',
        apiKey: { env: 'KEY' },
        turnServers: [{ urls: ['turn:x'], username: 'u', credential: apiKey }],
      },
    ],
    [{ kind: 'telnyx', apiKey: { env: 'KEY' }, apiUrl: `https://user:${apiKey}@example.com` }],
  ]) {
    const started = await createTelephony({ providers } as never).start();
    expect(started).toMatchObject({ error: { code: 'invalid_option' } });
    expect(JSON.stringify(started)).not.toContain(apiKey);
  }
});

test('a listener that throws harms nobody', async () => {
  await using made = await memoryTelephony();
  const { telephony, logger } = made;
  telephony.on('status.changed', () => {
    throw new Error('broken on purpose');
  });
  expect(await telephony.start()).toMatchObject({ ok: true });
  expect(logger.lines.some(({ message }) => message === 'a listener of telephony threw')).toBe(
    true,
  );
});

test('numbers, names, passwords and the key are in no log', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx, logger } = made;
  await telephony.start();
  const issued = await telephony.issueCredential(ada);
  await telephony.placeCall({ to });
  telnyx.plan({ kind: 'tells-key' }, { times: 2 });
  await telephony.placeCall({ to });
  await telephony.issueCredential(ada);
  telnyx.plan({ kind: 'cut' });
  await telephony.placeCall({ to });
  const told = JSON.stringify(logger.lines);
  expect(logger.lines.length).toBeGreaterThan(3);
  const secrets = [telnyx.apiKey, '2025550123', 'ada@', issued.ok ? issued.value.password : ''];
  for (const secret of secrets) expect(told).not.toContain(secret);
});

test('a listener may stop it in the middle of a failure, or start it again', async () => {
  await using made = await memoryTelephony();
  const { telephony, clock, workers } = made;
  await telephony.start();
  const off = telephony.on('worker.failed', () => void telephony.stop());
  workers[0]!.crash();
  await clock.advanceAsync(60_000);
  expect([telephony.status().status, workers.length]).toEqual(['stopped', 1]);
  off();
  let starts = 0;
  telephony.on('status.changed', ({ status }) => {
    if (status === 'error') starts += 1;
    if (status === 'error') void telephony.start();
  });
  await telephony.start();
  workers[1]!.crash();
  await clock.advanceAsync(5_000);
  // It joins the restart that is under way.
  expect([telephony.status().status, workers.length, starts]).toEqual(['ready', 3, 1]);
});

test('a hot reload gets the telephony that runs; other options replace it', async () => {
  const stops: string[] = [];
  const key = 'test';
  const isolation = { env: { TELNYX_API_KEY: 'KEY0123456789_canary' } };
  const options = { providers: [{ kind: 'custom', name: 'a' }], isolation } as const;
  const desk = new ProviderDesk([]);
  const handlers = telephonyHandlers(() => desk) as TelephonyWorker['calls'];
  const collaborators = { createWorker: () => new MemoryChild<TelephonyWorker>(handlers) };
  const first = sharedTelephony(options, collaborators, key);
  first.on('status.changed', ({ status }) => stops.push(status));
  expect(sharedTelephony({ ...options }, collaborators, key)).toBe(first);
  // A reload loads the module anew.
  const path = './shared-telephony.ts?reloaded';
  const reloaded = (await import(path)) as { sharedTelephony: typeof sharedTelephony };
  expect(reloaded.sharedTelephony).not.toBe(sharedTelephony);
  expect(reloaded.sharedTelephony({ ...options }, collaborators, key)).toBe(first);
  // The start that came with it.
  await first.start();
  // What it tells options by is kept beside all modules.
  const kept = inspect(Reflect.get(globalThis, Symbol.for('@ringfence/telephony/1')), {
    depth: 10,
    showHidden: true,
  });
  expect([kept.includes('test'), kept.includes('canary')]).toEqual([true, false]);
  const second = sharedTelephony({ ...options, isolation: { size: 1 } }, collaborators, key);
  expect(second).not.toBe(first);
  await second.start();
  await first.stop();
  expect([stops, second.status().status]).toEqual([['ready', 'stopped'], 'ready']);
  expect(sharedTelephony(options, collaborators, 'other')).not.toBe(second);
  await Promise.all([second.stop(), sharedTelephony(options, collaborators, 'other').stop()]);
});
