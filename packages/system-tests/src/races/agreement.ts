import {
  hasJoined,
  isContending,
  joinedLegs,
  legOfDevice,
  participantOfLeg,
} from '@ringfence/call-rules';
import type { CallFacts, Leg } from '@ringfence/call-rules';
import { checkCallInvariants } from '@ringfence/call-rules/testing';
import { isHeldHere } from '../simulator/call-watch.ts';
import type { CallWatch } from '../simulator/call-watch.ts';
import { endingFor } from '../simulator/invariants.ts';
import type { Party } from './party.ts';
import type { Stage } from './stage.ts';

/**
 * Why the phones of a group and the store do not agree yet on the calls that go on; null when they
 * do: same calls, same states, same people, same holds, and nobody waits for an answer.
 */
export function disagreement(stage: Stage): string | null {
  const { calls, parties } = stage;
  for (const party of parties) {
    if (party.phone.state !== 'ready') return `${party.name} is ${party.phone.state}`;
    if (party.uplink.isTroubled) return `${party.name} cannot be heard`;
    if (party.pending > 0) return `${party.name} waits for an answer`;
    for (const { facts } of calls) {
      const why = differs(party, facts);
      if (why !== null) return `${party.name} and ${facts.call.id.slice(-6)}: ${why}`;
    }
    const stray = party.live.find(({ call }) => !calls.some(({ callId }) => callId === call.id));
    if (stray !== undefined) return `${party.name} shows a call that nobody knows`;
  }
  return null;
}

function differs(party: Party, facts: CallFacts): string | null {
  const leg = legOfDevice(facts, party.userId, party.deviceId);
  const watch = party.shown(facts.call.id);
  const isLive = leg !== undefined && (isContending(leg) || hasJoined(facts, leg));
  if (facts.call.state === 'ended' || !isLive) {
    return watch === undefined ? null : `it is over and shown as ${watch.call.state}`;
  }
  if (watch === undefined) return `it is ${facts.call.state} and not shown`;
  const { call } = watch;
  if (call.requests.length > 0) return 'a request is open';
  const due = isContending(leg) ? 'ringing' : facts.call.state;
  if (call.state !== due) return `it is ${due} and shown as ${call.state}`;
  if (due === 'connecting') return 'it connects';
  return hasJoined(facts, leg) ? sightDiffers(facts, leg, watch) : null;
}

/** What this phone shows of itself and the others, against the facts. */
function sightDiffers(facts: CallFacts, own: Leg, { call }: CallWatch): string | null {
  if (isHeldHere(call) !== own.held) return `it holds ${isHeldHere(call)} and the facts say not`;
  for (const leg of joinedLegs(facts)) {
    const { id, role } = participantOfLeg(facts, leg);
    const view = call.participants.find((each) => each.id === id);
    if (view?.held !== leg.held || view.role !== role) return `${id} is shown otherwise`;
  }
  const present = facts.participants.filter(({ state }) => state !== 'left').length;
  const shown = call.participants.filter(({ state }) => state !== 'left').length;
  return shown === present ? null : `${shown} are shown and ${present} are there`;
}

/** What is broken at the end of a round, when all calls are over. One line each. */
export function faultsAtEnd(stage: Stage): readonly string[] {
  const faults: string[] = [];
  for (const { callId, events, facts } of stage.calls) {
    try {
      checkCallInvariants({ callId, events, facts });
    } catch (thrown) {
      faults.push((thrown as Error).message);
    }
  }
  for (const party of stage.parties) {
    for (const watch of party.watches) {
      const fault = endDiffers(stage, party, watch);
      if (fault !== null) faults.push(`${party.name} in ${watch.call.id.slice(-6)}: ${fault}`);
    }
    if (party.phone.calls.length > 0) faults.push(`${party.name} still has calls`);
    if (party.media.size > 0) faults.push(`${party.name} still has media`);
    for (const { command, code, details } of party.refusals) {
      if (command !== 'call.accept') continue;
      // P-807, P-812: a loser hears who won, when, and why it lost.
      const told =
        code === 'answered_elsewhere' ? ['byUserId', 'at', 'lostReason'] : ['endReason', 'at'];
      const isTold = told.every((name) => details[name] !== undefined);
      const isLoss = code === 'answered_elsewhere' || code === 'call_ended';
      if (isLoss && !isTold) faults.push(`${party.name} is not told why it lost (${code})`);
    }
  }
  return faults;
}

function endDiffers(stage: Stage, party: Party, watch: CallWatch): string | null {
  const { call, strange, ownId, endedAlone } = watch;
  if (strange.length > 0) return `went ${strange.join(', ')}`;
  if (call.state !== 'ended' || call.end === null) return `is ${call.state}`;
  const facts = stage.calls.find(({ callId }) => callId === call.id)?.facts;
  const participant = facts?.participants.find(({ id }) => id === (ownId ?? 'p1'));
  if (facts === undefined || participant === undefined || endedAlone) return null;
  const expected = JSON.stringify(endingFor(facts, participant, party.deviceId));
  const { reason, cause, by } = call.end;
  const told = JSON.stringify({ reason, cause, by });
  return told === expected ? null : `ended ${told}, the store says ${expected}`;
}
