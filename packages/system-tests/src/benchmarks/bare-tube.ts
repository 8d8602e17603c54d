import { createListeners, silentLogger, systemClock } from '@ringfence/base';
import type { CircuitBreaker, Tube, TubeCollaborators } from '@ringfence/isolation';

/** Lets everything through and counts nothing. */
const bareBreaker = {
  tryEnter: () => 1,
  succeeded() {},
  failed() {},
  abandoned() {},
  reset() {},
} as Partial<CircuitBreaker> as CircuitBreaker;

const bareContext = { signal: new AbortController().signal };

/**
 * What a call would have without a tube: the clock itself, its callbacks as they are, and no breaker.
 * Only what phone and media use of a tube is there.
 */
export function bareTube(name: string, { clock = systemClock }: TubeCollaborators = {}): Tube {
  let isClosed = false;
  const bare = {
    name,
    clock,
    get closed() {
      return isClosed;
    },
    breaker: () => bareBreaker,
    execute: async <Result>(_: string, work: (context: typeof bareContext) => Result) =>
      work(bareContext),
    iceServers: (fetch: (context: typeof bareContext) => unknown) => ({
      fresh: () => fetch(bareContext),
      failed() {},
      succeeded() {},
    }),
    contain: (_: string, callback: (...given: unknown[]) => unknown) => callback,
    listeners: () => createListeners(silentLogger),
    own: <Owned>(resource: Owned) => resource,
    disown: () => true,
    finish: (end: () => unknown) => void end(),
    close: async () => {
      isClosed = true;
    },
  };
  return bare as unknown as Tube;
}
