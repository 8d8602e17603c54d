import { describe, expect, test } from 'vitest';
import { CallPair } from './call-pair.ts';

const broken = (): never => {
  throw new Error('broken');
};
const internal = { reason: 'failed', cause: 'internal', by: 'local' } as const;

describe('a port that throws ends its own call, failed and internal, and nothing else', () => {
  for (const request of ['acquire', 'control'] as const) {
    test(`media.${request} throws before the dial: nobody is told`, () => {
      const pair = new CallPair();
      pair.caller.media.onRequest = ({ type }) => void (type === request && broken());
      pair.caller.actor.start();
      expect(pair.caller.story.end).toEqual(internal);
      expect(pair.caller.signaling.commands).toEqual([]);
      expect(pair.caller.told).toEqual([{ type: 'port.threw', error: new Error('broken') }]);
    });
  }

  test('media.open throws', () => {
    const pair = new CallPair();
    pair.caller.media.open = broken;
    pair.caller.actor.start();
    expect(pair.caller.story.end).toEqual(internal);
  });

  test('media.connect throws: the peer hears that the call failed', () => {
    const pair = new CallPair().ring();
    pair.onConnect = (side) => {
      if (side === pair.caller) broken();
    };
    pair.callee.actor.send({ type: 'user.accept' });
    pair.clock.advance(100);
    expect(pair.sides.map(({ story }) => story.end)).toEqual([
      internal,
      { ...internal, by: 'remote' },
    ]);
  });

  test('media.control throws while talking', () => {
    const pair = new CallPair().talk();
    pair.caller.media.onRequest = ({ type }) => void (type === 'control' && broken());
    pair.caller.actor.send({ type: 'user.update', muted: true });
    pair.clock.advance(100);
    expect(pair.sides.map(({ story }) => story.end)).toEqual([
      internal,
      { ...internal, by: 'remote' },
    ]);
  });

  test('media.close throws: the call ends as it would have', () => {
    const pair = new CallPair().talk();
    pair.caller.media.onRequest = ({ type }) => void (type === 'close' && broken());
    pair.caller.actor.send({ type: 'user.hang-up' });
    expect(pair.caller.story.end).toEqual({ reason: 'completed', cause: null, by: 'local' });
  });

  test('signaling.open and signaling.close throw', () => {
    const pair = new CallPair();
    pair.caller.signaling.open = broken;
    pair.caller.signaling.close = broken;
    pair.caller.actor.start();
    expect(pair.caller.story.end).toEqual(internal);
  });

  for (const command of ['call.dial', 'call.media', 'call.update', 'call.hang-up'] as const) {
    test(`signaling.send throws at ${command}: media is closed, the app goes on`, () => {
      const pair = new CallPair();
      const send = pair.caller.signaling.onCommand!;
      pair.caller.signaling.onCommand = (asked) =>
        asked.type === command ? broken() : send(asked);
      pair.ring();
      pair.callees[0]?.actor.send({ type: 'user.accept' });
      pair.clock.advance(100);
      if (command === 'call.update') pair.caller.actor.send({ type: 'user.update', muted: true });
      if (command === 'call.hang-up') pair.caller.actor.send({ type: 'user.hang-up' });
      expect(pair.caller.story.end).toEqual(
        command === 'call.hang-up' ? { reason: 'completed', cause: null, by: 'local' } : internal,
      );
      expect(pair.caller.media.requests.at(-1)).toEqual({ type: 'close' });
    });
  }

  test('a report that comes after the end is dropped', () => {
    const pair = new CallPair();
    pair.ring().caller.actor.send({ type: 'user.hang-up' });
    pair.clock.advance(100);
    const before = pair.caller.actor.getSnapshot();
    pair.caller.media.report({ type: 'media.failed', cause: 'media_failed' });
    pair.caller.signaling.report({ type: 'signaling.connection', connected: false });
    expect(pair.caller.actor.getSnapshot()).toBe(before);
  });
});
