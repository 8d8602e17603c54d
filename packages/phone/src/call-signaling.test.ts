import { expect, it } from 'vitest';
import { RingfenceError } from '@ringfence/base';
import type { SignalingReport } from '@ringfence/call-machine';
import { openChannel } from '../test/open-channel.ts';
import { CallLine } from './call-line.ts';
import { CallSignaling } from './call-signaling.ts';

function refusal(code: string): RingfenceError {
  return new RingfenceError(code, 'unable to do this; a test', {
    fault: 'caller',
    retryable: false,
    hint: '',
  });
}

function open() {
  const channel = openChannel('c');
  const client = { channel: () => channel, identity: null };
  const signaling = new CallSignaling(new CallLine({ client, isShown: () => false }, 'c'));
  const reports: SignalingReport[] = [];
  signaling.open((report) => reports.push(report));
  return { signaling, channel, reports };
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
  const signaling = new CallSignaling(line as unknown as CallLine);
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
