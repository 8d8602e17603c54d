import type { SystemCommand } from './commands.ts';
import { Draft, lostCause } from './draft.ts';
import type { Circumstances, Decision } from './draft.ts';
import { isContending, isRinging, joinedLegs, legOfDevice, participantOfLeg } from './facts.ts';
import type { CallFacts, EndCause, Leg } from './facts.ts';

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
      silent(draft, legOfDevice(facts, command.userId, command.deviceId), circumstances);
      break;
    case 'device.resumed': {
      const leg = legOfDevice(facts, command.userId, command.deviceId);
      if (leg?.silent && leg.state !== 'lost') draft.add({ type: 'leg.resumed', legId: leg.id });
      break;
    }
    case 'deadline.passed':
      passDeadlines(draft, circumstances);
      break;
    case 'call.terminate':
      draft.end('terminated', null, null);
      break;
  }
  return draft.done();
}

function silent(draft: Draft, leg: Leg | undefined, { now, deadlines }: Circumstances): void {
  if (leg === undefined || leg.silent || leg.state === 'lost') return;
  const { state } = draft.known.call;
  // Rule 5: while the call connects, its connect deadline rules alone.
  let graceDeadlineAt: number | null = null;
  if (state === 'ringing') graceDeadlineAt = now + deadlines.leaseMs;
  if (state === 'active') graceDeadlineAt = now + deadlines.graceMs;
  draft.add({ type: 'leg.silent', legId: leg.id, graceDeadlineAt });
}

/** Rule 4. The longest deadline that has passed decides: a call rung out has not lost a device. */
function passDeadlines(draft: Draft, { now, deadlines }: Circumstances): void {
  const due = (at: number | null): boolean => at !== null && at <= now;
  const { call, participants, legs } = draft.known;
  if (due(call.maximumDeadlineAt)) return draft.end('terminated', 'maximum_length', null);
  if (due(call.connectDeadlineAt)) return draft.end('failed', connectFailure(draft.known), null);
  if (participants.some((each) => isRinging(each) && due(each.ringDeadlineAt))) {
    return draft.end('unanswered', null, null);
  }
  for (const leg of legs) {
    if (leg.state === 'lost') continue;
    const isUnacknowledged = leg.state === 'offered' && due(leg.acknowledgeDeadlineAt);
    if (!isUnacknowledged && !due(leg.graceDeadlineAt)) continue;
    if (isContending(leg)) {
      draft.add({ type: 'leg.lost', legId: leg.id, reason: 'unreachable' });
      if (!draft.known.legs.some(isContending)) return draft.end('unreachable', null, null);
    } else if (otherSideHears(draft.known, leg)) {
      draft.add({ type: 'leg.graced', legId: leg.id, graceDeadlineAt: now + deadlines.graceMs });
    } else {
      const lost = participantOfLeg(draft.known, leg);
      const reason = call.state === 'ringing' ? 'canceled' : 'failed';
      return draft.end(reason, lostCause(lost), lost);
    }
  }
}

/** Why media did not connect in time: a side that was lost, or media itself. */
function connectFailure(facts: CallFacts): EndCause {
  const lost = joinedLegs(facts).find((leg) => leg.silent);
  return lost === undefined ? 'media_timeout' : lostCause(participantOfLeg(facts, lost));
}

/** True when another side, itself not silent, reports that media still arrives. */
function otherSideHears(facts: CallFacts, silentLeg: Leg): boolean {
  return joinedLegs(facts).some(
    (leg) => leg.id !== silentLeg.id && !leg.silent && leg.connectedEpoch === facts.call.mediaEpoch,
  );
}
