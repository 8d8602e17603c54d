/*
 * Requests that are kept until they are answered.
 *
 *   1. Each has exactly one outcome: the body of its answer, or an error.
 *   2. Commands of one call go one at a time, in the order of their making; other requests go at
 *      once. After a reconnect what is unanswered goes again, with the same id (P-408).
 *   3. A hang-up overtakes: it does not wait for the command in flight, and what was made before it
 *      is not sent any more.
 */
import { fullJitterMs, uuidV7 } from '@ringfence/base';
import type { RingfenceError, TimerHandle } from '@ringfence/base';
import { errorFromWire, readAnswerBody, writeRequest } from '@ringfence/protocol';
import type { Answer, AnswerBody, RequestBody, RequestName } from '@ringfence/protocol';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import type { ClientErrorCode } from './errors.ts';

interface Entry {
  readonly id: string;
  readonly name: RequestName;
  /** Written once: an id belongs to one request. */
  readonly frame: string;
  /** The call whose commands it waits for, if any. */
  readonly callId: string | undefined;
  readonly expiry: TimerHandle;
  /** Waits before it goes again, after an error that may pass. */
  retry: TimerHandle;
  refusals: number;
  isSent: boolean;
  resolve(body: unknown): void;
  reject(error: RingfenceError): void;
}

interface RequestOptions<Name extends RequestName> {
  /** Set for a command: the call it belongs to. */
  readonly callId?: string;
  /** After how long it is given up; never when left out. */
  readonly expiresInMs?: number | undefined;
  /** Called with the answer before anything that came after it is read. */
  readonly onAnswer?: (body: AnswerBody<Name>) => void;
}

export interface Requests {
  /** Keeps a request until it is answered, and resolves with the body of the answer. */
  add<Name extends RequestName>(
    name: Name,
    body: RequestBody<Name>,
    options: RequestOptions<Name>,
  ): Promise<AnswerBody<Name>>;
  /** Takes an answer. One that nobody waits for is dropped. */
  answer(answer: Answer): void;
  /** The connection stands: sends all that is unanswered. */
  online(): void;
  /** The connection is lost. */
  offline(): void;
  /** Rejects all that waits, and all that comes. */
  close(): void;
}

export function createRequests(
  { clock, random, options }: Environment,
  send: (frame: string) => void,
): Requests {
  const entries = new Map<string, Entry>();
  let state: 'online' | 'offline' | 'closed' = 'offline';

  function remove(entry: Entry): void {
    entries.delete(entry.id);
    clock.clearTimeout(entry.expiry);
    clock.clearTimeout(entry.retry);
  }

  function reject(entry: Entry, error: RingfenceError): void {
    remove(entry);
    entry.reject(error);
  }

  const isHangUp = (entry: Entry): boolean => entry.name === 'call.hang-up';

  /** Sends what may go, and drops what stands before a hang-up and is not on its way. */
  function pump(): void {
    const hungUp = new Set<string | undefined>();
    for (const entry of [...entries.values()].reverse()) {
      if (isHangUp(entry)) hungUp.add(entry.callId);
      else if (!entry.isSent && hungUp.has(entry.callId)) {
        reject(entry, clientError('command_superseded'));
      }
    }
    if (state !== 'online') return;
    const busy = new Set<string>();
    for (const entry of entries.values()) {
      const { callId } = entry;
      if (callId) {
        if (busy.has(callId) && !isHangUp(entry)) continue;
        busy.add(callId);
      }
      if (entry.isSent || entry.retry !== undefined) continue;
      entry.isSent = true;
      send(entry.frame);
    }
  }

  function retryLater(entry: Entry, afterMs = 0): void {
    const { backoffMs, backoffMaximumMs } = options;
    entry.isSent = false;
    entry.retry = clock.setTimeout(
      () => {
        entry.retry = undefined;
        pump();
      },
      afterMs + fullJitterMs(random, entry.refusals++, backoffMs, backoffMaximumMs),
    );
  }

  return {
    add: (name, body, { callId, expiresInMs, onAnswer }) =>
      new Promise((resolve, fail) => {
        const refusal: ClientErrorCode | false =
          state === 'closed'
            ? 'client_closed'
            : entries.size >= options.queueLimit && name !== 'call.hang-up' && 'queue_full';
        if (refusal) return fail(clientError(refusal));
        const id = uuidV7(clock, random);
        const expire = (): void => {
          reject(entry, clientError('request_expired'));
          pump();
        };
        const entry: Entry = {
          id,
          name,
          frame: writeRequest(id, name, body),
          callId,
          expiry: expiresInMs === undefined ? undefined : clock.setTimeout(expire, expiresInMs),
          retry: undefined,
          refusals: 0,
          isSent: false,
          resolve(answer) {
            onAnswer?.(answer as AnswerBody<typeof name>);
            resolve(answer as AnswerBody<typeof name>);
          },
          reject: fail,
        };
        entries.set(id, entry);
        pump();
      }),

    answer({ id, error, ok }) {
      const entry = entries.get(id);
      if (!entry) return;
      if (error) {
        const refusal = errorFromWire(error);
        // Who dials waits, and decides whether to dial again.
        if (refusal.retryable && entry.name !== 'call.dial') retryLater(entry, error.retryAfterMs);
        else reject(entry, refusal);
      } else {
        const body = readAnswerBody(entry.name, ok);
        if (body) {
          remove(entry);
          entry.resolve(body);
        } else {
          reject(entry, clientError('invalid_answer'));
        }
      }
      pump();
    },

    online() {
      state = 'online';
      pump();
    },

    offline() {
      state = 'offline';
      for (const entry of entries.values()) entry.isSent = false;
      pump();
    },

    close() {
      state = 'closed';
      for (const entry of entries.values()) reject(entry, clientError('client_closed'));
    },
  };
}
