import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { LIMITS } from '@ringfence/protocol';
import type { CatchUp } from '@ringfence/protocol';
import type { StoreAccess } from './store-access.ts';

/**
 * P-505: what a client that holds the call up to `known` has missed. `known` is 0 where the client
 * does not hold the call. One round trip at most.
 *
 * @throws {RingfenceError} `store_unavailable`.
 */
export async function catchUp(
  store: StoreAccess,
  facts: CallFacts,
  known: number,
): Promise<CatchUp> {
  const { id: callId, orgId, seq } = facts.call;
  // P-507: a client that is ahead of the store starts over.
  const isFar = known === 0 || known > seq || seq - known > LIMITS.catchUpEvents;
  if (isFar) return { callId, snapshot: facts };
  if (known === seq) return { callId, events: [] };
  const events = await store.trip((real) =>
    real.eventsAfter(orgId, callId, known, LIMITS.catchUpEvents),
  );
  return { callId, events: events as CallEvent[] };
}
