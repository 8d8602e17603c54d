import { settle } from '@ringfence/base/testing';
import type { CallChannel } from '@ringfence/signaling-client';
import { expect, it } from 'vitest';
import { CallSignaling } from './call-signaling.ts';

/** A channel that keeps commands until the test answers the oldest. */
function createChannel() {
  const sent: unknown[] = [];
  const answers: (() => void)[] = [];
  const channel = {
    callId: 'c',
    facts: null,
    connected: true,
    on: () => () => {},
    command(name: string, body: object) {
      sent.push({ name, ...body });
      return new Promise<void>((resolve) => answers.push(resolve));
    },
    signal: () => true,
    iceServers: () => Promise.resolve([]),
    close() {},
  } as unknown as CallChannel;
  return { channel, sent, answer: async () => (answers.shift()!(), settle()) };
}

it('sends what changed while an update is under way as one update', async () => {
  const { channel, sent, answer } = createChannel();
  const signaling = new CallSignaling(() => channel);
  signaling.open(() => {});
  signaling.send({ type: 'call.update', muted: true });
  signaling.send({ type: 'call.update', muted: false });
  signaling.send({ type: 'call.update', held: true });
  signaling.send({ type: 'call.update', muted: true });
  expect(sent).toEqual([{ name: 'call.update', muted: true }]);
  await answer();
  expect(sent.slice(1)).toEqual([{ name: 'call.update', held: true, muted: true }]);
  await answer();
  signaling.send({ type: 'call.update', held: false });
  expect(sent.slice(2)).toEqual([{ name: 'call.update', held: false }]);
});

it('sends no update after the call was hung up', async () => {
  const { channel, sent, answer } = createChannel();
  const signaling = new CallSignaling(() => channel);
  signaling.open(() => {});
  signaling.send({ type: 'call.update', muted: true });
  signaling.send({ type: 'call.update', muted: false });
  signaling.send({ type: 'call.hang-up' });
  await answer();
  expect(sent).toEqual([{ name: 'call.update', muted: true }, { name: 'call.hang-up' }]);
});
