/** Who has to act on an error. `caller` is the code or person that made the call into us. */
export type Fault = 'caller' | 'peer' | 'network' | 'device' | 'server' | 'internal';

/** What an error carries besides its code and message. */
export interface ErrorFacts {
  /** Whose side the cause lies on. */
  readonly fault: Fault;
  /** True when the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** What the reader can do about it, one sentence. */
  readonly hint: string;
}

/** What a {@link RingfenceError} is made with, besides its code and message. */
export interface RingfenceErrorOptions extends ErrorFacts {
  readonly cause?: unknown;
  /** Structured detail, safe to log: never a token, an SDP or a phone number. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const brand = Symbol.for('@ringfence/error');

/**
 * The one error class of every Ringfence package. Switch on `code`, never on the message.
 *
 * Messages read "unable to X; Y". `instanceof` holds across two copies of this package, because
 * it looks for a shared symbol and not for the constructor.
 *
 * @example
 * try { await phone.dial('nobody') } catch (error) {
 *   if (error instanceof RingfenceError && error.code === 'invalid_address') showHint(error.hint);
 * }
 */
export class RingfenceError<Code extends string = string> extends Error implements ErrorFacts {
  declare readonly code: Code;
  declare readonly fault: Fault;
  declare readonly retryable: boolean;
  declare readonly hint: string;
  declare readonly details: Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, options: RingfenceErrorOptions) {
    const { cause, fault, retryable, hint, details = {} } = options;
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { name: 'RingfenceError', code, fault, retryable, hint, details });
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass asks for itself: the brand says only that it is one of ours.
    if (this !== RingfenceError) return super[Symbol.hasInstance](value);
    // What is no object has no brand either.
    return brand in Object(value);
  }
}

/**
 * Makes an `Error` of whatever was thrown, once, at a boundary. Errors pass through unchanged.
 * Any other value becomes a {@link RingfenceError} with code `unknown`, the value as its cause.
 */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new RingfenceError('unknown', 'unable to go on; a value that is no error was thrown', {
    fault: 'internal',
    retryable: false,
    hint: 'Throw an Error.',
    cause: thrown,
  });
}

/**
 * The error for an option out of its range. It names the field and the value received.
 * Code `invalid_option`.
 */
export function optionError(field: string, received: unknown, legal: string) {
  return new RingfenceError(
    'invalid_option',
    `unable to use option ${field}; ${String(received)} is not ${legal}`,
    { fault: 'caller', retryable: false, hint: `Set ${field} to ${legal}.`, details: { field } },
  );
}

/** Returns `value` when it is a finite number within the bounds, else throws {@link optionError}. */
export function numberOption(field: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw optionError(field, value, `a number from ${least} to ${most}`);
}

/** What a number may be: its default, and its bounds, both included. */
export type NumberRange = readonly [standard: number, least: number, most: number];

/**
 * Fills in the defaults of options that are numbers and checks their ranges. Options that `ranges`
 * does not name are left out. `path` goes before the name of a field in errors, as `limits.`.
 *
 * @throws {RingfenceError} {@link optionError} for the first that is out of its range.
 */
export function numberOptions<Field extends string>(
  ranges: Readonly<Record<Field, NumberRange>>,
  given: Readonly<Partial<Record<NoInfer<Field>, number | undefined>>>,
  path = '',
): Record<Field, number> {
  const resolved: Partial<Record<Field, number>> = {};
  for (const field in ranges) {
    const [standard, least, most] = ranges[field];
    resolved[field] = numberOption(path + field, given[field] ?? standard, least, most);
  }
  return resolved as Record<Field, number>;
}
