/*
 * Requests that are kept until they are answered.
 *
 *   1. Each has exactly one outcome: the body of its answer, or an error.
 *   2. Commands of one call go one at a time, in the order of their making; other requests go at
 *      once. After a reconnect what is unanswered goes again, with the same id (P-408).
 *   3. A hang-up overtakes: it does not wait for the command in flight, and what was made before it
 *      is not sent any more.
 */
import { fullJitterMs, randomId } from '@ringfence/base';
import type { RingfenceError, TimerHandle } from '@ringfence/base';
import { errorFromWire, readAnswerBody, writeRequest } from '@ringfence/protocol';
import type { Answer, AnswerBody, RequestBody, RequestName } from '@ringfence/protocol';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import type { ClientErrorCode } from './errors.ts';
import type { LinkState } from './link.ts';

interface Entry {
  readonly id: string;
  readonly name: RequestName;
  /** Written once: an id belongs to one request. */
  readonly frame: string;
  /** It waits for what came before it in this queue, if any: the commands of a call. */
  readonly queue: string | undefined;
  readonly expiry: TimerHandle;
  /** Waits before it goes again, after an error that may pass. */
  retry?: TimerHandle;
  refusals: number;
  isSent: boolean;
  resolve(body: unknown): void;
  reject(error: RingfenceError): void;
}

interface RequestOptions<Name extends RequestName> {
  /** What goes one at a time: the commands of a call, by its id. Left out, it goes at once. */
  readonly queue?: string;
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
  /**
   * Takes the state of the link. `ready` sends all that is unanswered; `closed` rejects all that
   * waits, and all that comes.
   */
  changed(state: LinkState): void;
}

export function createRequests(
  { clock, random, options }: Environment,
  send: (frame: string) => void,
): Requests {
  const entries = new Map<string, Entry>();
  let state: LinkState = 'idle';

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
      if (isHangUp(entry)) hungUp.add(entry.queue);
      else if (!entry.isSent && hungUp.has(entry.queue)) {
        reject(entry, clientError('command_superseded'));
      }
    }
    if (state !== 'ready') return;
    const busy = new Set<string>();
    for (const entry of entries.values()) {
      const { queue } = entry;
      if (queue) {
        if (busy.has(queue) && !isHangUp(entry)) continue;
        busy.add(queue);
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
    add: (name, body, { queue, expiresInMs, onAnswer }) =>
      new Promise((resolve, fail) => {
        const refusal: ClientErrorCode | false =
          state === 'closed'
            ? 'client_closed'
            : entries.size >= options.queueLimit && name !== 'call.hang-up' && 'queue_full';
        if (refusal) return fail(clientError(refusal));
        const id = randomId(random);
        const expire = (): void => {
          reject(entry, clientError('request_expired'));
          pump();
        };
        const entry: Entry = {
          id,
          name,
          frame: writeRequest(id, name, body),
          queue,
          expiry: expiresInMs === undefined ? undefined : clock.setTimeout(expire, expiresInMs),
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

    changed(next) {
      state = next;
      for (const entry of entries.values()) {
        entry.isSent = false;
        if (state === 'closed') reject(entry, clientError('client_closed'));
      }
      pump();
    },
  };
}
