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
import type { CallFacts, Leg, Participant } from '@ringfence/call-rules';
import { callMachine, callView } from '../src/index.ts';
import type { CallEvent, CallInput, CallSnapshot } from '../src/index.ts';
import { FakeCallMedia, FakeSignaling } from '../src/testing/index.ts';
import { alice, bob, callId, CallTruth } from './call-truth.ts';

/** The facts of one call at its turning points, by the real rules. */
function turningPoints() {
  const truth = new CallTruth(new FakeClock());
  const at: Record<string, CallFacts> = {};
  const keep = (name: string): void => {
    at[name] = truth.facts!;
  };
  truth.command(alice, {
    type: 'call.dial',
    to: 'user:bob',
    media: { audio: true, video: false },
  });
  keep('offered');
  truth.command(bob, { type: 'call.ring' });
  keep('ringing');
  truth.command(bob, { type: 'call.accept' });
  keep('connecting');
  truth.command(alice, { type: 'call.media', mediaEpoch: 1, connected: true });
  truth.command(bob, { type: 'call.media', mediaEpoch: 1, connected: true });
  keep('active');
  truth.command(bob, { type: 'call.update', held: true });
  truth.system({ type: 'device.silent', ...bob });
  keep('bobSilent');
  truth.command(alice, { type: 'call.hang-up' });
  keep('ended');
  const patchLeg = (facts: CallFacts, patch: Partial<Leg>, joined?: Partial<Participant>) => ({
    ...facts,
    legs: facts.legs.map((leg) => (leg.id === 'l2' ? { ...leg, ...patch } : leg)),
    participants: facts.participants.map((each) =>
      each.id === 'p2' ? { ...each, ...joined } : each,
    ),
  });
  at['unreachable'] = patchLeg(at['ringing']!, { state: 'lost', lostReason: 'unreachable' });
  at['elsewhere'] = patchLeg(at['connecting']!, {
    state: 'lost',
    lostReason: 'answered-elsewhere',
  });
  at['joinedElsewhere'] = patchLeg(
    at['ringing']!,
    { state: 'lost', lostReason: 'unreachable' },
    { state: 'joined', wonLegId: 'l3' },
  );
  truth.close();
  return at;
}
const points = turningPoints();

/** The order in which a call passes its turning points; facts never go back. */
const rank = { ringing: 0, connecting: 1, active: 2, ended: 3 } as const;

const fixed: readonly CallEvent[] = [
  { type: 'user.accept' },
  { type: 'user.decline' },
  { type: 'user.hang-up' },
  { type: 'user.update', held: true, muted: true, camera: true },
  { type: 'media.acquired' },
  { type: 'media.refused', cause: 'permission_denied' },
  { type: 'media.failed', cause: 'media_failed' },
  { type: 'media.camera-refused', cause: 'device_missing' },
  { type: 'media.connected', mediaEpoch: 1 },
  { type: 'media.connected', mediaEpoch: 7 },
  { type: 'media.disconnected', mediaEpoch: 1 },
  { type: 'media.disconnected', mediaEpoch: 7 },
  { type: 'signaling.connection', connected: false },
  { type: 'signaling.connection', connected: true },
  { type: 'port.threw', error: 'test' },
  ...(
    ['call.dial', 'call.ring', 'call.accept', 'call.update', 'call.media', 'call.hang-up'] as const
  ).flatMap((command) =>
    ['leg_lost', 'answered_elsewhere', 'store_unavailable', 'request_expired'].map(
      (code): CallEvent => ({ type: 'signaling.refused', command, code }),
    ),
  ),
];

/** Everything that may happen in a state: each event, each fact that may follow, and the clock. */
function eventsIn(snapshot: CallSnapshot): readonly CallEvent[] {
  // An actor that is done hears nothing.
  if (snapshot.status !== 'active') return [];
  const known = snapshot.context.facts;
  const events: CallEvent[] = [...fixed];
  // A call of which nobody was told has no facts.
  if (snapshot.value !== 'preparing') {
    for (const [name, facts] of Object.entries(points)) {
      if (known !== null && rank[facts.call.state] < rank[known.call.state]) continue;
      // One device of the user took it: only said to a side that is called.
      const isLost = ['unreachable', 'elsewhere', 'joinedElsewhere'].includes(name);
      if (isLost && snapshot.context.direction === 'outgoing') continue;
      const seq = (known?.call.seq ?? 0) + 1;
      events.push({ type: 'signaling.facts', facts: { ...facts, call: { ...facts.call, seq } } });
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
  const { facts, legId } = context;
  return JSON.stringify([
    value,
    facts?.call.state,
    facts?.legs.find((leg) => leg.id !== legId)?.silent,
    facts?.legs.find((leg) => leg.id === legId)?.state,
    context.connected,
    context.flowing,
    context.captured,
    context.awaiting,
  ]);
}

const ports = () => ({ signaling: new FakeSignaling(), media: new FakeCallMedia() });
const inputs: readonly (() => CallInput)[] = [
  () => ({ direction: 'outgoing', callId, to: 'user:bob', ...ports() }),
  () => ({ direction: 'incoming', facts: points['offered']!, legId: 'l2', ...ports() }),
];

/** Every state that waits for the server has its one timer; the user may take all the time. */
function timersIn({ value, context }: CallSnapshot, clock: FakeClock): number {
  if (value === 'preparing' || value === 'active' || value === 'ended') return 0;
  // The timer of a lost call is spent when the server was there as it fired.
  if (value === 'reconnecting' && context.connected) return Math.min(clock.pending, 1);
  return 1;
}

const taken = new Set<AnyTransitionDefinition>();

/** Runs events on a real actor and holds it to the invariants after each. */
function walk(input: CallInput, events: readonly CallEvent[]) {
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
  actor.start();
  let seq = -1;
  for (const event of events) {
    const before = actor.getSnapshot();
    // The clock is the only one to fire a timer. Each state has one at most.
    if (event.type.startsWith('xstate.after.')) clock.runNext();
    else actor.send(event);
    const snapshot = actor.getSnapshot();
    const { context, status, value } = snapshot;
    const over = value === 'ending' || value === 'ended';
    const closes = media.requests.filter(({ type }) => type === 'close').length;
    const connects = media.requests.filter(({ type }) => type === 'connect').length;
    const acquires = media.requests.filter(({ type }) => type === 'acquire').length;
    const dials = signaling.commands.filter(({ type }) => type === 'call.dial').length;
    expect({
      status,
      closes,
      mediaLast: over ? media.requests.at(-1)?.type : 'close',
      signalingCloses: signaling.closes,
      connectsOnce: connects <= 1,
      acquiresOnce: acquires <= 1 || !context.captured,
      dials,
      hasEnd: context.end !== null,
      timers: clock.pending,
      shown: callView(snapshot).state === 'ended',
      seqFell: (context.facts?.call.seq ?? 0) < seq,
    }).toEqual({
      status: value === 'ended' ? 'done' : 'active',
      // Media ends with the call, once, and is asked for nothing afterwards.
      closes: over ? 1 : 0,
      mediaLast: 'close',
      signalingCloses: value === 'ended' ? 1 : 0,
      connectsOnce: true,
      acquiresOnce: true,
      dials: input.direction === 'outgoing' && dials > 0 ? 1 : 0,
      hasEnd: over,
      timers: timersIn(snapshot, clock),
      shown: over,
      seqFell: false,
    });
    if (input.direction === 'outgoing' && value === 'preparing') expect(dials).toBe(0);
    seq = context.facts?.call.seq ?? 0;
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

// Thousands of walks, half a second alone. Nothing in them waits, so the time hides nothing.
describe('every path', { timeout: 60_000 }, () => {
  for (const input of inputs) {
    test(`${input().direction}: every event in every state keeps the invariants`, () => {
      const paths = getShortestPaths(callMachine, {
        fromState: getInitialSnapshot(callMachine, input()),
        events: eventsIn,
        serializeState: serialize,
      });
      const states = new Set<string>();
      for (const { state, steps } of paths) {
        const reached: CallSnapshot = state;
        states.add(reached.value);
        // The first step is the start of the actor.
        const events = steps.slice(1).map(({ event }) => event as CallEvent);
        expect(serialize(walk(input(), events))).toBe(serialize(reached));
        if (reached.status === 'done') continue;
        for (const event of eventsIn(reached)) walk(input(), [...events, event]);
      }
      const common = ['ringing', 'connecting', 'active', 'reconnecting', 'ending', 'ended'];
      const own = input().direction === 'outgoing' ? ['preparing', 'dialing'] : ['accepting'];
      expect(states).toEqual(new Set([...own, ...common]));
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
