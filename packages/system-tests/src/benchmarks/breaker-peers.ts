/*
 * The breakers that `bench -- breaker` measures: ours with everything on, and its peers as their
 * users would write them at their best, with nothing that ours has and they could do without.
 */
import { breakerPolicy, CircuitBreaker } from '@ringfence/isolation';
import {
  circuitBreaker,
  ConsecutiveBreaker,
  handleAll,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import Opossum from 'opossum';

/** Longer than the benchmark: what is open stays open. */
const openMs = 3_600_000;
const limitMs = 10_000;

/** What is called through a breaker: it takes its signal, as work that can be aborted does. */
export async function work({ signal }: { readonly signal: AbortSignal }): Promise<number> {
  return signal.aborted ? 0 : 1;
}

/** The same without a signal, which opossum has none of. */
export async function bareWork(): Promise<number> {
  return 1;
}

const classify = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : 'unknown');

const policies = {
  plain: breakerPolicy({ openMs, timeoutMs: 0, classify }),
  timed: breakerPolicy({ openMs, timeoutMs: limitMs, classify }),
};

/** Ours: statistics, classifier, listeners to every outcome. */
export function ours(kind: keyof typeof policies): CircuitBreaker {
  const breaker = new CircuitBreaker('bench', policies[kind]);
  let heard = 0;
  const hear = (): void => {
    heard += 1;
  };
  breaker.on('breaker.succeeded', hear);
  breaker.on('breaker.failed', hear);
  breaker.on('breaker.refused', hear);
  breaker.on('breaker.opened', hear);
  return breaker;
}

/** cockatiel's consecutive breaker. */
export function cockatiel() {
  return circuitBreaker(handleAll, { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(5) });
}

/**
 * The same around a time limit that rejects at once, as ours does. By default it aborts the signal
 * of the work also when the work is done; without that it costs a third.
 */
export function cockatielTimed(abortOnReturn = true) {
  const limit = timeout(limitMs, { strategy: TimeoutStrategy.Aggressive, abortOnReturn });
  return wrap(cockatiel(), limit);
}

/** opossum without what can be left out: percentiles, snapshots, all buckets but one. */
export function leanOpossum() {
  return new Opossum(bareWork, {
    timeout: limitMs,
    resetTimeout: openMs,
    rollingCountBuckets: 1,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
}
