/*
 * How a process is: one answer from many checks.
 *
 *   1. Checks run beside each other, each within its own time. One that throws, hangs or lies spoils
 *      no other.
 *   2. A required check that is unhealthy makes the whole unhealthy; any other that is not healthy
 *      makes it degraded. A check that nobody has run yet is unhealthy.
 *   3. Who asks while the checks run waits for the same answer, and within `maxAgeMs` the last one is
 *      given: a flood of questions costs one look.
 */
import {
  createListeners,
  numberOption,
  numberOptions,
  RingfenceError,
  silentLogger,
  systemClock,
} from '@ringfence/base';
import type { Clock, Listeners, Logger, TimerHandle } from '@ringfence/base';
import { functionOption, recordOption } from '../legal-options.ts';
import { watchClock } from '../watch-clock.ts';
import { Check } from './check.ts';
import type { CheckOptions, CheckReport, HealthCheck, HealthState } from './check.ts';

/** Every field is optional. */
export interface HealthOptions {
  /** An answer that is no older is given again, milliseconds. Default 1,000; 0 to 60,000. */
  readonly maxAgeMs?: number;
  /** How many changes of state are kept. Default 100; 1 to 10,000. */
  readonly historyLimit?: number;
}

export interface HealthCollaborators {
  readonly clock?: Clock;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
}

/** A change of state. Plain data. */
export interface HealthChange {
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly from: HealthState;
  readonly to: HealthState;
  /** The checks that were not healthy then. */
  readonly failing: readonly string[];
}

/** How a process is. Plain data. */
export interface HealthReport {
  readonly state: HealthState;
  /** Wall clock of the last change, or of the beginning. */
  readonly since: number;
  readonly checks: readonly CheckReport[];
  /** Oldest first. */
  readonly history: readonly HealthChange[];
}

/** What listeners hear. */
export interface HealthEvents {
  'health.changed': HealthChange;
  /** The state of one check changed. */
  'check.changed': { readonly from: HealthState; readonly check: CheckReport };
}

function worst(checks: Iterable<Check>): HealthState {
  let state: HealthState = 'healthy';
  for (const { report } of checks) {
    if (report.state === 'healthy') continue;
    if (report.state === 'unhealthy' && report.isRequired) return 'unhealthy';
    state = 'degraded';
  }
  return state;
}

/**
 * The health of a process. Without checks it is healthy.
 *
 * @example
 * const health = new Health();
 * health.add('store', ({ signal }) => store.ping({ signal }));
 * health.add('tubes', () => (tubes.status().alerts.length === 0 ? 'healthy' : 'degraded'));
 * app.get('/readyz', async () => respond((await health.check()).state === 'unhealthy' ? 503 : 200));
 */
export class Health implements Disposable {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #historyLimit: number;
  readonly #listeners: Listeners<HealthEvents>;
  readonly #checks = new Map<string, Check>();
  readonly #history: HealthChange[] = [];
  #state: HealthState = 'healthy';
  #since: number;
  #checkedMs = -Infinity;
  #hasLooked = false;
  #hasNew = false;
  #checking: Promise<void> | undefined;
  #stopWatching: () => void = () => {};

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(options: HealthOptions = {}, collaborators: HealthCollaborators = {}) {
    const { clock = systemClock, logger = silentLogger } = collaborators;
    const { maxAgeMs, historyLimit } = numberOptions(
      { maxAgeMs: [1_000, 0, 60_000], historyLimit: [100, 1, 10_000] },
      recordOption('options', options),
    );
    this.#clock = watchClock(clock);
    this.#maxAgeMs = maxAgeMs;
    this.#historyLimit = historyLimit;
    this.#listeners = createListeners(logger);
    this.#since = clock.now();
  }

  /** As of the last look. */
  get state(): HealthState {
    return this.#state;
  }

  /**
   * Adds a check. The next {@link check} runs it, however young the last answer is. Returns the
   * function that takes it away.
   *
   * @throws {RingfenceError} `check_exists`; `invalid_option`.
   */
  add(name: string, check: HealthCheck, options: CheckOptions = {}): () => void {
    if (this.#checks.has(name)) {
      throw new RingfenceError(
        'check_exists',
        `unable to add a check; there is one named ${name}`,
        {
          fault: 'caller',
          retryable: false,
          hint: 'Give each check a name of its own.',
        },
      );
    }
    functionOption('check', check);
    const added = new Check(name, check, recordOption('options', options), this.#clock);
    this.#checks.set(name, added);
    this.#hasNew = true;
    this.#countUnrun();
    return () => {
      if (this.#checks.get(name) !== added) return;
      this.#checks.delete(name);
      this.#countUnrun();
      // With one that is yet to be run it is settled once that has been.
      if (!this.#hasNew) this.#settle();
    };
  }

  /** Runs the checks, unless the last answer is young enough, and reports. Never rejects. */
  async check(): Promise<HealthReport> {
    const ageMs = this.#clock.monotonic() - this.#checkedMs;
    if (this.#hasNew || ageMs > this.#maxAgeMs) await this.#look();
    return this.report();
  }

  /** As of the last look. */
  report(): HealthReport {
    return {
      state: this.#state,
      since: this.#since,
      checks: [...this.#checks.values()].map(({ report }) => report),
      history: [...this.#history],
    };
  }

  /**
   * Looks by itself, each time `everyMs` after the last look ended. Returns the function that stops
   * it; a second call replaces the first. It keeps no process of Node.
   *
   * @throws {RingfenceError} `invalid_option`: 100 to a day.
   */
  watch(everyMs: number): () => void {
    numberOption('everyMs', everyMs, 100, 86_400_000);
    this.#stopWatching();
    let isOn = true;
    let timer: TimerHandle | undefined;
    const look = async (): Promise<void> => {
      await this.#look();
      if (!isOn) return;
      timer = this.#clock.setTimeout(() => void look(), everyMs);
    };
    const stop = (): void => {
      isOn = false;
      this.#clock.clearTimeout(timer);
    };
    this.#stopWatching = stop;
    void look();
    return stop;
  }

  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof HealthEvents>(
    name: Name,
    listener: (payload: HealthEvents[Name]) => unknown,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Stops watching and forgets who listens. */
  [Symbol.dispose](): void {
    this.#stopWatching();
    this.#listeners.clear();
  }

  /** Before the first look a process is not ready, and nobody needs to be told. */
  #countUnrun(): void {
    if (!this.#hasLooked) this.#state = worst(this.#checks.values());
  }

  /** Who asks while a look is under way joins it. */
  #look(): Promise<void> {
    this.#checking ??= this.#runAll().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #runAll(): Promise<void> {
    this.#hasLooked = true;
    do {
      this.#hasNew = false;
      await Promise.all([...this.#checks].map(([name, check]) => this.#run(name, check)));
      // One that was added meanwhile has not been run: it would count as unhealthy.
    } while (this.#hasNew);
    this.#checkedMs = this.#clock.monotonic();
    this.#settle();
  }

  async #run(name: string, check: Check): Promise<void> {
    const from = check.report.state;
    await check.run();
    // It may have been taken away.
    if (this.#checks.get(name) !== check || check.report.state === from) return;
    this.#listeners.emit('check.changed', { from, check: check.report });
  }

  #settle(): void {
    const from = this.#state;
    const to = worst(this.#checks.values());
    if (to === from) return;
    const at = this.#clock.now();
    const failing = [...this.#checks]
      .filter(([, { report }]) => report.state !== 'healthy')
      .map(([name]) => name);
    const change = { at, from, to, failing };
    this.#state = to;
    this.#since = at;
    this.#history.push(change);
    if (this.#history.length > this.#historyLimit) this.#history.shift();
    this.#listeners.emit('health.changed', change);
  }
}
