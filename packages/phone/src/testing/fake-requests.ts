import { RingfenceError } from '@ringfence/base';
import type { Clock, Fault } from '@ringfence/base';
import { errorFromWire, readClientFrame, writeRequest } from '@ringfence/protocol';
import type { RequestBody, RequestName } from '@ringfence/protocol';
import type { ClientErrorCode, LinkState } from '@ringfence/signaling-client';

/** A request that waits for the connection. */
interface Kept {
  readonly callId: unknown;
  send(): void;
  refuse(code: LostCode): void;
}

type LostCode = Extract<
  ClientErrorCode,
  'client_closed' | 'request_expired' | 'command_superseded'
>;

/** As the signaling client says it: message, hint, and whose fault it is. */
const texts: Readonly<Record<LostCode, readonly [string, string, Fault]>> = {
  client_closed: ['go on; the client is closed', 'Make a new client.', 'caller'],
  request_expired: ['wait longer; no answer came in time', 'Try again.', 'network'],
  command_superseded: ['send the command; the call is hung up', 'Nothing to do.', 'caller'],
};

/** What is true however late it arrives is kept for any time. */
const lasting: readonly RequestName[] = [
  'call.ring',
  'call.decline',
  'call.hang-up',
  'call.media',
  'call.update',
];
/** How long the real client keeps anything else by default. */
const expiresInMs = 10_000;

/**
 * What the phone asks of the server: read as a server reads it, and kept while it cannot be heard,
 * as the real client does. While it can be, all happens at once.
 */
export class FakeRequests {
  readonly #clock: Clock;
  readonly #kept = new Set<Kept>();
  #state: LinkState = 'idle';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` with what arrives. `mostMs` is how long it may be kept. */
  async ask<Name extends RequestName, T>(
    name: Name,
    body: RequestBody<Name>,
    work: (body: RequestBody<Name>) => T,
    mostMs = lasting.includes(name) ? undefined : expiresInMs,
  ): Promise<T> {
    const arrived = overTheWire(name, body);
    const callId = 'callId' in body ? body.callId : undefined;
    if (name === 'call.hang-up') {
      for (const kept of this.#kept) if (kept.callId === callId) kept.refuse('command_superseded');
    }
    if (this.#state === 'closed') throw clientError('client_closed');
    if (this.#state !== 'ready') await this.#keep(callId, mostMs);
    return work(arrived);
  }

  become(state: LinkState): void {
    this.#state = state;
    for (const kept of this.#kept) {
      if (state === 'ready') kept.send();
      if (state === 'closed') kept.refuse('client_closed');
    }
  }

  #keep(callId: unknown, mostMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#kept.delete(kept);
        this.#clock.clearTimeout(expiry);
      };
      const kept: Kept = {
        callId,
        send() {
          settle();
          resolve();
        },
        refuse(code) {
          settle();
          reject(clientError(code));
        },
      };
      const expire = (): void => kept.refuse('request_expired');
      const expiry = mostMs === undefined ? undefined : this.#clock.setTimeout(expire, mostMs);
      this.#kept.add(kept);
    });
  }
}

/** What a server reads. @throws what it answers where it cannot. */
function overTheWire<Name extends RequestName>(
  name: Name,
  body: RequestBody<Name>,
): RequestBody<Name> {
  const read = readClientFrame(writeRequest('fake', name, body));
  if (read.kind === 'refused') throw errorFromWire(read.error);
  return (read as Extract<typeof read, { readonly body: unknown }>).body as RequestBody<Name>;
}

function clientError(code: LostCode): RingfenceError<LostCode> {
  const [message, hint, fault] = texts[code];
  const retryable = fault === 'network';
  return new RingfenceError(code, `unable to ${message}`, { fault, retryable, hint });
}
