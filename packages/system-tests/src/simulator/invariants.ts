import type { Call } from '@ringfence/phone';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import { checkCallInvariants } from '@ringfence/call-rules/testing';
import type { SimulatedUser } from './user.ts';
import { short } from './user.ts';
import type { World } from './world.ts';

/** How a call ended, reduced to what both sides must agree on. */
interface Ending {
  readonly reason: string;
  readonly cause: string | null;
  readonly by: string | null;
}

/** What the facts say to one leg of how the call ended for it. */
function endingFor(facts: CallFacts, leg: Leg): Ending {
  const { call } = facts;
  if (leg.state === 'lost') {
    const { lostReason } = leg;
    const participant = facts.participants.find((each) => each.id === leg.participantId);
    if (lostReason === 'answered-elsewhere' || typeof participant?.wonLegId === 'string') {
      return { reason: 'answered-elsewhere', cause: null, by: 'local' };
    }
    if (lostReason === 'declined-elsewhere') {
      return { reason: 'declined-elsewhere', cause: null, by: 'local' };
    }
  }
  const by = call.endedBy === leg.participantId ? 'local' : 'remote';
  return {
    reason: call.endReason!,
    cause: call.endCause,
    by: call.endedBy === null ? null : by,
  };
}

/**
 * What must hold once everyone has hung up and time has passed:
 *
 *   S1  every call the store knows has ended, and its history obeys the rules (I1 to I10)
 *   S2  the rows the server reads are those that were committed
 *   S3  every call a phone showed has ended there
 *   S4  a phone and the store agree on how a call ended, where the phone could hear of it
 *   S5  nobody is left with a call, a media session or a remembered call
 *   S11 a call went through its states as drawn, ended once, and was shown once
 *
 * @returns what is broken, one line each.
 */
export async function checkWorld(
  world: World,
  users: readonly SimulatedUser[],
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { orgId, callId, events, facts } of world.store.calls.values()) {
    if (facts.call.state !== 'ended') broken.push(`S1: ${callId} is ${facts.call.state}`);
    try {
      checkCallInvariants({ callId, events, facts });
    } catch (thrown) {
      broken.push(`S1: ${(thrown as Error).message}`);
    }
    const loaded = await world.finish(world.store.load(orgId, callId), 1_000);
    if (JSON.stringify(loaded?.value) !== JSON.stringify(facts)) {
      broken.push(`S2: ${callId} is not stored as it was committed`);
    }
  }
  for (const user of users) {
    if (user.isGone) continue;
    for (const call of user.calls) broken.push(...checkCall(world, user, call));
    if (user.phone.calls.length > 0) broken.push(`S5: ${user.name} still has calls`);
  }
  for (const { device, media, isKilled } of world.stations) {
    if (!isKilled && media.size > 0)
      broken.push(`S5: ${device.name} still has ${media.size} media sessions`);
  }
  const { calls } = world.server.counts;
  if (calls > 0) broken.push(`S5: the server still remembers ${calls} calls`);
  return broken;
}

function checkCall(world: World, user: SimulatedUser, call: Call): readonly string[] {
  const who = `${user.name} in ${short(call)}`;
  const strange = user.strangeSteps(call);
  if (strange.length > 0) return [`S11: ${who} went ${strange.join(', ')}`];
  if (call.state !== 'ended' || call.end === null) return [`S3: ${who} is ${call.state}`];
  const facts = world.store.calls.get(call.id)?.facts;
  if (facts === undefined || facts.call.state !== 'ended') return [];
  const leg = facts.legs.find((each) => each.deviceId === user.name);
  if (leg === undefined) return [`S4: ${who} has no leg`];
  const expected = endingFor(facts, leg);
  const { reason, cause, by } = call.end;
  if (reason === expected.reason && cause === expected.cause && by === expected.by) return [];
  if (user.endedAlone(call)) return [];
  const told = JSON.stringify({ reason, cause, by });
  return [`S4: ${who} ended ${told}, the store says ${JSON.stringify(expected)}`];
}

/**
 * What must hold for calls that go on, once nobody acts and the network has been well for a while:
 *
 *   S10 each side sees of the other what the other shows of itself
 *
 * @returns what is broken, one line each.
 */
export function checkTalks(world: World, users: readonly SimulatedUser[]): readonly string[] {
  const broken: string[] = [];
  for (const { callId, facts } of world.store.calls.values()) {
    if (facts.call.state !== 'active') continue;
    const ends = users.flatMap((user) => {
      const leg = facts.legs.find((each) => each.deviceId === user.name && each.state === 'won');
      const call = user.calls.find((each) => each.id === callId);
      if (leg === undefined || call === undefined || user.isGone) return [];
      return [{ user, call }];
    });
    if (ends.length !== 2) continue;
    const [one, other] = ends as [(typeof ends)[number], (typeof ends)[number]];
    for (const [self, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const seen = ofPeer(self.call);
      const shown = ofSelf(peer.call);
      if (JSON.stringify(seen) === JSON.stringify(shown)) continue;
      broken.push(
        `S10: ${self.user.name} sees ${JSON.stringify(seen)} of ${short(self.call)}, ` +
          `${peer.user.name} shows ${JSON.stringify(shown)}`,
      );
    }
  }
  return broken;
}

const isHeldBy = (call: Call, side: 'local' | 'remote'): boolean =>
  call.holding === side || call.holding === 'both';

const ofPeer = (call: Call): object => ({
  held: isHeldBy(call, 'remote'),
  muted: call.peerMuted,
  camera: call.peerCamera,
});

const ofSelf = (call: Call): object => ({
  held: isHeldBy(call, 'local'),
  muted: call.muted,
  camera: call.camera,
});

/** What must be gone the moment everything was closed: S6, no timer of a phone or the server. */
export function checkClosed(world: World): readonly string[] {
  const broken: string[] = [];
  const pending = world.time.pending();
  for (const { device } of world.stations) {
    const count = pending[device.name];
    if (count !== undefined) broken.push(`S6: ${device.name} left ${count} timers`);
  }
  if (pending['server'] !== undefined)
    broken.push(`S6: the server left ${pending['server']} timers`);
  const { sessions, calls } = world.server.counts;
  if (sessions > 0) broken.push(`S6: the server left ${sessions} sessions`);
  if (calls > 0) broken.push(`S6: the server left ${calls} calls`);
  return broken;
}
