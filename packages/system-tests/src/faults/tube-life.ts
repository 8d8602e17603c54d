/*
 * The life of one call in its tube, and every way it can go wrong.
 *
 * A life asks for ICE servers, makes a connection, samples it, sends signals, restarts ICE, and
 * writes down what it sees. All lives of a world share one registry, one clock, and whatever the
 * runtime itself shares.
 */
import type { Tube } from '@ringfence/isolation';
import type { Clock } from '@ringfence/base';

interface Server {
  readonly urls: string;
  readonly username: string;
  readonly credential: string;
}

/** A connection of which one can say who still listens. */
export class CountedConnection {
  readonly #listeners = new Map<string, Set<(event: unknown) => void>>();
  isClosed = false;

  get listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all.add(listener));
  }

  removeEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  fire(type: string): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ type });
  }
}

/** What a life is given. */
export interface LifeParts {
  readonly tube: Tube;
  readonly clock: Clock;
  /** Tells lives apart: each has its own pace. */
  readonly number: number;
  readonly way: Way | undefined;
  readonly write: (line: string) => void;
}

/** What a life leaves behind to be counted. */
export interface Life {
  readonly connection: CountedConnection;
}

export const ways = [
  'a listener throws',
  'a listener rejects',
  'a task throws',
  'a timer throws without end',
  'TURN is stuck',
  'TURN fails without end',
  'ICE servers are corrupted',
  'an operation hangs and is deaf',
  'signaling always fails',
  'a probe hangs',
  'a resource throws as it ends',
  'a resource never ends',
  'it makes timers and listeners without end',
  'it throws what is no error',
] as const;

export type Way = (typeof ways)[number];

const never = (): Promise<never> => new Promise(() => {});

function broken(): never {
  throw new Error('broken');
}

function later<Result>(clock: Clock, delayMs: number, result: Result): Promise<Result> {
  return new Promise((resolve) => clock.setTimeout(() => resolve(result), delayMs));
}

/** Begins the life. It ends with its tube. */
export function live({ tube, clock, number, way, write }: LifeParts): Life {
  const connection = new CountedConnection();
  const pace = 1 + (number % 7) / 10;
  const log = (what: string): void => write(`${clock.monotonic()} ${what}`);
  const is = (each: Way): boolean => way === each;

  tube.own(() => {
    connection.isClosed = true;
    log('closed');
  });
  // What was owned before these still has to end.
  if (is('a resource throws as it ends')) tube.own(broken);
  if (is('a resource never ends')) tube.own(never);

  const fetchServers = (): Promise<readonly Server[]> => {
    if (is('TURN is stuck')) return never();
    if (is('TURN fails without end')) return later(clock, 20, null).then(broken);
    const nonsense = [{ urls: 7 }, null] as unknown as readonly Server[];
    if (is('ICE servers are corrupted')) return later(clock, 20, nonsense);
    return later(clock, 20 * pace, [
      { urls: `turn:relay-${number}.example`, username: 'call', credential: 'secret' },
    ]);
  };
  const iceServers = tube.iceServers<Server>(fetchServers, {
    renewed: (servers) => log(`renewed ${servers[0]?.urls}`),
  });

  const hear = tube.contain('listener', (event: unknown) => {
    log(`heard ${(event as { readonly type: string }).type}`);
    if (is('a listener throws')) broken();
    if (is('it throws what is no error')) throw null;
    return is('a listener rejects') ? Promise.reject(new Error('broken')) : undefined;
  });
  tube.listen(connection, 'sampled', hear);
  tube.listen(connection, 'restarted', hear);
  for (const dependency of ['signaling', 'media', 'turn']) {
    const breaker = tube.breaker(dependency);
    breaker.on('breaker.opened', ({ errorType }) => log(`${dependency} opened: ${errorType}`));
    breaker.on('breaker.closed', () => log(`${dependency} closed`));
  }

  const signal = async (): Promise<void> => {
    const text = await tube.execute('signaling', async () => {
      if (is('signaling always fails')) broken();
      if (is('an operation hangs and is deaf')) return never();
      return later(clock, 30 * pace, 'answered');
    });
    log(text);
  };

  const restart = async (): Promise<void> => {
    await tube.restartIce(async () => {
      const servers = await iceServers.fresh();
      await later(clock, 200 * pace, null);
      connection.fire('restarted');
      log(`restarted with ${servers[0]!.urls}`);
    });
  };

  const repeat = (everyMs: number, source: string, act: () => unknown): void => {
    tube.clock.setTimeout(() => {
      void tube.run(source, act).then(() => repeat(everyMs, source, act));
    }, everyMs);
  };

  void tube.run('open', async () => {
    const servers = await iceServers.current();
    log(`open with ${servers[0]!.urls}`);
  });
  repeat(1_000 * pace, 'sample', () => connection.fire('sampled'));
  repeat(1_500 * pace, 'signal', signal);
  repeat(7_000 * pace, 'restart', restart);
  // Some relays fail here and there, as they do.
  repeat(2_500 * pace, 'relay', () => {
    if (number % 5 === 0 || is('TURN fails without end')) iceServers.failed('ice_701');
    else iceServers.succeeded();
  });

  if (is('a task throws')) repeat(300, 'task', broken);
  if (is('a timer throws without end')) {
    const again = (): never => {
      tube.clock.setTimeout(again, 10);
      return broken();
    };
    tube.clock.setTimeout(again, 10);
  }
  if (is('a probe hangs')) {
    tube.breaker('media').isolate();
    tube.breaker('media').reset();
    repeat(100, 'probe', () => {
      const breaker = tube.breaker('media');
      const token = breaker.tryEnter();
      if (token > 0 && breaker.isHealthy) breaker.failed(token, 'down');
    });
  }
  if (is('it makes timers and listeners without end')) {
    repeat(100, 'flood', () => {
      for (let each = 0; each < 20; each += 1) {
        tube.clock.setTimeout(() => {}, 3_600_000);
        tube.listen(connection, 'sampled', hear);
      }
    });
  }
  return { connection };
}
