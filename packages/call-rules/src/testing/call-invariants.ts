import { evolve } from '../events.ts';
import type { CallEvent } from '../events.ts';
import { isContending, nextDeadlineAt } from '../facts.ts';
import type {
  CallFacts,
  CallState,
  Leg,
  LegState,
  Participant,
  ParticipantState,
} from '../facts.ts';
import { factFaults, isTalking } from './fact-invariants.ts';

/** The history of one call, and the facts that a store or a client holds of it. */
export interface CallHistory {
  readonly callId: string;
  /** Every event from `seq` 1, in order, up to the last of a decision. */
  readonly events: readonly CallEvent[];
  /** When given, the fold of the events must equal them. */
  readonly facts?: CallFacts | null;
}

/*
 * What must hold for every history, whoever wrote it:
 *
 *   I1  seq counts from 1 without a gap, and time does not run back
 *   I2  the first event creates the call or is its tombstone, and no other does
 *   I3  the fold of the events equals the facts
 *   I4  a participant joins at most once, with one leg, at most one of its legs ever wins, and who
 *       left stays as they left
 *   I5  a leg goes offered → ringing → won | lost; only an unreachable one rings again
 *   I6  a call goes ringing ⇄ connecting ⇄ active, from any to ended, and its epoch never falls
 *   I7  nothing follows the end
 *   I8  at the end every participant left with a reason, and every leg won or lost with a reason
 *   I9  when a call becomes active, two who joined hear each other
 *   I10 a live call has a deadline, an ended one has none
 *   I18 a role changes only to moderator, and only of one who joined
 *   I19 who comes back by `return` left this call `transferred`, and one who came in their place left
 *
 * What must hold of the facts after each decision, I11 to I17 and I20, is in fact-invariants.ts.
 */

const callSteps: Readonly<Record<CallState, readonly CallState[]>> = {
  ringing: ['ringing', 'connecting', 'ended'],
  connecting: ['connecting', 'ringing', 'active', 'ended'],
  active: ['active', 'connecting', 'ringing', 'ended'],
  ended: ['ended'],
};

const legSteps: Readonly<Record<LegState, readonly LegState[]>> = {
  offered: ['offered', 'ringing', 'lost'],
  ringing: ['ringing', 'won', 'lost'],
  won: ['won'],
  lost: ['lost', 'ringing'],
};

const participantSteps: Readonly<Record<ParticipantState, readonly ParticipantState[]>> = {
  invited: ['invited', 'ringing', 'joined', 'left'],
  ringing: ['ringing', 'joined', 'left'],
  joined: ['joined', 'left'],
  left: ['left'],
};

/**
 * Checks a history, and the facts it leads to, against what must hold for every call (I1 to I20).
 *
 * @returns the facts that the history leads to; null for an empty one.
 * @throws {Error} that names each broken invariant and the event that broke it.
 */
export function checkCallInvariants(history: CallHistory): CallFacts | null {
  const broken: string[] = [];
  let facts: CallFacts | null = null;
  let isOver = false;
  let lastAt = -Infinity;
  for (const [index, event] of history.events.entries()) {
    const say = (text: string): void => {
      broken.push(`${text}, at ${JSON.stringify(event)}`);
    };
    if (isOver) say('I7: an event follows the end');
    if (event.seq !== index + 1) {
      say(`I1: seq ${event.seq} where ${index + 1} is due`);
      break;
    }
    if (event.at < lastAt) say('I1: time runs back');
    lastAt = event.at;
    const isFirst = event.type === 'call.created' || event.type === 'call.tombstoned';
    if (isFirst !== (index === 0)) {
      say('I2: a call begins once, first');
      break;
    }
    const before: CallFacts | null = facts;
    const after = evolve(history.callId, before, event);
    if (before !== null) checkStep(before, after, say);
    if (before !== null) checkEvent(before, event, say);
    if (event.type === 'call.active' && !isTalking(after)) say('I9: active without media');
    if ((nextDeadlineAt(after) === null) !== (after.call.state === 'ended')) say('I10: deadline');
    isOver = after.call.state === 'ended';
    facts = after;
  }
  if (facts !== null) broken.push(...factFaults(facts));
  if (facts !== null && isOver) broken.push(...endFaults(facts));
  if (history.facts !== undefined && !isSame(facts, history.facts)) {
    broken.push(
      `I3: the fold is ${JSON.stringify(facts)}, the facts are ${JSON.stringify(history.facts)}`,
    );
  }
  if (broken.length > 0) {
    throw new Error(`call ${history.callId} breaks its invariants\n${broken.join('\n')}`);
  }
  return facts;
}

function checkStep(before: CallFacts, after: CallFacts, say: (text: string) => void): void {
  const { state } = before.call;
  if (!callSteps[state].includes(after.call.state)) say(`I6: ${state} to ${after.call.state}`);
  if (after.call.mediaEpoch < before.call.mediaEpoch) say('I6: the epoch falls');
  for (const leg of before.legs) {
    const next = after.legs.find((each) => each.id === leg.id);
    if (next === undefined) say(`I5: ${leg.id} is gone`);
    else if (!isLegalLegStep(leg, next)) say(`I5: ${leg.id} from ${leg.state} to ${next.state}`);
  }
  for (const participant of before.participants) {
    const next = after.participants.find((each) => each.id === participant.id);
    if (next === undefined || !participantSteps[participant.state].includes(next.state)) {
      say(`I4: ${participant.id} from ${participant.state} to ${next?.state ?? 'nothing'}`);
    }
    if (participant.state === 'left' && !isSame(participant, next)) {
      say(`I4: ${participant.id} changes after it left`);
    }
    if (participant.wonLegId !== null && next?.wonLegId !== participant.wonLegId) {
      say(`I4: ${participant.id} changes its winner`);
    }
    const winners = after.legs.filter(
      (leg) => leg.participantId === participant.id && leg.state === 'won',
    );
    if (winners.length > 1 || (winners[0]?.id ?? null) !== (next?.wonLegId ?? null)) {
      say(`I4: ${participant.id} has the winners ${winners.map((leg) => leg.id).join(' ')}`);
    }
  }
}

/** What must hold of the facts that an event finds. */
function checkEvent(facts: CallFacts, event: CallEvent, say: (text: string) => void): void {
  if (event.type === 'participant.role') {
    const participant = facts.participants.find(({ id }) => id === event.participantId);
    if (event.role !== 'moderator' || participant?.state !== 'joined') say('I18: a role changes');
  }
  if (event.type === 'participant.invited' && event.via === 'return') {
    if (!mayReturn(facts.participants, event.userId)) say(`I19: ${event.userId} returns`);
  }
}

function mayReturn(participants: readonly Participant[], userId: string): boolean {
  const away = participants.find(
    (each) => each.userId === userId && each.leftReason === 'transferred',
  );
  return participants.some(
    ({ via, state, leftReason }) =>
      away !== undefined &&
      (via === 'transfer' || via === 'forward') &&
      state === 'left' &&
      leftReason !== 'transferred',
  );
}

function isLegalLegStep(leg: Leg, next: Leg): boolean {
  if (leg.state === 'lost' && next.state === 'ringing') return leg.lostReason === 'unreachable';
  return legSteps[leg.state].includes(next.state);
}

function endFaults({ call, participants, legs }: CallFacts): string[] {
  const faults: string[] = [];
  if (call.endReason === null || call.endedAt === null) faults.push('I8: an end without a reason');
  for (const { id, state, leftReason } of participants) {
    if (state !== 'left' || leftReason === null) faults.push(`I8: ${id} did not leave`);
  }
  for (const leg of legs) {
    if (isContending(leg)) faults.push(`I8: ${leg.id} still rings`);
    if (leg.state === 'lost' && leg.lostReason === null)
      faults.push(`I8: ${leg.id} lost in silence`);
  }
  return faults;
}

/** Equal as JSON, whatever the order of fields. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) =>
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}
