import { RingfenceError } from '@ringfence/base';
import { isErrorCode } from './error-codes.ts';
import type { TelephonyErrorCode } from './error-codes.ts';
import { failure } from './result.ts';
import type { TelephonyFailure } from './result.ts';

type Told = readonly [code: TelephonyErrorCode, why: string];

const died: Told = ['worker_lost', 'its worker died with it'];

/** How the codes of the supervisor are told. */
const supervisorErrors: ReadonlyMap<string, Told> = new Map<string, Told>([
  ['child_unavailable', ['not_ready', 'its worker is not ready']],
  ['child_draining', ['not_ready', 'it finishes what it has']],
  ['child_busy', ['not_ready', 'its worker has too much to do']],
  ['child_stopped', ['worker_lost', 'it was stopped']],
  ['child_exited', died],
  ['child_hung', died],
  ['child_unhealthy', died],
  ['child_nonsense', ['worker_lost', 'its worker answered nonsense, and was ended']],
  ['child_flooded', died],
  ['child_out_of_memory', ['worker_lost', 'its worker ran out of memory']],
  ['call_timeout', ['timeout', 'its worker took too long']],
  ['child_start_failed', ['start_failed', 'its worker did not start']],
  ['child_never_ready', ['start_failed', 'its worker did not get ready']],
  ['fatal_error', ['start_failed', 'its worker failed too often']],
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
  return failure(known, `unable to use telephony; ${why}`);
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
