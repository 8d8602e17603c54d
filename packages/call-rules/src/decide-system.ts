import type { SystemCommand } from './commands.ts';
import { Draft, lostCause } from './draft.ts';
import type { Circumstances, Decision } from './draft.ts';
import {
  isContending,
  isLive,
  isRinging,
  joinedLegs,
  legOfDevice,
  participantOfLeg,
} from './facts.ts';
import type { CallFacts, EndCause, Leg } from './facts.ts';
import { giveUp } from './summon.ts';

/**
 * Decides what something the server found out does to a call. Pure, as `decide` is. Never refuses:
 * what no longer matters makes no event.
 */
export function decideSystem(
  facts: CallFacts,
  command: SystemCommand,
  circumstances: Circumstances,
): Decision {
  const draft = new Draft(facts, circumstances);
  // Rule 3.
  if (facts.call.state === 'ended') return draft.done();
  switch (command.type) {
    case 'device.silent':
      silent(draft, legOfDevice(facts, command.userId, command.deviceId));
      break;
    case 'device.resumed': {
      const leg = legOfDevice(facts, command.userId, command.deviceId);
      if (leg?.silent && isLive(facts, leg)) draft.add({ type: 'leg.resumed', legId: leg.id });
      break;
    }
    case 'deadline.passed':
      passDeadlines(draft);
      break;
    case 'call.terminate':
      draft.end('terminated', null, null);
      break;
  }
  return draft.done();
}

function silent(draft: Draft, leg: Leg | undefined): void {
  if (leg === undefined || leg.silent || !isLive(draft.known, leg)) return;
  const { now, deadlines } = draft.circumstances;
  const { state } = draft.known.call;
  // Rule 5: while its media connects, the connect deadline rules alone.
  let graceDeadlineAt: number | null = null;
  if (isContending(leg) || state === 'ringing') graceDeadlineAt = now + deadlines.leaseMs;
  else if (state === 'active' && leg.connectDeadlineAt === null) {
    graceDeadlineAt = now + deadlines.graceMs;
  }
  draft.add({ type: 'leg.silent', legId: leg.id, graceDeadlineAt });
}

/** Rule 4. The longest deadline that has passed decides: a call rung out has not lost a device. */
function passDeadlines(draft: Draft): void {
  const { now } = draft.circumstances;
  const due = (at: number | null): boolean => at !== null && at <= now;
  const { call, participants, legs } = draft.known;
  if (due(call.maximumDeadlineAt)) return draft.end('terminated', 'maximum_length', null);
  if (due(call.connectDeadlineAt)) connectFailed(draft);
  for (const { id } of participants) {
    if (draft.hasEnded) return;
    const participant = draft.known.participants.find((each) => each.id === id)!;
    if (isRinging(participant) && due(participant.ringDeadlineAt)) {
      giveUp(draft, participant, 'unanswered');
    }
  }
  for (const { id } of legs) {
    if (draft.hasEnded) return;
    const leg = draft.known.legs.find((each) => each.id === id)!;
    if (!isLive(draft.known, leg)) continue;
    const isUnacknowledged = leg.state === 'offered' && due(leg.acknowledgeDeadlineAt);
    if (due(leg.connectDeadlineAt)) unconnected(draft, leg);
    else if (isUnacknowledged || due(leg.graceDeadlineAt)) lost(draft, leg);
  }
}

/** A device is out of reach for good: it rings no more, or its participant leaves. */
function lost(draft: Draft, leg: Leg): void {
  const { now, deadlines } = draft.circumstances;
  const participant = participantOfLeg(draft.known, leg);
  if (isContending(leg)) {
    draft.add({ type: 'leg.lost', legId: leg.id, reason: 'unreachable' });
    const own = draft.known.legs.filter((each) => each.participantId === participant.id);
    if (own.some(isContending)) return;
    const isBusy = own.some(({ lostReason }) => lostReason === 'busy');
    giveUp(draft, participant, isBusy ? 'busy' : 'unreachable');
  } else if (isHeard(draft.known, leg)) {
    draft.add({ type: 'leg.graced', legId: leg.id, graceDeadlineAt: now + deadlines.graceMs });
  } else {
    const reason = draft.known.call.state === 'ringing' ? 'canceled' : 'failed';
    draft.leave(participant, reason, lostCause(participant), participant);
  }
}

/** Media of who joined a call under way did not connect in time: they leave, the others go on. */
function unconnected(draft: Draft, leg: Leg): void {
  const participant = participantOfLeg(draft.known, leg);
  const cause = leg.silent ? lostCause(participant) : 'media_timeout';
  draft.leave(participant, 'failed', cause, null);
}

/** Media did not connect in time. A transfer goes back, any other call ends. */
function connectFailed(draft: Draft): void {
  const cause = connectFailure(draft.known);
  const joined = draft.present.filter(({ state }) => state === 'joined');
  const taken = joined.filter((each) => draft.returnTo(each) !== null);
  // Where two stay, they are not connected either.
  const isGivenBack = taken.length > 0 && joined.length - taken.length === 1;
  if (!isGivenBack) return draft.end('failed', cause, null);
  for (const each of taken) if (!draft.hasEnded) draft.leave(each, 'failed', cause, null);
}

/** Why media did not connect in time: a side that was lost, or media itself. */
function connectFailure(facts: CallFacts): EndCause {
  const silentLeg = joinedLegs(facts).find((leg) => leg.silent);
  return silentLeg === undefined ? 'media_timeout' : lostCause(participantOfLeg(facts, silentLeg));
}

/** True when another side, itself not silent, reports that media of this one still arrives. */
function isHeard(facts: CallFacts, silentLeg: Leg): boolean {
  return joinedLegs(facts).some((leg) => !leg.silent && leg.hears.includes(silentLeg.id));
}
