import { expect, test } from 'vitest';
import { decide, evolve } from '@ringfence/call-rules';
import type { Actor, CallFacts, UserCommand } from '@ringfence/call-rules';
import { sampleActors, sampleCall, secondCall } from '@ringfence/call-rules/testing';
import type { SignalBody } from '@ringfence/protocol';
import { openChannel } from '../test/open-channel.ts';
import type { OpenChannel } from '../test/open-channel.ts';
import { CallLine } from './call-line.ts';
import type { LineReport } from './call-line.ts';

const { alice, bob1, carol } = sampleActors;
const active = sampleCall('active');

/** Bob puts Alice through to Carol: Alice's call moves into Bob's with Carol, or the other way. */
function transfer(of: CallFacts, to: CallFacts, actor: Actor = bob1) {
  const command: UserCommand = { type: 'call.transfer', toCallId: to.call.id, other: to };
  const decision = decide(of, actor, command, { ...active.at(30_000), callId: of.call.id });
  if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
  return { stays: decision.facts!, ends: decision.other!.facts };
}

const withCarol = secondCall(bob1, carol, 'active').facts;
const { stays, ends } = transfer(withCarol, active.facts);
const movedTo = stays.call.id;

/** Somebody dials who rings them already: their call is born, and ends in that one. */
function begin(device: Actor, crossing: CallFacts) {
  const dial: UserCommand = {
    type: 'call.dial',
    to: crossing.participants[0]!.address,
    media: { audio: true, video: false },
  };
  const callId = 'dialed-call';
  const at = { ...active.at(500, { [crossing.participants[0]!.userId]: { crossing } }), callId };
  const decision = decide(null, device, dial, at);
  if (decision.refusal !== undefined) throw new Error(decision.refusal.code);
  const [created] = decision.events;
  const born = evolve(callId, null, created!);
  return { born, ends: decision.facts!, stays: decision.other!.facts };
}

/** A line of a device in a call, and what it reports. */
function open(device: Actor, shown: readonly string[] = [], facts = active.facts, to = movedTo) {
  const channels = new Map<string, OpenChannel>();
  const channel = (callId: string): OpenChannel => {
    if (!channels.has(callId)) channels.set(callId, openChannel(callId));
    return channels.get(callId)!;
  };
  const first = channel(facts.call.id);
  first.facts = facts;
  const client = { channel, identity: device };
  const line = new CallLine({ client, isShown: (id) => shown.includes(id) }, facts.call.id);
  const reports: object[] = [];
  line.listen((report) => reports.push(brief(report)));
  reports.length = 0;
  return { line, reports, first, next: channel(to), channel };
}

/** A report, with the id of the call in place of its facts. */
function brief(report: LineReport): object {
  if (!('facts' in report)) return report;
  const { facts, ...rest } = report;
  return { ...rest, callId: facts.call.id };
}

const noCandidates: SignalBody = { kind: 'candidates', candidates: [] };
const moved = { type: 'signaling.moved', legId: 'l3', callId: movedTo };
const ended = { type: 'signaling.facts', callId: active.callId };

test('goes over to the call that goes on, and tells nobody that the first has ended', () => {
  const { line, reports, first, next } = open(alice);
  const signals: string[] = [];
  line.hear(({ fromLeg }) => signals.push(fromLeg));
  next.facts = stays;
  first.tell('facts', ends);
  expect(reports).toEqual([moved]);
  expect([line.channel, first.isClosed]).toEqual([next, true]);
  next.tell('signal', { fromLeg: 'l2', mediaEpoch: 1, body: noCandidates });
  next.tell('connection', false);
  next.tell('facts', stays);
  expect(signals).toEqual(['l2']);
  expect(reports.slice(1)).toEqual([
    { type: 'signaling.connection', connected: false },
    { type: 'signaling.facts', callId: movedTo },
  ]);
});

test('listens to the signals of the new call only once the move was reported', () => {
  const { line, first, next } = open(alice);
  line.hear(() => {});
  let listening: unknown;
  line.listen((report) => {
    if (report.type === 'signaling.moved') listening = [...next.listening];
  });
  next.facts = stays;
  first.tell('facts', ends);
  expect([listening, next.listening.at(-1)]).toEqual([['facts', 'connection'], 'signal']);
});

test('waits for the facts of the other call', () => {
  const { reports, first, next } = open(alice);
  first.tell('facts', ends);
  expect(reports).toEqual([]);
  next.tell('facts', stays);
  expect(reports).toEqual([moved]);
});

test('a device that is not in the other call has an ended call', () => {
  const { reports, first, next } = open(bob1);
  next.facts = stays;
  first.tell('facts', ends);
  expect(reports).toEqual([ended]);
  expect([next.isClosed, first.isClosed]).toEqual([true, false]);
});

test('a call that the phone shows already takes over nothing', () => {
  const { reports, first, next } = open(alice, [movedTo]);
  next.facts = stays;
  first.tell('facts', ends);
  expect([reports, next.listening]).toEqual([[ended], []]);
});

test('of two calls that move to one place, the second just ends', () => {
  const shown: string[] = [];
  const { line, reports, first, next } = open(alice, shown);
  first.tell('facts', ends);
  shown.push(movedTo);
  next.tell('facts', stays);
  expect([reports, next.isClosed]).toEqual([[ended], false]);
  line.close();
  expect([next.sent, next.isClosed, first.isClosed]).toEqual([[], false, true]);
});

test('a channel that another call has gone over to stays open, and tells the first one nothing', () => {
  const shown: string[] = [];
  const { line, reports, first } = open(alice, shown);
  shown.push(active.callId);
  line.close();
  first.tell('facts', ends);
  expect([first.isClosed, reports]).toEqual([false, []]);
});

test('the other call is over before this device could go there', () => {
  const { reports, first, next } = open(alice);
  first.tell('facts', ends);
  next.tell('facts', { ...stays, call: { ...stays.call, state: 'ended' } });
  expect([reports, next.isClosed]).toEqual([[ended], true]);
});

test('a call that moved on before this device could go there is followed further', () => {
  const { line, reports, first, next, channel } = open(alice);
  const further: CallFacts = { ...stays, call: { ...stays.call, id: 'further' } };
  channel('further').facts = further;
  first.tell('facts', ends);
  next.tell('facts', { ...stays, call: { ...stays.call, state: 'ended', movedTo: 'further' } });
  expect(reports).toEqual([{ ...moved, callId: 'further' }]);
  expect(line.channel.callId).toBe('further');
});

test('facts from before the move, in which it still rings here, are waited out (glare)', () => {
  const crossing = sampleCall('offered');
  const dialed = begin(bob1, crossing.facts);
  const { reports, first, next } = open(bob1, [], dialed.born, crossing.callId);
  next.facts = crossing.facts;
  first.tell('facts', dialed.ends);
  expect(reports).toEqual([]);
  next.tell('facts', dialed.stays);
  expect(reports).toEqual([{ type: 'signaling.moved', legId: 'l2', callId: crossing.callId }]);
});

test('who leaves while the move is under way leaves the other call too', () => {
  const { line, first, next } = open(alice);
  first.tell('facts', ends);
  line.close();
  expect([next.sent, next.isClosed, first.isClosed]).toEqual([
    [{ name: 'call.hang-up' }],
    true,
    true,
  ]);
});

test('stops passing on signals when it is told to', () => {
  const { line, first, next } = open(alice);
  const signals: unknown[] = [];
  const stop = line.hear((signal) => signals.push(signal));
  stop();
  next.facts = stays;
  first.tell('facts', ends);
  next.tell('signal', { fromLeg: 'l2', mediaEpoch: 1, body: noCandidates });
  expect(signals).toEqual([]);
});
