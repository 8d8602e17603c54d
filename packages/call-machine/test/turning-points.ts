import { FakeClock } from '@ringfence/base/testing';
import type { CallFacts, Leg, Participant } from '@ringfence/call-rules';
import type { CallCommand } from '../src/index.ts';
import { alice, bob, carol, CallTruth } from './call-truth.ts';

const hears = (legId: string): CallCommand => ({
  type: 'call.media',
  mediaEpoch: 1,
  legId,
  connected: true,
});

const withLegs = (facts: CallFacts, change: (leg: Leg) => Partial<Leg>): CallFacts => ({
  ...facts,
  legs: facts.legs.map((leg) => ({ ...leg, ...change(leg) })),
});
const withLeg = (facts: CallFacts, id: string, change: Partial<Leg>): CallFacts =>
  withLegs(facts, (leg) => (leg.id === id ? change : {}));
const withParticipant = (
  facts: CallFacts,
  id: string,
  change: Partial<Participant>,
): CallFacts => ({
  ...facts,
  participants: facts.participants.map((each) => (each.id === id ? { ...each, ...change } : each)),
});

/** A call of Alice to Bob, and what the rules say of it. */
function begin(): { truth: CallTruth; facts: () => CallFacts } {
  const truth = new CallTruth(new FakeClock());
  truth.command(alice, {
    type: 'call.dial',
    to: 'user:bob',
    media: { audio: true, video: false },
  });
  return { truth, facts: () => truth.facts! };
}

function talk() {
  const call = begin();
  call.truth.command(bob, { type: 'call.accept' });
  call.truth.command(alice, hears('l2'));
  call.truth.command(bob, hears('l1'));
  return call;
}

/** One passes the call on to Carol, who rings. */
function transfer(from: typeof alice) {
  const call = talk();
  call.truth.command(from, { type: 'call.transfer', to: 'user:carol' });
  call.truth.command(carol, { type: 'call.ring' });
  return call;
}

/** The facts of one call at its turning points. Alice has l1, Bob l2, and who comes later l3. */
export function turningPoints() {
  const call = begin();
  const offered = call.facts();
  call.truth.command(bob, { type: 'call.ring' });
  const ringing = call.facts();
  call.truth.command(bob, { type: 'call.accept' });
  const connecting = call.facts();
  call.truth.command(alice, hears('l2'));
  call.truth.command(bob, hears('l1'));
  const active = call.facts();
  call.truth.command(alice, { type: 'call.invite', to: 'user:carol' });
  call.truth.command(carol, { type: 'call.accept' });
  for (const [who, legId] of [
    [carol, 'l1'],
    [carol, 'l2'],
    [alice, 'l3'],
    [bob, 'l3'],
  ] as const) {
    call.truth.command(who, hears(legId));
  }
  const room = call.facts();
  call.truth.command(carol, { type: 'call.hang-up' });
  call.truth.command(bob, { type: 'call.update', held: true });
  call.truth.system({ type: 'device.silent', ...bob });
  const bobSilent = call.facts();
  call.truth.command(alice, { type: 'call.hang-up' });
  const ended = call.facts();

  const fromBob = transfer(bob);
  const aliceWaits = fromBob.facts();
  fromBob.truth.command(carol, { type: 'call.accept' });
  const aliceConnectsAgain = fromBob.facts();
  const fromAlice = transfer(alice);
  const bobWaits = fromAlice.facts();
  fromAlice.truth.command(carol, { type: 'call.accept' });
  const bobConnectsAgain = fromAlice.facts();

  const later = (facts: CallFacts): CallFacts => {
    const ring = withParticipant(facts, 'p3', {
      ringDeadlineAt: facts.participants[2]!.ringDeadlineAt! + 60_000,
    });
    const { connectDeadlineAt } = facts.call;
    if (connectDeadlineAt === null) return ring;
    return { ...ring, call: { ...facts.call, connectDeadlineAt: connectDeadlineAt + 60_000 } };
  };
  const muteRequest = { by: 'p1', seq: 99 };
  return {
    offered,
    ringing,
    connecting,
    active,
    /** Everyone came to a call under way, and has yet to connect. */
    joining: withLegs(active, () => ({ connectDeadlineAt: active.call.createdAt + 20_000 })),
    room,
    muteRequested: withLegs(room, () => ({ muteRequest })),
    bobSilent,
    ended,
    aliceWaits,
    aliceWaitsLonger: later(aliceWaits),
    aliceConnectsAgain,
    aliceConnectsLater: later(aliceConnectsAgain),
    bobWaits,
    bobWaitsLonger: later(bobWaits),
    bobConnectsAgain,
    bobConnectsLater: later(bobConnectsAgain),
    unreachable: withLeg(ringing, 'l2', { state: 'lost', lostReason: 'unreachable' }),
    elsewhere: withLeg(connecting, 'l2', { state: 'lost', lostReason: 'answered-elsewhere' }),
    busyHere: withLeg(ringing, 'l2', { state: 'lost', lostReason: 'busy' }),
    joinedElsewhere: withParticipant(
      withLeg(ringing, 'l2', { state: 'lost', lostReason: 'unreachable' }),
      'p2',
      { state: 'joined', wonLegId: 'l3' },
    ),
  } satisfies Record<string, CallFacts>;
}
