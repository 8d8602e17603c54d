import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { memoryTelephony } from '../../test/memory-telephony.ts';
import type { MemoryTelephony } from '../../test/memory-telephony.ts';
import { errorFacts } from '../error-codes.ts';
import type { TelephonyErrorCode } from '../error-codes.ts';
import { failure } from '../result.ts';
import { answerFailure } from './answers.ts';
import { nodeHandler } from './node-handler.ts';
import { createTelephonyRoutes } from './routes.ts';
import type { TelephonyRouteOptions, TelephonyRoutes } from './routes.ts';

const base = 'https://app.example.com/api/webrtc';
const to = '+12025550123';

/** Who asks is in a header. */
const authenticate: TelephonyRouteOptions['authenticate'] = (request) => {
  const userId = request.headers.get('x-user');
  return userId === null ? null : { userId };
};

function routesOf(
  { telephony }: MemoryTelephony,
  options: Partial<TelephonyRouteOptions> = {},
): TelephonyRoutes {
  return createTelephonyRoutes(telephony, { authenticate, ...options });
}

function post(name: string, body: unknown, headers: Record<string, string> = {}): Request {
  return new Request(`${base}/${name}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-user': 'user@example.com', ...headers },
  });
}

async function read(response: Promise<Response>) {
  const { status, headers } = await response;
  const body = (await (await response).json()) as Record<string, unknown>;
  expect(headers.get('cache-control')).toBe('no-store');
  return { status, body };
}

const errorBody = (code: string) => ({
  success: false,
  error: expect.stringMatching(/^unable to .+; .+/),
  code,
  retryable: expect.any(Boolean),
  hint: expect.any(String),
});

test('status: exactly its three fields', async () => {
  await using made = await memoryTelephony();
  const routes = routesOf(made);
  const ask = () =>
    read(routes.status(new Request(`${base}/status`, { headers: { 'x-user': 'a' } })));
  const timestamp = made.clock.now();
  expect(await ask()).toEqual({ status: 200, body: { status: 'idle', healthy: false, timestamp } });
  await made.telephony.start();
  expect(await ask()).toEqual({ status: 200, body: { status: 'ready', healthy: true, timestamp } });
});

test('status is for who is signed in, unless it is made public', async () => {
  await using made = await memoryTelephony();
  const ask = (options?: Partial<TelephonyRouteOptions>) =>
    read(routesOf(made, options).status(new Request(`${base}/status`)));
  expect(await ask()).toEqual({ status: 401, body: errorBody('unauthorized') });
  expect((await ask({ isStatusPublic: true })).status).toBe(200);
});

test('credential: the shape the pages know', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const { credential } = routesOf(made);
  const answer = await read(
    credential(post('credential', { username: 'user@example.com', ttl: 3_600 })),
  );
  const [issued] = made.telnyx.account.credentials.values();
  const { sipUsername, sipPassword } = issued!;
  expect(answer).toEqual({
    status: 200,
    body: {
      success: true,
      credential: {
        username: sipUsername,
        password: sipPassword,
        expires_at: made.clock.now() + 3_600_000,
        realm: 'sip.telnyx.com',
        sip_uri: `sip:${sipUsername}@sip.telnyx.com`,
        stun_servers: ['stun:stun.telnyx.com:3478'],
        turn_servers: [
          {
            urls: [
              'turn:turn.telnyx.com:3478?transport=udp',
              'turn:turn.telnyx.com:3478?transport=tcp',
            ],
            username: 'testuser',
            credential: 'testpassword',
          },
        ],
      },
    },
  });
  const withToken = await read(
    credential(post('credential', { username: 'user@example.com', token: true })),
  );
  expect(withToken.body['credential']).toHaveProperty('token', expect.stringContaining('.'));
});

test('call: make, answer, end', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const { call } = routesOf(made);
  const made1 = await read(call(post('call', { action: 'make', phoneNumber: to })));
  const { callId } = made1.body as { callId: string };
  expect(made1).toEqual({ status: 200, body: { success: true, callId, state: 'ringing' } });
  expect(await read(call(post('call', { action: 'answer', callId })))).toEqual({
    status: 200,
    body: { success: true, callId, state: 'active' },
  });
  expect(await read(call(post('call', { action: 'end', callId })))).toEqual({
    status: 200,
    body: { success: true, callId, state: 'ended' },
  });
  expect(await read(call(post('call', { action: 'answer', callId })))).toEqual({
    status: 409,
    body: errorBody('call_ended'),
  });
});

test('503 while it is not ready', async () => {
  await using made = await memoryTelephony();
  const { credential, call } = routesOf(made);
  const answers = [
    credential(post('credential', { username: 'user@example.com' })),
    call(post('call', { action: 'make', phoneNumber: to })),
    call(post('call', { action: 'end', callId: 'telnyx:v3:x' })),
  ];
  for (const answer of answers) {
    expect(await read(answer)).toEqual({ status: 503, body: errorBody('not_ready') });
  }
});

test('a provider that wants to be left alone says when to come back', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  made.telnyx.plan({ kind: 'rate-limited', retryAfter: '7' });
  const answer = await routesOf(made).call(post('call', { action: 'make', phoneNumber: to }));
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
  expect(await answer.json()).toEqual(errorBody('provider_rate_limited'));
});

const wrong: readonly [string, 'credential' | 'call', unknown, number, string][] = [
  ['no JSON', 'call', '{', 400, 'invalid_request'],
  ['no object', 'call', 'null', 400, 'invalid_request'],
  ['no action', 'call', {}, 400, 'invalid_request'],
  ['another action', 'call', { action: 'hold', callId: 'telnyx:x' }, 400, 'invalid_request'],
  ['no number', 'call', { action: 'make' }, 400, 'invalid_request'],
  ['no E.164', 'call', { action: 'make', phoneNumber: '0171 234567' }, 400, 'invalid_number'],
  ['no id of ours', 'call', { action: 'end', callId: 'call-1' }, 400, 'invalid_request'],
  ['a call of nobody', 'call', { action: 'end', callId: 'telnyx:v3:x' }, 404, 'not_found'],
  ['a provider of nobody', 'call', { action: 'end', callId: 'other:x' }, 501, 'not_supported'],
  ['no name', 'credential', {}, 400, 'invalid_request'],
  ['a wrong time', 'credential', { username: 'user@example.com', ttl: 1 }, 400, 'invalid_request'],
  ['no time', 'credential', { username: 'user@example.com', ttl: 'x' }, 400, 'invalid_request'],
  ['another name', 'credential', { username: 'admin' }, 403, 'forbidden'],
  ['a way to elsewhere', 'call', { action: 'end', callId: 'telnyx:..' }, 400, 'invalid_request'],
  ['an object', 'call', { action: 'make', phoneNumber: { x: 1 } }, 400, 'invalid_request'],
  ['a bomb', 'call', '['.repeat(16_000), 400, 'invalid_request'],
  ['a prototype', 'call', '{"__proto__":{"action":"make"}}', 400, 'invalid_request'],
  ['an empty body', 'call', '', 400, 'invalid_request'],
  ['too much', 'call', `{"action":"${'x'.repeat(20_000)}"}`, 413, 'too_large'],
];

test.each(wrong)('refuses %s', async (_name, route, body, status, code) => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const answer = await read(routesOf(made)[route](post(route, body)));
  expect(answer).toEqual({ status, body: errorBody(code) });
});

test('a form of another site is refused: it cannot send JSON unasked', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json-patch+json',
    '',
  ]) {
    const request = post('call', { action: 'make', phoneNumber: to }, { 'content-type': type });
    expect([type, await read(routesOf(made).call(request))]).toEqual([
      type,
      { status: 400, body: errorBody('invalid_request') },
    ]);
  }
  const well = post(
    'call',
    { action: 'make', phoneNumber: to },
    { 'content-type': 'Application/JSON ; charset=utf-8' },
  );
  const answer = await routesOf(made).call(well);
  // Nor does an answer let another site in.
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null]);
});

test('nobody who is not signed in gets anything', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const routes = routesOf(made, { authenticate: () => null });
  for (const name of ['credential', 'call'] as const) {
    expect(await read(routes[name](post(name, { username: 'a' })))).toEqual({
      status: 401,
      body: errorBody('unauthorized'),
    });
  }
  expect(made.telnyx.requests).toEqual([]);
});

test('whatever else a callback gives for a user is nobody', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  for (const user of [undefined, false, 0, '', 'ada', {}, { userId: '' }, { userId: 7 }, []]) {
    const routes = routesOf(made, { authenticate: () => user as never, authorize: () => true });
    const answers = [
      routes.status(new Request(`${base}/status`)),
      routes.credential(post('credential', { username: 'ada' })),
      routes.call(post('call', { action: 'make', phoneNumber: to })),
    ];
    for (const answer of answers) {
      expect([user, await read(answer)]).toEqual([
        user,
        { status: 401, body: errorBody('unauthorized') },
      ]);
    }
  }
  expect(made.telnyx.requests).toEqual([]);
});

test('nothing but true is a yes', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  for (const answer of ['no', 'false', 1, {}, [], null, undefined, false, Promise.resolve('x')]) {
    const routes = routesOf(made, { authorize: () => answer as never });
    const answers = [
      routes.credential(post('credential', { username: 'user@example.com' })),
      routes.call(post('call', { action: 'make', phoneNumber: to })),
    ];
    for (const refused of answers) {
      expect([answer, await read(refused)]).toEqual([
        answer,
        { status: 403, body: errorBody('forbidden') },
      ]);
    }
  }
  expect(made.telnyx.requests).toEqual([]);
  const { call } = routesOf(made, { authorize: async () => true });
  expect((await call(post('call', { action: 'make', phoneNumber: to }))).status).toBe(200);
});

test.each([
  [undefined, 'authenticate; undefined is not a function'],
  [null, 'authenticate; undefined is not a function'],
  [{}, 'authenticate; undefined is not a function'],
  [{ authenticate: 'me' }, 'authenticate; string is not a function'],
  [{ authenticate, authorize: null }, 'authorize; null is not a function'],
  [{ authenticate, authorize: true }, 'authorize; boolean is not a function'],
  [
    { authenticate, authorise: () => false },
    'authorise; function is not an option: authenticate, authorize, isStatusPublic',
  ],
  [{ authenticate, isStatusPublic: 'no' }, 'isStatusPublic; string is not true or false'],
])('routes are not made of %j', async (options, message) => {
  await using made = await memoryTelephony();
  expect(() => createTelephonyRoutes(made.telephony, options as never)).toThrow(
    expect.objectContaining({
      code: 'invalid_option',
      message: `unable to use option ${message}`,
    }),
  );
});

test('errors name what the page sent, in its units', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const { call, credential, handle } = routesOf(made);
  const number = await read(call(post('call', { action: 'make', phoneNumber: '0171 234567' })));
  expect(number.body['error']).toBe('unable to use phoneNumber; it is no E.164 phone number');
  const time = await read(credential(post('credential', { username: 'user@example.com', ttl: 5 })));
  expect(time.body['error']).toBe(
    'unable to issue a credential; ttl 5 is no number of seconds from 60 to 86400',
  );
  const nowhere = await read(handle(new Request(`${base}/stauts`)));
  expect(nowhere).toEqual({
    status: 404,
    body: {
      ...errorBody('not_found'),
      hint: 'The path has to end in status, credential, call, webhook.',
    },
  });
});

test('a call that may have been placed is told so, and not to be tried again', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  made.telnyx.plan({ kind: 'failing', status: 503, retryAfter: '7' });
  const answer = await routesOf(made).call(post('call', { action: 'make', phoneNumber: to }));
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([502, null]);
  expect(await answer.json()).toMatchObject({
    code: 'provider_failed',
    retryable: false,
    error: expect.stringContaining('may have been placed'),
    hint: expect.stringContaining('may have been placed'),
  });
});

test('a call of somebody else is not ended, one of nobody is', async () => {
  await using made = await memoryTelephony();
  const { telephony, telnyx } = made;
  await telephony.start();
  const { call } = routesOf(made);
  const theirs = await telephony.placeCall({ to, userId: 'bob' });
  const nobodys = `telnyx:${telnyx.account.ring(to, to).id}`;
  const end = (callId: string) => read(call(post('call', { action: 'end', callId })));
  expect(await end(theirs.ok ? theirs.value.callId : '')).toMatchObject({ status: 403 });
  expect(await end(nobodys)).toMatchObject({ status: 200 });
});

test('the host decides who may do what', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const asked: unknown[] = [];
  const { call, credential } = routesOf(made, {
    authorize: async (user, intent) => {
      asked.push([user.userId, intent]);
      return intent.route === 'credential';
    },
  });
  expect((await call(post('call', { action: 'make', phoneNumber: to }))).status).toBe(403);
  expect((await call(post('call', { action: 'end', callId: 'telnyx:x' }))).status).toBe(403);
  expect((await credential(post('credential', { username: 'other' }))).status).toBe(200);
  expect(asked).toEqual([
    ['user@example.com', { route: 'call', action: 'make', phoneNumber: to }],
    ['user@example.com', { route: 'call', action: 'end', callId: 'telnyx:x', call: undefined }],
    ['user@example.com', { route: 'credential', username: 'other' }],
  ]);
});

test('what the host throws is answered with 500, and not told', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const { call } = routesOf(made, {
    authenticate: () => {
      throw new Error('database password is hunter2');
    },
  });
  const answer = await read(call(post('call', { action: 'make', phoneNumber: to })));
  expect(answer).toEqual({ status: 500, body: errorBody('internal') });
  expect(JSON.stringify(answer.body)).not.toContain('hunter2');
});

test('webhooks: signed ones are taken, others are not', async () => {
  await using made = await memoryTelephony();
  const { webhook } = routesOf(made);
  const call = made.telnyx.account.ring('+12025550111', '+12025550100');
  const payload = { call_control_id: call.id, direction: 'incoming' };
  const { headers, body } = made.telnyx.signWebhook({ type: 'call.initiated', payload });
  const send = (changed: string) => read(webhook(post('webhook', changed, { ...headers })));
  expect(await send(body)).toEqual({ status: 200, body: { success: true } });
  expect(await send(body)).toEqual({ status: 200, body: { success: true } });
  expect(made.telephony.calls()).toHaveLength(1);
  expect(await send(`${body} `)).toEqual({ status: 401, body: errorBody('invalid_signature') });
  expect(await send('x'.repeat(300_000))).toEqual({ status: 413, body: errorBody('too_large') });
});

test('handle finds the route by its name, and each takes its own method', async () => {
  await using made = await memoryTelephony();
  const { handle } = routesOf(made, { isStatusPublic: true });
  const codeOf = async (path: string, method = 'GET') => {
    const answer = await handle(new Request(`https://app.example.com${path}`, { method }));
    const { code } = (await answer.json()) as { code?: string };
    return [answer.status, code, answer.headers.get('allow')];
  };
  expect(await codeOf('/api/webrtc/status/?x=1')).toEqual([200, undefined, null]);
  expect(await codeOf('/api/webrtc/status', 'DELETE')).toEqual([405, 'method_not_allowed', 'GET']);
  expect(await codeOf('/api/webrtc/call')).toEqual([405, 'method_not_allowed', 'POST']);
  expect(await codeOf('/api/webrtc/other')).toEqual([404, 'not_found', null]);
  expect(await codeOf('/api/webrtc/handle')).toEqual([404, 'not_found', null]);
  expect(await codeOf('/api/webrtc/toString')).toEqual([404, 'not_found', null]);
  expect(await codeOf('/api/webrtc/x%2Fstatus')).toEqual([404, 'not_found', null]);
  expect(await codeOf('/')).toEqual([404, 'not_found', null]);
  for (const method of ['HEAD', 'OPTIONS', 'PUT']) {
    expect((await codeOf('/api/webrtc/call', method))[0]).toBe(405);
  }
});

test('every code has a status of its own kind', () => {
  for (const code of Object.keys(errorFacts) as TelephonyErrorCode[]) {
    const { status } = answerFailure(failure(code, 'unable to x; y'));
    const isCaller = errorFacts[code].fault === 'caller';
    const isOfServer = ['invalid_option', 'not_supported'].includes(code);
    expect([code, status < 500]).toEqual([code, isCaller && !isOfServer]);
  }
});

test('the adapter for node:http and Express', async () => {
  await using made = await memoryTelephony();
  await made.telephony.start();
  const handler = nodeHandler(routesOf(made, { isStatusPublic: true }).handle);
  let parsed: unknown;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers['x-parsed'] !== undefined) {
      // As express.json() does: reads it all, and leaves the value.
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      parsed = JSON.parse(Buffer.concat(chunks).toString());
      Object.assign(request, { body: parsed });
    }
    await handler(request, response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webrtc`;
  const headers = { 'content-type': 'application/json', 'x-user': 'a' };
  const body = JSON.stringify({ action: 'make', phoneNumber: to });
  try {
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ status: 'ready' });
    for (const more of [{}, { 'x-parsed': '1' }]) {
      const init = { method: 'POST', body, headers: { ...headers, ...more } };
      expect(await (await fetch(`${url}/call`, init)).json()).toMatchObject({ success: true });
    }
    const signed = made.telnyx.signWebhook({ type: 'call.hangup', payload: {} });
    const hook = await fetch(`${url}/webhook`, { method: 'POST', ...signed });
    expect([hook.status, await hook.json()]).toEqual([200, { success: true }]);
    const large = { method: 'POST', body: 'x'.repeat(1_000_000), headers };
    const refused = await fetch(`${url}/call`, large);
    expect([refused.status, await refused.json()]).toEqual([413, errorBody('too_large')]);
    const options = await fetch(`${url}/status`, { method: 'OPTIONS' });
    expect(options.status).toBe(405);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
