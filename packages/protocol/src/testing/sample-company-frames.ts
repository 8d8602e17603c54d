import type { CallEvent, UserCommand, UserSettings } from '@ringfence/call-rules';
import { sampleActors, sampleCall, secondCall, takeStep } from '@ringfence/call-rules/testing';
import type { SampleCall, SamplePoint } from '@ringfence/call-rules/testing';
import type { CommandName } from '../client-messages.ts';
import { writeAnswer, writeEvent, writeRequest } from '../codec.ts';
import type { SampleFrames } from './sample-call-frames.ts';

const { alice, bob1, carol, erin } = sampleActors;
const settings: UserSettings = {
  doNotDisturb: false,
  forwardOnBusy: 'user:carol',
  forwardOnNoAnswer: null,
};

/** The events of the second call that come on top of those of the first. */
const since = (from: SampleCall, to: SampleCall): CallEvent[] =>
  to.events.slice(from.events.length);
const between = (from: SamplePoint, to: SamplePoint): CallEvent[] =>
  since(sampleCall(from), sampleCall(to));

/** Frames of rooms, transfers, merges and settings. */
export function companyFrames(): SampleFrames {
  const { callId } = sampleCall('room');
  const room = sampleCall('room');
  const other = secondCall(alice, erin, 'active');
  const participantId = 'p3';
  const done = (id: string, name: CommandName, events: CallEvent[]): string =>
    writeAnswer(id, name, { callId, seq: events.at(-1)!.seq, events });
  const told = (events: CallEvent[]): string => writeEvent('call.events', { callId, events });
  const asAlice = (call: SampleCall, command: UserCommand): CallEvent[] =>
    since(call, call.after({ actor: alice, command }, 30_000));

  const merge: UserCommand = {
    type: 'call.merge',
    fromCallId: other.callId,
    other: other.facts,
  };
  const merged = takeStep(room.facts, { actor: alice, command: merge }, room.at(30_000));
  if (merged.refusal !== undefined || merged.other === undefined) {
    throw new Error('unable to merge the sample calls; the rules refuse it');
  }
  const returned = sampleCall('waiting').after(
    { actor: carol, command: { type: 'call.decline' } },
    15_000,
  );
  const left = room.after({ actor: bob1, command: { type: 'call.hang-up' } }, 30_000);

  return {
    client: [
      writeRequest('r1', 'call.invite', { callId, to: 'user:carol' }),
      writeRequest('r2', 'call.invite', { callId, to: 'user:dave', role: 'guest' }),
      writeRequest('r3', 'call.request-mute', { callId, participantId }),
      writeRequest('r4', 'call.remove', { callId, participantId }),
      writeRequest('r5', 'call.transfer', { callId, to: 'user:carol' }),
      writeRequest('r6', 'call.transfer', { callId, toCallId: other.callId }),
      writeRequest('r7', 'call.merge', { callId, fromCallId: other.callId }),
      writeRequest('r8', 'call.decline', { callId, busy: true }),
      writeRequest('r9', 'call.hang-up', { callId, everyone: true }),
      writeRequest('r10', 'settings.update', settings),
      writeRequest('r11', 'call.sync', { callId, afterSeq: 0 }),
      writeRequest('r12', 'call.sync', { callId: other.callId, afterSeq: 0 }),
    ],
    server: [
      done('r1', 'call.invite', between('active', 'inviting')),
      told(between('inviting', 'room')),
      told(between('room', 'full')),
      done('r3', 'call.request-mute', asAlice(room, { type: 'call.request-mute', participantId })),
      done('r4', 'call.remove', asAlice(room, { type: 'call.remove', participantId })),
      told(since(room, left)),
      done('r5', 'call.transfer', between('active', 'waiting')),
      told(between('waiting', 'transferred')),
      told(since(sampleCall('waiting'), returned)),
      done('r7', 'call.merge', [...merged.events]),
      writeEvent('call.events', { callId: other.callId, events: [...merged.other.events] }),
      writeAnswer('r11', 'call.sync', { callId, snapshot: sampleCall('full').facts }),
      writeAnswer('r11', 'call.sync', { callId, snapshot: returned.facts }),
      writeAnswer('r12', 'call.sync', { callId: other.callId, snapshot: merged.other.facts }),
      writeAnswer('r10', 'settings.update', settings),
      writeEvent('settings.changed', settings),
    ],
  };
}
