/*
 * Walks the whole graph: from the initial state, every event in every state that can be reached,
 * with facts as the rules make them. Each walk runs on a real actor with real effects, and holds
 * it to the invariants of the machine. At the end every transition of the graph must have been
 * taken.
 */
import { createActor, getInitialSnapshot } from 'xstate';
import type { AnyTransitionDefinition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '@ringfence/base/testing';
import { hasJoined, joinedLegs } from '@ringfence/call-rules';
import type { CallFacts } from '@ringfence/call-rules';
import { callMachine, callView } from '../src/index.ts';
import type { CallEvent, CallInput, CallSnapshot } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { callId, callIdOf } from './call-truth.ts';
import { turningPoints } from './turning-points.ts';

const points = turningPoints();

type SignalingMoved = Extract<CallEvent, { readonly type: 'signaling.moved' }>;

/** Facts of another call that this one goes on as, and this device's leg in it. */
const moves: readonly SignalingMoved[] = (
  [
    ['ringing', 'l2'],
    ['connecting', 'l2'],
    ['bobWaits', 'l2'],
    ['ended', 'l2'],
  ] as const
).map(([name, legId]) => {
  const facts = points[name];
  return {
    type: 'signaling.moved',
    legId,
    facts: { ...facts, call: { ...facts.call, id: callIdOf(2) } },
  };
});

const media = (type: 'media.connected' | 'media.disconnected'): CallEvent[] => [
  { type, mediaEpoch: 1, peerLegId: 'l1' },
  { type, mediaEpoch: 1, peerLegId: 'l2' },
  { type, mediaEpoch: 1, peerLegId: 'l3' },
  { type, mediaEpoch: 7, peerLegId: 'l2' },
];

const fixed: readonly CallEvent[] = [
  { type: 'user.accept' },
  { type: 'user.decline' },
  { type: 'user.hang-up' },
  { type: 'user.hang-up', everyone: true },
  { type: 'user.update', held: true, muted: true, camera: true },
  { type: 'call.mute-requested', by: 'p1' },
  { type: 'media.acquired' },
  { type: 'media.refused', cause: 'permission_denied' },
  { type: 'media.failed', cause: 'media_failed' },
  { type: 'media.failed', cause: 'media_failed', peerLegId: 'l1' },
  { type: 'media.failed', cause: 'media_failed', peerLegId: 'l3' },
  { type: 'media.camera-refused', cause: 'device_missing' },
  ...media('media.connected'),
  ...media('media.disconnected'),
  { type: 'signaling.connection', connected: false },
  { type: 'signaling.connection', connected: true },
  { type: 'signaling.done', ticket: 't' },
  { type: 'signaling.refused', command: 'call.invite', code: 'call_full', ticket: 't' },
  { type: 'port.threw', error: 'test' },
  ...(
    [
      'call.dial',
      'call.ring',
      'call.accept',
      'call.decline',
      'call.update',
      'call.media',
      'call.hang-up',
    ] as const
  ).flatMap((command) =>
    ['wrong_state', 'answered_elsewhere', 'store_unavailable', 'request_expired'].map(
      (code): CallEvent => ({ type: 'signaling.refused', command, code }),
    ),
  ),
];

/** What only a device hears that is called: it was out of reach, busy, or another one took it. */
const losses = ['unreachable', 'elsewhere', 'joinedElsewhere', 'busyHere'];

const ownLeg = (facts: CallFacts | null, legId: string) =>
  facts?.legs.find(({ id }) => id === legId);

/** True when facts may follow those known: what ended stays so, and a leg that joined never rings. */
function mayFollow(facts: CallFacts, legId: string, { context }: CallSnapshot): boolean {
  const known = context.facts;
  if (known?.call.state === 'ended' && facts.call.state !== 'ended') return false;
  return ownLeg(known, context.legId)?.state !== 'won' || ownLeg(facts, legId)?.state === 'won';
}

/** Everything that may happen in a state: each event, each fact that may follow, and the clock. */
function eventsIn(snapshot: CallSnapshot): readonly CallEvent[] {
  // An actor that is done hears nothing.
  if (snapshot.status !== 'active') return [];
  const { facts: known, callId: id, legId } = snapshot.context;
  const events: CallEvent[] = [...fixed];
  // A call of which nobody was told has no facts.
  if (snapshot.value !== 'preparing') {
    if (id === callId) {
      events.push(...moves.filter(({ facts, legId: to }) => mayFollow(facts, to, snapshot)));
    }
    for (const [name, facts] of Object.entries(points)) {
      if (losses.includes(name) && legId !== 'l2') continue;
      if (!mayFollow(facts, legId, snapshot)) continue;
      const seq = (known?.call.seq ?? 0) + 1;
      const call = { ...facts.call, id, seq };
      events.push({ type: 'signaling.facts', facts: { ...facts, call } });
    }
  }
  if (known !== null) events.push({ type: 'signaling.facts', facts: known });
  for (const node of snapshot._nodes) {
    for (const { eventType } of node.after)
      events.push({ type: eventType } as unknown as CallEvent);
  }
  return events;
}

/** What tells one state from another: enough to reach every guard both ways. */
function serialize({ value, context }: CallSnapshot): string {
  const { facts, legId, flowing, connected } = context;
  return JSON.stringify([
    value,
    legId,
    facts?.call.state,
    facts?.call.connectDeadlineAt,
    facts?.participants.map(({ state, ringDeadlineAt }) => [state, ringDeadlineAt]),
    facts?.legs.map(({ state, silent, connectDeadlineAt }) => [state, silent, connectDeadlineAt]),
    otherLegs(context).filter(({ id }) => flowing.includes(id)).length,
    value === 'reconnecting' && connected,
    context.captured,
    context.awaiting,
  ]);
}

/** What matters to an outcome, and to how a call ends. Each state is ended with and without. */
const preludes: readonly (readonly CallEvent[])[] = [
  [{ type: 'signaling.connection', connected: false }],
  [{ type: 'user.request', ticket: 't', request: { type: 'call.invite', to: 'user:carol' } }],
];

const ports = () => ({ signaling: new FakeSignaling(), media: new FakeCallMedia() });
const incoming = (name: keyof typeof points) => (): CallInput => ({
  direction: 'incoming',
  facts: points[name],
  legId: 'l2',
  ...ports(),
});
/** Each way in, and the states that only it leads to. */
const inputs: readonly [string, readonly string[], () => CallInput][] = [
  [
    'outgoing',
    ['preparing', 'dialing', 'accepting'],
    () => ({ direction: 'outgoing', callId, to: 'user:bob', ...ports() }),
  ],
  ['incoming', ['accepting'], incoming('offered')],
  ['incoming, in the call already', [], incoming('connecting')],
  ['incoming, waiting in it already', [], incoming('bobWaits')],
];

/** Every state that waits for the server has its one timer; the user may take all the time. */
function timersIn({ value, context }: CallSnapshot, clock: FakeClock): number {
  if (value === 'preparing' || value === 'active' || value === 'ended') return 0;
  // The timer of a lost call is spent when the server was there as it fired.
  if (value === 'reconnecting' && context.connected) return Math.min(clock.pending, 1);
  return 1;
}

/** The legs that media was asked to connect with and not to let go of; one asked twice is doubled. */
function linkedLegs({ requests }: FakeCallMedia): string[] {
  const linked: string[] = [];
  for (const request of requests) {
    if (request.type === 'connect') linked.push(request.peerLegId);
    if (request.type === 'disconnect') linked.splice(linked.indexOf(request.peerLegId), 1);
  }
  return linked.sort();
}

/** The other legs in the call, while this one is in it. */
function otherLegs({ facts, legId }: CallSnapshot['context']) {
  const own = ownLeg(facts, legId);
  if (own === undefined || !hasJoined(facts!, own)) return [];
  return joinedLegs(facts!).filter(({ id }) => id !== legId);
}

const taken = new Set<AnyTransitionDefinition>();

/**
 * Runs events on a real actor and holds it to the invariants after each, save the first `walked`,
 * which another walk did.
 */
function walk(input: CallInput, events: readonly CallEvent[], walked = 0) {
  const clock = new FakeClock();
  const signaling = input.signaling as FakeSignaling;
  const media = input.media as FakeCallMedia;
  const actor = createActor(callMachine, {
    clock,
    input,
    inspect: (inspected) => {
      if (inspected.type !== '@xstate.microstep') return;
      for (const transition of inspected._transitions) taken.add(transition);
    },
  });
  let asked = 0;
  let outcomes = 0;
  actor.on('*', (told) => {
    if ('ticket' in told && told.ticket === 't') outcomes += 1;
  });
  actor.start();
  for (const [index, event] of events.entries()) {
    const before = actor.getSnapshot();
    if (event.type === 'user.request') asked += 1;
    // The clock is the only one to fire a timer. Each state has one at most.
    if (event.type.startsWith('xstate.after.')) clock.runNext();
    else actor.send(event);
    if (index < walked) continue;
    const snapshot = actor.getSnapshot();
    const { context, status, value } = snapshot;
    const over = value === 'ending' || value === 'ended';
    const count = (type: string): number =>
      media.requests.filter((request) => request.type === type).length;
    const dials = signaling.commands.filter(({ type }) => type === 'call.dial').length;
    const others = otherLegs(context);
    const control = media.requests.filter(({ type }) => type === 'control').at(-1);
    expect({
      status,
      closes: count('close'),
      mediaLast: over ? media.requests.at(-1)?.type : 'close',
      signalingCloses: signaling.closes,
      linked: over ? [] : linkedLegs(media),
      heldBy: over ? [] : control?.type === 'control' && control.heldBy,
      acquiresOnce: count('acquire') <= 1 || !context.captured,
      dials,
      hasEnd: context.end !== null,
      timers: clock.pending,
      shown: callView(snapshot).state === 'ended',
      seqFell: context.callId === before.context.callId && seqOf(context) < seqOf(before.context),
      outcomes,
    }).toEqual({
      status: value === 'ended' ? 'done' : 'active',
      // Media ends with the call, once, and is asked for nothing afterwards.
      closes: over ? 1 : 0,
      mediaLast: 'close',
      signalingCloses: value === 'ended' ? 1 : 0,
      // Media is connected with each other leg, once, and with nobody else.
      linked: over || !context.captured ? [] : others.map(({ id }) => id).sort(),
      heldBy: over ? [] : others.filter(({ held }) => held).map(({ id }) => id),
      acquiresOnce: true,
      dials: input.direction === 'outgoing' && dials > 0 ? 1 : 0,
      hasEnd: over,
      timers: timersIn(snapshot, clock),
      shown: over,
      seqFell: false,
      // Every request has one outcome, at the end at the latest.
      outcomes: asked - context.requests.length,
    });
    if (status === 'done') expect(context.requests).toEqual([]);
    if (input.direction === 'outgoing' && value === 'preparing') expect(dials).toBe(0);
    // An event that changes nothing gives no new snapshot to render.
    if (
      event.type === 'signaling.facts' &&
      event.facts.call.seq <= (before.context.facts?.call.seq ?? 0)
    ) {
      expect(snapshot.context).toBe(before.context);
    }
    if (status === 'done') break;
  }
  return actor.getSnapshot();
}

const seqOf = ({ facts }: CallSnapshot['context']): number => facts?.call.seq ?? 0;

// Thousands of walks. Nothing in them waits, so the time hides nothing.
describe('every path', { timeout: 60_000 }, () => {
  for (const [name, own, input] of inputs) {
    test(`${name}: every event in every state keeps the invariants`, () => {
      const paths = getShortestPaths(callMachine, {
        fromState: getInitialSnapshot(callMachine, input()),
        events: eventsIn,
        serializeState: serialize,
        // In a call that this device was in before, only what comes before its media is new.
        stopWhen: ({ context }: CallSnapshot) => name.includes('already') && context.captured,
      });
      const states = new Set<string>();
      for (const { state, steps } of paths) {
        // The first step is the start of the actor. Of states that count as one, the walk tells
        // which one it is in.
        const events = steps.slice(1).map(({ event }) => event as CallEvent);
        const reached = walk(input(), events);
        expect(serialize(reached)).toBe(serialize(state));
        states.add(reached.value);
        if (reached.status === 'done') continue;
        for (const event of eventsIn(reached)) {
          const { value } = walk(input(), [...events, event], events.length);
          if (value !== 'ending' && value !== 'ended' && !('ticket' in event)) continue;
          for (const prelude of preludes) {
            walk(input(), [...events, ...prelude, event], events.length);
          }
        }
      }
      const common = ['ringing', 'connecting', 'active', 'reconnecting', 'ending', 'ended'];
      expect(states).toEqual(new Set([...common, ...own]));
    });
  }

  test('took every transition of the graph', () => {
    const missed: string[] = [];
    for (const node of [callMachine.root, ...Object.values(callMachine.states)]) {
      for (const transition of [...node.transitions.values()].flat().concat(node.always ?? [])) {
        if (taken.has(transition)) continue;
        missed.push(`${node.key}: ${transition.eventType} [${JSON.stringify(transition.guard)}]`);
      }
    }
    expect(missed).toEqual([]);
  });
});
