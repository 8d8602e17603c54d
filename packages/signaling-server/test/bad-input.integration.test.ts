import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '@ringfence/base/testing';
import { testToken } from '@ringfence/signaling-server/testing';
import type { TestClient } from '@ringfence/signaling-server/testing';
import { rig, talking } from './rig.ts';
import type { Pair, Rig } from './rig.ts';

const audio = { audio: true, video: false };
const signal = { mediaEpoch: 1, n: 1, afterSeq: 5 };
const offer = { kind: 'offer', sdp: 'v=0\r\n' } as const;

/**
 * Each case sends something bad. What comes back is checked, and that a call of others goes on: it
 * was there before, gets nothing, and can be hung up afterwards.
 */
describe('bad input', () => {
  let made: Rig;
  let bystanders: Pair;
  let eventsBefore: number;

  beforeEach(async () => {
    made = rig();
    bystanders = await talking(made);
    eventsBefore = bystanders.bob.events.length;
  });

  afterEach(async () => {
    const { alice, bob, callId } = bystanders;
    expect(bob.events.filter((event) => event.name !== 'beat')).toHaveLength(eventsBefore);
    const { events } = await alice.ok('call.hang-up', { callId });
    expect(events.at(-1)).toMatchObject({ type: 'call.ended', reason: 'completed' });
    expect(bob.of('call.events').at(-1)).toEqual({ callId, events });
    expect(made.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  const closes: Readonly<Record<string, [number, (client: TestClient) => void]>> = {
    'malformed JSON (P-901)': [1007, (client) => client.send('{"id":"1","request"')],
    'JSON that is no object (P-901)': [1007, (client) => client.send('"hello"')],
    'null (P-901)': [1007, (client) => client.send('null')],
    'a notice of unknown type (P-903)': [
      1007,
      (client) => client.send('{"notice":"no.such","body":{}}'),
    ],
    'a request without an id (P-905)': [
      1007,
      (client) => client.send('{"request":"call.ring","body":{}}'),
    ],
    'a frame over 65,536 bytes (P-906)': [
      1009,
      (client) => client.send(JSON.stringify({ notice: 'beat', body: { n: 'x'.repeat(65_536) } })),
    ],
    'a frame over 65,536 bytes of few characters (P-906)': [
      1009,
      (client) => client.send(JSON.stringify({ notice: 'beat', body: { n: '☎'.repeat(30_000) } })),
    ],
    'a binary frame (P-907)': [1003, (client) => client.sendBinary()],
    'a flood (P-908)': [
      4029,
      (client) => {
        for (let n = 0; n < 401; n += 1) client.notice('beat', { n });
      },
    ],
    'an SDP of nonsense (P-916)': [
      1007,
      (client) => {
        const { callId } = bystanders;
        const body = { kind: 'offer', sdp: 'nonsense' } as const;
        client.notice('signal', { callId, toLeg: 'l1', ...signal, body });
      },
    ],
    'an SDP that is too long (P-916)': [
      1007,
      (client) => {
        const { callId } = bystanders;
        const body = { kind: 'offer', sdp: `v=0\r\n${'a'.repeat(49_152)}` } as const;
        client.notice('signal', { callId, toLeg: 'l1', ...signal, body });
      },
    ],
    'hello twice (P-910)': [
      4002,
      (client) => {
        const body = { token: testToken({ userId: 'mallory' }), device: 'phone' };
        client.request('hello', body).catch(() => {});
      },
    ],
  };
  for (const [name, [code, send]] of Object.entries(closes)) {
    it(`${name} closes with ${code}`, async () => {
      const mallory = await made.client({ userId: 'mallory' });
      send(mallory);
      await settle();
      expect(mallory.closed?.code).toBe(code);
      expect(made.server.sessions).toBe(2);
    });
  }

  it('no hello within 5 seconds closes with 4000 (P-909)', async () => {
    const stranger = made.stranger();
    await made.clock.advanceAsync(4_750);
    expect(stranger.closed).toBeNull();
    await made.clock.advanceAsync(250);
    expect(stranger.closed).toEqual({ code: 4000, reason: 'no hello in time' });
  });

  it('a command, a notice or an unknown request before hello closes with 4002 (P-910)', () => {
    const frames = [
      JSON.stringify({ id: '1', request: 'call.ring', body: { callId: bystanders.callId } }),
      JSON.stringify({ notice: 'beat', body: { n: 1 } }),
      JSON.stringify({ id: '1', request: 'no.such', body: {} }),
    ];
    const codes = frames.map((frame) => {
      const stranger = made.stranger();
      stranger.send(frame);
      return stranger.closed?.code;
    });
    expect(codes).toEqual([4002, 4002, 4002]);
  });

  it('a hello that is wrong in a field may be said again (P-302, P-904)', async () => {
    const stranger = made.stranger();
    const wrong = { token: 'x', device: 'not a device' };
    await expect(stranger.refusal('hello', wrong)).resolves.toBe('invalid_request');
    const right = { token: testToken({ userId: 'mallory' }), device: 'phone' };
    await expect(stranger.ok('hello', right)).resolves.toMatchObject({ userId: 'mallory' });
  });

  it('a bad token, and one that has expired, close with 4001 (P-911)', async () => {
    const tokens = ['bad', testToken({ userId: 'mallory', expiresAt: made.clock.now() })];
    for (const token of tokens) {
      const stranger = made.stranger();
      const code = await stranger.refusal('hello', { token, device: 'phone' });
      expect([code, stranger.closed?.code]).toEqual(['unauthorized', 4001]);
    }
  });

  it('requests that cannot be served are answered with their code (P-801, P-914, P-917, P-919)', async () => {
    const mallory = await made.client({ userId: 'mallory' });
    const { callId } = bystanders;
    const missing = mallory.callId();
    const dial = (to: string) =>
      mallory.refusal('call.dial', { callId: mallory.callId(), to, media: audio });
    const silent = { audio: false, video: false };
    expect({
      foreign: await mallory.refusal('call.accept', { callId }),
      missing: await mallory.refusal('call.accept', { callId: missing }),
      foreignDial: await mallory.refusal('call.dial', { callId, to: 'user:carol', media: audio }),
      self: await dial('user:mallory'),
      unreadable: await dial('mallory'),
      queue: await dial('queue:sales'),
      silent: await mallory.refusal('call.dial', {
        callId: mallory.callId(),
        to: 'user:carol',
        media: silent,
      }),
      ice: await mallory.refusal('call.ice-servers', { callId }),
      sync: await mallory.ok('call.sync', { callId, afterSeq: 0 }),
      syncMissing: await mallory.ok('call.sync', { callId: missing, afterSeq: 0 }),
    }).toEqual({
      foreign: 'call_not_found',
      missing: 'call_not_found',
      foreignDial: 'call_not_found',
      self: 'cannot_dial_self',
      unreadable: 'invalid_address',
      queue: 'address_unsupported',
      silent: 'nothing_to_send',
      ice: 'call_not_found',
      sync: { callId, gone: true },
      syncMissing: { callId: missing, gone: true },
    });
  });

  it('the devices of one user do not fill the server (P-110)', async () => {
    for (let n = 0; n < 100; n += 1) {
      await made.client({ userId: 'mallory', device: `d${n}` });
    }
    const token = testToken({ userId: 'mallory' });
    const stranger = made.stranger();
    const refused = await stranger.request('hello', { token, device: 'another' });
    expect(refused).toMatchObject({ error: { code: 'rate_limited', retryAfterMs: 10_000 } });
    expect(stranger.closed?.code).toBe(1013);
    await made.client({ userId: 'mallory', device: 'd0' });
    await made.client({ userId: 'carol' });
    expect(made.server.sessions).toBe(103);
  });

  it('a flood of calls is answered with rate_limited, from whichever device (P-412)', async () => {
    const codes: string[] = [];
    for (const device of ['one', 'two']) {
      const mallory = await made.client({ userId: 'mallory', device });
      for (let count = 0; count < 60; count += 1) {
        const callId = mallory.callId();
        const outcome = await (count % 2 === 0
          ? mallory.request('call.hang-up', { callId, dialed: true })
          : mallory.request('call.dial', { callId, to: 'user:nobody', media: audio }));
        codes.push('ok' in outcome ? 'ok' : outcome.error.code);
      }
      await expect(mallory.refusal('call.ring', { callId: mallory.callId() })).resolves.toBe(
        'call_not_found',
      );
    }
    expect(codes).toEqual([
      ...Array.from({ length: 80 }, () => 'ok'),
      ...Array.from({ length: 40 }, () => 'rate_limited'),
    ]);
  });

  it('an unknown request and a wrong field are answered with their code (P-410, P-902, P-904, P-923)', async () => {
    const mallory = await made.client({ userId: 'mallory' });
    const ask = async (request: string, body: object): Promise<unknown> => {
      const asked = mallory.request(request as 'call.ring', body as { callId: string });
      const { error } = (await asked) as { error: { code: string; details?: unknown } };
      return [error.code, error.details];
    };
    const { callId } = bystanders;
    expect([
      await ask('no.such', {}),
      await ask('__proto__', {}),
      await ask('constructor', {}),
      await ask('call.ring', {}),
      await ask('call.ring', { callId: 'x' }),
      await ask('call.ring', { callId, userId: 'alice' }),
      await ask('call.media', { callId, mediaEpoch: -1, connected: true }),
    ]).toEqual([
      ['unknown_request', undefined],
      ['unknown_request', undefined],
      ['unknown_request', undefined],
      ['invalid_request', { path: 'body.callId' }],
      ['invalid_request', { path: 'body.callId' }],
      ['invalid_request', { path: 'body.userId' }],
      ['invalid_request', { path: 'body.mediaEpoch' }],
    ]);
  });

  it('nobody, and another organisation’s user, cannot be told apart (P-918)', async () => {
    await made.client({ userId: 'zoe', orgId: 'other' });
    const mallory = await made.client({ userId: 'mallory' });
    const dial = async (to: string): Promise<unknown> => {
      const { events } = await mallory.ok('call.dial', {
        callId: mallory.callId(),
        to,
        media: audio,
      });
      return events.slice(1);
    };
    const nobody = await dial('user:nobody');
    expect(nobody).toMatchObject([
      { type: 'participant.left' },
      { type: 'participant.left' },
      { type: 'call.ended', reason: 'unreachable' },
    ]);
    expect(await dial('user:zoe')).toEqual(nobody);
  });

  it('another organisation’s call is not there, whatever the user is called (P-914)', async () => {
    const { callId } = bystanders;
    const twin = await made.client({ userId: 'bob', orgId: 'other' });
    await expect(twin.refusal('call.hang-up', { callId })).resolves.toBe('call_not_found');
    await expect(twin.ok('call.sync', { callId, afterSeq: 0 })).resolves.toEqual({
      callId,
      gone: true,
    });
  });

  it('commands in a wrong state are refused (P-915)', async () => {
    const { alice, bob, callId } = bystanders;
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    expect([
      await alice.refusal('call.accept', { callId }),
      await alice.refusal('call.decline', { callId }),
      await bob.refusal('call.decline', { callId }),
      await tablet.refusal('call.accept', { callId }),
    ]).toEqual(['wrong_state', 'wrong_state', 'wrong_state', 'wrong_state']);
  });

  it('signals that are not one’s own go nowhere (P-920)', async () => {
    const { callId, alice } = bystanders;
    const mallory = await made.client({ userId: 'mallory' });
    const tablet = await made.client({ userId: 'bob', device: 'tablet' });
    for (const client of [mallory, tablet, alice]) {
      client.notice('signal', { callId, toLeg: 'l1', ...signal, body: offer });
      client.notice('signal', { callId, toLeg: 'l9', ...signal, body: offer });
      client.notice('signal', { callId: client.callId(), toLeg: 'l2', ...signal, body: offer });
      client.notice('signal.ack', { callId, toLeg: 'l1', mediaEpoch: 1, n: 1 });
    }
    const heard = [mallory, tablet, alice].map((client) => client.of('signal'));
    expect(heard).toEqual([[], [], []]);
  });

  it('a command id used for another request is refused (P-921)', async () => {
    const { bob, callId } = bystanders;
    const first = await bob.ok('call.update', { callId, muted: true }, 'same');
    expect(await bob.ok('call.update', { callId, muted: true }, 'same')).toEqual(first);
    expect(await bob.refusal('call.update', { callId, muted: false }, 'same')).toBe(
      'command_reused',
    );
  });

  it('a client that reads too slowly closes with 4008 (P-922)', async () => {
    const mallory = await made.client({ userId: 'mallory' });
    mallory.bufferedBytes = 1_048_577;
    await made.clock.advanceAsync(2_250);
    expect(mallory.closed?.code).toBe(4008);
  });

  it('a hello that names too many calls is refused (P-303)', async () => {
    const stranger = made.stranger();
    const known = Object.fromEntries(Array.from({ length: 65 }, () => [stranger.callId(), 1]));
    const body = { token: testToken({ userId: 'mallory' }), device: 'phone', known };
    await expect(stranger.refusal('hello', body)).resolves.toBe('invalid_request');
  });

  it('a full server turns a socket away with 1013 (P-110)', async () => {
    const full = rig({ maximumSessions: 1 });
    await full.client({ userId: 'alice' });
    expect(full.stranger().closed?.code).toBe(1013);
    expect(full.server.sessions).toBe(1);
  });

  it('logs of it hold no token, no SDP and no name (P-305)', async () => {
    const stranger = made.stranger();
    await stranger.refusal('hello', { token: 'secret-token', device: 'phone' });
    const text = JSON.stringify(made.logger.lines);
    for (const secret of ['secret-token', 'mallory', 'alice', 'v=0']) {
      expect(text).not.toContain(secret);
    }
  });
});
