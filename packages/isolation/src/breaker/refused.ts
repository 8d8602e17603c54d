import { RingfenceError } from '@ringfence/base';

/** The part of a breaker that its refusals speak of. */
interface Refusing {
  readonly name: string;
  readonly retryAfterMs: number;
}

/**
 * A breaker did not let a call through. It has no stack trace, and all calls that are refused while
 * the breaker stays in one state get the same object.
 */
export class BreakerRefusedError extends RingfenceError<'breaker_open'> {
  readonly #breaker: Refusing;

  constructor(breaker: Refusing) {
    const { name } = breaker;
    super('breaker_open', `unable to call ${name}; it failed too often and is left alone now`, {
      fault: 'server',
      retryable: true,
      hint: 'Wait for retryAfterMs, or use something else.',
      details: { breaker: name },
    });
    this.#breaker = breaker;
  }

  /** The name of the breaker. */
  get breaker(): string {
    return this.#breaker.name;
  }

  /** How long the breaker refuses from now on, milliseconds; Infinity while it is isolated. */
  get retryAfterMs(): number {
    return this.#breaker.retryAfterMs;
  }
}

/** V8 and JavaScriptCore have a limit that can be set, unless the host froze it. */
const traces = Error as unknown as { stackTraceLimit?: number };

/** Makes the error without walking the stack, which is most of what an error costs. */
export function refusedError(breaker: Refusing): BreakerRefusedError {
  const { stackTraceLimit } = traces;
  const isSet = stackTraceLimit !== undefined && Reflect.set(traces, 'stackTraceLimit', 0);
  const error = new BreakerRefusedError(breaker);
  if (isSet) traces.stackTraceLimit = stackTraceLimit;
  return error;
}
