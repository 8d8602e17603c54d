import { RingfenceError } from '@ringfence/base';
import type { ErrorFacts } from '@ringfence/base';

/** What may be wrong with a child, or with a call to it. */
export type ChildErrorCode = keyof typeof facts;

type Facts = Readonly<Record<string, ErrorFacts>>;

const facts = {
  child_start_failed: {
    fault: 'server',
    retryable: true,
    hint: 'Read the cause, and check that the file or program is there and runs by itself.',
  },
  child_never_ready: {
    fault: 'server',
    retryable: true,
    hint: 'See what its start waits for, or raise startTimeoutMs.',
  },
  child_exited: {
    fault: 'server',
    retryable: true,
    hint: 'Try again: a supervised child comes back. Read the cause for why it ended.',
  },
  child_stopped: {
    fault: 'caller',
    retryable: false,
    hint: 'Drain before you stop, so that what runs can finish.',
  },
  child_hung: {
    fault: 'server',
    retryable: true,
    hint: 'Look for a loop or a blocking call in the child.',
  },
  child_unhealthy: {
    fault: 'server',
    retryable: true,
    hint: 'Read the cause: its own health check failed.',
  },
  child_nonsense: {
    fault: 'server',
    retryable: true,
    hint: 'Check that both sides have the same version, and what else writes to the channel.',
  },
  child_flooded: {
    fault: 'server',
    retryable: true,
    hint: 'Wait for what emit gives back before emitting more.',
  },
  child_out_of_memory: {
    fault: 'server',
    retryable: true,
    hint: 'Look for a leak in the child, or raise its limit.',
  },
  child_reused: {
    fault: 'caller',
    retryable: false,
    hint: 'Make a new one for each start.',
  },
  child_unavailable: {
    fault: 'server',
    retryable: true,
    hint: 'Check the state first, or wait with whenReady().',
  },
  child_busy: {
    fault: 'server',
    retryable: true,
    hint: 'Try again later, add children, or raise maxPending.',
  },
  child_draining: {
    fault: 'server',
    retryable: true,
    hint: 'Use another service: this one finishes what it has and ends.',
  },
  call_timeout: {
    fault: 'server',
    retryable: true,
    hint: 'Try again later, or give it more time with timeoutMs.',
  },
  unknown_method: {
    fault: 'caller',
    retryable: false,
    hint: 'Check that both sides have the same version.',
  },
  not_cloneable: {
    fault: 'caller',
    retryable: false,
    hint: 'Send plain data: no functions, promises or objects with handles.',
  },
  emit_overflow: {
    fault: 'internal',
    retryable: true,
    hint: 'Wait for what emit gives back before emitting more.',
  },
  not_supervised: {
    fault: 'caller',
    retryable: false,
    hint: 'Start this file through threadChild or processChild.',
  },
  fatal_error: {
    fault: 'server',
    retryable: false,
    hint: 'Read the cause, mend it, and start the supervisor again.',
  },
} as const satisfies Facts;

/** Something is wrong with a child, or with a call to it, on this side of the channel. */
export class ChildError<
  Code extends ChildErrorCode = ChildErrorCode,
> extends RingfenceError<Code> {}

/** Makes one. `message` reads "unable to X; Y". */
export function childError<Code extends ChildErrorCode>(
  code: Code,
  message: string,
  more: {
    readonly cause?: unknown;
    readonly details?: Readonly<Record<string, unknown>>;
  } = {},
): ChildError<Code> {
  return new ChildError(code, message, { ...facts[code], ...more });
}

const neverBegun: ReadonlySet<ChildErrorCode> = new Set([
  'child_unavailable',
  'child_busy',
  'child_draining',
] as const);

const died: ReadonlySet<ChildErrorCode> = new Set([
  'child_exited',
  'child_stopped',
  // As one of a group that did not get ready as a whole.
  'child_never_ready',
  'child_hung',
  'child_unhealthy',
  'child_nonsense',
  'child_flooded',
  'child_out_of_memory',
] as const);

/**
 * Whether a call that failed so may be made to another child: it was never begun; or its child
 * died with it, and it may run twice. What a child itself threw is an answer, whatever its code.
 */
export function mayGoElsewhere(thrown: unknown, isRepeatable: boolean): boolean {
  if (!(thrown instanceof ChildError)) return false;
  return neverBegun.has(thrown.code) || (isRepeatable && died.has(thrown.code));
}
