import { participantOfUser, seenUntil } from '@ringfence/call-rules';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { LIMITS } from '@ringfence/protocol';
import type { CatchUp } from '@ringfence/protocol';
import type { StoreAccess } from './store-access.ts';

/**
 * P-505: what a client that holds the call up to `known` has missed. `known` is 0 where the client
 * does not hold the call. Who left a call that went on is told up to there and of nothing later
 * (P-833). One round trip at most.
 *
 * @throws {RingfenceError} `store_unavailable`.
 */
export async function catchUp(
  store: StoreAccess,
  facts: CallFacts,
  userId: string,
  known: number,
): Promise<CatchUp> {
  const { id: callId, orgId, seq } = facts.call;
  const until = seenUntil(facts, userId);
  // P-507: a client that is ahead of the store starts over.
  const isLost = known === 0 || known > seq;
  // A snapshot would show what came later.
  if (until !== null && isLost) return { callId, gone: true };
  const isFar = seq - known > LIMITS.catchUpEvents;
  if (until === null && (isLost || isFar)) return { callId, snapshot: facts };
  if (known === seq) return { callId, events: [] };
  const events = await store.trip((real) =>
    real.eventsAfter(orgId, callId, known, LIMITS.catchUpEvents),
  );
  if (until === null) return { callId, events: events as CallEvent[] };
  // Others may have written in the same millisecond, so it ends with the very event.
  const { id } = participantOfUser(facts, userId)!;
  const last = events.findIndex(
    (event) => event.type === 'participant.left' && event.participantId === id,
  );
  // They may not be all there are, or the store keeps no lines that old.
  const isCutShort = last === -1 && (events.at(-1)?.at ?? until) <= until;
  if (isFar && (isCutShort || events[0]!.seq > known + 1)) return { callId, gone: true };
  return { callId, events: events.slice(0, last + 1) };
}
