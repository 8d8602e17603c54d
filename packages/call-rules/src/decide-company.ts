/* What a user's command does to who is in a call: invite, remove, transfer, merge. */
import type { Actor, UserCommand } from './commands.ts';
import { Draft, refuse, refuseLeg, refuseOver } from './draft.ts';
import type { Decision } from './draft.ts';
import {
  hasJoined,
  isContending,
  isLive,
  isParty,
  legOfDevice,
  participantOfLeg,
} from './facts.ts';
import type { CallFacts, Leg, Participant, Via } from './facts.ts';
import { isPermitted, mayEndForAll } from './permissions.ts';
import type { Action } from './permissions.ts';
import { calleeOf, mostEver, mostPresent, roomForLegs, summon } from './summon.ts';

type Command<Type extends UserCommand['type']> = Extract<UserCommand, { readonly type: Type }>;

/** The actor's participant when the leg is in the call and the role allows it, or a refusal. */
function permitted(
  facts: CallFacts,
  leg: Leg,
  action: Action,
):
  | { readonly self: Participant; readonly refusal?: undefined }
  | { readonly self?: undefined; readonly refusal: Decision } {
  if (!hasJoined(facts, leg)) return { refusal: refuseLeg(facts, leg) };
  const self = participantOfLeg(facts, leg);
  if (action !== 'remove' && !isPermitted(self, action))
    return { refusal: refuse('not_permitted') };
  return { self };
}

export function invite(draft: Draft, leg: Leg, command: Command<'call.invite'>): Decision {
  const { self, refusal } = permitted(draft.known, leg, 'invite');
  if (refusal) return refusal;
  const { to, role = 'member' } = command;
  return ring(draft, self, to, role, 'invite', draft.present.length + 1) ?? draft.done();
}

export function transfer(
  draft: Draft,
  leg: Leg,
  command: Command<'call.transfer'>,
  actor: Actor,
): Decision {
  if ('toCallId' in command) return join(draft, leg, command.other, actor, 'transfer');
  const { self, refusal } = permitted(draft.known, leg, 'transfer');
  if (refusal) return refusal;
  const isTalking = draft.present.some(({ id, state }) => id !== self.id && state === 'joined');
  if (!isTalking) return refuse('wrong_state');
  const refused = ring(draft, self, command.to, 'member', 'transfer', draft.present.length);
  if (refused !== null) return refused;
  draft.depart(self, 'transferred', null, self);
  draft.regroup();
  return draft.done();
}

export function merge(
  draft: Draft,
  leg: Leg,
  command: Command<'call.merge'>,
  actor: Actor,
): Decision {
  return join(draft, leg, command.other, actor, 'merge');
}

/** Rings one more. Who cannot be rung is refused, and nothing changes. */
function ring(
  draft: Draft,
  self: Participant,
  address: Command<'call.invite'>['to'],
  role: 'member' | 'guest',
  via: Via,
  presentThen: number,
): Decision | null {
  const callee = calleeOf(address, self.userId);
  if ('code' in callee) return refuse(callee.code);
  const { userId } = callee;
  if (draft.present.some((each) => each.userId === userId)) return refuse('already_there');
  const isFull = draft.known.participants.length >= mostEver || roomForLegs(draft) === 0;
  if (presentThen > mostPresent || isFull) return refuse('call_full');
  const unrung = summon(draft, { address, userId, role, via, by: self.id });
  return unrung && refuse('callee_unavailable', { endReason: unrung.reason });
}

export function remove(draft: Draft, leg: Leg, command: Command<'call.remove'>): Decision {
  const { self, refusal } = permitted(draft.known, leg, 'remove');
  if (refusal) return refusal;
  const target = draft.present.find(({ id }) => id === command.participantId);
  if (target === undefined) return refuse('participant_not_found');
  if (target.id === self.id) return refuse('wrong_state');
  if (!isPermitted(self, 'remove', target)) return refuse('not_permitted');
  draft.leave(target, target.state === 'joined' ? 'terminated' : 'canceled', null, self);
  return draft.done();
}

export function requestMute(
  draft: Draft,
  leg: Leg,
  command: Command<'call.request-mute'>,
): Decision {
  const { self, refusal } = permitted(draft.known, leg, 'request-mute');
  if (refusal) return refusal;
  const target = draft.present.find(({ id }) => id === command.participantId);
  if (target === undefined) return refuse('participant_not_found');
  const asked = draft.known.legs.find(({ id }) => id === target.wonLegId);
  if (asked === undefined || target.id === self.id) return refuse('wrong_state');
  if (!asked.muted) draft.add({ type: 'leg.mute-requested', legId: asked.id, by: self.id });
  return draft.done();
}

/**
 * Puts everyone else of another call into this one. A transfer takes the actor out of it, a merge
 * keeps them.
 */
function join(
  draft: Draft,
  leg: Leg,
  other: CallFacts | null,
  actor: Actor,
  action: 'transfer' | 'merge',
): Decision {
  const { self, refusal } = permitted(draft.known, leg, action);
  if (refusal) return refusal;
  if (other === null || other.call.orgId !== actor.orgId || !isParty(other, actor.userId)) {
    return refuse('call_not_found');
  }
  if (other.call.id === draft.known.call.id) return refuse('same_call');
  const otherLeg = legOfDevice(other, actor.userId, actor.deviceId);
  const over = refuseOver(other, actor.userId, otherLeg);
  if (over !== null) return over;
  if (otherLeg === undefined) return refuse('wrong_state');
  const there = permitted(other, otherLeg, action);
  if (there.refusal) return there.refusal;
  // The other call ends by it, for all of them.
  if (!mayEndForAll(other, there.self)) return refuse('not_permitted');

  const movers = other.participants.filter(
    ({ id, state }) => state !== 'left' && id !== there.self.id,
  );
  const stayers = draft.present.filter(({ id }) => action === 'merge' || id !== self.id);
  const everyone = [...stayers, ...movers];
  if (movers.some(({ userId }) => stayers.some((each) => each.userId === userId))) {
    return refuse('already_there');
  }
  const movingLegs = other.legs.filter((each) => isLive(other, each) && each.id !== otherLeg.id);
  const isTooMany =
    draft.known.participants.length + movers.length > mostEver ||
    movingLegs.length > roomForLegs(draft);
  if (everyone.length > mostPresent || isTooMany) return refuse('call_full');
  if (!everyone.some(({ state }) => state === 'joined')) return refuse('wrong_state');

  for (const mover of movers) move(draft, mover, other, self, action);
  if (action === 'transfer') draft.depart(self, 'transferred', null, self);
  draft.regroup();
  const ending = new Draft(other, { ...draft.circumstances, callId: other.call.id });
  ending.end('transferred', null, there.self, draft.known.call.id);
  draft.other = { facts: ending.known, events: ending.events };
  return draft.done();
}

/** Brings a participant of another call into this one, with the devices they have there. */
function move(
  draft: Draft,
  mover: Participant,
  from: CallFacts,
  by: Participant,
  via: 'transfer' | 'merge',
): void {
  const { now, deadlines } = draft.circumstances;
  const participantId = draft.nextParticipantId;
  draft.add({
    type: 'participant.invited',
    participantId,
    address: mover.address,
    userId: mover.userId,
    role: mover.role === 'guest' ? 'guest' : 'member',
    via,
    by: by.id,
    ringDeadlineAt: mover.ringDeadlineAt ?? now + deadlines.ringMs,
  });
  for (const leg of from.legs) {
    if (leg.participantId !== mover.id) continue;
    if (isContending(leg)) {
      const legId = draft.offer(participantId, leg);
      if (leg.state === 'ringing') draft.add({ type: 'leg.ringing', legId });
    } else if (leg.state === 'won') {
      moveJoined(draft, participantId, leg);
    }
  }
}

function moveJoined(draft: Draft, participantId: string, leg: Leg): void {
  const { now, deadlines } = draft.circumstances;
  const legId = draft.offer(participantId, leg);
  draft.add({ type: 'leg.ringing', legId });
  const connectDeadlineAt = draft.known.call.state === 'ringing' ? null : now + deadlines.connectMs;
  draft.add({ type: 'participant.joined', participantId, legId, connectDeadlineAt });
  const { held, muted, camera } = leg;
  if (held || muted || camera) draft.add({ type: 'leg.updated', legId, held, muted, camera });
  if (leg.silent) draft.add({ type: 'leg.silent', legId, graceDeadlineAt: null });
}
