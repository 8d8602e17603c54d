import { describe, expect, it } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import type { Fault } from '@ringfence/base';
import { FakeClock, settle } from '@ringfence/base/testing';
import type { SignalingReport } from '@ringfence/call-machine';
import { Tube } from '@ringfence/isolation';
import { openChannel } from '../test/open-channel.ts';
import { CallLine } from './call-line.ts';
import { CallSignaling } from './call-signaling.ts';

function refusal(code: string, fault: Fault = 'caller'): RingfenceError {
  return new RingfenceError(code, 'unable to do this; a test', {
    fault,
    retryable: false,
    hint: '',
  });
}

function open() {
  const clock = new FakeClock();
  const channel = openChannel('c');
  const client = { channel: () => channel, identity: null };
  const tube = new Tube('c', { clock });
  const signaling = new CallSignaling(new CallLine({ client, isShown: () => false }, 'c'), tube);
  const reports: SignalingReport[] = [];
  signaling.open((report) => reports.push(report));
  return { signaling, channel, reports, clock, tube };
}

it('sends what changed while an update is under way as one update', async () => {
  const { signaling, channel } = open();
  signaling.send({ type: 'call.update', muted: true });
  signaling.send({ type: 'call.update', muted: false });
  signaling.send({ type: 'call.update', held: true });
  signaling.send({ type: 'call.update', muted: true });
  expect(channel.sent).toEqual([{ name: 'call.update', muted: true }]);
  await channel.answer();
  expect(channel.sent.slice(1)).toEqual([{ name: 'call.update', held: true, muted: true }]);
  await channel.answer();
  signaling.send({ type: 'call.update', held: false });
  expect(channel.sent.slice(2)).toEqual([{ name: 'call.update', held: false }]);
});

it('takes no update back over a newer wish: it goes again, with that', async () => {
  const { signaling, channel, reports } = open();
  signaling.send({ type: 'call.update', held: false });
  signaling.send({ type: 'call.update', camera: true });
  signaling.send({ type: 'call.update', camera: false });
  await channel.answer(refusal('queue_full'));
  expect([channel.sent.slice(1), reports]).toEqual([
    [{ name: 'call.update', held: false, camera: false }],
    [],
  ]);
  await channel.answer(refusal('wrong_state'));
  expect(reports).toMatchObject([{ type: 'signaling.refused', code: 'wrong_state' }]);
  signaling.send({ type: 'call.update', held: false });
  expect(channel.sent.slice(2)).toEqual([{ name: 'call.update', held: false }]);
});

it('sends no update after the call was hung up', async () => {
  const { signaling, channel } = open();
  signaling.send({ type: 'call.update', muted: true });
  signaling.send({ type: 'call.update', muted: false });
  signaling.send({ type: 'call.hang-up' });
  await channel.answer();
  expect(channel.sent).toEqual([{ name: 'call.update', muted: true }, { name: 'call.hang-up' }]);
});

it('sends no update behind a transfer until that is answered, and none after it took the user away', async () => {
  const { signaling, channel } = open();
  const transfer = { type: 'call.transfer', to: 'user:carol' } as const;
  signaling.send(transfer, 'r1');
  signaling.send({ type: 'call.update', held: true });
  expect(channel.sent).toHaveLength(1);
  await channel.answer(refusal('callee_unavailable'));
  expect(channel.sent.slice(1)).toEqual([{ name: 'call.update', held: true }]);
  await channel.answer();
  signaling.send(transfer, 'r2');
  signaling.send({ type: 'call.update', held: false });
  signaling.close();
  await channel.answer();
  expect(channel.sent).toHaveLength(3);
});

it('reports the outcome of a request under its ticket', async () => {
  const { signaling, channel, reports } = open();
  signaling.send({ type: 'call.invite', to: 'user:carol' }, 'r1');
  signaling.send({ type: 'call.invite', to: 'user:dave' }, 'r2');
  await channel.answer();
  const error = refusal('call_full');
  await channel.answer(error);
  expect(reports).toEqual([
    { type: 'signaling.done', ticket: 'r1' },
    { type: 'signaling.refused', command: 'call.invite', code: 'call_full', ticket: 'r2', error },
  ]);
});

it('of a command that a hang-up overtook it tells only who waits for it', async () => {
  const { signaling, channel, reports } = open();
  signaling.send({ type: 'call.accept' });
  signaling.send({ type: 'call.invite', to: 'user:carol' }, 'r1');
  await channel.answer(refusal('command_superseded'));
  await channel.answer(refusal('command_superseded'));
  expect(reports).toMatchObject([
    { type: 'signaling.refused', code: 'command_superseded', ticket: 'r1' },
  ]);
});

it('of a call that was moved since it tells only who waits for something', async () => {
  const first = openChannel('first');
  const line = { channel: first, listen: () => {}, close: () => {} };
  const signaling = new CallSignaling(line as unknown as CallLine, new Tube('c'));
  const reports: SignalingReport[] = [];
  signaling.open((report) => reports.push(report));
  signaling.send({ type: 'call.media', mediaEpoch: 1, legId: 'l2', connected: true });
  signaling.send({ type: 'call.invite', to: 'user:carol' }, 'r1');
  line.channel = openChannel('second');
  await first.answer(refusal('call_ended'));
  await first.answer(refusal('call_ended'));
  expect(reports).toMatchObject([
    { type: 'signaling.refused', command: 'call.invite', code: 'call_ended', ticket: 'r1' },
  ]);
});

it('reports nothing once it is closed', async () => {
  const { signaling, channel, reports } = open();
  signaling.send({ type: 'call.hang-up' });
  signaling.close();
  await channel.answer(refusal('call_not_found'));
  expect([reports, channel.isClosed]).toEqual([[], true]);
});

describe('the breaker', () => {
  const invite = { type: 'call.invite', to: 'user:carol' } as const;

  async function opened() {
    const all = open();
    for (let time = 1; time <= 5; time += 1) {
      if (time % 2 === 0) all.signaling.send(invite, `r${time}`);
      else all.signaling.send({ type: 'call.update', muted: true });
      await all.channel.answer(refusal('store_unavailable', 'server'));
    }
    all.channel.sent.length = all.reports.length = 0;
    return all;
  }

  it('after five failures of server or network keeps updates and requests back', async () => {
    const { signaling, channel, reports } = await opened();
    signaling.send({ type: 'call.update', held: true });
    signaling.send(invite, 'r6');
    await settle();
    expect(channel.sent).toEqual([]);
    expect(reports).toMatchObject([
      { type: 'signaling.refused', command: 'call.update', code: 'breaker_open' },
      { type: 'signaling.refused', command: 'call.invite', code: 'breaker_open', ticket: 'r6' },
    ]);
  });

  it('lets all else through, and counts nothing of it', async () => {
    const { signaling, channel, tube } = await opened();
    const before = tube.breaker('signaling').statistics();
    const commands = [
      { type: 'call.accept' },
      { type: 'call.decline' },
      { type: 'call.media', mediaEpoch: 1, legId: 'l2', connected: true },
      { type: 'call.hang-up' },
    ] as const;
    for (const command of commands) signaling.send(command);
    expect(channel.sent.map((sent) => (sent as { name: string }).name)).toEqual(
      commands.map(({ type }) => type),
    );
    for (const _ of commands) await channel.answer(refusal('store_unavailable', 'server'));
    expect(tube.breaker('signaling').statistics()).toEqual(before);
  });

  it('tries again after its time, and at once when the connection is lost or back', async () => {
    const late = await opened();
    late.clock.advance(30_000);
    late.signaling.send({ type: 'call.update', held: true });
    expect(late.channel.sent).toHaveLength(1);
    const back = await opened();
    back.signaling.send({ type: 'call.update', held: true });
    await settle();
    expect(back.channel.sent).toHaveLength(0);
    // The client keeps it until then.
    back.channel.tell('connection', false);
    back.signaling.send({ type: 'call.update', held: false });
    expect(back.channel.sent).toHaveLength(1);
  });

  it('takes what the caller did wrong for an answer', async () => {
    const { signaling, channel, tube } = open();
    for (let time = 0; time < 20; time += 1) {
      signaling.send(invite, `r${time}`);
      const isServer = time % 4 !== 3;
      await channel.answer(isServer ? refusal('request_expired', 'network') : refusal('call_full'));
    }
    expect(tube.breaker('signaling').state).toBe('closed');
  });
});
