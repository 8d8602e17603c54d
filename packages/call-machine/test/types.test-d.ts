import { createActor } from 'xstate';
import { expectTypeOf, test } from 'vitest';
import { callMachine, callView } from '../src/index.ts';
import type { CallEnd, CallInput, CallView, Media, Signaling } from '../src/index.ts';

const signaling = {} as Signaling;
const media = {} as Media;

test('the input says what a call needs', () => {
  expectTypeOf<{
    direction: 'outgoing';
    callId: string;
    to: 'user:alice';
    signaling: Signaling;
    media: Media;
  }>().toExtend<CallInput>();
  // @ts-expect-error an incoming call is made from its facts
  createActor(callMachine, { input: { direction: 'incoming', signaling, media } });
  // @ts-expect-error an address has a kind
  const input: CallInput = { direction: 'outgoing', callId: 'id', to: 'alice', signaling, media };
  expectTypeOf(input).toExtend<CallInput>();
});

test('snapshots, output and events are typed', () => {
  const actor = createActor(callMachine, {
    input: { direction: 'outgoing', callId: 'id', to: 'user:alice', signaling, media },
  });
  expectTypeOf(callView(actor.getSnapshot())).toEqualTypeOf<CallView>();
  expectTypeOf(actor.getSnapshot().output).toEqualTypeOf<CallEnd | undefined>();
  expectTypeOf(actor.send).toBeCallableWith({ type: 'user.update', muted: true });
  expectTypeOf(actor.send).toBeCallableWith({
    type: 'user.request',
    ticket: 't',
    request: { type: 'call.transfer', toCallId: 'id' },
  });
  // @ts-expect-error a transfer goes to an address or to a call
  actor.send({ type: 'user.request', ticket: 't', request: { type: 'call.transfer' } });
  // @ts-expect-error no such event
  actor.send({ type: 'user.dance' });
});
