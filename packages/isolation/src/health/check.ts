import { numberOptions, RingfenceError, toError } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { CircuitBreaker } from '../breaker/breaker.ts';
import { breakerPolicy } from '../breaker/policy.ts';

/** `degraded` works, but not as it should. */
export type HealthState = 'healthy' | 'degraded' | 'unhealthy';

/**
 * Says how something is: by what it returns (nothing, or true, for healthy; false for unhealthy), or
 * by throwing, which is unhealthy. `signal` aborts at the time limit.
 */
export type HealthCheck = (context: {
  readonly signal: AbortSignal;
}) => CheckAnswer | PromiseLike<CheckAnswer>;

export type CheckAnswer = HealthState | boolean | void;

export interface CheckOptions {
  /** False: when it is unhealthy, the whole is only degraded. Default true. */
  readonly isRequired?: boolean;
  /** How long it may take, milliseconds. Default 2,000; 1 to 600,000. */
  readonly timeoutMs?: number;
  /**
   * After five failures in a row it is left alone so long, and counts as unhealthy meanwhile.
   * Milliseconds. Default 5,000; 1 to 600,000.
   */
  readonly restMs?: number;
}

/** What a check found. Plain data. */
export interface CheckReport {
  readonly name: string;
  readonly state: HealthState;
  readonly isRequired: boolean;
  /** Wall clock, milliseconds since the Unix epoch; null before the first time. */
  readonly checkedAt: number | null;
  /** How long it took, milliseconds; null before the first time. */
  readonly tookMs: number | null;
  /** The code or name of the error; null when there was none. */
  readonly error: string | null;
}

const states: readonly unknown[] = ['healthy', 'degraded', 'unhealthy'] satisfies HealthState[];

function stateOf(name: string, answer: unknown): HealthState {
  if (answer === undefined || answer === true) return 'healthy';
  if (answer === false) return 'unhealthy';
  if (states.includes(answer)) return answer as HealthState;
  throw new RingfenceError(
    'invalid_check_answer',
    `unable to read the health check ${name}; it returned something else`,
    {
      fault: 'caller',
      retryable: false,
      hint: 'Return a HealthState, true, false or nothing.',
    },
  );
}

function codeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** One check, behind a breaker of its own: one that hangs or always fails is left alone. */
export class Check {
  report: CheckReport;
  readonly #check: HealthCheck;
  readonly #breaker: CircuitBreaker;
  readonly #clock: Clock;
  #isBusy = false;

  /** @throws {RingfenceError} `invalid_option`. */
  constructor(name: string, check: HealthCheck, options: CheckOptions, clock: Clock) {
    const { timeoutMs, restMs } = numberOptions(
      { timeoutMs: [2_000, 1, 600_000], restMs: [5_000, 1, 600_000] },
      options,
    );
    const policy = breakerPolicy({ timeoutMs, openMs: restMs, probeLimit: 1, successThreshold: 1 });
    this.#check = check;
    this.#clock = clock;
    this.#breaker = new CircuitBreaker(name, policy, { clock });
    this.report = {
      name,
      // Nobody has looked yet: not ready.
      state: 'unhealthy',
      isRequired: options.isRequired ?? true,
      checkedAt: null,
      tookMs: null,
      error: null,
    };
  }

  /** Looks once. Never rejects. */
  async run(): Promise<void> {
    const startMs = this.#clock.monotonic();
    let state: HealthState = 'unhealthy';
    let error: string | null = null;
    try {
      state = await this.#breaker.execute((context) => this.#ask(context));
    } catch (thrown) {
      error = codeOf(toError(thrown));
    }
    this.report = {
      ...this.report,
      state,
      error,
      checkedAt: this.#clock.now(),
      tookMs: this.#clock.monotonic() - startMs,
    };
  }

  async #ask(context: { readonly signal: AbortSignal }): Promise<HealthState> {
    // One that hangs on after its time is not asked again: the asking would pile up.
    if (this.#isBusy) {
      throw new RingfenceError(
        'check_hangs',
        `unable to ask the health check ${this.report.name}; it still hangs from before`,
        { fault: 'internal', retryable: true, hint: 'Let the check end when its signal aborts.' },
      );
    }
    this.#isBusy = true;
    try {
      return stateOf(this.report.name, await this.#check(context));
    } finally {
      this.#isBusy = false;
    }
  }
}
