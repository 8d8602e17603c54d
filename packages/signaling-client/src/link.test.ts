import { describe, expect, it } from 'vitest';
import { createScripted } from '../test/scripted-server.ts';

describe('the link', () => {
  it('says hello with a token, its device and what it knows, and is welcomed', async () => {
    const { client, clock, welcomed, changes } = createScripted({ callWaiting: true });
    expect(client.state).toBe('idle');
    expect(client.identity).toBe(null);
    const session = await welcomed();
    expect(session.requests).toEqual([
      {
        kind: 'request',
        id: 'hello',
        name: 'hello',
        body: { token: 'token-1', device: 'phone', callWaiting: true, known: {} },
      },
    ]);
    expect(changes).toEqual(['connecting', 'ready']);
    expect(client.identity).toEqual({ userId: 'alice', orgId: 'acme', deviceId: 'phone' });
    await client.close();
    expect(changes).toEqual(['connecting', 'ready', 'closed']);
    expect(clock.pending).toBe(1);
    await clock.advanceAsync(0);
    expect(session.closedWith).toBe(1000);
    expect(clock.pending).toBe(0);
  });

  it('mints a device id of its own', async () => {
    const { client, welcomed } = createScripted({ deviceId: undefined });
    const session = await welcomed();
    const { device } = session.asked('hello')[0]!.body;
    expect(device).toMatch(/^[0-9a-z]{4,28}$/);
    expect(client.identity).toEqual({ userId: 'alice', orgId: 'acme', deviceId: device });
  });

  it('answers a beat inside the message handler (P-602)', async () => {
    const { clock, welcomed } = createScripted();
    const session = await welcomed();
    session.event('beat', { n: 7, calls: {} });
    // One timer brings the beat; its answer is under way before any other can run.
    const before = clock.pending;
    clock.runNext();
    expect(clock.pending).toBe(before);
    clock.runNext();
    expect(session.notices).toEqual([{ kind: 'notice', name: 'beat', body: { n: 7 } }]);
  });

  it('takes a connection for dead after three beats of silence (P-606)', async () => {
    const { clock, network, welcomed, changes, sessions } = createScripted();
    await welcomed();
    await clock.advanceAsync(1_000);
    sessions[0]!.event('beat', { n: 1, calls: {} });
    await clock.advanceAsync(0);
    network.stall();
    await clock.advanceAsync(5_999);
    expect(changes).toEqual(['connecting', 'ready']);
    await clock.advanceAsync(1);
    expect(changes).toEqual(['connecting', 'ready', 'waiting connection_lost']);
    await welcomed();
    expect(changes.slice(3)).toEqual(['connecting', 'ready']);
  });

  it('gets a fresh token for each attempt (P-109)', async () => {
    const { clock, server, welcomed, tokens, changes } = createScripted();
    server.isRefusing = true;
    const ready = welcomed();
    while (tokens.count < 4) await clock.advanceAsync(1_000);
    server.isRefusing = false;
    const session = await ready;
    expect(session.asked('hello')[0]!.body.token).toBe(`token-${tokens.count}`);
    expect(new Set(changes)).toEqual(new Set(['connecting', 'waiting connection_lost', 'ready']));
  });

  it('backs off with full jitter up to its maximum', async () => {
    const { client, clock, server, changes } = createScripted({
      backoffMs: 1_000,
      backoffMaximumMs: 4_000,
    });
    server.isRefusing = true;
    client.connect();
    const waits: number[] = [];
    let since = 0;
    client.on('client.changed', ({ state }) => {
      if (state === 'waiting') since = clock.monotonic();
      else waits.push(clock.monotonic() - since);
    });
    while (waits.length < 40) await clock.advanceAsync(100);
    const bounds = waits.map((_, index) => Math.min(4_000, 1_000 * 2 ** index));
    expect(waits.every((wait, index) => wait <= bounds[index]!)).toBe(true);
    expect(Math.max(...waits)).toBeGreaterThan(3_000);
    expect(new Set(waits).size).toBe(waits.length);
    expect(changes.includes('ready')).toBe(false);
  });

  it('spreads its return after an unexplained close, and starts the backoff afresh only after enough uptime', async () => {
    const spreads: number[] = [];
    for (const uptimeMs of [9_999, 10_000]) {
      const { clock, network, welcomed, client } = createScripted({
        backoffMs: 10,
        backoffMaximumMs: 10,
      });
      // One short life first, so that the backoff has begun.
      await welcomed({ reconnectSpreadMs: 60_000, beatMs: 60_000 });
      network.cut();
      await welcomed({ reconnectSpreadMs: 60_000, beatMs: 60_000 });
      await clock.advanceAsync(uptimeMs);
      const at = clock.monotonic();
      let backAt = 0;
      client.on('client.changed', ({ state }) => {
        if (state === 'connecting') backAt = clock.monotonic();
      });
      network.cut();
      while (backAt === 0) await clock.advanceAsync(1);
      spreads.push(backAt - at);
    }
    expect(spreads[0]).toBeLessThanOrEqual(11);
    expect(spreads[1]).toBeGreaterThan(100);
    expect(spreads[1]).toBeLessThanOrEqual(60_000);
  });

  it('honours retryAfterMs', async () => {
    const { client, clock, flush, session, changes } = createScripted();
    client.connect();
    await flush();
    await flush();
    session().refuse(session().asked('hello')[0]!, 'rate_limited', { retryAfterMs: 20_000 });
    await flush();
    expect(changes).toEqual(['connecting', 'waiting rate_limited']);
    await clock.advanceAsync(19_999);
    expect(client.state).toBe('waiting');
    await clock.advanceAsync(8_001);
    expect(client.state).toBe('connecting');
  });

  it.each([1001, 1006, 1011, 1012, 1013, 4000, 4002, 4008, 4029])(
    'comes back after a close with %i',
    async (code) => {
      const { welcomed, changes, sessions, clock } = createScripted();
      const session = await welcomed();
      session.socket.close(code, '');
      await clock.advanceAsync(0);
      await welcomed();
      expect(changes).toEqual([
        'connecting',
        'ready',
        'waiting connection_lost',
        'connecting',
        'ready',
      ]);
      expect(sessions).toHaveLength(2);
    },
  );

  it('closes and stays away when another connection of its device took over (P-108)', async () => {
    const { client, clock, welcomed, changes, flush } = createScripted();
    const session = await welcomed();
    session.socket.close(4009, 'replaced');
    await flush();
    expect(changes).toEqual(['connecting', 'ready', 'closed replaced']);
    client.connect();
    await clock.advanceAsync(100_000);
    expect(client.state).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('gets fresh tokens after 4001, and gives up after repeated refusals (P-308)', async () => {
    const { client, clock, sessions, changes, tokens } = createScripted();
    client.connect();
    while (client.state !== 'closed') {
      await clock.advanceAsync(100);
      const session = sessions.at(-1);
      const hello = session?.asked('hello')[0];
      if (session === undefined || hello === undefined || session.closedWith !== null) continue;
      session.refuse(hello, 'unauthorized');
      session.socket.close(4001, 'unauthorized');
    }
    expect(changes).toEqual([
      'connecting',
      'waiting unauthorized',
      'connecting',
      'waiting unauthorized',
      'connecting',
      'closed unauthorized',
    ]);
    expect(tokens.count).toBe(3);
    await clock.advanceAsync(0);
    expect(clock.pending).toBe(0);
  });

  it('counts refusals anew after a welcome', async () => {
    const { welcomed, changes, flush, tokens } = createScripted();
    for (let round = 0; round < 5; round++) {
      const session = await welcomed();
      session.socket.close(4001, 'expired');
      await flush();
    }
    await welcomed();
    expect(tokens.count).toBe(6);
    expect(changes.at(-1)).toBe('ready');
  });

  it('gives up at once when the token is a string, which cannot become fresh', async () => {
    const { client, welcomed, changes, flush } = createScripted({ token: 'fixed' });
    const session = await welcomed();
    session.socket.close(4001, 'expired');
    await flush();
    expect(changes).toEqual(['connecting', 'ready', 'closed unauthorized']);
    expect(client.state).toBe('closed');
  });

  it('waits and asks again when the host has no token', async () => {
    let asked = 0;
    const { welcomed, changes, logger } = createScripted({
      token: async () => {
        if (++asked === 1) throw new Error('offline');
        return 'late';
      },
    });
    const session = await welcomed();
    expect(session.asked('hello')[0]!.body.token).toBe('late');
    expect(changes).toEqual(['connecting', 'waiting token_unavailable', 'connecting', 'ready']);
    expect(JSON.stringify(logger.lines)).not.toContain('late');
  });

  it.each([
    ['nothing', undefined],
    ['an empty string', ''],
    ['a number', 7],
    ['an object', { token: 'secret' }],
    ['more than the wire takes', 'secret'.repeat(1_366)],
  ])('takes %s for no token, and connects to nobody with it', async (_name, garbage) => {
    const { client, clock, changes, sessions } = createScripted({
      token: () => garbage as string,
    });
    client.connect();
    await clock.advanceAsync(0);
    expect(changes).toEqual(['connecting', 'waiting token_unavailable']);
    expect(sessions).toEqual([]);
  });

  it('gives up an attempt that gets no token, or no welcome, in time', async () => {
    const { client, clock, changes, sessions } = createScripted({
      token: (() => {
        let asked = 0;
        return () => (++asked === 1 ? new Promise<string>(() => {}) : 'token');
      })(),
    });
    client.connect();
    await clock.advanceAsync(10_000);
    expect(changes).toEqual(['connecting', 'waiting connection_lost']);
    await clock.advanceAsync(500);
    expect(sessions[0]!.asked('hello')).toHaveLength(1);
    await clock.advanceAsync(10_000);
    expect(changes.slice(2, 4)).toEqual(['connecting', 'waiting connection_lost']);
    expect(sessions[0]!.closedWith).toBe(1000);
  });

  it('connects at once when asked to while it waits', async () => {
    const { client, clock, server, changes, flush } = createScripted({
      backoffMs: 60_000,
      backoffMaximumMs: 60_000,
    });
    server.isRefusing = true;
    client.connect();
    await flush();
    expect(client.state).toBe('waiting');
    client.connect();
    expect(client.state).toBe('connecting');
    client.connect();
    await flush();
    expect(changes).toEqual([
      'connecting',
      'waiting connection_lost',
      'connecting',
      'waiting connection_lost',
    ]);
    expect(clock.pending).toBe(1);
  });

  it('takes a frame that cannot be read for a broken server, one it does not know for news (P-206)', async () => {
    const { welcomed, changes, flush } = createScripted();
    const session = await welcomed();
    session.socket.send('{"event":"of the future","body":{}}');
    await flush();
    expect(changes).toEqual(['connecting', 'ready']);
    session.socket.send('{"event":"beat","body":{"n":"one"}}');
    await flush();
    expect(changes).toEqual(['connecting', 'ready', 'waiting invalid_answer']);
    await flush();
    expect(session.closedWith).toBe(1007);
  });

  it('refreshes the token in place (P-306)', async () => {
    const { welcomed, flush, tokens, clock, changes } = createScripted();
    const session = await welcomed();
    session.event('token.expiring', { expiresAt: clock.now() + 30_000 });
    await flush();
    await flush();
    expect(session.asked('token.refresh').map((request) => request.body)).toEqual([
      { token: 'token-2' },
    ]);
    session.answer(session.asked('token.refresh')[0]!, {});
    await flush();
    expect(tokens.count).toBe(2);
    expect(changes).toEqual(['connecting', 'ready']);
  });

  it('logs a refresh that failed, without the token, and goes on', async () => {
    const { welcomed, flush, logger, clock, changes } = createScripted();
    const session = await welcomed();
    session.event('token.expiring', { expiresAt: clock.now() + 30_000 });
    await flush();
    await flush();
    session.refuse(session.asked('token.refresh')[0]!, 'unauthorized');
    await flush();
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the token was not refreshed'],
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('token-2');
    expect(changes).toEqual(['connecting', 'ready']);
  });

  it('may be closed from within any of its events', async () => {
    for (const state of ['connecting', 'ready', 'waiting'] as const) {
      const { client, clock, sessions, network, changes } = createScripted();
      client.on('client.changed', (change) => {
        if (change.state === state) void client.close();
      });
      client.connect();
      await clock.advanceAsync(0);
      sessions.at(-1)?.welcome(clock);
      await clock.advanceAsync(0);
      network.cut();
      await clock.advanceAsync(100_000);
      expect(client.state).toBe('closed');
      expect(changes.slice(-2)).toEqual([
        state === 'waiting' ? 'waiting connection_lost' : state,
        'closed',
      ]);
      expect(clock.pending).toBe(0);
    }
  });
});
