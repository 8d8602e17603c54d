import { fold as foldEvent } from '@ringfence/call-rules';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';

/** Where a fold came to. */
export interface Folded {
  readonly facts: CallFacts | null;
  /** An event in between is missing. */
  readonly isGap: boolean;
  /** A device came back. */
  readonly isResumed: boolean;
}

/** Folds events into facts. What is folded already is dropped; at a gap it stops (P-504). */
export function fold(callId: string, old: CallFacts | null, events: readonly CallEvent[]): Folded {
  let facts = old;
  let isGap = false;
  let isResumed = false;
  for (const event of events) {
    const ahead = event.seq - (facts?.call.seq ?? 0);
    if (ahead < 1) continue;
    let next: CallFacts | null = null;
    try {
      next = foldEvent(callId, facts, event);
    } catch {
      // A history that makes no sense is read like a gap.
    }
    isGap = !next;
    if (!next) break;
    facts = next;
    isResumed ||= event.type === 'leg.resumed';
  }
  return { facts, isGap, isResumed };
}

/**
 * A call that the server does not know, as its user sees it. `last` is the newest of it, or of the
 * call that moved to it: whatever comes of this one is then newer.
 */
export function forgotten(id: string, { call, ...rest }: CallFacts, endedAt: number): CallFacts {
  return {
    ...rest,
    call: {
      ...call,
      id,
      seq: id === call.id ? call.seq + 1 : 0,
      state: 'ended',
      endReason: 'failed',
      endedAt,
      movedTo: null,
    },
  };
}
