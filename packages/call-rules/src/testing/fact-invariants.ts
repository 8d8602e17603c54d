import { areConnected, isContending, isLive, isRinging, joinedLegs, numberOf } from '../facts.ts';
import type { CallFacts, Leg, Participant } from '../facts.ts';

/** The most who may be in a call between browsers at once, those who still ring included. */
const MOST_PRESENT = 4;
/** The most a call may ever have had. */
const MOST_EVER = 30;

/** True while the participant is in the call or rings for it. */
const isPresent = ({ state }: Participant): boolean => state !== 'left';

/**
 * What must hold of a call whenever a decision has been written, I11 to I17 and I20:
 *
 *   I11 a live call has one who joined, and two who joined or ring
 *   I12 it rings while fewer than two have joined, else it connects or is active; only while it
 *       connects does the call have a connect deadline
 *   I13 a moderator is among those who joined
 *   I14 nobody is in it twice, no device has two live legs, at most 4 are in it, at most 30 ever
 *   I15 who rings has a device that may still answer and a deadline; who joined has the leg that won;
 *       who left has neither, and a reason and a time
 *   I16 a leg hears only other legs that joined, and only while it joined itself
 *   I17 ids count from p1 and l1; everyone but p1 was brought in by one who came before; a call
 *       goes on as another only when it ended `transferred`
 *   I20 a silent device that joined has an end to its silence, and who waits alone has no time to
 *       connect in
 *
 * @returns what is broken, one line each.
 */
export function factFaults(facts: CallFacts): readonly string[] {
  return [...presenceFaults(facts), ...rowFaults(facts), ...placeFaults(facts)];
}

function presenceFaults(facts: CallFacts): string[] {
  const { call, participants, legs } = facts;
  if (call.state === 'ended') return [];
  const faults: string[] = [];
  const present = participants.filter(isPresent);
  const joined = present.filter(({ state }) => state === 'joined');
  if (joined.length < 1 || present.length < 2) {
    faults.push(`I11: ${joined.length} joined of ${present.length} present`);
  }
  if ((call.state === 'ringing') !== joined.length < 2) {
    faults.push(`I12: ${call.state} with ${joined.length} joined`);
  }
  if ((call.state === 'connecting') !== (call.connectDeadlineAt !== null)) {
    faults.push(`I12: ${call.state} with connect deadline ${call.connectDeadlineAt}`);
  }
  if (!joined.some(({ role }) => role === 'moderator')) faults.push('I13: no moderator');
  const users = present.map(({ userId }) => userId);
  if (new Set(users).size < users.length) faults.push(`I14: ${users.join(' ')} are in it`);
  const devices = legs
    .filter((leg) => isLive(facts, leg))
    .map(({ userId, deviceId }) => `${userId}/${deviceId}`);
  if (new Set(devices).size < devices.length) faults.push(`I14: live legs ${devices.join(' ')}`);
  if (present.length > MOST_PRESENT) faults.push(`I14: ${present.length} present`);
  if (participants.length > MOST_EVER) faults.push(`I14: ${participants.length} participants`);
  return faults;
}

function rowFaults(facts: CallFacts): string[] {
  const faults: string[] = [];
  for (const participant of facts.participants) {
    const legs = facts.legs.filter((leg) => leg.participantId === participant.id);
    faults.push(...participantFaults(participant, legs));
  }
  const joinedIds = joinedLegs(facts).map(({ id }) => id);
  for (const leg of facts.legs) {
    const stranger = leg.hears.find((id) => id === leg.id || !joinedIds.includes(id));
    if (stranger !== undefined) faults.push(`I16: ${leg.id} hears ${stranger}`);
    if (leg.hears.length > 0 && !joinedIds.includes(leg.id)) faults.push(`I16: ${leg.id} hears`);
  }
  return [...faults, ...watchFaults(facts)];
}

function watchFaults(facts: CallFacts): string[] {
  const { state, connectDeadlineAt } = facts.call;
  const faults: string[] = [];
  for (const leg of joinedLegs(facts)) {
    const ends = [connectDeadlineAt, leg.connectDeadlineAt, leg.graceDeadlineAt];
    if (leg.silent && ends.every((at) => at === null)) faults.push(`I20: ${leg.id} is silent`);
    if (state === 'ringing' && leg.connectDeadlineAt !== null) faults.push(`I20: ${leg.id} waits`);
  }
  return faults;
}

function participantFaults(participant: Participant, legs: readonly Leg[]): string[] {
  const { id, state, leftReason, leftAt, ringDeadlineAt, wonLegId } = participant;
  const faults: string[] = [];
  const contending = legs.filter(isContending).length;
  if (isRinging(participant)) {
    if (contending === 0) faults.push(`I15: ${id} rings on no device`);
    if (ringDeadlineAt === null) faults.push(`I15: ${id} rings without an end`);
  } else if (contending > 0) {
    faults.push(`I15: ${id} ${state} with ${contending} legs that ring`);
  }
  const hasWon = legs.some((leg) => leg.id === wonLegId && leg.state === 'won');
  if (state === 'joined' && !hasWon) faults.push(`I15: ${id} joined with ${wonLegId}`);
  const isOut = state === 'left';
  if (isOut !== (leftReason !== null) || isOut !== (leftAt !== null)) {
    faults.push(`I15: ${id} ${state} with ${leftReason} at ${leftAt}`);
  }
  return faults;
}

function placeFaults({ call, participants, legs }: CallFacts): string[] {
  const faults: string[] = [];
  const known = new Set<string>();
  participants.forEach(({ id, invitedBy }, index) => {
    if (numberOf(id) !== index + 1) faults.push(`I17: ${id} is number ${index + 1}`);
    const isWell = index === 0 ? invitedBy === null : known.has(invitedBy ?? '');
    if (!isWell) faults.push(`I17: ${id} was brought in by ${invitedBy}`);
    known.add(id);
  });
  legs.forEach(({ id, participantId }, index) => {
    if (numberOf(id) !== index + 1) faults.push(`I17: ${id} is number ${index + 1}`);
    if (!known.has(participantId)) faults.push(`I17: ${id} is nobody's`);
  });
  if (call.movedTo !== null && (call.endReason !== 'transferred' || call.movedTo === call.id)) {
    faults.push(`I17: ${call.endReason}, goes on as ${call.movedTo}`);
  }
  return faults;
}

/** True when two who joined hear each other: what makes a call active. */
export function isTalking(facts: CallFacts): boolean {
  const joined = joinedLegs(facts);
  return joined.some((one, index) =>
    joined.slice(index + 1).some((other) => areConnected(one, other)),
  );
}
