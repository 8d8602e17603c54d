import { RingfenceError } from '@ringfence/base';
import type { Fault } from '@ringfence/base';

/*
 * Errors as plain data. Structured clone keeps an error's message and drops its code, its cause's
 * code and everything else, so we carry them ourselves.
 */

/** An error on its way. Plain data, whatever was thrown. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  /** Of a `RingfenceError` only. */
  readonly fault?: Fault;
  readonly retryable?: boolean;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: CarriedError;
  /** Of an `AggregateError`. */
  readonly errors?: readonly CarriedError[];
}

/** Deeper causes are left out: a chain may be a ring. */
const deepest = 8;
const mostErrors = 16;
/** With causes and parts of parts. One object may stand in many places, so depth is no bound. */
const mostInAll = 64;
const longestText = 16_384;
const faults: ReadonlySet<unknown> = new Set<Fault>([
  'caller',
  'peer',
  'network',
  'device',
  'server',
  'internal',
]);

/** How many more errors there may be. */
interface Budget {
  left: number;
}

/** Makes plain data of whatever was thrown. Never throws. */
export function carryError(thrown: unknown): CarriedError {
  return carryWithin(thrown, 0, { left: mostInAll });
}

function carryWithin(thrown: unknown, depth: number, budget: Budget): CarriedError {
  budget.left -= 1;
  try {
    return carry(thrown, depth, budget);
  } catch {
    // A getter or a proxy that throws.
    return { name: 'Error', message: 'unable to read an error; reading it throws' };
  }
}

function carry(thrown: unknown, depth: number, budget: Budget): CarriedError {
  if (!(thrown instanceof Error)) {
    return { name: 'NotAnError', message: short(thrown) };
  }
  const { code, cause, errors } = thrown as Error & Readonly<Record<string, unknown>>;
  const isDeep = depth + 1 < deepest && budget.left > 0;
  return {
    name: short(thrown.name),
    message: short(thrown.message),
    ...(thrown.stack === undefined ? {} : { stack: short(thrown.stack) }),
    ...(typeof code === 'string' ? { code: short(code) } : {}),
    ...(thrown instanceof RingfenceError ? factsOf(thrown) : {}),
    ...(cause !== undefined && isDeep ? { cause: carryWithin(cause, depth + 1, budget) } : {}),
    ...(Array.isArray(errors) && isDeep
      ? { errors: carryAll(errors.slice(0, mostErrors), depth + 1, budget) }
      : {}),
  };
}

function carryAll(errors: readonly unknown[], depth: number, budget: Budget): CarriedError[] {
  return errors.flatMap((each) => (budget.left > 0 ? [carryWithin(each, depth, budget)] : []));
}

function factsOf({ fault, retryable, hint, details }: RingfenceError) {
  return { fault, retryable: retryable === true, hint: short(hint), details: cloneable(details) };
}

/** Details that cannot be copied are left out one by one, so that the error itself arrives. */
function cloneable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(details).map(([key, value]): [string, unknown] => {
    try {
      return [key, structuredClone(value)];
    } catch {
      return [key, short(value)];
    }
  });
  return Object.fromEntries(kept);
}

function describe(value: unknown): string {
  return typeof value === 'function' ? `function ${value.name}` : String(value);
}

/** Names and messages are texts, unless somebody made them something else. */
function short(given: unknown): string {
  const text = typeof given === 'string' ? given : describe(given);
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** The error that was carried: a `RingfenceError` again, or an `Error` with its name and code. */
export function reviveError(carried: CarriedError): Error {
  const cause = carried.cause === undefined ? undefined : reviveError(carried.cause);
  const error = isOurs(carried)
    ? new RingfenceError(carried.code, carried.message, {
        fault: carried.fault,
        retryable: carried.retryable === true,
        hint: carried.hint ?? '',
        details: carried.details ?? {},
        cause,
      })
    : plainError(carried, cause);
  if (carried.stack !== undefined) hide(error, 'stack', carried.stack);
  return error;
}

function isOurs(
  carried: CarriedError,
): carried is CarriedError & { readonly code: string; readonly fault: Fault } {
  return carried.fault !== undefined && carried.code !== undefined;
}

function plainError({ name, message, code, errors }: CarriedError, cause: Error | undefined) {
  const options = cause === undefined ? undefined : { cause };
  const error =
    errors === undefined
      ? new Error(message, options)
      : new AggregateError(errors.map(reviveError), message, options);
  hide(error, 'name', name);
  return code === undefined ? error : Object.assign(error, { code });
}

function hide(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}

/** Whether a value from the other side can be revived as it stands. */
export function isCarriedError(value: unknown): value is CarriedError {
  return isCarriedWithin(value, 0, { left: mostInAll });
}

function isCarriedWithin(value: unknown, depth: number, budget: Budget): boolean {
  budget.left -= 1;
  if (typeof value !== 'object' || value === null || depth > deepest) return false;
  if (budget.left < 0) return false;
  const { name, message, stack, code, fault, retryable, hint, details, cause, errors } =
    value as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    typeof message === 'string' &&
    isTextOrAbsent(stack) &&
    isTextOrAbsent(code) &&
    isTextOrAbsent(hint) &&
    (fault === undefined || faults.has(fault)) &&
    (retryable === undefined || typeof retryable === 'boolean') &&
    (details === undefined || (typeof details === 'object' && details !== null)) &&
    (cause === undefined || isCarriedWithin(cause, depth + 1, budget)) &&
    (errors === undefined ||
      (Array.isArray(errors) && errors.every((each) => isCarriedWithin(each, depth + 1, budget))))
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
