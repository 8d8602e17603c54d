import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { parse } from 'valibot';
import { WebSocket } from 'ws';
import { RecordingLogger } from '@ringfence/base/testing';
import { SUBPROTOCOL, writeRequest } from '@ringfence/protocol';
import { startServer } from '@ringfence/server';
import type { RunningServer, ServerConfig, ServerParts } from '@ringfence/server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { localAddresses } from '../src/addresses.ts';
import { errorAnswer } from '../src/http-schemas.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const start = (config: ServerConfig = {}, parts: ServerParts = {}): Promise<RunningServer> =>
  startServer({ dev: true, port: 0, ...config }, { logger: new RecordingLogger(), ...parts });

/** One request, with any header: `fetch` would not send a `Host` of ours. */
async function ask(
  url: string,
  { method = 'GET', headers = {}, body = '' } = {} as {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  },
): Promise<Reply> {
  const send = url.startsWith('https') ? httpsRequest : httpRequest;
  const asked = send(url, { method, headers, rejectUnauthorized: false, agent: false });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode!, headers: response.headers, body: text };
}

const askToken = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(`${url}/v1/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function hello(server: RunningServer, userId: string): Promise<WebSocket> {
  const { token } = JSON.parse((await askToken(server.url, { userId })).body) as { token: string };
  const socket = new WebSocket(server.socketUrl, SUBPROTOCOL, { rejectUnauthorized: false });
  await once(socket, 'open');
  socket.send(writeRequest('1', 'hello', { token, device: userId }));
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(data.toString())).toMatchObject({ ok: { userId, orgId: 'dev' } });
  return socket;
}

describe('the reference server', () => {
  it('says that it lives and is ready, and where it listens', async () => {
    const logger = new RecordingLogger();
    await using server = await start({}, { logger });
    expect(await ask(`${server.url}/livez`)).toMatchObject({
      status: 200,
      body: '{"status":"live"}',
    });
    expect(await ask(`${server.url}/readyz`)).toMatchObject({
      status: 200,
      body: '{"status":"ready"}',
    });
    expect(server.urls).toEqual([`http://127.0.0.1:${server.port}`]);
    expect(logger.lines[0]).toEqual({
      level: 'info',
      message: 'listening',
      fields: { url: server.url, urls: server.urls, dev: true },
    });
  });

  it('hands out a dev token that opens a session', async () => {
    await using server = await start({ issuer: 'me', audience: 'you' });
    const socket = await hello(server, 'alice');
    socket.terminate();
  });

  it('is refused a key that is missing or cannot be used by the name of its setting', async () => {
    const pem = '-----BEGIN PUBLIC KEY-----';
    for (const [config, field, problem] of [
      [{}, 'hs256Secret', 'there is no key to check tokens with; '],
      [{ hs256Secret: 'é'.repeat(15) }, 'hs256Secret', 'hs256Secret has 30 bytes and needs 32 or'],
      [{ es256PublicKey: pem }, 'es256PublicKey', 'es256PublicKey is no P-256 public key'],
      [{ es256PublicKey: '{}' }, 'es256PublicKey', 'es256PublicKey is no P-256 public key'],
      [{ es256PublicKey: '{' }, 'es256PublicKey', 'es256PublicKey is neither PEM nor JSON'],
      // Each of two keys is found by its name.
      [
        { hs256Secret: 'x'.repeat(32), es256PublicKey: pem },
        'es256PublicKey',
        'es256PublicKey is no P-256 public key',
      ],
    ] as const) {
      await expect(start({ dev: false, ...config })).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining(`unable to use the configuration; ${problem}`),
        details: { field },
      });
    }
  });

  it('needs no key where an auth of the host checks the tokens', async () => {
    const verify = (token: string) =>
      Promise.resolve({ orgId: 'acme', userId: token, expiresAt: null });
    await using server = await start({ dev: false }, { auth: { verify } });
    const socket = new WebSocket(server.socketUrl, SUBPROTOCOL);
    await once(socket, 'open');
    socket.send(writeRequest('1', 'hello', { token: 'alice', device: 'laptop' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({ ok: { userId: 'alice', orgId: 'acme' } });
    socket.terminate();
  });

  it('hands its settings on to the signaling server, which checks their ranges', async () => {
    for (const config of [{ callsPerUser: 0 }, { forwardMs: 999 }, { ringMs: 1 }]) {
      const [[field, value]] = Object.entries(config) as [[string, number]];
      await expect(start(config)).rejects.toMatchObject({
        code: 'invalid_option',
        message: expect.stringContaining(`unable to use option ${field}; ${value} is not a number`),
      });
    }
    await using server = await start({ callsPerUser: 1 });
    const socket = await hello(server, 'alice');
    const other = await hello(server, 'bob');
    const answers: unknown[] = [];
    for (const n of [1, 2]) {
      const callId = `018bcfe5-6800-7000-8000-00000000000${n}`;
      const media = { audio: true, video: false };
      socket.send(writeRequest(`dial-${n}`, 'call.dial', { callId, to: 'user:bob', media }));
      for (;;) {
        const [data] = (await once(socket, 'message')) as [Buffer];
        const frame = JSON.parse(data.toString()) as { id?: string };
        if (frame.id !== `dial-${n}`) continue;
        answers.push(frame);
        break;
      }
    }
    expect(answers).toMatchObject([
      { ok: { events: [{ type: 'call.created' }, { type: 'leg.offered' }] } },
      { error: { code: 'already_in_call' } },
    ]);
    for (const each of [socket, other]) each.terminate();
  });

  it('stops: readyz says 503, sockets close with 1012, then nobody listens', async () => {
    const server = await start();
    const socket = await hello(server, 'alice');
    const closed = once(socket, 'close') as Promise<[number]>;
    const draining = server.signaling.drain();
    expect(await ask(`${server.url}/readyz`)).toMatchObject({
      status: 503,
      body: expect.stringContaining('"not_ready"'),
    });
    expect((await closed)[0]).toBe(1012);
    await draining;
    await Promise.all([server.close(), server.close()]);
    await expect(ask(`${server.url}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is not ready while its store does not answer, and keeps what happened', async () => {
    const store = createMemoryStore();
    let isDown = false;
    const flaky = new Proxy(store, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function' || name === 'now') return method;
        return (...given: unknown[]): unknown =>
          isDown
            ? Promise.reject(new Error('down'))
            : (method as (...all: unknown[]) => unknown).apply(target, given);
      },
    });
    const logger = new RecordingLogger();
    await using server = await start({}, { store: flaky, logger });
    const readyz = async (): Promise<number> => (await ask(`${server.url}/readyz`)).status;
    isDown = true;
    const socket = new WebSocket(server.socketUrl, SUBPROTOCOL);
    await once(socket, 'open');
    const { token } = JSON.parse((await askToken(server.url, { userId: 'alice' })).body) as {
      token: string;
    };
    socket.send(writeRequest('1', 'hello', { token, device: 'alice' }));
    await Promise.race([once(socket, 'message'), once(socket, 'close')]);
    expect(await readyz()).toBe(503);
    expect(server.health.report()).toMatchObject({
      state: 'unhealthy',
      checks: [
        { name: 'accepting', state: 'healthy' },
        { name: 'store', state: 'unhealthy', isRequired: true },
      ],
    });
    isDown = false;
    const other = await hello(server, 'bob');
    expect(await readyz()).toBe(200);
    expect(server.health.report().history).toMatchObject([
      { from: 'unhealthy', to: 'healthy', failing: [] },
      { from: 'healthy', to: 'unhealthy', failing: ['store'] },
      { from: 'unhealthy', to: 'healthy', failing: [] },
    ]);
    expect(logger.lines.filter(({ message }) => message === 'health changed')).toMatchObject([
      { level: 'warn', fields: { from: 'healthy', to: 'unhealthy', failing: ['store'] } },
      { level: 'info', fields: { from: 'unhealthy', to: 'healthy', failing: [] } },
    ]);
    for (const each of [socket, other]) each.terminate();
  });

  it('takes checks of its host; one that is not required leaves it ready', async () => {
    await using server = await start();
    const readyz = async (): Promise<number> => (await ask(`${server.url}/readyz`)).status;
    server.health.add('disk', () => false, { isRequired: false });
    expect([await readyz(), server.health.state]).toEqual([200, 'degraded']);
    const remove = server.health.add('database', () => Promise.reject(new Error('down')));
    expect([await readyz(), server.health.state]).toEqual([503, 'unhealthy']);
    remove();
    expect(await readyz()).toBe(200);
  });

  it('stops at its deadline, whoever holds a connection open', async () => {
    for (const tls of [false, true]) {
      const server = await start({ tls, drainMs: 50 });
      const idle = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      const upgrade = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      upgrade.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n');
      upgrade.write('Upgrade: websocket\r\n\r\n');
      for (const socket of [idle, upgrade]) socket.on('error', () => {}).resume();
      // Whom it answers came after them.
      await ask(`${server.url}/livez`);
      await server.close();
      idle.destroy();
      upgrade.destroy();
    }
  });

  it('refuses a port that is taken, and lets go of everything', async () => {
    await using server = await start();
    await expect(start({ port: server.port })).rejects.toMatchObject({ code: 'listen_failed' });
  });

  it('refuses an upgrade elsewhere, and one from another origin (P-912)', async () => {
    await using server = await start();
    const refused = async (path: string, origin?: string): Promise<unknown> => {
      const url = `${server.socketUrl.replace('/v1/socket', '')}${path}`;
      const socket = new WebSocket(url, SUBPROTOCOL, origin === undefined ? {} : { origin });
      const [, response] = (await once(socket, 'unexpected-response')) as [
        unknown,
        IncomingMessage,
      ];
      response.resume();
      return response.statusCode;
    };
    expect(await refused('/elsewhere')).toBe(404);
    expect(await refused('/v1/socket', 'https://evil.example')).toBe(403);
  });
});

describe('dev tokens', () => {
  it('are checked against their schema', async () => {
    await using server = await start();
    const statuses = [];
    for (const body of [
      '',
      '{',
      {},
      { userId: 'a b' },
      { userId: 'a', extra: 1 },
      { userId: 'a' },
    ]) {
      statuses.push((await askToken(server.url, body)).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 200]);
  });

  it('are not there without --dev', async () => {
    await using server = await start({ dev: false, hs256Secret: 'x'.repeat(32) });
    expect((await askToken(server.url, { userId: 'alice' })).status).toBe(404);
  });

  it('are for this machine alone, unless told otherwise', async () => {
    const asRemote: Record<string, string>[] = [
      { host: 'rebound.example' },
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
      { via: '1.1 proxy' },
      { origin: 'http://192.0.2.7:5173' },
      { origin: 'null' },
    ];
    {
      await using server = await start({ host: '0.0.0.0' });
      for (const headers of asRemote) {
        expect(await askToken(server.url, { userId: 'alice' }, headers)).toMatchObject({
          status: 403,
          body: expect.stringContaining('"forbidden"'),
        });
      }
      const localhost = { host: `localhost:${server.port}` };
      expect((await askToken(server.url, { userId: 'alice' }, localhost)).status).toBe(200);
      const page = { origin: 'http://localhost:5173' };
      expect((await askToken(server.url, { userId: 'alice' }, page)).status).toBe(200);
      const outside = localAddresses().find((address) => !/^(127\.|::1)/.test(address));
      if (outside !== undefined && !outside.includes(':')) {
        const url = `http://${outside}:${server.port}`;
        expect((await askToken(url, { userId: 'alice' })).status).toBe(403);
      }
    }
    await using open = await start({ devAllowRemote: true });
    for (const headers of asRemote) {
      expect((await askToken(open.url, { userId: 'alice' }, headers)).status).toBe(200);
    }
  });

  it('may be asked for by the pages that are listed', async () => {
    await using server = await start({ origins: ['https://app.example.com'] });
    const allowed = async (origin: string): Promise<unknown> =>
      (await askToken(server.url, { userId: 'alice' }, { origin })).headers[
        'access-control-allow-origin'
      ];
    expect(await allowed('https://app.example.com')).toBe('https://app.example.com');
    expect(await allowed('https://evil.example')).toBeUndefined();
    await using anyone = await start({ origins: ['*'] });
    const evil = { origin: 'https://evil.example' };
    expect((await askToken(anyone.url, { userId: 'alice' }, evil)).status).toBe(403);
  });
});

describe('a page', () => {
  it('is served with headers that keep it safe, and nothing outside of it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    writeFileSync(join(folder, '.env'), 'SECRET=1');
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
    try {
      await using server = await start({ staticFolder: folder });
      const page = await ask(`${server.url}/`);
      expect(page).toMatchObject({ status: 200, body: '<!doctype html><title>page</title>' });
      expect(page.headers).toMatchObject({
        'cache-control': 'no-cache',
        'content-security-policy': expect.stringContaining("default-src 'self'"),
        'permissions-policy': expect.stringContaining('microphone=(self)'),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(page.headers['strict-transport-security']).toBeUndefined();
      const outside = ['/../package.json', '/%2e%2e/package.json', '/..%2f..%2fetc/passwd'];
      for (const path of [...outside, '/.env', '/%2eenv', '/.git/config']) {
        expect((await ask(`${server.url}${path}`)).status).toBe(404);
      }
      expect((await ask(`${server.url}/livez`)).status).toBe(200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that was not built is said at once', async () => {
    await expect(start({ staticFolder: '/no/such/folder' })).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });
});

describe('tls', () => {
  it('says at once that a certificate cannot be used', async () => {
    const file = join(import.meta.dirname, 'server.integration.test.ts');
    await expect(start({ tlsCertFile: file, tlsKeyFile: file })).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });

  it('has a certificate for every address of the machine', async () => {
    await using server = await start({ tls: true, host: '0.0.0.0' });
    const addresses = localAddresses();
    expect(server.urls).toEqual(
      addresses.map((address) =>
        address.includes(':')
          ? `https://[${address}]:${server.port}`
          : `https://${address}:${server.port}`,
      ),
    );
    expect((await ask(`${server.url}/livez`)).status).toBe(200);
    const socket = await hello(server, 'alice');
    socket.terminate();

    const tls = tlsConnect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(tls, 'secureConnect');
    const certificate = tls.getPeerX509Certificate()!;
    tls.destroy();
    expect(certificate.checkHost('localhost')).toBe('localhost');
    for (const address of addresses) expect(certificate.checkIP(address)).toBe(address);
    // Browsers take no certificate that is valid for longer than 398 days.
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    expect(days).toBeLessThan(100);
  });
});

describe('an HTTP error says whose fault it is and what to do', () => {
  it.each([
    ['not_found', 404, (url: string) => ask(`${url}/nowhere`)],
    ['invalid_request', 400, (url: string) => askToken(url, '{')],
    ['invalid_request', 400, (url: string) => askToken(url, { userId: 'a b' })],
    ['forbidden', 403, (url: string) => askToken(url, { userId: 'a' }, { via: 'a proxy' })],
    ['too_large', 413, (url: string) => askToken(url, 'x'.repeat(16_385))],
  ] as const)('%s answers %i', async (code, status, send) => {
    await using server = await start();
    const reply = await send(server.url);
    expect(reply.status).toBe(status);
    const { error } = parse(errorAnswer, JSON.parse(reply.body));
    expect([error.code, error.fault, error.retryable]).toEqual([code, 'caller', false]);
    expect(error.message).toMatch(/^unable to .+; .+/);
    expect(error.hint).toMatch(/^[A-Z].+\.$/);
  });
});
