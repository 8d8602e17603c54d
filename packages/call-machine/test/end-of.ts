import type { CallFacts } from '@ringfence/call-rules';
import type { CallEnd } from '../src/index.ts';

/** The end of a call as one leg must tell it, read off the facts in plain words. */
export function endOf(facts: CallFacts, legId: string): CallEnd {
  const leg = facts.legs.find(({ id }) => id === legId)!;
  const self = facts.participants.find(({ id }) => id === leg.participantId)!;
  const { lostReason } = leg;
  if (lostReason === 'busy' || lostReason === 'declined-elsewhere') {
    return { reason: lostReason, cause: null, by: 'local' };
  }
  if (leg.state === 'lost' && self.wonLegId !== null) {
    const answeredBy = facts.legs.find(({ id }) => id === self.wonLegId)!.deviceId;
    return { reason: 'answered-elsewhere', cause: null, by: 'local', answeredBy };
  }
  const { leftReason, leftCause, leftBy } = self;
  let by: CallEnd['by'] = null;
  if (leftBy !== null) by = leftBy === self.id ? 'local' : 'remote';
  return { reason: leftReason!, cause: leftCause, by };
}
