import { isLive } from '@ringfence/call-rules';
import type { CallEvent, CallFacts, Leg } from '@ringfence/call-rules';

/**
 * P-503: the part of some events that concerns a leg which is over after them: up to those that ended
 * it when they did, none when it was over before. A leg that is live gets them all.
 */
export function lastEventsFor(events: readonly CallEvent[], leg: Leg): readonly CallEvent[] {
  let last: CallEvent | undefined;
  for (const event of events) if (ends(event, leg)) last = event;
  if (last === undefined) return [];
  // The rest of the same change goes with it.
  const { seq, at } = last;
  const next = events.findIndex((event) => event.seq > seq && event.at !== at);
  return next === -1 ? events : events.slice(0, next);
}

/** True when some events concern a leg, the call being at `facts` after them. */
export function concerns(facts: CallFacts, events: readonly CallEvent[], leg: Leg): boolean {
  return isLive(facts, leg) || events.some((event) => ends(event, leg));
}

function ends(event: CallEvent, leg: Leg): boolean {
  return event.type === 'participant.left'
    ? leg.state === 'won' && event.participantId === leg.participantId
    : event.type === 'leg.lost' && event.legId === leg.id;
}
