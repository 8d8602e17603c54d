/*
 * A tube: what one call owns, and the fence around it.
 *
 *   tube.ts         what is owned, what runs, what failed
 *   tube-breaker.ts the breaker to one dependency of a tube
 *   tube-clock.ts   timers that belong to a tube
 *   ice-servers.ts  STUN and TURN servers, retired when they fail
 *   registry.ts     all tubes of a process; alerts.ts: what is wrong with many of them
 *
 *   1. What a tube runs may throw or reject: it is caught, counted under a name, and told. Nothing
 *      of it reaches whoever called.
 *   2. Too many faults end this tube, and never another: no state that can be spoiled is shared.
 *      Shared are policies, which do not change, and the clock.
 *   3. Closing it ends all it owns and aborts all it runs. Nothing of it is called any more. An end
 *      that never settles is a fault, and keeps no other.
 *   4. Who watches a tube cannot harm it.
 */
import { createListeners, RingfenceError, Scope, systemClock, toError } from '@ringfence/base';
import type { Clock, Listeners, Logger, Random } from '@ringfence/base';
import type { CircuitBreaker } from '../breaker/breaker.ts';
import type { ExecuteOptions, Work } from '../breaker/execution.ts';
import type { BreakerStatistics } from '../breaker/statistics.ts';
import { Line } from '../breaker/time-limits.ts';
import { contained } from '../contained.ts';
import { recordOption } from '../legal-options.ts';
import { IceServers } from './ice-servers.ts';
import type {
  AnyIceServer,
  FetchIceServers,
  IceServersOptions,
  TurnEvent,
  TurnStatistics,
} from './ice-servers.ts';
import { NameCounts } from './name-counts.ts';
import { TubeBreaker } from './tube-breaker.ts';
import { tubeClock } from './tube-clock.ts';
import { checkTubePolicy, tubePolicy } from './tube-policy.ts';
import type { TubePolicy } from './tube-policy.ts';

/** What calls depend on. Any other name will do. */
export type Dependency = 'signaling' | 'media' | 'turn' | 'provider' | (string & {});

/** What is told of a tube to whoever watches it. */
export type TubeEvent = { readonly tube: Tube } & (
  | {
      /** Something went wrong inside it and was contained there. */
      readonly type: 'tube.fault';
      /** The name it ran under. */
      readonly source: string;
      readonly error: Error;
    }
  /** It began to close; it has closed. */
  | { readonly type: 'tube.closing' | 'tube.closed' }
  | {
      /** A call of a dependency failed; its breaker opened. `isolated`: it was opened by hand. */
      readonly type: 'breaker.failed' | 'breaker.opened';
      readonly breaker: CircuitBreaker;
      readonly errorType: string;
    }
  /** It lets everything through again; its state was imported. */
  | { readonly type: 'breaker.closed' | 'breaker.imported'; readonly breaker: CircuitBreaker }
  | TurnEvent
);

type Untold<Event> = Event extends unknown ? Omit<Event, 'tube'> : never;

export interface TubeCollaborators {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly policy?: TubePolicy;
  /** Hears what happens in the tube. What it throws is dropped. */
  readonly observe?: (event: TubeEvent) => void;
  /** Hears of each fault, as an error. Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'error'>;
}

/** How a tube is, in four values. */
export interface TubeHealth {
  readonly healthy: boolean;
  /** Faults that were contained. */
  readonly errors: number;
  readonly turnFailures: number;
  /** Milliseconds since it was made. */
  readonly ageMs: number;
}

/** What is known of a tube. Plain data. */
export interface TubeStatistics extends TubeHealth {
  readonly name: string;
  readonly closed: boolean;
  /** How many resources it owns. */
  readonly owned: number;
  /** Faults by the name they ran under. */
  readonly errorSources: Readonly<Record<string, number>>;
  readonly turn: TurnStatistics | null;
  readonly breakers: readonly BreakerStatistics[];
}

/** An error, also of what cannot even be looked at. */
function errorOf(thrown: unknown): Error {
  try {
    return toError(thrown);
  } catch {
    return toError(undefined);
  }
}

function endTimeout(tube: string): RingfenceError {
  return new RingfenceError(
    'end_timeout',
    `unable to end a resource of ${tube}; it takes too long`,
    {
      fault: 'internal',
      retryable: false,
      hint: 'Let what the tube owns settle when it ends, or raise endTimeoutMs.',
    },
  );
}

const noCollaborators: TubeCollaborators = {};
const none: readonly never[] = [];
const defaultPolicy = /* @__PURE__ */ tubePolicy();

/**
 * Owns what belongs to one call, or to anything else that may fail alone.
 *
 * @example
 * await using tube = new Tube('call');
 * button.onclick = tube.contain('click', () => call.hangUp());
 * const servers = await tube.execute('turn', ({ signal }) => fetchServers({ signal }));
 */
export class Tube extends Scope {
  readonly #with: TubeCollaborators;
  readonly #bornMs: number;
  #clock: Clock | undefined;
  #breakers: readonly TubeBreaker[] = none;
  #turn: Pick<IceServers, 'isRetired' | 'reset' | 'statistics'> | undefined;
  #faults = 0;
  #sources: NameCounts | undefined;
  #windowMs = 0;
  #inWindow = 0;

  /** @throws {RingfenceError} `invalid_option`, for a policy that `tubePolicy` has not made. */
  constructor(name: string, collaborators: TubeCollaborators = noCollaborators) {
    recordOption('collaborators', collaborators);
    if (collaborators.policy !== undefined) checkTubePolicy(collaborators.policy);
    super(name, {
      onError: (error) => this.fault('close', error),
      bound: (ending) => this.#bound(ending),
    });
    this.#with = collaborators;
    this.#bornMs = this.#nowMs;
  }

  /**
   * The clock, for what runs in this tube: timers set on it belong to the tube, and a callback that
   * throws is a fault of it.
   */
  get clock(): Clock {
    return (this.#clock ??= tubeClock(this, this.#with.clock ?? systemClock));
  }

  /** How many faults were contained. */
  get faults(): number {
    return this.#faults;
  }

  /** True while it is open for work, its breakers let everything through and it has TURN servers. */
  get isHealthy(): boolean {
    const isFit = this.#breakers.every(({ isHealthy }) => isHealthy) && !this.#turn?.isRetired;
    return isFit && !this.closed;
  }

  /**
   * The breaker to a dependency: made at the first call, this tube's alone. What it executes is
   * aborted when the tube closes, and its listeners are contained.
   *
   * @throws {RingfenceError} `invalid_option`, when the `strategy` of its policy gives none.
   */
  breaker(dependency: Dependency): CircuitBreaker {
    const known = this.#breakers.find(({ name }) => name === dependency);
    if (known !== undefined) return known;
    const { breaker: shared, breakers } = this.#policy;
    const breaker = new TubeBreaker(
      dependency,
      breakers.get(dependency) ?? shared,
      this.#with,
      this,
    );
    this.#breakers = [...this.#breakers, breaker];
    return breaker;
  }

  /**
   * Does the work through the breaker of a dependency.
   *
   * @throws as `CircuitBreaker.execute`; an `AbortError` when the tube closes.
   */
  execute<Result>(
    dependency: Dependency,
    work: Work<Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    return this.breaker(dependency).execute(work, options);
  }

  /**
   * Restarts ICE through the breaker `media`, so that a connection that cannot be had is not tried
   * without end. `restart` is to resolve when media flows again.
   *
   * @throws as {@link execute}.
   */
  restartIce<Result>(restart: Work<Result>, options?: ExecuteOptions): Promise<Result> {
    return this.execute('media', restart, options);
  }

  /**
   * STUN and TURN servers that belong to this tube, one set of them. `fetch` gets them, through the
   * breaker `turn`.
   *
   * @example
   * const iceServers = tube.iceServers(({ signal }) => fetchServers({ signal }));
   * const connection = new RTCPeerConnection({ iceServers: await iceServers.current() });
   *
   * @throws {RingfenceError} `invalid_option`.
   */
  iceServers<Server extends AnyIceServer>(
    fetch: FetchIceServers<Server>,
    options?: IceServersOptions<Server>,
  ): IceServers<Server> {
    return (this.#turn = new IceServers(this, fetch, options));
  }

  /**
   * Makes a callback safe to hand out: what it throws, or its promise rejects with, is a fault of
   * this tube, and after the tube began to close it is not called.
   */
  contain<Arguments extends readonly unknown[]>(
    source: string,
    callback: (...given: Arguments) => unknown,
  ): (...given: Arguments) => void {
    return (...given) => {
      if (this.closed) return;
      contained(
        () => callback(...given),
        (thrown) => this.fault(source, thrown),
      );
    };
  }

  /** Who listens to what of this tube. What a listener throws, or rejects with, is a fault of it. */
  listeners<Events>(): Listeners<Events> {
    return createListeners({
      error: (_, fields) => this.fault(`listener:${String(fields!['event'])}`, fields!['thrown']),
    });
  }

  /**
   * Runs a task of this tube. Resolves with its result; with undefined when it failed, or the tube
   * closes, even while the task goes on. Never rejects.
   */
  run<Result>(
    source: string,
    task: (context: { readonly signal: AbortSignal }) => Result | PromiseLike<Result>,
  ): Promise<Result | undefined> {
    return new Promise((resolve) => {
      const stop = (): void => resolve(undefined);
      this.own(stop);
      if (this.closed) return;
      void (async () => await task(this))()
        .catch((thrown: unknown) => {
          // A task that was told to stop, and says so, did nothing wrong.
          if (!this.closed) this.fault(source, thrown);
          return undefined;
        })
        .then((result) => {
          this.disown(stop);
          resolve(result);
        });
    });
  }

  /** Counts a fault of this tube's code, tells it, and closes the tube when there were too many. */
  fault(source: string, thrown: unknown): void {
    this.#faults += 1;
    (this.#sources ??= new NameCounts()).add(source);
    const error = errorOf(thrown);
    try {
      this.#with.logger?.error('a fault was contained', { tube: this.name, source, error });
    } catch {
      // As with who watches.
    }
    this.tell({ type: 'tube.fault', source, error });
    const { faultLimit, faultWindowMs } = this.#policy;
    const now = this.#nowMs;
    if (this.#inWindow === 0 || now - this.#windowMs >= faultWindowMs) {
      this.#windowMs = now;
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
    if (this.#inWindow === faultLimit) void this.close();
  }

  /** Tells who watches this tube. For what is a part of it. */
  tell(event: Untold<TubeEvent>): void {
    try {
      this.#with.observe?.({ tube: this, ...event } as TubeEvent);
    } catch {
      // Who watches must not harm what is watched.
    }
  }

  /** Closes every breaker and takes the TURN servers as good. The totals stay. */
  reset(): void {
    for (const breaker of this.#breakers) breaker.reset();
    this.#turn?.reset();
  }

  health(): TubeHealth {
    return {
      healthy: this.isHealthy,
      errors: this.#faults,
      turnFailures: this.#turn?.statistics().failures ?? 0,
      ageMs: this.#nowMs - this.#bornMs,
    };
  }

  statistics(): TubeStatistics {
    return {
      name: this.name,
      ...this.health(),
      closed: this.closed,
      owned: this.size,
      errorSources: this.#sources?.read() ?? {},
      turn: this.#turn?.statistics() ?? null,
      breakers: this.#breakers.map((breaker) => breaker.statistics()),
    };
  }

  protected override began(): void {
    this.tell({ type: 'tube.closing' });
  }

  protected override ended(): void {
    // Time limits of its breakers are on the clock that all tubes share: one timer serves them all.
    if (this.#breakers.length > 0) Line.rest(this.#with.clock ?? systemClock);
    this.tell({ type: 'tube.closed' });
  }

  /** Waits for the end of a resource, up to `endTimeoutMs`. */
  #bound(ending: PromiseLike<unknown>): Promise<unknown> {
    const { clock = systemClock } = this.#with;
    const { endTimeoutMs } = this.#policy;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => reject(endTimeout(this.name)), endTimeoutMs);
      const isOver = (): void => clock.clearTimeout(timer);
      Promise.resolve(ending).finally(isOver).then(resolve, reject);
    });
  }

  get #policy(): TubePolicy {
    return this.#with.policy ?? defaultPolicy;
  }

  get #nowMs(): number {
    return (this.#with.clock ?? systemClock).monotonic();
  }
}
