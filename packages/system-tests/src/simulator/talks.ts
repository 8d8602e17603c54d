import { areConnected, joinedLegs, participantOfLeg } from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import type { ParticipantView } from '@ringfence/call-machine';
import { isHeldHere, short } from './call-watch.ts';
import type { CallWatch } from './call-watch.ts';
import type { SimulatedUser } from './user.ts';
import type { World } from './world.ts';

/** One who takes part in a call that goes on, on a phone that still runs. */
interface End {
  readonly user: SimulatedUser;
  readonly watch: CallWatch;
  readonly leg: Leg;
}

/**
 * What must hold for calls that go on, once nobody acts and the network has been well for a while.
 * A call that a deadline changed within `settleMs` is left out: its phones may not know yet.
 *
 *   S10 each side sees of each other what the other shows of itself, and who takes part
 *   S17 in an active call media of each pair is connected, and none to who is not in it
 *
 * @returns what is broken, one line each.
 */
export function checkTalks(
  world: World,
  users: readonly SimulatedUser[],
  settleMs: number,
): readonly string[] {
  const broken: string[] = [];
  for (const { callId, facts, events } of world.store.calls.values()) {
    if (facts.call.state === 'ended') continue;
    if (world.store.now() - events.at(-1)!.at < settleMs) continue;
    const ends = endsOf(callId, facts, users);
    for (const self of ends) {
      broken.push(...checkPresence(facts, self));
      for (const other of ends) if (other !== self) broken.push(...checkSight(facts, self, other));
    }
    if (facts.call.state === 'active') broken.push(...checkMedia(facts, ends));
  }
  return broken;
}

function endsOf(callId: string, facts: CallFacts, users: readonly SimulatedUser[]): readonly End[] {
  return joinedLegs(facts).flatMap((leg) => {
    const user = users.find(({ name }) => name === leg.deviceId);
    const watch = user?.shown(callId);
    return user === undefined || watch === undefined || user.isGone ? [] : [{ user, watch, leg }];
  });
}

/** Who is in the call or on the way, as this phone shows it. */
function checkPresence(facts: CallFacts, { user, watch }: End): readonly string[] {
  const isWithUs = ({ state }: { readonly state: string }): boolean => state !== 'left';
  const seen = watch.call.participants.filter(isWithUs).map(({ id, role }) => `${id} ${role}`);
  const known = facts.participants.filter(isWithUs).map(({ id, role }) => `${id} ${role}`);
  if (seen.sort().join() === known.sort().join()) return [];
  return [
    `S10: ${user.name} sees ${seen.join()} in ${short(watch.call)}, in it are ${known.join()}`,
  ];
}

function checkSight(facts: CallFacts, self: End, other: End): readonly string[] {
  const participant = participantOfLeg(facts, other.leg);
  const view = self.watch.call.participants.find(({ id }) => id === participant.id);
  const seen = view === undefined ? null : ofOther(view);
  const shown = ofSelf(other.watch);
  if (JSON.stringify(seen) === JSON.stringify(shown)) return [];
  return [
    `S10: ${self.user.name} sees ${JSON.stringify(seen)} of ${other.user.name} in ` +
      `${short(self.watch.call)}, who shows ${JSON.stringify(shown)}`,
  ];
}

const ofOther = ({ held, muted, camera, legId }: ParticipantView): object => ({
  held,
  muted,
  camera,
  hasLeg: legId !== null,
});

const ofSelf = ({ call }: CallWatch): object => ({
  held: isHeldHere(call),
  muted: call.muted,
  camera: call.camera,
  hasLeg: true,
});

function checkMedia(facts: CallFacts, ends: readonly End[]): readonly string[] {
  const broken: string[] = [];
  const joined = joinedLegs(facts);
  for (const { user, watch, leg } of ends) {
    const session = user.station.media.call(watch.mediaId)?.session;
    const linked = [...(session?.remoteStreams.keys() ?? [])];
    const strays = linked.filter((id) => !joined.some((each) => each.id === id));
    if (strays.length > 0) {
      broken.push(`S17: ${user.name} has media with ${strays.join()} in ${short(watch.call)}`);
    }
    for (const other of ends) {
      if (other.leg.id <= leg.id || areConnected(leg, other.leg)) continue;
      broken.push(
        `S17: ${user.name} and ${other.user.name} are not connected in ${short(watch.call)}`,
      );
    }
  }
  return broken;
}
