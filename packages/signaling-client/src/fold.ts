import { evolve } from '@ringfence/call-rules';
import type { CallEvent, CallFacts } from '@ringfence/call-rules';

/** Where a fold came to. */
export interface Folded {
  readonly facts: CallFacts | null;
  /** An event in between is missing. */
  readonly isGap: boolean;
  /** The legs whose devices came back. */
  readonly resumed: readonly string[];
}

/** Folds events into facts. What is folded already is dropped; at a gap it stops (P-504). */
export function fold(callId: string, old: CallFacts | null, events: readonly CallEvent[]): Folded {
  let facts = old;
  const resumed: string[] = [];
  for (const event of events) {
    const ahead = event.seq - (facts?.call.seq ?? 0);
    if (ahead < 1) continue;
    try {
      facts = evolve(callId, facts, event);
    } catch {
      return { facts, isGap: true, resumed };
    }
    if (event.type === 'leg.resumed') resumed.push(event.legId);
  }
  return { facts, isGap: false, resumed };
}

/** A call that the server forgot, as its user sees it. */
export function forgotten({ call, ...rest }: CallFacts, endedAt: number): CallFacts {
  const { seq } = call;
  return { ...rest, call: { ...call, seq: seq + 1, state: 'ended', endReason: 'failed', endedAt } };
}
