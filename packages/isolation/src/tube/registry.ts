/*
 * All tubes of a process.
 *
 *   1. It counts as things change: `status()` reads numbers and looks at no tube.
 *   2. It hears of its tubes and holds none of them up: what a listener throws is logged.
 *   3. A tube is gone from it once all that it owned has ended, or `closeTimeoutMs` after it began to
 *      close: what never ends is counted as stuck.
 */
import {
  createListeners,
  numberOptions,
  RingfenceError,
  silentLogger,
  systemClock,
  systemRandom,
} from '@ringfence/base';
import type { Clock, Listeners, Logger, Random, TimerHandle } from '@ringfence/base';
import type { CircuitBreaker } from '../breaker/breaker.ts';
import { recordOption } from '../legal-options.ts';
import { Alerts } from './alerts.ts';
import type { AlertOptions, TubeAlert } from './alerts.ts';
import { NameCounts } from './name-counts.ts';
import { Tube } from './tube.ts';
import type { TubeCollaborators, TubeEvent, TubeStatistics } from './tube.ts';
import { resolveTubePolicy } from './tube-policy.ts';
import type { TubeOptions } from './tube-policy.ts';

/** Every field is optional. */
export interface TubeRegistryOptions {
  /** For every tube. */
  readonly tube?: TubeOptions;
  readonly alerts?: AlertOptions;
  /** How long a tube may take to close, milliseconds. Default 5,000; 1 to 600,000. */
  readonly closeTimeoutMs?: number;
}

export interface TubeRegistryCollaborators {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
}

/** What a registry's listeners hear. */
export interface TubeRegistryEvents {
  'tube.created': { readonly tube: Tube };
  /** All that it owned has ended; or not in time, and it is given up: then `isStuck`. */
  'tube.closed': { readonly tube: Tube; readonly isStuck: boolean };
  'tube.fault': { readonly tube: Tube; readonly source: string; readonly error: Error };
  'tube.unhealthy': { readonly tube: Tube };
  'tube.healthy': { readonly tube: Tube };
  'breaker.opened': {
    readonly tube: Tube;
    readonly breaker: CircuitBreaker;
    readonly errorType: string;
  };
  'breaker.closed': { readonly tube: Tube; readonly breaker: CircuitBreaker };
  /** Its ICE servers were given up. */
  'turn.retired': { readonly tube: Tube };
  /** It has fresh ones. */
  'turn.renewed': { readonly tube: Tube };
  'alert.raised': TubeAlert;
  'alert.cleared': TubeAlert;
}

/** All tubes at a glance. Plain data. */
export interface TubeRegistryStatus {
  /** Those that are open. */
  readonly tubes: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** Those that began to close and have not yet. */
  readonly closing: number;
  /** Since the registry was made, as all that follow. */
  readonly created: number;
  readonly closed: number;
  /** Those that did not close in time. */
  readonly stuck: number;
  /** Faults that were contained. */
  readonly faults: number;
  /** How often breakers opened, by dependency. */
  readonly breakerOpens: Readonly<Record<string, number>>;
  readonly turnAttempts: number;
  readonly turnFailures: number;
  readonly turnRetirements: number;
  /** Those that stand. */
  readonly alerts: readonly TubeAlert[];
}

function registryClosed(): RingfenceError {
  return new RingfenceError('registry_closed', 'unable to create a tube; its registry is closed', {
    fault: 'caller',
    retryable: false,
    hint: 'Make a new registry, and close it when no more tubes are made.',
  });
}

/** The type an error counts under. */
function typeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/**
 * Makes tubes, knows them by name, and says how all of them are.
 *
 * @example
 * await using tubes = new TubeRegistry();
 * tubes.on('alert.raised', ({ kind, value }) => page(kind, value));
 * const tube = tubes.create(callId);
 */
export class TubeRegistry implements AsyncDisposable {
  readonly #collaborators: TubeCollaborators;
  readonly #clock: Clock;
  readonly #closeTimeoutMs: number;
  readonly #listeners: Listeners<TubeRegistryEvents>;
  readonly #alerts: Alerts;
  readonly #tubes = new Set<Tube>();
  /** The newest of each name. */
  readonly #named = new Map<string, Tube>();
  readonly #unhealthy = new Set<Tube>();
  /** With the timer that gives each up. */
  readonly #closing = new Map<Tube, TimerHandle>();
  /** Not counted any more. Those that closed may still have a fault: what a listener did at the end. */
  readonly #givenUp = new WeakSet<Tube>();
  readonly #opens = new NameCounts();
  #created = 0;
  #stuck = 0;
  #faults = 0;
  #turnAttempts = 0;
  #turnFailures = 0;
  #turnRetirements = 0;
  #ending: Promise<void> | undefined;
  #isEmpty: () => void = () => {};

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(options: TubeRegistryOptions = {}, collaborators: TubeRegistryCollaborators = {}) {
    recordOption('options', options);
    const { clock = systemClock, random = systemRandom, logger = silentLogger } = collaborators;
    const ranges = { closeTimeoutMs: [5_000, 1, 600_000] } as const;
    this.#clock = clock;
    this.#closeTimeoutMs = numberOptions(ranges, options).closeTimeoutMs;
    this.#listeners = createListeners(logger);
    this.#alerts = new Alerts(
      recordOption('alerts', options.alerts ?? {}),
      {
        raised: (alert) => this.#listeners.emit('alert.raised', alert),
        cleared: (alert) => this.#listeners.emit('alert.cleared', alert),
      },
      clock,
    );
    this.#collaborators = {
      clock,
      random,
      policy: resolveTubePolicy(options.tube ?? {}, 'tube.'),
      observe: (event) => this.#hear(event),
    };
  }

  /** How many there are, those that close included. */
  get size(): number {
    return this.#tubes.size;
  }

  /**
   * Makes a tube. Several may have one name: a call that is left and joined again has two for a
   * while. `observe` hears what happens in this one, after the registry has; `logger` hears of its
   * faults.
   *
   * @throws {RingfenceError} `registry_closed`.
   */
  create(
    name: string,
    { logger, observe }: Pick<TubeCollaborators, 'logger' | 'observe'> = {},
  ): Tube {
    if (this.#ending !== undefined) throw registryClosed();
    let collaborators = this.#collaborators;
    if (logger !== undefined) collaborators = { ...collaborators, logger };
    if (observe !== undefined) {
      const both = (event: TubeEvent): void => {
        this.#hear(event);
        observe(event);
      };
      collaborators = { ...collaborators, observe: both };
    }
    const tube = new Tube(name, collaborators);
    this.#tubes.add(tube);
    this.#named.set(name, tube);
    this.#created += 1;
    this.#listeners.emit('tube.created', { tube });
    return tube;
  }

  /** The newest tube of that name, unless it has closed. */
  find(name: string): Tube | undefined {
    return this.#named.get(name);
  }

  /** All of them, oldest first. */
  list(): readonly Tube[] {
    return [...this.#tubes];
  }

  /** Those that are open and not healthy. */
  unhealthy(): readonly Tube[] {
    return [...this.#unhealthy];
  }

  /** Counts, kept as things change: as quick with many tubes as with few. */
  status(): TubeRegistryStatus {
    const { size: closing } = this.#closing;
    const tubes = this.#tubes.size - closing;
    const unhealthy = this.#unhealthy.size;
    return {
      tubes,
      healthy: tubes - unhealthy,
      unhealthy,
      closing,
      created: this.#created,
      closed: this.#created - this.#tubes.size - this.#stuck,
      stuck: this.#stuck,
      faults: this.#faults,
      breakerOpens: this.#opens.read(),
      turnAttempts: this.#turnAttempts,
      turnFailures: this.#turnFailures,
      turnRetirements: this.#turnRetirements,
      alerts: this.#alerts.standing,
    };
  }

  /** What is known of each. Reads all of them. */
  statistics(): readonly TubeStatistics[] {
    return this.list().map((tube) => tube.statistics());
  }

  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof TubeRegistryEvents>(
    name: Name,
    listener: (payload: TubeRegistryEvents[Name]) => unknown,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Closes every tube. Idempotent. Resolves when each has closed or is given up. */
  close(): Promise<void> {
    if (this.#ending === undefined) {
      let finish!: () => void;
      // Set before anything closes: who hears of that may close it again, or ask for one more.
      this.#ending = new Promise((resolve) => (finish = resolve));
      void this.#close().then(finish);
    }
    return this.#ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const isEmpty = new Promise<void>((resolve) => (this.#isEmpty = resolve));
    for (const tube of this.list()) void tube.close();
    if (this.#tubes.size > 0) await isEmpty;
    this.#alerts.stop();
    this.#listeners.clear();
  }

  #hear(event: TubeEvent): void {
    const { tube, type } = event;
    if (this.#givenUp.has(tube)) return;
    switch (type) {
      case 'tube.fault':
        this.#faults += 1;
        this.#alerts.failed(typeOf(event.error));
        return this.#listeners.emit(type, event);
      case 'breaker.failed':
        return this.#alerts.failed(event.errorType);
      case 'breaker.opened':
        this.#opens.add(event.breaker.name);
        this.#alerts.opened();
        this.#listeners.emit(type, event);
        return this.#settleHealth(tube);
      case 'breaker.closed':
        this.#listeners.emit(type, event);
        return this.#settleHealth(tube);
      case 'breaker.imported':
        return this.#settleHealth(tube);
      case 'turn.succeeded':
        this.#turnAttempts += 1;
        return this.#alerts.turn(false);
      case 'turn.failed':
        this.#turnAttempts += 1;
        this.#turnFailures += 1;
        return this.#alerts.turn(true);
      case 'turn.retired':
        this.#turnRetirements += 1;
        this.#listeners.emit(type, event);
        return this.#settleHealth(tube);
      case 'turn.renewed':
        this.#listeners.emit(type, event);
        return this.#settleHealth(tube);
      case 'tube.closing':
        this.#unhealthy.delete(tube);
        return this.#waitFor(tube);
      case 'tube.closed':
        return this.#forget(tube, false);
    }
  }

  #waitFor(tube: Tube): void {
    this.#closing.set(
      tube,
      this.#clock.setTimeout(() => this.#forget(tube, true), this.#closeTimeoutMs),
    );
  }

  #settleHealth(tube: Tube): void {
    if (tube.isHealthy) {
      if (this.#unhealthy.delete(tube)) this.#listeners.emit('tube.healthy', { tube });
    } else if (!tube.closed && !this.#unhealthy.has(tube)) {
      this.#unhealthy.add(tube);
      this.#listeners.emit('tube.unhealthy', { tube });
    }
  }

  #forget(tube: Tube, isStuck: boolean): void {
    this.#clock.clearTimeout(this.#closing.get(tube));
    this.#closing.delete(tube);
    this.#tubes.delete(tube);
    if (this.#named.get(tube.name) === tube) this.#named.delete(tube.name);
    if (isStuck) {
      this.#stuck += 1;
      this.#givenUp.add(tube);
    }
    this.#listeners.emit('tube.closed', { tube, isStuck });
    if (this.#tubes.size === 0) this.#isEmpty();
  }
}
