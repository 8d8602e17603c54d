import { describe, expect, test } from 'vitest';
import { FakeClock, RecordingLogger, seededRandom } from '@ringfence/base/testing';
import { TubeRegistry } from '@ringfence/isolation';
import { createMedia } from '@ringfence/media';
import type { MediaEngine } from '@ringfence/media';
import { createPhone } from '../src/index.ts';
import type { PhoneState } from '../src/index.ts';
import { codeOf, Pair, World } from './phone-pair.ts';

describe('a phone', () => {
  test('says who it is and how it is connected', async () => {
    await using world = new World();
    const { phone, network } = await world.phone('alice');
    const states: PhoneState[] = [];
    const codes: (string | undefined)[] = [];
    phone.on('phone.changed', ({ state, error }) => {
      states.push(state);
      codes.push(error?.code);
    });
    expect([phone.state, phone.identity]).toEqual(['ready', { userId: 'alice', orgId: 'acme' }]);
    network.cut();
    await world.pass(2_000);
    await phone.close();
    expect(states).toEqual(['reconnecting', 'ready', 'closed']);
    expect(codes).toEqual(['connection_lost', undefined, undefined]);
    expect(phone.state).toBe('closed');
  });

  test('is connecting before the first welcome, and has no identity', () => {
    const clock = new FakeClock();
    const transport = { connect: () => ({ send: () => {}, close: () => {} }) };
    const phone = createPhone(
      { url: 'ws://test', token: 'token', tubes: new TubeRegistry({}, { clock }) },
      { clock, random: seededRandom(1), transport },
    );
    expect([phone.state, phone.identity, phone.calls]).toEqual(['connecting', null, []]);
  });

  test('a bad token closes it, and says so', async () => {
    await using world = new World();
    const { phone } = await world.phone('alice', { token: 'nonsense' });
    expect(phone.state).toBe('closed');
    expect(await codeOf(phone.dial('user:bob'))).toBe('phone_closed');
  });

  test.each([
    ['throws', () => Promise.reject(new Error('no token'))],
    ['gives what is no token', () => undefined as never],
    ['never answers', () => new Promise<string>(() => {})],
  ])('a token function that %s keeps no call and no phone', async (_name, token) => {
    await using world = new World();
    const { phone } = await world.phone('alice', { token });
    const call = await phone.dial('user:bob');
    await world.pass(12_000);
    expect([phone.state, call.state, call.end?.code]).toEqual([
      'connecting',
      'ended',
      'server_unreachable',
    ]);
    await phone.close();
    expect(phone.state).toBe('closed');
  });

  test('a media engine that its host closes ends the calls that run, on both sides, and no phone', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    await pair.alice.media.close();
    await pair.pass(100);
    const failed = { reason: 'failed', cause: 'media_failed' } as const;
    expect(await outgoing.ended()).toEqual({ ...failed, by: 'local' });
    expect(await incoming.ended()).toEqual({ ...failed, by: 'remote' });
    const next = await pair.alice.phone.dial('user:bob');
    await pair.pass(100);
    expect(next.end).toEqual({ ...failed, by: 'local' });
    expect([pair.alice.phone.state, pair.alice.phone.calls]).toEqual(['ready', []]);
    expect(await pair.close()).toBe(0);
  });

  test('accepts with what the call carries where the app leaves a kind undefined', async () => {
    const pair = await Pair.make();
    const { incoming } = await pair.ring({ audio: true, video: true });
    incoming.accept({ audio: undefined, video: false } as never);
    await pair.pass(500);
    expect([incoming.state, incoming.media]).toEqual(['active', { audio: true, video: false }]);
    expect(await pair.close()).toBe(0);
  });

  test('dial rejects for arguments, and for nothing else', async () => {
    await using world = new World();
    const { phone } = await world.phone('alice');
    expect(await codeOf(phone.dial('bob'))).toBe('invalid_address');
    expect(await codeOf(phone.dial(''))).toBe('invalid_address');
    expect(await codeOf(phone.dial(undefined as never))).toBe('invalid_address');
    expect(await codeOf(phone.dial('user:alice'))).toBe('cannot_dial_self');
    expect(await codeOf(phone.dial('user:bob', { audio: false }))).toBe('nothing_to_send');
    expect(phone.calls).toEqual([]);
    const queue = await phone.dial('queue:support');
    await world.pass(100);
    expect(queue.end).toEqual({
      reason: 'failed',
      cause: null,
      by: null,
      code: 'address_unsupported',
    });
  });

  for (const [name, option] of [
    ['url', { url: 'http://wrong' }],
    ['deviceId', { deviceId: 'not a device' }],
    ['tubes', { tubes: undefined as never }],
    ['callWaiting', { callWaiting: 'yes' as never }],
    ['dialMs', { call: { dialMs: 1 } }],
    ['backoffMs', { signaling: { backoffMs: -1 } }],
    ['sampleMs', { media: { sampleMs: 1 } }],
  ] as const) {
    test(`refuses a bad ${name} by name`, () => {
      let thrown: unknown;
      try {
        createPhone({ url: 'ws://test', token: 'token', tubes: new TubeRegistry(), ...option });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'invalid_option', details: { field: name } });
    });
  }

  test('close hangs up every call, tells the others, and is idempotent', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    const closing = pair.alice.phone.close();
    expect(pair.alice.phone.close()).toBe(closing);
    expect(outgoing.state).toBe('ended');
    await pair.pass(100);
    await closing;
    expect(incoming.end).toEqual({ reason: 'completed', cause: null, by: 'remote' });
    expect([pair.alice.phone.state, pair.alice.phone.calls]).toEqual(['closed', []]);
    expect(await codeOf(pair.alice.phone.dial('user:bob'))).toBe('phone_closed');
    expect(await pair.close()).toBe(0);
  });

  test('close without a server takes no time', async () => {
    const pair = await Pair.make();
    await pair.talk();
    pair.alice.network.cut();
    await pair.alice.phone.close();
    expect([pair.alice.phone.state, pair.alice.phone.calls]).toEqual(['closed', []]);
  });

  test('a phone that closes takes no more calls', async () => {
    const pair = await Pair.make();
    const call = await pair.alice.phone.dial('user:bob');
    // The offer is on its way.
    await pair.pass(7);
    const closing = pair.bob.phone.close();
    await pair.pass(3_000);
    await closing;
    expect(pair.bob.incoming).toEqual([]);
    expect(call.end).toEqual({ reason: 'unreachable', cause: null, by: null });
  });

  test('another connection of the same device takes over', async () => {
    await using world = new World();
    const first = await world.phone('alice', { deviceId: 'desk' });
    const codes: (string | undefined)[] = [];
    first.phone.on('phone.changed', ({ error }) => codes.push(error?.code));
    const second = await world.phone('alice', { deviceId: 'desk' });
    expect([first.phone.state, second.phone.state, codes]).toEqual([
      'closed',
      'ready',
      ['replaced'],
    ]);
  });
});

describe('a call', () => {
  test('tells whom it is with, when things happened, and what can be seen and heard', async () => {
    const pair = await Pair.make();
    const startedAt = pair.clock.now();
    const { outgoing, incoming } = await pair.ring({ video: true });
    expect(outgoing).toMatchObject({
      id: incoming.id,
      direction: 'outgoing',
      peer: { address: 'user:bob', userId: 'bob' },
      media: { audio: true, video: true },
      startedAt,
      answeredAt: null,
      activeAt: null,
      endedAt: null,
      camera: true,
      end: null,
    });
    expect(incoming).toMatchObject({
      direction: 'incoming',
      peer: { address: 'user:alice', userId: 'alice' },
      camera: false,
    });
    incoming.accept({ video: false });
    await pair.pass(2_500);
    expect(incoming.media).toEqual({ audio: true, video: false });
    expect([outgoing.peerCamera, incoming.peerCamera]).toEqual([false, true]);
    expect([outgoing.localStream, outgoing.remoteStream, outgoing.quality]).not.toContain(null);
    const { answeredAt, activeAt } = outgoing;
    expect([answeredAt! > startedAt, activeAt! > answeredAt!]).toEqual([true, true]);
    incoming.hangUp();
    await pair.pass(100);
    expect(outgoing.endedAt! - activeAt!).toBeGreaterThan(2_000);
    expect([outgoing.localStream, outgoing.remoteStream]).toEqual([null, null]);
  });

  test('passes on quality and streams', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.ring();
    const heard: string[] = [];
    outgoing.on('quality.changed', ({ at }) => heard.push(`quality ${typeof at}`));
    outgoing.on('stream.changed', ({ remote }) => heard.push(`remote ${remote !== null}`));
    incoming.accept();
    await pair.pass(2_500);
    expect(new Set(heard)).toEqual(new Set(['remote true', 'quality number']));
  });

  test('is told of every change, then of its end, then of nothing', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.talk();
    const heard: string[] = [];
    outgoing.on('call.changed', (call) => {
      expect(call).toBe(outgoing);
      heard.push(`changed ${call.state} ${call.holding} ${call.muted}`);
    });
    outgoing.on('call.ended', ({ reason }) => {
      expect(pair.alice.phone.calls).toEqual([]);
      heard.push(`ended ${reason}`);
    });
    outgoing.mute();
    outgoing.mute();
    incoming.hold();
    await pair.pass(100);
    outgoing.hangUp();
    await pair.pass(100);
    outgoing.hangUp();
    outgoing.accept();
    outgoing.setCamera(true);
    expect(heard).toEqual([
      'changed active none true',
      'changed active remote true',
      'changed ended remote true',
      // The others have left it.
      'changed ended none true',
      'ended completed',
    ]);
    outgoing.on('call.changed', () => heard.push('late'));
    await pair.pass(1_000);
    expect(heard).toHaveLength(5);
  });

  test('what makes no sense does nothing', async () => {
    const pair = await Pair.make();
    const { outgoing, incoming } = await pair.ring();
    outgoing.accept();
    outgoing.decline();
    expect([outgoing.state, incoming.state]).toEqual(['ringing', 'ringing']);
    incoming.accept();
    await pair.pass(500);
    incoming.accept();
    incoming.decline();
    await pair.pass(100);
    expect([outgoing.state, incoming.state]).toEqual(['active', 'active']);
  });

  test('a listener that throws breaks nothing', async () => {
    const pair = await Pair.make();
    const bang = () => {
      throw new Error('bang');
    };
    pair.bob.phone.on('call.incoming', bang);
    pair.bob.phone.on('phone.changed', bang);
    const { outgoing, incoming } = await pair.ring();
    for (const name of [
      'call.changed',
      'call.ended',
      'quality.changed',
      'stream.changed',
    ] as const) {
      incoming.on(name, bang);
      outgoing.on(name, async () => bang());
    }
    incoming.accept();
    await pair.pass(2_000);
    outgoing.hangUp();
    await pair.pass(100);
    expect([outgoing.end?.reason, incoming.end?.reason]).toEqual(['completed', 'completed']);
    const failures = pair.logger.lines.filter(({ level }) => level === 'error');
    // Those of a call are faults of its tube; those of the phone belong to no call.
    expect(new Set(failures.map(({ message }) => message))).toEqual(
      new Set(['a fault was contained', 'a listener failed']),
    );
    pair.logger.lines.length = 0;
    expect(await pair.close()).toBe(0);
  });

  test('a media engine that throws fails the call, and not the phone', async () => {
    await using world = new World();
    const bob = await world.phone('bob');
    const logger = new RecordingLogger();
    const { network } = await world.phone('carol');
    const engine: MediaEngine = {
      ...createMedia(),
      session: () => {
        throw new Error('no media here');
      },
    };
    const { testToken } = await import('@ringfence/signaling-server/testing');
    const phone = createPhone(
      { url: 'ws://test', token: testToken({ userId: 'alice' }), tubes: world.registry },
      { clock: world.clock, random: seededRandom(7), transport: network, media: engine, logger },
    );
    await world.pass(100);
    const call = await phone.dial('user:bob');
    expect(call.end).toEqual({ reason: 'failed', cause: 'internal', by: 'local' });
    const answer = await bob.phone.dial('user:alice');
    await world.pass(100);
    expect(answer.end).toEqual({ reason: 'failed', cause: 'internal', by: 'remote' });
    expect([phone.state, phone.calls]).toEqual(['ready', []]);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'a port of a call failed',
      'a port of a call failed',
    ]);
    await phone.close();
  });
});
