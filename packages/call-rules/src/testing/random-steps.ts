import { randomInteger } from '@ringfence/base';
import type { Random } from '@ringfence/base';
import { userAddress } from '../address.ts';
import type { Actor, UserCommand } from '../commands.ts';
import { isContending, isLive, joinedLegs, legOfDevice } from '../facts.ts';
import type { CallFacts, EndCause, Leg } from '../facts.ts';
import type { CallStep } from './call-step.ts';
import { chance, pick } from './random-choice.ts';
import { strangers, townsfolk } from './random-town.ts';
import type { RandomTown } from './random-town.ts';

const causes: readonly EndCause[] = ['permission_denied', 'media_failed'];
const mostLive = 4;

interface AnyStep {
  readonly callId: string;
  readonly step: CallStep;
}

/** Something that may happen next in a town, and to which call. */
export function anyStep(random: Random, town: RandomTown): AnyStep {
  const { live, calls } = town;
  const isNew = live.length === 0 || (live.length < mostLive && chance(random, 1, 10));
  if (isNew) return { callId: town.newCallId(), step: begin(random, town) };
  const two = chance(random, 1, 8) ? joinTwo(random, town) : null;
  if (two !== null) return two;
  // A call that is over is asked now and then.
  const ended = calls.flatMap(({ facts }) => facts ?? []);
  const facts = chance(random, 1, 25) ? pick(random, ended) : pick(random, live);
  return { callId: facts.call.id, step: next(random, town, facts) };
}

/** A dial: to somebody who dials this user at the moment, or by somebody who talks, or any. */
function begin(random: Random, town: RandomTown): CallStep {
  const kind = randomInteger(random, 20);
  if (kind === 0) {
    const cancel = { type: 'call.hang-up', dialed: true } as const;
    return { actor: pick(random, townsfolk), command: cancel };
  }
  const ringing = town.live.filter(({ call }) => call.state === 'ringing');
  if (kind < 6 && ringing.length > 0) {
    const { participants, legs } = pick(random, ringing);
    const leg = legs.find((each) => each.participantId === 'p2' && isContending(each));
    if (leg !== undefined) return dial(random, actorOf(leg), participants[0]!.userId);
  }
  const talking = town.live.flatMap(joinedLegs);
  const actor =
    kind < 14 && talking.length > 0 ? actorOf(pick(random, talking)) : pick(random, townsfolk);
  return dial(random, actor, pick(random, townsfolk).userId);
}

/** Somebody who is in two calls transfers one to the other, or merges them; null when nobody is. */
function joinTwo(random: Random, town: RandomTown): AnyStep | null {
  const pairs = town.live.flatMap((facts) =>
    town.live.flatMap((other) =>
      facts === other
        ? []
        : joinedLegs(facts)
            .filter(({ deviceId }) => joinedLegs(other).some((leg) => leg.deviceId === deviceId))
            .map((leg) => ({ callId: facts.call.id, other, actor: actorOf(leg) })),
    ),
  );
  if (pairs.length === 0) return null;
  const { callId, other, actor } = pick(random, pairs);
  const command: UserCommand = chance(random, 1, 2)
    ? { type: 'call.transfer', toCallId: other.call.id, other }
    : { type: 'call.merge', fromCallId: other.call.id, other };
  return { callId, step: { actor, command } };
}

function dial(random: Random, actor: Actor, userId: string): CallStep {
  const media = { audio: true, video: chance(random, 1, 2) };
  return { actor, command: { type: 'call.dial', to: userAddress(userId), media } };
}

function next(random: Random, town: RandomTown, facts: CallFacts): CallStep {
  const kind = randomInteger(random, 40);
  if (kind < 4) return { system: { type: 'deadline.passed' } };
  if (kind === 4 && chance(random, 1, 12)) return { system: { type: 'call.terminate' } };
  if (kind === 5)
    return { actor: pick(random, strangers), command: anyCommand(random, town, facts) };
  if (kind === 6) {
    return { actor: pick(random, townsfolk), command: anyCommand(random, town, facts) };
  }
  const live = facts.legs.filter((leg) => isLive(facts, leg));
  const actor = actorOf(
    pick(random, live.length > 0 && chance(random, 14, 15) ? live : facts.legs),
  );
  const { userId, deviceId } = actor;
  if (kind === 7) return { system: { type: 'device.silent', userId, deviceId } };
  if (kind < 10) return { system: { type: 'device.resumed', userId, deviceId } };
  const leg = legOfDevice(facts, userId, deviceId);
  const isOnwards = leg !== undefined && chance(random, 3, 5);
  const command = isOnwards ? onwards(random, facts, leg) : anyCommand(random, town, facts);
  return { actor, command };
}

const actorOf = ({ userId, deviceId }: Leg): Actor => ({ orgId: 'acme', userId, deviceId });

/** What brings a call on: ring, accept, media. */
function onwards(random: Random, facts: CallFacts, leg: Leg): UserCommand {
  if (leg.state === 'offered') return { type: chance(random, 4, 5) ? 'call.ring' : 'call.accept' };
  if (leg.state !== 'won') return { type: 'call.accept' };
  return media(random, facts, leg, 9);
}

/** A report of media, `good` times of 10 that it arrives. */
function media(random: Random, facts: CallFacts, leg: Leg | null, good: number): UserCommand {
  const joined = joinedLegs(facts).filter(({ id }) => id !== leg?.id);
  const unheard = joined.filter(({ id }) => leg?.hears.includes(id) === false);
  const others = unheard.length > 0 ? unheard : joined;
  const legId = others.length > 0 ? pick(random, others).id : 'l1';
  const mediaEpoch = Math.max(1, facts.call.mediaEpoch) + (chance(random, 1, 20) ? 1 : 0);
  return { type: 'call.media', mediaEpoch, legId, connected: chance(random, good, 10) };
}

function anyCommand(random: Random, town: RandomTown, facts: CallFacts): UserCommand {
  const isOn = chance(random, 1, 2);
  const to = userAddress(chance(random, 1, 20) ? 'nobody' : pick(random, townsfolk).userId);
  const participantId = chance(random, 1, 12) ? 'p99' : pick(random, facts.participants).id;
  const legId = chance(random, 1, 10) ? 'l99' : pick(random, facts.legs).id;
  switch (randomInteger(random, 20)) {
    case 0:
      return { type: 'call.ring' };
    case 1:
      return { type: 'call.accept' };
    case 2:
      return { type: 'call.decline', busy: isOn };
    case 3:
      return { type: 'call.hang-up', ...(chance(random, 1, 3) && { dialed: true }) };
    case 4:
      return isOn
        ? { type: 'call.hang-up', cause: pick(random, causes) }
        : { type: 'call.hang-up', everyone: true };
    case 5:
    case 6:
      return { type: 'call.update', [pick(random, ['held', 'muted', 'camera'])]: isOn };
    case 7:
      return { type: 'call.media', mediaEpoch: 1, legId, connected: isOn };
    case 8:
      return media(random, facts, null, 3);
    case 9:
    case 10:
    case 11:
      return { type: 'call.invite', to, role: pick(random, ['member', 'guest', undefined]) };
    case 12:
      return { type: 'call.remove', participantId };
    case 13:
      return { type: 'call.request-mute', participantId };
    case 14:
    case 15:
    case 16:
      return { type: 'call.transfer', to };
    case 17:
      return { type: 'call.merge', ...otherOf(random, town, 'fromCallId') };
    default:
      return { type: 'call.transfer', ...otherOf(random, town, 'toCallId') };
  }
}

/** Another call, mostly one that goes on; at times the same, or none. */
function otherOf<Field extends 'toCallId' | 'fromCallId'>(
  random: Random,
  town: RandomTown,
  field: Field,
): Record<Field, string> & { readonly other: CallFacts | null } {
  const known = town.calls.flatMap(({ facts }) => facts ?? []);
  const other = chance(random, 1, 20)
    ? null
    : pick(random, chance(random, 1, 10) || town.live.length === 0 ? known : town.live);
  const callId = other?.call.id ?? town.newCallId();
  return { [field]: callId, other } as Record<Field, string> & { other: CallFacts | null };
}
