/*
 * The rules of a call. These files read the facts and say what follows; nothing here acts.
 *
 *   decide.ts          what a user's command does
 *   decide-company.ts  those commands that change who is in a call
 *   decide-system.ts   what the server finds out: silence, deadlines, an end from outside
 *   summon.ts          whom a call rings, and where it is forwarded to
 *   permissions.ts     what each role may do
 *   draft.ts           collects the events of one decision
 *   events.ts          folds events into facts
 *
 *   1. One winner: a participant joins once, by the first accept that finds it ringing in time
 *      (P-807, P-812).
 *   2. Every leg that rings ends: it wins, or it hears why it lost (P-807 to P-810).
 *   3. A call that ended changes no more; ending it again is no error (P-816).
 *   4. A deadline fires by the facts alone, so firing it twice changes nothing (P-808, P-819).
 *   5. Grace runs from `active` on; before that the ring, lease and connect deadlines rule
 *      (P-813, P-814).
 *   6. A command is a sign of life: who sends one is not silent (P-605, P-806).
 *   7. What is asked and already so makes no event (P-818).
 *   8. A call goes on while one has joined and another is in it or rings. With one joined it rings;
 *      with two it connects, until two hear each other.
 *   9. A transfer that is not taken goes back to who made it.
 *  10. Someone who joined is the moderator, at all times.
 *  11. Of two dials that cross, the later one becomes the accept of the earlier one (glare).
 */
import type { Actor, UserCommand } from './commands.ts';
import { invite, merge, remove, requestMute, transfer } from './decide-company.ts';
import { Draft, refuse, refuseLeg, refuseOver } from './draft.ts';
import type { Circumstances, Decision } from './draft.ts';
import {
  areConnected,
  directRinging,
  hasJoined,
  isContending,
  isParty,
  isRinging,
  joinedLegs,
  legOfDevice,
  participantOfLeg,
} from './facts.ts';
import type { CallFacts, Leg } from './facts.ts';
import { mayEndForAll } from './permissions.ts';
import { calleeOf, giveUp, ringDeadlineOf, ringDevices } from './summon.ts';

type Command<Type extends UserCommand['type']> = Extract<UserCommand, { readonly type: Type }>;

/**
 * Decides what a user's command does to a call. Pure: the same facts, command and time give the
 * same answer, on the server, in a client's optimistic view and in the simulator.
 *
 * `facts` is null when no such call exists.
 */
export function decide(
  facts: CallFacts | null,
  actor: Actor,
  command: UserCommand,
  circumstances: Circumstances,
): Decision {
  if (facts !== null && (facts.call.orgId !== actor.orgId || !isParty(facts, actor.userId))) {
    return refuse('call_not_found');
  }
  const draft = new Draft(facts, circumstances);
  if (command.type === 'call.dial') return dial(draft, actor, command);
  if (facts === null) {
    if (command.type !== 'call.hang-up' || command.dialed !== true) return refuse('call_not_found');
    const { orgId, userId, deviceId } = actor;
    draft.add({ type: 'call.tombstoned', orgId, userId, deviceId });
    return draft.done();
  }
  const leg = legOfDevice(facts, actor.userId, actor.deviceId);
  const isLeaving = command.type === 'call.hang-up' || command.type === 'call.decline';
  // Rule 3.
  const over = refuseOver(facts, actor.userId, leg);
  if (over !== null) return isLeaving ? draft.done() : over;
  if (leg === undefined) return refuse('wrong_state');
  switch (command.type) {
    case 'call.ring':
      return ring(draft, leg);
    case 'call.accept':
      return accept(draft, leg);
    case 'call.decline':
      return decline(draft, leg, command.busy === true);
    case 'call.hang-up':
      return hangUp(draft, leg, command);
    case 'call.media':
      return media(draft, leg, command);
    case 'call.update':
      return update(draft, leg, command);
    case 'call.invite':
      return invite(draft, leg, command);
    case 'call.remove':
      return remove(draft, leg, command);
    case 'call.request-mute':
      return requestMute(draft, leg, command);
    case 'call.transfer':
      return transfer(draft, leg, command, actor);
    case 'call.merge':
      return merge(draft, leg, command, actor);
  }
}

function dial(draft: Draft, actor: Actor, command: Command<'call.dial'>): Decision {
  const { now, deadlines, reach } = draft.circumstances;
  if (draft.facts !== null) {
    // The id is taken by this user: a tombstone answers with the end, a live call is not redialed.
    if (draft.facts.participants[0]!.userId !== actor.userId) return refuse('call_not_found');
    return draft.facts.call.state === 'ended' ? draft.done() : refuse('wrong_state');
  }
  const callee = calleeOf(command.to, actor.userId);
  if ('code' in callee) return refuse(callee.code);
  if (!command.media.audio && !command.media.video) return refuse('nothing_to_send');
  const { crossing } = reach(callee.userId);
  const isMet = crossing !== undefined && mayBeMet(crossing, now);
  if (!isMet && reach(actor.userId).busy) return refuse('already_in_call');
  draft.add({
    type: 'call.created',
    orgId: actor.orgId,
    mode: 'p2p',
    media: command.media,
    from: { userId: actor.userId, deviceId: actor.deviceId },
    to: command.to,
    toUserId: callee.userId,
    ringDeadlineAt: ringDeadlineOf(draft, callee.userId),
    maximumDeadlineAt: now + deadlines.maximumMs,
  });
  if (isMet) return meet(draft, actor, crossing);
  const unrung = ringDevices(draft, 'p2');
  if (unrung !== null) draft.leave(unrung.participant, unrung.reason, null, null);
  return draft.done();
}

/** False when the crossing call is over, or will be in a moment: then a dial is like any other. */
function mayBeMet(crossing: CallFacts, now: number): boolean {
  return directRinging(crossing) !== null && now < crossing.participants[1]!.ringDeadlineAt!;
}

/** Rule 11: the dial ends where it began, and the call that rings here is accepted. */
function meet(draft: Draft, actor: Actor, crossing: CallFacts): Decision {
  const { circumstances } = draft;
  const self = draft.known.participants[0]!;
  const met = new Draft(crossing, { ...circumstances, callId: crossing.call.id });
  const callee = crossing.participants[1]!;
  const known = legOfDevice(crossing, actor.userId, actor.deviceId);
  const legId = known !== undefined && mayRing(crossing, known) ? known.id : met.offer('p2', actor);
  join(
    met,
    met.known.legs.find(({ id }) => id === legId)!,
  );
  draft.before = callee.ringDeadlineAt;
  draft.end('transferred', null, self, crossing.call.id);
  draft.other = { facts: met.known, events: met.events };
  return draft.done();
}

/** True when the leg rings, or may ring again: it was unreachable and the call still rings. */
function mayRing(facts: CallFacts, leg: Leg): boolean {
  const isBack = leg.state === 'lost' && leg.lostReason === 'unreachable';
  return isRinging(participantOfLeg(facts, leg)) && (isContending(leg) || isBack);
}

/** Puts a leg that may ring into `ringing`, and so also takes it out of silence. */
function makeRing(draft: Draft, leg: Leg): void {
  if (leg.state !== 'ringing') draft.add({ type: 'leg.ringing', legId: leg.id });
  else showLife(draft, leg);
}

/** Rule 6. */
function showLife(draft: Draft, leg: Leg): void {
  if (leg.silent) draft.add({ type: 'leg.resumed', legId: leg.id });
}

function ring(draft: Draft, leg: Leg): Decision {
  if (participantOfLeg(draft.known, leg).invitedBy === null) return refuse('wrong_state');
  if (leg.state === 'won') showLife(draft, leg);
  else if (mayRing(draft.known, leg)) makeRing(draft, leg);
  else return refuseLeg(draft.known, leg);
  return draft.done();
}

function accept(draft: Draft, leg: Leg): Decision {
  const participant = participantOfLeg(draft.known, leg);
  if (participant.invitedBy === null) return refuse('wrong_state');
  if (leg.state === 'won') {
    showLife(draft, leg);
    return draft.done();
  }
  if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  if (draft.circumstances.now >= participant.ringDeadlineAt!) return refuse('deadline_passed');
  draft.before = participant.ringDeadlineAt;
  join(draft, leg);
  return draft.done();
}

/** Rule 1. */
function join(draft: Draft, leg: Leg): void {
  const { now, deadlines } = draft.circumstances;
  const { participantId } = leg;
  makeRing(draft, leg);
  const isFirst = draft.known.call.state === 'ringing';
  const connectDeadlineAt = isFirst ? null : now + deadlines.connectMs;
  draft.add({ type: 'participant.joined', participantId, legId: leg.id, connectDeadlineAt });
  draft.loseLegs(participantId, 'answered-elsewhere', leg.id);
  if (isFirst) draft.connect();
}

function decline(draft: Draft, leg: Leg, busy: boolean): Decision {
  const participant = participantOfLeg(draft.known, leg);
  if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  if (!isContending(leg)) makeRing(draft, leg);
  draft.add({ type: 'leg.lost', legId: leg.id, reason: busy ? 'busy' : 'declined' });
  if (!busy) {
    draft.loseLegs(participant.id, 'declined-elsewhere', leg.id);
    draft.leave(participantOfLeg(draft.known, leg), 'declined', null, participant);
  } else if (!draft.known.legs.some((each) => contends(each, participant.id))) {
    giveUp(draft, participantOfLeg(draft.known, leg), 'busy');
  }
  return draft.done();
}

const contends = (leg: Leg, participantId: string): boolean =>
  leg.participantId === participantId && isContending(leg);

function hangUp(draft: Draft, leg: Leg, command: Command<'call.hang-up'>): Decision {
  const { cause = null, everyone = false } = command;
  const participant = participantOfLeg(draft.known, leg);
  if (leg.state !== 'won') {
    if (cause === null) return decline(draft, leg, false);
    if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  }
  const plain = draft.known.call.state === 'ringing' ? 'canceled' : 'completed';
  const reason = cause === null ? plain : 'failed';
  // Who may not end it for all, or no longer, wants to be out of it all the same.
  if (everyone && mayEndForAll(draft.known, participant)) draft.end(reason, cause, participant);
  else draft.leave(participant, reason, cause, participant);
  return draft.done();
}

function media(draft: Draft, leg: Leg, command: Command<'call.media'>): Decision {
  const { now, deadlines } = draft.circumstances;
  if (leg.state !== 'won') return refuseLeg(draft.known, leg);
  const { call } = draft.known;
  const other = draft.known.legs.find(({ id }) => id === command.legId);
  if (call.answeredAt === null || other === undefined || other.id === leg.id) {
    return refuse('wrong_state');
  }
  showLife(draft, leg);
  // A report of another epoch, or of a leg that left, is late, not wrong.
  if (command.mediaEpoch !== call.mediaEpoch || !hasJoined(draft.known, other)) return draft.done();
  if (leg.hears.includes(other.id) === command.connected) return draft.done();
  const { connected } = command;
  draft.add({ type: 'leg.media', legId: leg.id, fromLegId: other.id, connected });
  const hearing = draft.known.legs.find(({ id }) => id === leg.id)!;
  if (call.state !== 'connecting' || !areConnected(hearing, other)) return draft.done();
  draft.add({ type: 'call.active' });
  // Rule 5: grace starts now for a device that fell silent while the call connected.
  for (const each of joinedLegs(draft.known)) {
    if (!each.silent || each.connectDeadlineAt !== null) continue;
    draft.add({ type: 'leg.graced', legId: each.id, graceDeadlineAt: now + deadlines.graceMs });
  }
  return draft.done();
}

function update(draft: Draft, leg: Leg, command: Command<'call.update'>): Decision {
  if (leg.state !== 'won') return refuseLeg(draft.known, leg);
  showLife(draft, leg);
  const held = command.held ?? leg.held;
  const muted = command.muted ?? leg.muted;
  const camera = command.camera ?? leg.camera;
  if (held === leg.held && muted === leg.muted && camera === leg.camera) return draft.done();
  draft.add({ type: 'leg.updated', legId: leg.id, held, muted, camera });
  return draft.done();
}
