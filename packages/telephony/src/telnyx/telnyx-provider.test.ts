import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { ProviderError } from '../provider/provider-error.ts';
import { Secret } from '../provider/secrets.ts';
import type { Provider } from '../provider/provider.ts';
import { providerConformance, TelnyxContractServer } from '../testing/index.ts';
import type { TelnyxFault } from '../testing/index.ts';
import { createTelnyxProvider } from './telnyx-provider.ts';
import type { TelnyxOptions } from './telnyx-provider.ts';

const calls = { callControlAppId: 'app-1', from: '+12025550100' };
const onConnection = { connectionId: 'connection-1', ...calls };
const request = { username: 'ada@example.com', ttlMs: 3_600_000, wantsToken: false };

let clock: FakeClock;
let telnyx: TelnyxContractServer;

beforeEach(async () => {
  clock = new FakeClock();
  telnyx = await TelnyxContractServer.start({}, { clock });
});

afterEach(() => telnyx.close());

function makeProvider(options: TelnyxOptions = onConnection, server = telnyx): Provider {
  return createTelnyxProvider(
    { apiUrl: server.url, ...options },
    { apiKey: new Secret(server.apiKey), clock, random: seededRandom(1) },
  );
}

const context = { signal: new AbortController().signal };

/** What a promise rejects with, by its code and message. */
async function failure(promise: Promise<unknown>) {
  const thrown = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof ProviderError)) throw thrown;
  const { code, message, effect, retryAfterMs } = thrown;
  return { code, message, effect, retryAfterMs };
}

describe.each([
  ['credentials on a connection', onConnection],
  ['a connection for each user', calls],
])('%s', (_name, options) => {
  const cases = providerConformance(async () => {
    const server = await TelnyxContractServer.start({}, { clock });
    return {
      provider: makeProvider(options, server),
      now: () => clock.now(),
      advance: (ms) => clock.advance(ms),
      secrets: [server.apiKey],
      canRevoke: true,
      number: '+12025550123',
      breakNext: () => server.plan({ kind: 'tells-key' }),
      [Symbol.asyncDispose]: () => server.close(),
    };
  });
  for (const { name, run } of cases) it(name, run);
});

test('a credential on a connection is the one of Telnyx, with STUN and TURN', async () => {
  const credential = await makeProvider().issueCredential(request, context);
  const [made] = telnyx.account.credentials.values();
  expect(credential).toEqual({
    id: made!.id,
    username: made!.sipUsername,
    password: made!.sipPassword,
    expiresAt: clock.now() + 3_600_000,
    realm: 'sip.telnyx.com',
    sipUri: `sip:${made!.sipUsername}@sip.telnyx.com`,
    stunServers: ['stun:stun.telnyx.com:3478'],
    turnServers: [
      {
        urls: [
          'turn:turn.telnyx.com:3478?transport=udp',
          'turn:turn.telnyx.com:3478?transport=tcp',
        ],
        username: 'testuser',
        credential: 'testpassword',
      },
    ],
  });
  expect(made).toMatchObject({
    connectionId: 'connection-1',
    name: 'ada@example.com',
    tag: 'ringfence',
    sipPassword: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('a connection of its own has a name and a password that we drew', async () => {
  const provider = makeProvider(calls);
  const one = await provider.issueCredential(request, context);
  const two = await provider.issueCredential(request, context);
  for (const { username, password } of [one, two]) {
    expect(username).toMatch(/^ada[a-z0-9]{16}$/);
    expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  }
  expect(one.password).not.toBe(two.password);
  expect(one.username).not.toBe(two.username);
});

test('the servers and the realm can be others', async () => {
  const turnServers = [{ urls: ['turn:turn.example.com'], username: 'u', credential: 'c' }];
  const options = { ...onConnection, realm: 'sip.example.com', stunServers: [], turnServers };
  const credential = await makeProvider(options).issueCredential(request, context);
  expect(credential).toMatchObject({ realm: 'sip.example.com', stunServers: [], turnServers });
});

test('a token is made when it is asked for', async () => {
  const wanted = { ...request, wantsToken: true };
  const { token } = await makeProvider().issueCredential(wanted, context);
  expect(token).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/);
});

test('a credential whose token cannot be made is taken back', async () => {
  const wanted = { ...request, wantsToken: true };
  telnyx.plan({ kind: 'malformed', body: '<html>' }, { path: /token$/ });
  expect(await failure(makeProvider().issueCredential(wanted, context))).toMatchObject({
    code: 'provider_nonsense',
  });
  expect(telnyx.account.credentials.size).toBe(0);
  expect(await failure(makeProvider(calls).issueCredential(wanted, context))).toMatchObject({
    code: 'not_supported',
    effect: 'none',
  });
  expect(telnyx.account.connections.size).toBe(1);
});

describe.each([
  ['credentials on a connection', onConnection, 0],
  ['a connection for each user', calls, 1],
])('the limit of the account, %s', (_name, options, byHand) => {
  const count = (): number =>
    options === calls ? telnyx.account.connections.size : telnyx.account.credentials.size;

  test('it is told when nothing has expired', async () => {
    const provider = makeProvider(options);
    for (let made = 0; made < 5; made += 1) await provider.issueCredential(request, context);
    expect(await failure(provider.issueCredential(request, context))).toEqual({
      code: 'credential_limit_reached',
      message: expect.stringContaining('Account Level Limit Reached'),
      effect: 'none',
      retryAfterMs: undefined,
    });
    expect(count()).toBe(5 + byHand);
  });

  test('what expired makes room', async () => {
    const provider = makeProvider(options);
    for (let made = 0; made < 5; made += 1) await provider.issueCredential(request, context);
    clock.advance(3_600_001);
    await provider.issueCredential(request, context);
    expect(count()).toBe(1 + byHand);
  });
});

test('cleaning up touches nothing that is not ours', async () => {
  const { account } = telnyx;
  const others = ['ringfence', 'ringfence-', 'ringfence-123-abcd', 'other-1600000000000-abcd'];
  for (const [index, name] of others.entries()) {
    const id = `other-${index}`;
    account.connections.set(id, { id, name, userName: id, password: 'x' });
  }
  const id = 'ours';
  account.connections.set(id, {
    id,
    name: 'ringfence-1600000000000-abcd',
    userName: id,
    password: 'x',
  });
  const theirs = {
    id: 'theirs',
    connectionId: 'connection-1',
    name: 'x',
    tag: 'theirs',
    sipUsername: 'x',
    sipPassword: 'x',
    expiresAtMs: 1,
  };
  account.credentials.set('theirs', theirs);
  expect(await makeProvider(calls).cleanUpCredentials({ isDryRun: false }, context)).toEqual({
    removed: 1,
    kept: 0,
  });
  expect(await makeProvider().cleanUpCredentials({ isDryRun: false }, context)).toEqual({
    removed: 0,
    kept: 0,
  });
  expect([...account.connections.keys()]).toEqual([
    'connection-1',
    ...others.map((_, index) => `other-${index}`),
  ]);
  expect(account.credentials.size).toBe(1);
});

test('cleaning up reads every page, and forgives what somebody else removed', async () => {
  await using large = await TelnyxContractServer.start({ credentialLimit: 1_000 }, { clock });
  const provider = makeProvider(onConnection, large);
  for (let made = 0; made < 260; made += 1) await provider.issueCredential(request, context);
  clock.advance(3_600_001);
  const [first] = large.account.credentials.keys();
  large.plan({ kind: 'failing', status: 404 }, { path: new RegExp(`DELETE .*${first}`) });
  expect(await provider.cleanUpCredentials({ isDryRun: false }, context)).toEqual({
    removed: 260,
    kept: 0,
  });
  expect(large.account.credentials.size).toBe(1);
});

test('a call is placed, from a number of its own or the default', async () => {
  const provider = makeProvider();
  const to = '+12025550123';
  await provider.calls!.place({ to, from: undefined, commandId: 'a' }, context);
  await provider.calls!.place({ to, from: '+12025550111', commandId: 'b' }, context);
  const placed = [...telnyx.account.calls.values()].map((call) => [call.to, call.from, call.state]);
  expect(placed).toEqual([
    [to, '+12025550100', 'ringing'],
    [to, '+12025550111', 'ringing'],
  ]);
  const none = makeProvider({ callControlAppId: 'app-1' });
  expect(
    await failure(none.calls!.place({ to, from: undefined, commandId: 'c' }, context)),
  ).toMatchObject({ code: 'invalid_request', effect: 'none' });
  expect(makeProvider({}).calls).toBeUndefined();
});

interface FaultCase {
  readonly fault: TelnyxFault;
  readonly expected: object;
}

const faultCases: readonly FaultCase[] = [
  {
    fault: { kind: 'rate-limited', retryAfter: '7' },
    expected: { code: 'provider_rate_limited', retryAfterMs: 7_000, effect: 'none' },
  },
  {
    fault: { kind: 'rate-limited', retryAfter: new Date(1_700_000_030_000).toUTCString() },
    expected: { code: 'provider_rate_limited', retryAfterMs: 30_000 },
  },
  {
    fault: { kind: 'rate-limited' },
    expected: { code: 'provider_rate_limited', retryAfterMs: undefined },
  },
  {
    fault: { kind: 'rate-limited', retryAfter: 'soon' },
    expected: { code: 'provider_rate_limited', retryAfterMs: undefined },
  },
  {
    fault: { kind: 'failing', status: 500 },
    expected: { code: 'provider_failed', effect: 'unknown', retryAfterMs: undefined },
  },
  {
    fault: { kind: 'failing', status: 503, retryAfter: '1' },
    expected: { code: 'provider_failed', effect: 'unknown', retryAfterMs: 1_000 },
  },
  { fault: { kind: 'failing', status: 408 }, expected: { code: 'timeout', effect: 'unknown' } },
  { fault: { kind: 'failing', status: 401 }, expected: { code: 'provider_unauthorized' } },
  { fault: { kind: 'failing', status: 403 }, expected: { code: 'provider_unauthorized' } },
  { fault: { kind: 'failing', status: 418 }, expected: { code: 'provider_refused' } },
  { fault: { kind: 'malformed' }, expected: { code: 'provider_nonsense', effect: 'unknown' } },
  {
    fault: { kind: 'malformed', body: '{"data":{"id":"x"}}' },
    expected: { code: 'provider_nonsense' },
  },
  { fault: { kind: 'malformed', body: '' }, expected: { code: 'provider_nonsense' } },
  { fault: { kind: 'cut' }, expected: { code: 'provider_unreachable', effect: 'unknown' } },
  { fault: { kind: 'cut-after' }, expected: { code: 'provider_unreachable', effect: 'unknown' } },
  { fault: { kind: 'tells-key' }, expected: { code: 'provider_refused' } },
];

test.each(faultCases)('$fault', async ({ fault, expected }) => {
  telnyx.plan(fault);
  const told = await failure(makeProvider().issueCredential(request, context));
  expect(told).toMatchObject(expected);
  expect(told.message).toMatch(/^unable to .+; .+/);
  expect(told.message).not.toContain(telnyx.apiKey);
  // And it works again.
  await makeProvider().issueCredential(request, context);
});

test('the key is not taken along to where an answer points', async () => {
  await using elsewhere = await TelnyxContractServer.start({}, { clock });
  telnyx.plan({ kind: 'redirect', to: `${elsewhere.url}/telephony_credentials` });
  expect(await failure(makeProvider().issueCredential(request, context))).toMatchObject({
    code: 'provider_unreachable',
  });
  expect(elsewhere.requests).toEqual([]);
});

test('an answer without end is not read to its end', async () => {
  telnyx.plan({ kind: 'malformed', body: 'x'.repeat(1_100_000) });
  expect(await failure(makeProvider().issueCredential(request, context))).toMatchObject({
    code: 'provider_nonsense',
    message: expect.stringContaining('over 1048576 bytes'),
  });
});

test('a slow answer ends with the signal', async () => {
  telnyx.plan({ kind: 'slow' });
  const abort = new AbortController();
  const issued = makeProvider().issueCredential(request, { signal: abort.signal });
  const reason = new Error('took too long');
  abort.abort(reason);
  await expect(issued).rejects.toBe(reason);
});

test('nothing was sent where nobody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const provider = makeProvider({ apiUrl: `http://127.0.0.1:${port}/v2`, connectionId: 'x' });
  expect(await failure(provider.issueCredential(request, context))).toMatchObject({
    code: 'provider_unreachable',
    effect: 'none',
  });
});

test('an answer that begins and does not end is given up after 10 s', async () => {
  telnyx.plan({ kind: 'stalling' });
  const came = telnyx.nextRequest();
  const issued = failure(makeProvider().issueCredential(request, context));
  await came;
  await clock.advanceAsync(10_000);
  expect(await issued).toEqual({
    code: 'timeout',
    message: 'unable to POST /telephony_credentials at Telnyx; it took more than 10000 ms',
    effect: 'unknown',
    retryAfterMs: undefined,
  });
  // One that is in time is cut off by nothing later.
  await makeProvider({ ...onConnection, timeoutMs: 500 }).issueCredential(request, context);
  expect(clock.pending).toBe(0);
});

const hostile: readonly [name: string, body: string][] = [
  ['brackets without end', '['.repeat(1_000_000)],
  ['text', '"KEY"'],
  ['null', 'null'],
  ['a page', '<!doctype html>'],
  ['an id that is a way', '{"data":{"id":"..","sip_username":"u","sip_password":"p"}}'],
  ['an id that is too long', `{"data":{"id":"${'x'.repeat(257)}","sip_username":"u"}}`],
  ['numbers for texts', '{"data":{"id":7,"sip_username":8,"sip_password":9}}'],
  ['a prototype', '{"__proto__":{"data":{"id":"x","sip_username":"u","sip_password":"p"}}}'],
];

test.each(hostile)('an answer of %s is no answer', async (_name, body) => {
  telnyx.plan({ kind: 'malformed', body });
  expect(await failure(makeProvider().issueCredential(request, context))).toMatchObject({
    code: 'provider_nonsense',
    message: expect.stringMatching(/^.{1,200}$/),
  });
});

test.each([
  ['0', 0],
  ['-5', 0],
  ['', 0],
  ['1e3', 1_000_000],
  ['Infinity', undefined],
  ['NaN', undefined],
  ['99999999999999999999', 86_400_000],
  ['Sat, 01 Jan 2000 00:00:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
])('Retry-After: %j is %s ms', async (retryAfter, retryAfterMs) => {
  telnyx.plan({ kind: 'rate-limited', retryAfter });
  expect(await failure(makeProvider().issueCredential(request, context))).toMatchObject({
    code: 'provider_rate_limited',
    retryAfterMs,
  });
});

test('what Telnyx says is one line without numbers', async () => {
  const title = 'Bad\r\n[fake] line: +1 (202) 555-0123\u202e and 12025550123';
  const fetch = async () =>
    Response.json({ errors: [{ code: 'x'.repeat(17), title }] }, { status: 422 });
  const provider = createTelnyxProvider(onConnection, {
    apiKey: new Secret(telnyx.apiKey),
    fetch,
    clock,
  });
  const { message } = await failure(provider.issueCredential(request, context));
  expect(message).toBe(
    'unable to POST /telephony_credentials; Telnyx answers status 422, ' +
      '"Bad  [fake] line: [number]  and [number]"',
  );
});

test('a time that is not whole is one that cleaning up knows', async () => {
  const provider = makeProvider(calls);
  await provider.issueCredential({ ...request, ttlMs: 60_000.5 }, context);
  clock.advance(60_001);
  expect(await provider.cleanUpCredentials({ isDryRun: false }, context)).toEqual({
    removed: 1,
    kept: 0,
  });
});

test('cleaning up leaves other connections alone, whatever the list has in it', async () => {
  const theirs = {
    id: 'theirs',
    connectionId: 'connection-2',
    name: 'x',
    tag: 'ringfence',
    sipUsername: 'x',
    sipPassword: 'x',
    expiresAtMs: 1,
  };
  telnyx.account.credentials.set('theirs', theirs);
  telnyx.account.credentials.set('ours', { ...theirs, id: 'ours', connectionId: 'connection-1' });
  expect(await makeProvider().cleanUpCredentials({ isDryRun: false }, context)).toEqual({
    removed: 1,
    kept: 0,
  });
  expect([...telnyx.account.credentials.keys()]).toEqual(['theirs']);
});

test('a wrong key is told as that', async () => {
  const options = { apiUrl: telnyx.url, connectionId: 'connection-1' };
  const provider = createTelnyxProvider(options, { apiKey: new Secret('KEY_wrong_1234') });
  expect(await failure(provider.issueCredential(request, context))).toMatchObject({
    code: 'provider_unauthorized',
    message: expect.stringContaining('status 401'),
  });
});

test('a key goes over HTTPS, or stays on this machine', () => {
  for (const apiUrl of [
    'http://api.example.com/v2',
    'http://127.0.0.1.example.com/v2',
    'ftp://127.0.0.1',
    'https://user:word@api.example.com/v2',
    'https://api.example.com/v2?x=',
    'no URL',
    '',
  ]) {
    expect(() => makeProvider({ apiUrl })).toThrow(/unable to use option apiUrl/);
  }
  makeProvider({ apiUrl: 'https://api.example.com/v2/' });
});

test('errors of calls hold no number', async () => {
  const provider = makeProvider();
  telnyx.account.apps.clear();
  const place = { to: '+12025550123', from: undefined, commandId: 'a' };
  const told = await failure(provider.calls!.place(place, context));
  expect(told).toMatchObject({ code: 'provider_refused', effect: 'none' });
  expect(told.message).not.toContain('2025550');
});
