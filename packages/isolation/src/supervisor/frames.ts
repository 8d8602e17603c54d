/*
 * What the two sides of a child say to each other. Tagged tuples, copied by structured clone.
 *
 * The child may have `eventWindow` events under way. Whoever emits more waits in the child, so what
 * piles up on the host's side is bounded however fast the child is. The host gives room for more
 * only once it has read everything that lay there: a child that sends on regardless has sent more
 * than the window between two acknowledgements, and is known by it.
 */
import { isCarriedError } from './error-transfer.ts';
import type { CarriedError } from './error-transfer.ts';

/** Says that both sides speak the same. Raised when a frame changes. */
export const frameVersion = 1;

/** Events that may be under way from the child to the host. */
export const eventWindow = 1_024;

/** What the host sends. */
export type HostFrame =
  | readonly [type: 'call', id: number, method: string, input: unknown]
  /** The caller gave up. The call is still to be answered. */
  | readonly [type: 'abort', id: number]
  | readonly [type: 'ping', id: number]
  /** So many events were read. */
  | readonly [type: 'ack', count: number]
  | readonly [type: 'stop'];

/** What the child sends. */
export type ChildFrame =
  | readonly [type: 'ready', version: number]
  | readonly [type: 'result', id: number, result: unknown]
  | readonly [type: 'error', id: number, error: CarriedError]
  /** An event of a call. */
  | readonly [type: 'progress', id: number, event: unknown]
  /** An event of no call. */
  | readonly [type: 'event', name: string, payload: unknown]
  | readonly [type: 'pong', id: number]
  /** An answer to a ping: alive, and not well. */
  | readonly [type: 'sick', id: number, error: CarriedError]
  /** It ends by itself, with this exit code. Nothing comes after it. */
  | readonly [type: 'exiting', exitCode: number]
  /** What it dies of. Nothing comes after it. */
  | readonly [type: 'died', error: CarriedError];

/** Reads what came from a child: undefined when it is no frame. */
export function readChildFrame(value: unknown): ChildFrame | undefined {
  return Array.isArray(value) && isChildFrame(value) ? value : undefined;
}

function isChildFrame(value: readonly unknown[]): value is ChildFrame {
  const [type, second, third] = value;
  switch (type) {
    case 'ready':
    case 'pong':
    case 'exiting':
      return value.length === 2 && isId(second);
    case 'result':
    case 'progress':
      return value.length === 3 && isId(second);
    case 'error':
    case 'sick':
      return value.length === 3 && isId(second) && isCarriedError(third);
    case 'event':
      return value.length === 3 && typeof second === 'string';
    case 'died':
      return value.length === 2 && isCarriedError(second);
    default:
      return false;
  }
}

/** Reads what came from the host, which is trusted: undefined for a frame of a later version. */
export function readHostFrame(value: unknown): HostFrame | undefined {
  const isKnown =
    Array.isArray(value) && ['call', 'abort', 'ping', 'ack', 'stop'].includes(value[0]);
  return isKnown ? (value as unknown as HostFrame) : undefined;
}

function isId(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
