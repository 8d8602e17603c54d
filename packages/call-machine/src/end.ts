import type { CallFacts, EndCause, EndReason, LegId } from '@ringfence/call-rules';
import { ownLeg, ownParticipant } from './reading.ts';

/** Why a call ended on this device. The last two: another device of the same user took it. */
export type CallEndReason = EndReason | 'answered-elsewhere' | 'declined-elsewhere';

/** How a call ended, as this device knows it. */
export interface CallEnd {
  readonly reason: CallEndReason;
  /** What lies behind the reason, where the reason alone does not say it. */
  readonly cause: EndCause | null;
  /** Which side ended it; null when a deadline or the server did. */
  readonly by: 'local' | 'remote' | null;
  /**
   * Set when the call ended because a command was refused: the error code. `server_unreachable`
   * when the server could not be heard for too long.
   */
  readonly code?: string;
  /** The id of the user's device that answered, with `answered-elsewhere`, when it is known. */
  readonly answeredBy?: string;
}

/** How the call ended for this leg; null while it goes on. */
export function endFor(facts: CallFacts, legId: LegId): CallEnd | null {
  const { call } = facts;
  const own = ownLeg(facts, legId);
  const self = ownParticipant(facts, legId);
  if (own?.state === 'lost') {
    const { lostReason } = own;
    const winner = ownLeg(facts, self!.wonLegId ?? '');
    // Also when it was out of reach as another device of the same user answered.
    if (winner && lostReason !== 'busy') {
      const { deviceId: answeredBy } = winner;
      return { reason: 'answered-elsewhere', cause: null, by: 'local', answeredBy };
    }
    // This device alone was busy; the others may ring on.
    if (lostReason === 'busy' || lostReason === 'declined-elsewhere') {
      return { reason: lostReason, cause: null, by: 'local' };
    }
  }
  const side = (id: string | null): CallEnd['by'] => {
    if (id === null) return null;
    return id === self?.id ? 'local' : 'remote';
  };
  if (self?.state === 'left') {
    return { reason: self.leftReason!, cause: self.leftCause, by: side(self.leftBy) };
  }
  if (call.state !== 'ended') return null;
  return { reason: call.endReason!, cause: call.endCause, by: side(call.endedBy) };
}
