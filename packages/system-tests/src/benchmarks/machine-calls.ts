import { systemClock } from '@ringfence/base';
import { callMachine } from '@ringfence/call-machine';
import type { CallEvent, CallInput } from '@ringfence/call-machine';
import { FakeCallMedia, FakeSignaling } from '@ringfence/call-machine/testing';
import { createActor, setup } from 'xstate';
import type { TalkedCall } from './call-history.ts';
import { peerMachine } from './machine-peer.ts';

/** The same steps as a call, with nothing to decide, remember or do. */
const emptyMachine = setup({ types: {} as { events: CallEvent } }).createMachine({
  initial: 'preparing',
  states: {
    preparing: { on: { 'media.acquired': 'dialing' } },
    dialing: { on: { 'signaling.facts': 'dialed' } },
    dialed: { on: { 'signaling.facts': 'ringing' } },
    ringing: { on: { 'signaling.facts': 'connecting' } },
    connecting: { on: { 'signaling.facts': 'heard' } },
    heard: { on: { 'media.connected': 'connected' } },
    connected: { on: { 'signaling.facts': 'active' } },
    active: { on: { 'user.hang-up': 'ending' } },
    ending: { on: { 'signaling.facts': 'ended' } },
    ended: { type: 'final' },
  },
});

interface Sendable {
  send(event: CallEvent): void;
}

/** What happens to the machine of a caller up to `active`. */
export function talk(actor: Sendable, call: TalkedCall): void {
  actor.send({ type: 'media.acquired' });
  actor.send({ type: 'signaling.facts', facts: call.dialed });
  actor.send({ type: 'signaling.facts', facts: call.ringing });
  actor.send({ type: 'signaling.facts', facts: call.connecting });
  actor.send({ type: 'signaling.facts', facts: call.calleeConnected });
  actor.send({ type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' });
  actor.send({ type: 'signaling.facts', facts: call.active });
}

/** What happens to it from there to `ended`. */
function hangUp(actor: Sendable, call: TalkedCall): void {
  actor.send({ type: 'user.hang-up' });
  actor.send({ type: 'signaling.facts', facts: call.ended });
}

/** What the machine of a caller is made with: ports of its own, as every call has. */
export function callInput(callId: string): CallInput {
  return {
    direction: 'outgoing',
    callId,
    to: 'user:bob',
    kinds: { audio: true, video: true },
    signaling: new FakeSignaling(),
    media: new FakeCallMedia(),
  };
}

function finished(status: string): void {
  if (status !== 'done') throw new Error(`the call did not end; its machine is ${status}`);
}

/** One whole call in our machine. */
export function runCall(call: TalkedCall): void {
  const actor = createActor(callMachine, { input: callInput(call.callId), clock: systemClock });
  actor.start();
  talk(actor, call);
  hangUp(actor, call);
  finished(actor.getSnapshot().status);
}

/** One whole call in the peer. */
export function runPeerCall(call: TalkedCall): void {
  const actor = createActor(peerMachine, { input: callInput(call.callId), clock: systemClock });
  actor.start();
  talk(actor, call);
  hangUp(actor, call);
  finished(actor.getSnapshot().status);
}

/** The same events in a machine that does nothing. */
export function runEmptyCall(call: TalkedCall): void {
  const actor = createActor(emptyMachine, { clock: systemClock });
  actor.start();
  talk(actor, call);
  hangUp(actor, call);
  finished(actor.getSnapshot().status);
}
