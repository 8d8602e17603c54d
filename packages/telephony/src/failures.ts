import { RingfenceError } from '@ringfence/base';
import { isErrorCode } from './error-codes.ts';
import type { TelephonyErrorCode } from './error-codes.ts';
import { failure } from './result.ts';
import type { TelephonyFailure } from './result.ts';
import type { TelephonyWorker } from './worker/contract.ts';

/** What the worker is asked for that changes something at a provider. */
export type ChangingCall = Exclude<keyof TelephonyWorker['calls'], 'providers'>;

type Told = readonly [code: TelephonyErrorCode, why: string];

const died: Told = ['worker_lost', 'its worker died with it'];

/** How the codes of the supervisor are told. */
const supervisorErrors: ReadonlyMap<string, Told> = new Map<string, Told>([
  ['child_unavailable', ['not_ready', 'its worker is not ready']],
  ['child_draining', ['not_ready', 'it finishes what it has']],
  ['child_busy', ['not_ready', 'its worker has too much to do']],
  ['child_stopped', ['worker_lost', 'it was stopped']],
  ['child_exited', died],
  ['child_hung', ['worker_lost', 'its worker hung, and was ended']],
  ['child_unhealthy', ['worker_lost', 'its worker was not well, and was ended']],
  ['child_nonsense', ['worker_lost', 'its worker answered nonsense, and was ended']],
  ['child_flooded', died],
  ['child_out_of_memory', ['worker_lost', 'its worker ran out of memory']],
  ['call_timeout', ['timeout', 'its worker took too long']],
  ['child_start_failed', ['start_failed', 'its worker did not start']],
  ['child_never_ready', ['start_failed', 'its worker did not get ready']],
  ['fatal_error', ['start_failed', 'its worker failed too often']],
]);

/** Those that say that nothing went to a provider: there was no worker, or no way to it. */
const neverAsked: ReadonlySet<string> = new Set([
  'child_unavailable',
  'child_draining',
  'child_busy',
  'not_cloneable',
]);

/** Causes are looked into so deep. */
const deepest = 8;

/**
 * The failure in whatever was thrown. Its message is one of ours: those of strangers may hold
 * anything.
 */
export function readFailure(thrown: unknown): TelephonyFailure {
  const ours = ourErrorIn(thrown);
  if (ours !== undefined) return failure(ours.code, ours.message);
  const { name, code } = (thrown ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  if (name === 'AbortError') {
    return failure('not_ready', 'unable to use telephony; the start was given up');
  }
  const told = thrown instanceof RingfenceError ? supervisorErrors.get(String(code)) : undefined;
  const [known, why] = told ?? (['internal', 'something broke in it'] as const);
  const last = code === 'fatal_error' ? lastOf(thrown) : undefined;
  const message = last === undefined ? why : `${why}, and the last time ${last}`;
  return failure(known, `unable to use telephony; ${message}`);
}

/** Why the worker failed the last time, of a supervisor that gave up. */
function lastOf(thrown: unknown): string | undefined {
  const { cause } = thrown as RingfenceError;
  return cause instanceof RingfenceError ? supervisorErrors.get(cause.code)?.[1] : undefined;
}

/** True unless it is certain that what a worker was asked for never got to a provider. */
export function mayBeDone(thrown: unknown): boolean {
  return !(thrown instanceof RingfenceError && neverAsked.has(thrown.code));
}

/**
 * The failure of something that changes what is at a provider, and that may have been done all the
 * same. Once more is harmless but for a call that is placed, which would ring and cost twice: to
 * that one `retryable` is false.
 */
export function uncertain(method: ChangingCall, failed: TelephonyFailure): TelephonyFailure {
  const { code, message, provider } = failed;
  if (method !== 'placeCall')
    return { ...failed, message: `${message}, and it may have been done` };
  return failure(code, `${message}, and the call may have been placed`, {
    provider,
    retryable: false,
    hint: 'Look at calls() and the webhooks before you place it again: it may have been placed.',
  });
}

/**
 * Why the start of a worker will fail however often it is tried, as for a key that is not there;
 * undefined for any other failure.
 */
export function hopelessStart(error: RingfenceError): TelephonyFailure | undefined {
  if (error.code !== 'child_start_failed' || ourErrorIn(error) === undefined) return undefined;
  const failed = readFailure(error);
  return failed.retryable ? undefined : failed;
}

/** Why a worker failed: by one of our codes, as far down as there is one. */
export function codeOf(error: RingfenceError): string {
  return ourErrorIn(error)?.code ?? error.code;
}

/** What a worker says of its own start is worth more than that it failed. */
function ourErrorIn(thrown: unknown): RingfenceError<TelephonyErrorCode> | undefined {
  let at = thrown;
  for (let depth = 0; at instanceof Error && depth < deepest; depth += 1) {
    if (at instanceof RingfenceError && isErrorCode(at.code)) {
      return at as RingfenceError<TelephonyErrorCode>;
    }
    at = at.cause;
  }
  return undefined;
}
