import type { CallFacts, Participant } from '@ringfence/call-rules';
import { checkCallInvariants } from '@ringfence/call-rules/testing';
import { short } from './call-watch.ts';
import type { CallWatch } from './call-watch.ts';
import type { SimulatedUser } from './user.ts';
import type { World } from './world.ts';

/** How a call ended, reduced to what both sides must agree on. */
interface Ending {
  readonly reason: string;
  readonly cause: string | null;
  readonly by: string | null;
}

/** What the facts say to one device of a participant of how the call ended for it. */
export function endingFor(facts: CallFacts, participant: Participant, deviceId: string): Ending {
  // A device that was busy may come back into a ringing call by a dial that crosses it.
  const leg = facts.legs
    .filter((each) => each.participantId === participant.id && each.deviceId === deviceId)
    .at(-1);
  if (leg?.state === 'lost') {
    const { lostReason } = leg;
    const isElsewhere = lostReason === 'answered-elsewhere' || lostReason === 'declined-elsewhere';
    if (isElsewhere || lostReason === 'busy') {
      return { reason: lostReason, cause: null, by: 'local' };
    }
    if (participant.wonLegId !== null) {
      return { reason: 'answered-elsewhere', cause: null, by: 'local' };
    }
  }
  const { leftReason, leftCause, leftBy } = participant;
  const by = leftBy === participant.id ? 'local' : 'remote';
  return { reason: leftReason!, cause: leftCause, by: leftBy === null ? null : by };
}

/**
 * What must hold once everyone has hung up and time has passed:
 *
 *   S1  every call the store knows has ended, and its history obeys the rules (I1 to I19)
 *   S2  the rows the server reads are those that were committed
 *   S3  every call a phone showed has ended there
 *   S4  a phone and the store agree on how a call ended for its participant, where the phone could
 *       hear of it
 *   S5  nobody is left with a call, a media session or a remembered call
 *   S11 a call went through its states as drawn, ended once, and was shown once at a time
 *   S16 each question to a call was answered
 *   S18 every single write left its calls in order (I11 to I17)
 *
 * @returns what is broken, one line each.
 */
export async function checkWorld(
  world: World,
  users: readonly SimulatedUser[],
): Promise<readonly string[]> {
  const broken = world.store.faults.map((fault) => `S18: ${fault}`);
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
    for (const watch of user.watches) broken.push(...checkCall(world, user, watch));
    for (const line of user.strange) broken.push(`S11: ${user.name} ${line}`);
    if (user.phone.calls.length > 0) broken.push(`S5: ${user.name} still has calls`);
    if (user.unanswered > 0) broken.push(`S16: ${user.name} waits for ${user.unanswered} answers`);
  }
  for (const { device, media, tubes, isKilled } of world.stations) {
    if (isKilled) continue;
    if (media.size > 0) broken.push(`S5: ${device.name} still has ${media.size} media sessions`);
    const { faults, stuck } = tubes.status();
    if (tubes.size > 0 || stuck > 0)
      broken.push(`S5: ${device.name} still has ${tubes.size} tubes, ${stuck} did not close`);
    // Nobody who listens throws here.
    if (faults > 0) broken.push(`S11: ${faults} faults in the tubes of ${device.name}`);
  }
  const { calls } = world.server.counts;
  if (calls > 0) broken.push(`S5: the server still remembers ${calls} calls`);
  return broken;
}

function checkCall(world: World, user: SimulatedUser, watch: CallWatch): readonly string[] {
  const { call } = watch;
  const who = `${user.name} in ${short(call)}`;
  if (watch.strange.length > 0) return [`S11: ${who} went ${watch.strange.join(', ')}`];
  if (call.state !== 'ended' || call.end === null) return [`S3: ${who} is ${call.state}`];
  const facts = world.store.calls.get(call.id)?.facts;
  if (facts === undefined || facts.call.state !== 'ended') return [];
  const participant = facts.participants.find(({ id }) => id === (watch.ownId ?? 'p1'));
  if (participant?.userId !== user.userId) return [`S4: ${who} has no participant`];
  const expected = endingFor(facts, participant, user.name);
  const { reason, cause, by } = call.end;
  if (reason === expected.reason && cause === expected.cause && by === expected.by) return [];
  if (watch.endedAlone) return [];
  const told = JSON.stringify({ reason, cause, by });
  return [`S4: ${who} ended ${told}, the store says ${JSON.stringify(expected)}`];
}

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
