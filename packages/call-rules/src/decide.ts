/*
 * The rules of a call. These files read the facts and say what follows; nothing here acts.
 *
 *   decide.ts         what a user's command does
 *   decide-system.ts  what the server finds out: silence, deadlines, an end from outside
 *   draft.ts          collects the events of one decision
 *   events.ts         folds events into facts
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
 */
import { parseAddress } from './address.ts';
import type { Actor, UserCommand } from './commands.ts';
import { Draft, refuse, refuseLeg } from './draft.ts';
import type { Circumstances, Decision } from './draft.ts';
import {
  isContending,
  isParty,
  isRinging,
  joinedLegs,
  legOfDevice,
  participantOfLeg,
} from './facts.ts';
import type { CallFacts, EndCause, Leg } from './facts.ts';

/** A call rings at most this many devices: those that came last. */
const mostDevices = 32;

type Dial = UserCommand & { type: 'call.dial' };
type Media = UserCommand & { type: 'call.media' };
type Update = UserCommand & { type: 'call.update' };

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
  if (command.type === 'call.dial') return dial(draft, actor, command, circumstances);
  if (facts === null) {
    if (command.type !== 'call.hang-up' || command.dialed !== true) return refuse('call_not_found');
    const { orgId, userId, deviceId } = actor;
    draft.add({ type: 'call.tombstoned', orgId, userId, deviceId });
    return draft.done();
  }
  const leg = legOfDevice(facts, actor.userId, actor.deviceId);
  if (facts.call.state === 'ended') {
    // Rule 3.
    if (command.type === 'call.hang-up' || command.type === 'call.decline') return draft.done();
    return refuseEnded(facts, leg);
  }
  if (leg === undefined) return refuse('wrong_state');
  switch (command.type) {
    case 'call.ring':
      return ring(draft, leg);
    case 'call.accept':
      return accept(draft, leg, circumstances);
    case 'call.decline':
      return decline(draft, leg);
    case 'call.hang-up':
      return hangUp(draft, leg, command.cause ?? null);
    case 'call.media':
      return media(draft, leg, command, circumstances);
    case 'call.update':
      return update(draft, leg, command);
  }
}

function dial(draft: Draft, actor: Actor, command: Dial, circumstances: Circumstances): Decision {
  const { now, deadlines } = circumstances;
  if (draft.facts !== null) {
    // The id is taken by this user: a tombstone answers with the end, a live call is not redialed.
    if (draft.facts.participants[0]!.userId !== actor.userId) return refuse('call_not_found');
    return draft.facts.call.state === 'ended' ? draft.done() : refuse('wrong_state');
  }
  const to = parseAddress(command.to);
  if (to === null) return refuse('invalid_address');
  if (to.kind !== 'user') return refuse('address_unsupported');
  if (to.id === actor.userId) return refuse('cannot_dial_self');
  if (!command.media.audio && !command.media.video) return refuse('nothing_to_send');
  if (command.reach.callerBusy) return refuse('already_in_call');
  draft.add({
    type: 'call.created',
    orgId: actor.orgId,
    mode: 'p2p',
    media: command.media,
    from: { userId: actor.userId, deviceId: actor.deviceId },
    to: command.to,
    toUserId: to.id,
    ringDeadlineAt: now + deadlines.ringMs,
    maximumDeadlineAt: now + deadlines.maximumMs,
  });
  if (command.reach.busy) {
    draft.end('busy', null, null);
  } else if (command.reach.deviceIds.length === 0) {
    draft.end('unreachable', null, null);
  } else {
    command.reach.deviceIds.slice(-mostDevices).forEach((deviceId, index) =>
      draft.add({
        type: 'leg.offered',
        legId: `l${index + 2}`,
        participantId: 'p2',
        userId: to.id,
        deviceId,
        acknowledgeDeadlineAt: now + deadlines.acknowledgeMs,
      }),
    );
  }
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
  const { role } = participantOfLeg(draft.known, leg);
  if (role === 'caller') return refuse('wrong_state');
  if (leg.state === 'won') showLife(draft, leg);
  else if (mayRing(draft.known, leg)) makeRing(draft, leg);
  else return refuseLeg(draft.known, leg);
  return draft.done();
}

function accept(draft: Draft, leg: Leg, { now, deadlines }: Circumstances): Decision {
  const participant = participantOfLeg(draft.known, leg);
  if (participant.role === 'caller') return refuse('wrong_state');
  if (leg.state === 'won') {
    showLife(draft, leg);
    return draft.done();
  }
  if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  if (now >= participant.ringDeadlineAt!) return refuse('deadline_passed');
  draft.before = participant.ringDeadlineAt;
  makeRing(draft, leg);
  // Rule 1.
  draft.add({ type: 'participant.joined', participantId: participant.id, legId: leg.id });
  draft.loseLegs(participant.id, 'answered-elsewhere', leg.id);
  draft.add({
    type: 'call.connecting',
    mediaEpoch: 1,
    connectDeadlineAt: now + deadlines.connectMs,
  });
  return draft.done();
}

/** Refuses a command on a call that ended: how and when, and why this leg lost if it did. */
function refuseEnded({ call }: CallFacts, leg: Leg | undefined): Decision {
  return refuse('call_ended', {
    endReason: call.endReason!,
    ...(leg?.lostReason && { lostReason: leg.lostReason }),
    at: call.endedAt!,
  });
}

function decline(draft: Draft, leg: Leg): Decision {
  const participant = participantOfLeg(draft.known, leg);
  if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  if (!isContending(leg)) makeRing(draft, leg);
  draft.add({ type: 'leg.lost', legId: leg.id, reason: 'declined' });
  draft.loseLegs(participant.id, 'declined-elsewhere', leg.id);
  draft.end('declined', null, participant);
  return draft.done();
}

function hangUp(draft: Draft, leg: Leg, cause: EndCause | null): Decision {
  const participant = participantOfLeg(draft.known, leg);
  if (leg.state !== 'won') {
    if (cause === null) return decline(draft, leg);
    if (!mayRing(draft.known, leg)) return refuseLeg(draft.known, leg);
  }
  if (cause !== null) draft.end('failed', cause, participant);
  else if (draft.known.call.state === 'ringing') draft.end('canceled', null, participant);
  else draft.end('completed', null, participant);
  return draft.done();
}

function media(
  draft: Draft,
  leg: Leg,
  command: Media,
  { now, deadlines }: Circumstances,
): Decision {
  if (leg.state !== 'won') return refuseLeg(draft.known, leg);
  const { call } = draft.known;
  if (call.state === 'ringing') return refuse('wrong_state');
  showLife(draft, leg);
  // A report of another epoch is late, not wrong.
  if (command.mediaEpoch !== call.mediaEpoch) return draft.done();
  const connectedEpoch = command.connected ? command.mediaEpoch : null;
  if (leg.connectedEpoch === connectedEpoch) return draft.done();
  draft.add({ type: 'leg.media', legId: leg.id, connectedEpoch });
  const everyone = joinedLegs(draft.known);
  const isConnected = everyone.every((each) => each.connectedEpoch === call.mediaEpoch);
  if (call.state !== 'connecting' || !isConnected) return draft.done();
  draft.add({ type: 'call.active' });
  // Rule 5: grace starts now for a device that fell silent while the call connected.
  for (const each of everyone) {
    if (!each.silent) continue;
    draft.add({ type: 'leg.graced', legId: each.id, graceDeadlineAt: now + deadlines.graceMs });
  }
  return draft.done();
}

function update(draft: Draft, leg: Leg, command: Update): Decision {
  if (leg.state !== 'won') return refuseLeg(draft.known, leg);
  showLife(draft, leg);
  const held = command.held ?? leg.held;
  const muted = command.muted ?? leg.muted;
  const camera = command.camera ?? leg.camera;
  if (held === leg.held && muted === leg.muted && camera === leg.camera) return draft.done();
  draft.add({ type: 'leg.updated', legId: leg.id, held, muted, camera });
  return draft.done();
}
