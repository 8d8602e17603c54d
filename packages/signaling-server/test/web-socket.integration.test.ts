import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { generateKeyPair, exportJWK, exportSPKI, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE, SUBPROTOCOL, writeRequest } from '@ringfence/protocol';
import { createJwtAuth, createSignalingServer } from '@ringfence/signaling-server';
import type { Auth, SignalingServer } from '@ringfence/signaling-server';
import { createMemoryStore } from '@ringfence/signaling-server/memory-store';
import { createWebSocketAdapter, resolveWebSocketOptions } from '@ringfence/signaling-server/ws';
import type { WebSocketAdapter, WebSocketAdapterOptions } from '@ringfence/signaling-server/ws';

const secret = 'a secret of at least thirty-two bytes';
const callId = '018f0000-0000-7000-8000-000000000001';

/** A real signaling server behind a real HTTP server on a free port. */
class Listening {
  readonly signaling: SignalingServer;
  readonly adapter: WebSocketAdapter;
  readonly http: Server;

  constructor(options: WebSocketAdapterOptions = {}) {
    const auth = createJwtAuth({ keys: [{ algorithm: 'HS256', secret }] });
    this.signaling = createSignalingServer({}, { store: createMemoryStore(), auth });
    this.adapter = createWebSocketAdapter(this.signaling, options);
    this.http = createServer();
    this.http.on('upgrade', (incoming, socket, head) => {
      if (!this.adapter.handleUpgrade(incoming, socket, head)) socket.destroy();
    });
  }

  async start(): Promise<this> {
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    return this;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await this.signaling.close();
    await this.adapter.close();
    this.http.close();
  }

  connect(options: { origin?: string } = {}): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${this.port}/v1/socket`, SUBPROTOCOL, options);
  }

  /** The status an upgrade is refused with. */
  async refusal(headers: Record<string, string>, path = '/v1/socket'): Promise<number> {
    const asked = request({
      port: this.port,
      host: '127.0.0.1',
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-protocol': SUBPROTOCOL,
        ...headers,
      },
    });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode!;
  }
}

const token = (userId: string): Promise<string> =>
  new SignJWT({ org: 'acme' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));

/** Sends a request and waits for the next frame. */
async function ask(socket: WebSocket, frame: string): Promise<unknown> {
  socket.send(frame);
  const [data] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(data.toString());
}

const hello = async (socket: WebSocket, userId: string): Promise<unknown> => {
  await once(socket, 'open');
  return ask(socket, writeRequest('1', 'hello', { token: await token(userId), device: userId }));
};

const closeCode = async (socket: WebSocket): Promise<number> =>
  ((await once(socket, 'close')) as [number])[0];

describe('the ws adapter', () => {
  let listening: Listening;

  beforeEach(async () => {
    listening = await new Listening().start();
  });

  afterEach(() => listening.close());

  it('carries a call with real tokens between two sockets, uncompressed (P-104)', async () => {
    const alice = listening.connect();
    expect(await hello(alice, 'alice')).toMatchObject({ id: '1', ok: { userId: 'alice' } });
    expect(alice.protocol).toBe(SUBPROTOCOL);
    expect(alice.extensions).toBe('');
    const bob = listening.connect();
    await hello(bob, 'bob');
    const offered = once(bob, 'message');
    const dial = { callId, to: 'user:bob', media: { audio: true, video: false } };
    const dialed = await ask(alice, writeRequest('2', 'call.dial', dial));
    const [frame] = (await offered) as [Buffer];
    expect(JSON.parse(frame.toString())).toEqual({
      event: 'call.events',
      body: { callId, events: (dialed as { ok: { events: unknown } }).ok.events },
    });
    const ended = once(alice, 'message');
    bob.close();
    expect(JSON.parse(String((await ended)[0]))).toMatchObject({
      event: 'call.events',
      body: { events: [{ type: 'leg.silent', legId: 'l2' }] },
    });
  });

  it('refuses a wrong Origin with 403 (P-912)', async () => {
    expect(await listening.refusal({ origin: 'https://evil.example' })).toBe(403);
    expect(await listening.refusal({ origin: 'null' })).toBe(403);
    expect(listening.signaling.sessions).toBe(0);
  });

  it('takes the same host, and who is no browser (P-103)', async () => {
    for (const options of [{ origin: `http://127.0.0.1:${listening.port}` }, {}]) {
      const socket = listening.connect(options);
      expect(await hello(socket, 'alice')).toMatchObject({ ok: { userId: 'alice' } });
      socket.terminate();
    }
  });

  it('refuses who does not offer the subprotocol with 400 (P-913)', async () => {
    expect(await listening.refusal({ 'sec-websocket-protocol': 'other' })).toBe(400);
    expect(await listening.refusal({ 'sec-websocket-version': '7' })).toBe(400);
  });

  it('lets go of who was refused and does not close their half', async () => {
    const socket = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true });
    const taken = once(listening.http, 'connection') as Promise<[Socket]>;
    const [serverSide] = await taken;
    const gone = once(serverSide, 'close');
    socket.on('error', () => {});
    socket.resume();
    socket.write(
      `GET /v1/socket HTTP/1.1\r\nHost: x\r\nOrigin: null\r\nConnection: Upgrade\r\n` +
        `Upgrade: websocket\r\n\r\n`,
    );
    await gone;
    socket.destroy();
  });

  it('closes with 4029 for a flood of pings (P-908)', async () => {
    const socket = listening.connect();
    await hello(socket, 'mallory');
    const code = closeCode(socket);
    // One at a time: ws itself cuts who does not take in the pongs.
    socket.on('pong', () => socket.readyState === WebSocket.OPEN && socket.ping());
    socket.ping();
    expect(await code).toBe(CLOSE.flood);
  });

  it('leaves other paths to the host', async () => {
    await expect(listening.refusal({}, '/elsewhere')).rejects.toThrow('socket hang up');
  });

  it('closes with 1003, 1007 and 1009 for frames that are none, and serves the others on', async () => {
    const bystander = listening.connect();
    await hello(bystander, 'bob');
    const codes = [];
    for (const frame of [
      Buffer.from([1, 2, 3]),
      'no json',
      'x'.repeat(65_537),
      Buffer.alloc(65_537),
    ]) {
      const socket = listening.connect();
      await hello(socket, 'mallory');
      const code = closeCode(socket);
      socket.send(frame);
      codes.push(await code);
    }
    expect(codes).toEqual([1003, 1007, 1009, 1009]);
    const missing = await ask(bystander, writeRequest('2', 'call.ring', { callId }));
    expect(missing).toMatchObject({ id: '2', error: { code: 'call_not_found' } });
  });

  it('closes with 1007 for text that is no UTF-8', async () => {
    const socket = listening.connect();
    await once(socket, 'open');
    const code = closeCode(socket);
    socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await code).toBe(1007);
  });

  it('closes with 4001 for a token that is bad (P-911)', async () => {
    const socket = listening.connect();
    await once(socket, 'open');
    const code = closeCode(socket);
    const refused = await ask(socket, writeRequest('1', 'hello', { token: 'bad', device: 'd' }));
    expect(refused).toMatchObject({ error: { code: 'unauthorized' } });
    expect(await code).toBe(CLOSE.unauthorized);
  });

  it('closes every socket with 1012 when the server goes away (P-110)', async () => {
    const idle = listening.connect();
    const busy = listening.connect();
    await hello(busy, 'alice');
    if (idle.readyState !== WebSocket.OPEN) await once(idle, 'open');
    const codes = Promise.all([idle, busy].map(closeCode));
    await listening.signaling.drain();
    expect(await codes).toEqual([1012, 1012]);
  });

  it('cuts a client that does not answer the close', async () => {
    const quick = await new Listening({ closeMs: 20 }).start();
    const socket = connect(quick.port, '127.0.0.1');
    socket.write(
      `GET /v1/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
        `Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.resume();
    const cut = once(socket, 'close');
    await quick.close();
    await cut;
  });

  it('an allow-list holds whole origins', async () => {
    const listed = await new Listening({ origins: ['https://app.example.com'] }).start();
    expect(await listed.refusal({ origin: `http://127.0.0.1:${listed.port}` })).toBe(403);
    expect(await listed.refusal({ origin: 'https://app.example.com.evil.example' })).toBe(403);
    const socket = listed.connect({ origin: 'https://app.example.com' });
    await once(socket, 'open');
    socket.terminate();
    await listed.close();
    expect(() => resolveWebSocketOptions({ origins: ['app.example.com'] })).toThrow(
      'unable to use option origins; app.example.com is not an origin such as https://example.com',
    );
  });
});

describe('jwt auth', () => {
  const claims = { org: 'acme' };
  const sign = (key: Parameters<SignJWT['sign']>[0], alg: string, kid?: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
      .setSubject('alice')
      .setIssuer('https://issuer.example')
      .setAudience('ringfence')
      .setExpirationTime(2_000_000_000)
      .sign(key);
  const bytes = new TextEncoder().encode(secret);
  const identity = { orgId: 'acme', userId: 'alice', expiresAt: 2_000_000_000_000 };
  const expectations = { issuer: 'https://issuer.example', audience: 'ringfence' };

  it('takes HS256, and ES256 with a JWK and with PEM', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const hs256 = { algorithm: 'HS256', secret } as const;
    const jwk = { algorithm: 'ES256', publicKey: await exportJWK(publicKey) } as const;
    const pem = { algorithm: 'ES256', publicKey: await exportSPKI(publicKey) } as const;
    const verified = await Promise.all([
      createJwtAuth({ keys: [hs256], ...expectations }).verify(await sign(bytes, 'HS256')),
      createJwtAuth({ keys: [hs256, jwk], ...expectations }).verify(
        await sign(privateKey, 'ES256'),
      ),
      createJwtAuth({ keys: [pem], ...expectations }).verify(await sign(privateKey, 'ES256')),
    ]);
    expect(verified).toEqual([identity, identity, identity]);
  });

  it('takes the old key and the new one while keys change', async () => {
    const older = { algorithm: 'HS256', secret: `${secret} older` } as const;
    const newer = { algorithm: 'HS256', secret, keyId: 'new' } as const;
    const auth = createJwtAuth({ keys: [older, newer] });
    const oldToken = await sign(new TextEncoder().encode(older.secret), 'HS256');
    expect(await auth.verify(oldToken)).toEqual(identity);
    expect(await auth.verify(await sign(bytes, 'HS256', 'new'))).toEqual(identity);
  });

  it('refuses everything else with one code, and never quotes the token', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const spki = await exportSPKI(publicKey);
    const hs256 = createJwtAuth({ keys: [{ algorithm: 'HS256', secret }], ...expectations });
    const es256 = createJwtAuth({ keys: [{ algorithm: 'ES256', publicKey: spki }] });
    const signed = (change: (jwt: SignJWT) => SignJWT, payload: Record<string, unknown> = claims) =>
      change(
        new SignJWT(payload)
          .setProtectedHeader({ alg: 'HS256' })
          .setSubject('alice')
          .setIssuer('https://issuer.example')
          .setAudience('ringfence')
          .setExpirationTime(2_000_000_000),
      ).sign(bytes);
    const unsigned = [{ alg: 'none' }, { sub: 'alice', org: 'acme', exp: 2_000_000_000 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const cases: [string, Auth, string][] = [
      ['no token', hs256, ''],
      ['no JWT', hs256, 'a.b.c'],
      ['unsigned', hs256, `${unsigned}.`],
      ['another key', hs256, await sign(new TextEncoder().encode(`${secret}!`), 'HS256')],
      ['another algorithm', hs256, await sign(privateKey, 'ES256')],
      // The public key taken for a secret: the classic confusion.
      ['the public key as secret', es256, await sign(new TextEncoder().encode(spki), 'HS256')],
      ['expired', hs256, await signed((jwt) => jwt.setExpirationTime(1_000_000_000))],
      ['not valid yet', hs256, await signed((jwt) => jwt.setNotBefore(4_000_000_000))],
      ['another issuer', hs256, await signed((jwt) => jwt.setIssuer('https://x.example'))],
      ['another audience', hs256, await signed((jwt) => jwt.setAudience('x'))],
      ['no organisation', hs256, await signed((jwt) => jwt, {})],
      ['a user that is none', hs256, await signed((jwt) => jwt.setSubject('a b'))],
    ];
    for (const [name, auth, jwt] of cases) {
      const thrown = await auth.verify(jwt).then(
        () => null,
        (error: unknown) => error as Error,
      );
      expect([name, thrown]).toEqual([name, expect.objectContaining({ code: 'unauthorized' })]);
      expect(thrown!.message).toBe(
        'unable to accept the token; it is bad, expired, or for another service',
      );
      expect(thrown!.cause).toBeUndefined();
    }
  });

  it('refuses keys that cannot be used, at once, and does not quote them', async () => {
    const p384 = await generateKeyPair('ES384');
    const wrong = await exportSPKI(p384.publicKey);
    expect(() => createJwtAuth({ keys: [] })).toThrow('keys');
    expect(() => createJwtAuth({ keys: [{ algorithm: 'HS256', secret: 'short' }] })).toThrow(
      'unable to use option keys[0].secret; a secret of 5 bytes is not 32 bytes or more',
    );
    expect(() => createJwtAuth({ keys: [{ algorithm: 'ES256', publicKey: 'nonsense' }] })).toThrow(
      'unable to use option keys[0].publicKey; an unreadable key is not a P-256 public key',
    );
    expect(() => createJwtAuth({ keys: [{ algorithm: 'ES256', publicKey: wrong }] })).toThrow(
      'unable to use option keys[0].publicKey; a key of another kind is not a P-256 public key',
    );
  });
});
