import { RingfenceError } from '@ringfence/base';
import type { Fault } from '@ringfence/base';

/** What can go wrong on the client's own side, next to the codes of the wire and the rules. */
export type ClientErrorCode =
  /** The connection could not be made, or was lost. The client goes on trying. */
  | 'connection_lost'
  /** The `token` option threw, rejected, or gave what is no token. The client goes on trying. */
  | 'token_unavailable'
  /** The server refused the token, again and again. The client is closed. */
  | 'unauthorized'
  /** Another connection of the same device took over. The client is closed. */
  | 'replaced'
  /** The client was closed before the request was answered. */
  | 'client_closed'
  /** No answer came in the time the request may take. */
  | 'request_expired'
  /** A hang-up made the command pointless before it was sent. */
  | 'command_superseded'
  /** Too many requests wait for an answer. */
  | 'queue_full'
  /** What the server says breaks the protocol. */
  | 'invalid_answer';

/** Message, hint, and whose fault it is when not the caller's. */
const texts: Readonly<Record<ClientErrorCode, readonly [string, string, Fault?]>> = {
  connection_lost: [
    'reach the server; the connection is lost',
    'Wait; else check url and origin.',
    'network',
  ],
  token_unavailable: ['connect; the token option failed', 'Look at cause.'],
  unauthorized: ['connect; the token is refused', 'Get a fresh token.'],
  replaced: ['stay connected; this device connected again', 'Use a deviceId a tab.'],
  client_closed: ['go on; the client is closed', 'Make a new client.'],
  request_expired: ['wait longer; no answer came in time', 'Try again.', 'network'],
  command_superseded: ['send the command; the call is hung up', 'Nothing to do.'],
  queue_full: ['keep the request; too many wait', 'Wait for answers.'],
  invalid_answer: ['read the server; it breaks the protocol', 'Check its version.', 'server'],
};

/** Makes an error of this package. */
export function clientError(
  code: ClientErrorCode,
  extra?: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> },
): RingfenceError<ClientErrorCode> {
  const [message, hint, fault = 'caller'] = texts[code];
  const retryable = fault === 'network';
  return new RingfenceError(code, `unable to ${message}`, { fault, retryable, hint, ...extra });
}
