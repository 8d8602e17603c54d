import { RingfenceError } from '@ringfence/base';
import { errorTexts } from '@ringfence/protocol';
import type { CommandName } from '@ringfence/protocol';
import { describe, expect, it } from 'vitest';
import { alice, bob, callId, carol, History } from '../test/histories.ts';
import { createScripted } from '../test/scripted-server.ts';
import type { CallChannel, CommandBody } from './index.ts';

const dial = { to: 'user:bob', media: { audio: true, video: false } };

/** Records what each command came to, in the order it came. */
function track(channel: CallChannel) {
  const outcomes: string[] = [];
  return {
    outcomes,
    command<Name extends CommandName>(name: Name, body: CommandBody<Name>, label: string = name) {
      channel.command(name, body).then(
        () => outcomes.push(`${label} ok`),
        (error: unknown) =>
          outcomes.push(`${label} ${error instanceof RingfenceError ? error.code : 'odd'}`),
      );
    },
  };
}

describe('commands', () => {
  it('keeps a command that is made before there is a connection', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const channel = client.channel(callId);
    const { command, outcomes } = track(channel);
    command('call.dial', dial);
    const session = await welcomed();
    await flush();
    expect(session.asked('call.dial').map((request) => request.body)).toEqual([
      { callId, ...dial },
    ]);
    const history = new History(() => clock.now());
    const events = [...history.dial(alice, bob)];
    session.answer(session.asked('call.dial')[0]!, { callId, seq: events.length, events });
    await flush();
    expect(outcomes).toEqual(['call.dial ok']);
    expect(channel.facts).toEqual(history.facts);
  });

  it('sends commands of one call one at a time, and of others beside them (P-408)', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const other = '018bcfe5-6800-7000-8000-000000000002';
    const { command, outcomes } = track(client.channel(callId));
    command('call.ring', {});
    command('call.update', { muted: true }, 'mute');
    command('call.update', { muted: false }, 'unmute');
    void client.channel(other).command('call.ring', {});
    await flush();
    const asked = () => session.requests.slice(1).map(({ name, body }) => ({ name, body }));
    expect(asked()).toEqual([
      { name: 'call.ring', body: { callId } },
      { name: 'call.ring', body: { callId: other } },
    ]);
    session.answer(session.asked('call.ring')[0]!, { callId, seq: 0, events: [] });
    await flush();
    await flush();
    expect(asked().slice(2)).toEqual([{ name: 'call.update', body: { callId, muted: true } }]);
    session.refuse(session.asked('call.update')[0]!, 'wrong_state');
    await flush();
    await flush();
    expect(asked().slice(3)).toEqual([{ name: 'call.update', body: { callId, muted: false } }]);
    expect(outcomes).toEqual(['call.ring ok', 'mute wrong_state']);
  });

  it('sends what is unanswered again after a reconnect, in order and with the same ids (P-408)', async () => {
    const { client, network, welcomed, flush } = createScripted();
    const first = await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.ring', {});
    command('call.accept', {});
    await flush();
    network.cut();
    const second = await welcomed();
    await flush();
    expect(second.asked('call.ring')).toEqual(first.asked('call.ring'));
    second.answer(second.asked('call.ring')[0]!, { callId, seq: 0, events: [] });
    await flush();
    await flush();
    second.answer(second.asked('call.accept')[0]!, { callId, seq: 0, events: [] });
    await flush();
    expect(outcomes).toEqual(['call.ring ok', 'call.accept ok']);
    expect(second.requests.map(({ name }) => name)).toEqual(['hello', 'call.ring', 'call.accept']);
  });

  it('rejects with what the server said', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const outcome = client
      .channel(callId)
      .command('call.dial', dial)
      .catch((error: unknown) => error);
    await flush();
    session.refuse(session.asked('call.dial')[0]!, 'already_in_call', { details: { extra: 1 } });
    await flush();
    const error = await outcome;
    expect(error).toBeInstanceOf(RingfenceError);
    expect(error).toMatchObject({
      code: 'already_in_call',
      message: errorTexts.already_in_call.message,
      retryable: false,
      details: { extra: 1 },
    });
  });

  it('gives up a dial after 10 s, and sends the cancel that follows (P-811)', async () => {
    const { client, clock, welcomed, network, flush } = createScripted();
    await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.dial', dial);
    await flush();
    network.stall();
    await clock.advanceAsync(9_999);
    expect(outcomes).toEqual([]);
    await clock.advanceAsync(1);
    expect(outcomes).toEqual(['call.dial request_expired']);
    command('call.hang-up', { dialed: true });
    const session = await welcomed();
    await flush();
    expect(session.requests.slice(1).map(({ name, body }) => ({ name, body }))).toEqual([
      { name: 'call.hang-up', body: { callId, dialed: true } },
    ]);
  });

  it("gives up an accept at the ring deadline, on the server's clock", async () => {
    const { client, clock, welcomed, network, flush } = createScripted();
    const history = new History(() => clock.now());
    const events = [...history.dial(bob, alice)];
    // The clocks of the two differ by a day; only the server's counts.
    clock.stepWallClock(86_400_000);
    await welcomed({ now: clock.now() - 86_400_000, calls: [{ callId, events }] });
    const { command, outcomes } = track(client.channel(callId));
    network.stall();
    await clock.advanceAsync(20_000);
    command('call.accept', {});
    command('call.decline', {});
    await clock.advanceAsync(24_999);
    expect(outcomes).toEqual([]);
    await clock.advanceAsync(1);
    expect(outcomes).toEqual(['call.accept request_expired']);
    await flush();
  });

  it.each<[CommandName, object]>([
    ['call.invite', { to: 'user:bob' }],
    ['call.transfer', { to: 'user:bob' }],
    ['call.transfer', { toCallId: callId }],
    ['call.merge', { fromCallId: callId }],
    ['call.remove', { participantId: 'p2' }],
    ['call.request-mute', { participantId: 'p2' }],
  ])('gives up %s %o after 10 s: it concerns others', async (name, body) => {
    const { client, clock, welcomed, network } = createScripted();
    await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    network.stall();
    command(name, body as CommandBody<typeof name>);
    await clock.advanceAsync(9_999);
    expect(outcomes).toEqual([]);
    await clock.advanceAsync(1);
    expect(outcomes).toEqual([`${name} request_expired`]);
  });

  it('keeps what concerns this side alone until it is answered', async () => {
    const { client, clock, welcomed, network, flush } = createScripted();
    await welcomed();
    network.stall();
    const commands = {
      'call.ring': {},
      'call.decline': {},
      'call.hang-up': {},
      'call.media': { mediaEpoch: 1, legId: 'l2', connected: true },
      'call.update': { muted: true },
    };
    const names = Object.keys(commands) as (keyof typeof commands)[];
    for (const [index, name] of names.entries()) {
      const other = callId.replace(/1$/, String(index));
      void client.channel(other).command(name, commands[name]);
    }
    await clock.advanceAsync(3_600_000);
    const session = await welcomed();
    await flush();
    expect(session.requests.map((request) => request.name)).toEqual(['hello', ...names]);
  });

  it("gives up an accept at this user's ring deadline, in a room where others ring", async () => {
    const { client, clock, welcomed, network } = createScripted();
    const history = new History(() => clock.now());
    history.connect(bob, { ...carol, userId: 'dave', deviceId: 'pad' });
    history.run(bob, { type: 'call.invite', to: 'user:carol' });
    await clock.advanceAsync(5_000);
    history.run(bob, { type: 'call.invite', to: 'user:alice' });
    await welcomed({ calls: [{ callId, events: [...history.events] }] });
    const { command, outcomes } = track(client.channel(callId));
    network.stall();
    command('call.accept', {});
    await clock.advanceAsync(44_999);
    expect(outcomes).toEqual([]);
    await clock.advanceAsync(1);
    expect(outcomes).toEqual(['call.accept request_expired']);
  });

  it('sends a hang-up at once, past a command in flight', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.dial', dial);
    await flush();
    command('call.ring', {});
    command('call.hang-up', {});
    await flush();
    expect(session.requests.slice(1).map(({ name }) => name)).toEqual([
      'call.dial',
      'call.hang-up',
    ]);
    expect(outcomes).toEqual(['call.ring command_superseded']);
  });

  it('sends a hang-up alone after a reconnect: what stood before it is pointless', async () => {
    const { client, network, welcomed, flush } = createScripted();
    await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.dial', dial);
    await flush();
    network.cut();
    command('call.hang-up', { dialed: true });
    const session = await welcomed();
    await flush();
    expect(session.requests.slice(1).map(({ name, body }) => ({ name, body }))).toEqual([
      { name: 'call.hang-up', body: { callId, dialed: true } },
    ]);
    session.answer(session.asked('call.hang-up')[0]!, { callId, seq: 0, events: [] });
    await flush();
    expect(outcomes).toEqual(['call.dial command_superseded', 'call.hang-up ok']);
  });

  it('tries again after an error that may pass, and keeps the order', async () => {
    const { client, clock, welcomed, flush } = createScripted();
    const session = await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.ring', {});
    command('call.decline', {});
    await flush();
    session.refuse(session.asked('call.ring')[0]!, 'store_unavailable', { retryAfterMs: 3_000 });
    await clock.advanceAsync(2_999);
    expect(session.requests).toHaveLength(2);
    await clock.advanceAsync(501);
    expect(session.asked('call.ring')).toHaveLength(2);
    expect(new Set(session.asked('call.ring').map(({ id }) => id)).size).toBe(1);
    session.answer(session.asked('call.ring')[1]!, { callId, seq: 0, events: [] });
    await flush();
    await flush();
    expect(session.asked('call.decline')).toHaveLength(1);
    expect(outcomes).toEqual(['call.ring ok']);
  });

  it('does not try a dial again: who dials decides', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.dial', dial);
    await flush();
    session.refuse(session.asked('call.dial')[0]!, 'store_unavailable');
    await flush();
    expect(outcomes).toEqual(['call.dial store_unavailable']);
  });

  it('rejects an answer that breaks the protocol', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const { command, outcomes } = track(client.channel(callId));
    command('call.ring', {});
    await flush();
    session.socket.send(JSON.stringify({ id: session.asked('call.ring')[0]!.id, ok: { seq: -1 } }));
    await flush();
    expect(outcomes).toEqual(['call.ring invalid_answer']);
  });

  it('keeps a bounded number, and always a hang-up', async () => {
    const { client, welcomed } = createScripted({ queueLimit: 8 });
    const { command, outcomes } = track(client.channel(callId));
    for (let n = 1; n <= 9; n++) command('call.update', { muted: n % 2 === 0 }, `update ${n}`);
    await Promise.resolve();
    await Promise.resolve();
    expect(outcomes).toEqual(['update 9 queue_full']);
    command('call.hang-up', {});
    const session = await welcomed();
    expect(outcomes).toHaveLength(9);
    expect(session.asked('call.hang-up')).toHaveLength(1);
  });

  it('goes on with a command after its channel has closed', async () => {
    const { client, clock, network, welcomed, flush } = createScripted();
    await welcomed();
    network.stall();
    const channel = client.channel(callId);
    const { command, outcomes } = track(channel);
    command('call.hang-up', {});
    channel.close();
    const session = await welcomed();
    await flush();
    session.answer(session.asked('call.hang-up')[0]!, { callId, seq: 0, events: [] });
    await flush();
    expect(outcomes).toEqual(['call.hang-up ok']);
    await client.close();
    await clock.advanceAsync(0);
    expect(clock.pending).toBe(0);
  });

  it('rejects everything when the client closes, and what comes afterwards', async () => {
    const { client, clock, welcomed } = createScripted();
    await welcomed();
    const channel = client.channel(callId);
    const { command, outcomes } = track(channel);
    command('call.dial', dial);
    command('call.hang-up', {});
    const servers = channel.iceServers().catch((error: RingfenceError) => error.code);
    await client.close();
    command('call.ring', {}, 'late');
    await clock.advanceAsync(0);
    expect(outcomes).toEqual([
      'call.dial client_closed',
      'call.hang-up client_closed',
      'late client_closed',
    ]);
    expect(await servers).toBe('client_closed');
    await client.close();
    await client[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});

describe('iceServers', () => {
  it('asks for the servers of the call', async () => {
    const { client, welcomed, flush } = createScripted();
    const session = await welcomed();
    const servers = client.channel(callId).iceServers();
    await flush();
    expect(session.asked('call.ice-servers').map(({ body }) => body)).toEqual([{ callId }]);
    const iceServers = [{ urls: ['turn:turn.example'], username: 'u', credential: 'c' }];
    session.answer(session.asked('call.ice-servers')[0]!, { iceServers });
    await flush();
    expect(await servers).toEqual(iceServers);
  });

  it('is rejected when no answer comes in time', async () => {
    const { client, clock, network, welcomed } = createScripted();
    await welcomed();
    network.stall();
    const servers = client
      .channel(callId)
      .iceServers()
      .catch((error: RingfenceError) => error.code);
    await clock.advanceAsync(10_000);
    expect(await servers).toBe('request_expired');
  });
});
