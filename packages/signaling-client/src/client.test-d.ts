import type { RingfenceError } from '@ringfence/base';
import type { CallFacts } from '@ringfence/call-rules';
import type { IceServer, SignalBody } from '@ringfence/protocol';
import { expectTypeOf, test } from 'vitest';
import { createSignalingClient } from './index.ts';
import type { CallChannel, LinkState, SignalingClient, SignalingClientPorts } from './index.ts';

declare const client: SignalingClient;
declare const channel: CallChannel;

test('events of the client', () => {
  client.on('client.changed', (change) => {
    expectTypeOf(change).toEqualTypeOf<{
      readonly state: LinkState;
      readonly error?: RingfenceError;
    }>();
  });
  client.on('call.offered', (facts) => {
    expectTypeOf(facts).toEqualTypeOf<CallFacts>();
  });
  expectTypeOf(client.on('call.offered', () => {})).toEqualTypeOf<() => void>();
  // @ts-expect-error there is no such event
  client.on('call.ended', () => {});
});

test('events of a channel', () => {
  channel.on('facts', (facts) => {
    expectTypeOf(facts).toEqualTypeOf<CallFacts>();
  });
  channel.on('signal', ({ fromLeg, mediaEpoch, body }) => {
    expectTypeOf(fromLeg).toEqualTypeOf<string>();
    expectTypeOf(mediaEpoch).toEqualTypeOf<number>();
    expectTypeOf(body).toEqualTypeOf<SignalBody>();
  });
  channel.on('connection', (connected) => {
    expectTypeOf(connected).toEqualTypeOf<boolean>();
  });
  // @ts-expect-error there is no such event
  channel.on('gone', () => {});
});

test('commands and their bodies', () => {
  expectTypeOf(channel.command('call.ring', {})).toEqualTypeOf<Promise<void>>();
  void channel.command('call.hang-up', { cause: 'media_failed' });
  void channel.command('call.media', { mediaEpoch: 1, legId: 'l1', connected: true });
  // @ts-expect-error a dial says to whom
  void channel.command('call.dial', {});
  // @ts-expect-error hello is no command
  void channel.command('hello', {});
  // @ts-expect-error no such field
  void channel.command('call.update', { loud: true });
  expectTypeOf(channel.iceServers()).toEqualTypeOf<Promise<IceServer[]>>();
});

test('options and collaborators are apart', () => {
  createSignalingClient({ url: 'wss://server', token: async () => 'token', dialMs: 5_000 }, {});
  // @ts-expect-error a token is needed
  createSignalingClient({ url: 'wss://server' });
  // @ts-expect-error the transport is a collaborator
  createSignalingClient({ url: 'wss://server', token: 't', transport: null });
  expectTypeOf<keyof SignalingClientPorts>().toEqualTypeOf<
    'transport' | 'clock' | 'random' | 'logger'
  >();
});
