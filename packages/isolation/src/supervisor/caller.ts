import { Emitter, numberOption, toError } from '@ringfence/base';
import type { Clock, Logger } from '@ringfence/base';
import type { SignalOption } from './child.ts';
import { childError } from './child-errors.ts';
import type { ChildError } from './child-errors.ts';
import { contained } from '../contained.ts';
import type { CallOptions } from './contract.ts';
import { reviveError } from './error-transfer.ts';
import { eventWindow, frameVersion, readChildFrame } from './frames.ts';
import type { ChildFrame, HostFrame } from './frames.ts';
import { OpenQuestions } from './open-questions.ts';

/** What the caller needs of the one who owns the channel. */
export interface CallerHost {
  /** What the child is called in errors. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends to the child. Throws when `frame` cannot be copied. */
  send(frame: HostFrame): void;
  isReady(): boolean;
  /** The child says that it is ready. */
  ready(): void;
  /** The child says that it ends by itself, with this code. */
  leaving(exitCode: number): void;
  /** The child broke the rules, or says what it dies of. */
  failed(error: ChildError): void;
}

export interface CallerOptions {
  readonly callTimeoutMs: number;
  readonly maxPending: number;
  readonly isResult: (method: string, result: unknown) => boolean;
  readonly isEvent: (name: string, payload: unknown) => boolean;
}

/** An event that belongs to no call. */
export interface ChildEvent {
  readonly name: string;
  readonly payload: unknown;
}

const dayMs = 86_400_000;

/**
 * The host's side of the talk with one child: calls, pings and events. It knows no channel.
 *
 * The child is not believed: a frame that breaks the rules ends it. Every call and ping is settled
 * by an answer, its signal, its time, or {@link close}.
 */
export class Caller {
  readonly #host: CallerHost;
  readonly #options: CallerOptions;
  readonly #events: Emitter<Record<string, unknown>>;
  readonly #allEvents: Emitter<{ event: ChildEvent }>;
  readonly #calls: OpenQuestions;
  readonly #pings: OpenQuestions;
  #nextId = 1;
  #unacknowledged = 0;
  #closedBy: ChildError | undefined;

  constructor(host: CallerHost, options: CallerOptions) {
    this.#host = host;
    this.#options = options;
    this.#calls = new OpenQuestions(host.clock);
    this.#pings = new OpenQuestions(host.clock);
    this.#events = new Emitter((thrown, event) => this.#listenerThrew(event, thrown));
    this.#allEvents = new Emitter((thrown, event) => this.#listenerThrew(event, thrown));
  }

  /** Calls the child has not answered, those that were given up among them. */
  get pending(): number {
    return this.#calls.size;
  }

  on(name: string, listener: (payload: never) => unknown): () => void {
    return this.#events.on(name, listener as (payload: unknown) => unknown);
  }

  /** Every event, whatever its name. */
  onAny(listener: (event: ChildEvent) => unknown): () => void {
    return this.#allEvents.on('event', listener);
  }

  /** See `Callable.call`. */
  async call(method: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal, onEvent } = options;
    const timeoutMs = numberOption(
      'timeoutMs',
      options.timeoutMs ?? this.#options.callTimeoutMs,
      1,
      dayMs,
    );
    this.#check(signal);
    if (this.#calls.size >= this.#options.maxPending) throw this.#busy();
    const id = this.#nextId++;
    return this.#calls.ask(id, {
      method,
      onEvent,
      signal,
      limit: { ms: timeoutMs, error: () => this.#timeout(method, timeoutMs) },
      send: () => this.#send(['call', id, method, input]),
      giveUp: () => this.#host.send(['abort', id]),
    });
  }

  /** See `Child.ping`. Whoever asks limits the time. */
  async ping({ signal }: SignalOption = {}): Promise<void> {
    this.#check(signal);
    const id = this.#nextId++;
    const send = (): void => this.#send(['ping', id]);
    await this.#pings.ask(id, { method: 'ping', signal, send });
  }

  /** Takes in whatever came from the child. */
  receive(value: unknown): void {
    if (this.#closedBy !== undefined) return;
    const frame = readChildFrame(value);
    if (frame === undefined) this.#nonsense('what it sent is no frame');
    else this.#take(frame);
  }

  /** All that lay in the channel was read: gives the child room for more events. */
  drained(): void {
    if (this.#unacknowledged === 0 || this.#closedBy !== undefined) return;
    this.#host.send(['ack', this.#unacknowledged]);
    this.#unacknowledged = 0;
  }

  /** Rejects all that waits, and all that comes, with `error`. */
  close(error: ChildError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    this.#calls.rejectAll(error);
    this.#pings.rejectAll(error);
    this.#events.clear();
    this.#allEvents.clear();
  }

  #check(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw signal.reason;
    if (this.#closedBy !== undefined) throw this.#closedBy;
    if (!this.#host.isReady()) {
      const { name } = this.#host;
      throw childError('child_unavailable', `unable to call ${name}; it is not ready`);
    }
  }

  #send(frame: HostFrame): void {
    try {
      this.#host.send(frame);
    } catch (cause) {
      const { name } = this.#host;
      throw childError('not_cloneable', `unable to call ${name}; the input cannot be copied`, {
        cause,
      });
    }
  }

  #take(frame: ChildFrame): void {
    switch (frame[0]) {
      case 'ready':
        if (this.#host.isReady()) this.#nonsense('it says twice that it is ready');
        else if (frame[1] === frameVersion) this.#host.ready();
        else this.#nonsense(`it speaks version ${frame[1]}, and we ${frameVersion}`);
        return;
      case 'result':
        return this.#result(frame[1], frame[2]);
      case 'error':
        if (this.#isAsked(this.#calls, frame[1]))
          this.#calls.reject(frame[1], reviveError(frame[2]));
        return;
      case 'progress':
        return this.#progress(frame[1], frame[2]);
      case 'event':
        return this.#event(frame[1], frame[2]);
      case 'pong':
        if (this.#isAsked(this.#pings, frame[1])) this.#pings.resolve(frame[1], undefined);
        return;
      case 'sick':
        if (!this.#isAsked(this.#pings, frame[1])) return;
        return this.#pings.reject(frame[1], this.#unhealthy(reviveError(frame[2])));
      case 'exiting':
        return this.#host.leaving(frame[1]);
      case 'died': {
        const { name } = this.#host;
        const cause = reviveError(frame[1]);
        const error = this.#host.isReady()
          ? childError('child_exited', `unable to go on in ${name}; ${cause.message}`, { cause })
          : childError('child_start_failed', `unable to start ${name}; ${cause.message}`, {
              cause,
            });
        return this.#host.failed(error);
      }
    }
  }

  #isAsked(questions: OpenQuestions, id: number): boolean {
    if (questions.has(id)) return true;
    this.#nonsense('it answers what it was not asked');
    return false;
  }

  #result(id: number, result: unknown): void {
    if (!this.#isAsked(this.#calls, id)) return;
    const { method } = this.#calls.waiting(id) ?? {};
    if (method !== undefined && !this.#believes(() => this.#options.isResult(method, result))) {
      return this.#nonsense(`its result of ${method} is not valid`);
    }
    this.#calls.resolve(id, result);
  }

  #progress(id: number, event: unknown): void {
    if (!this.#calls.has(id)) return this.#nonsense('it sends an event of no call');
    if (this.#isFlood()) return;
    const call = this.#calls.waiting(id);
    const threw = (thrown: unknown): void => this.#listenerThrew(call?.method ?? '', thrown);
    contained(() => call?.onEvent?.(event as never), threw);
  }

  #event(name: string, payload: unknown): void {
    if (this.#isFlood()) return;
    if (!this.#believes(() => this.#options.isEvent(name, payload))) {
      return this.#nonsense(`its event ${name} is not valid`);
    }
    this.#events.emit(name, payload);
    this.#allEvents.emit('event', { name, payload });
  }

  #isFlood(): boolean {
    this.#unacknowledged += 1;
    if (this.#unacknowledged <= eventWindow) return false;
    const { name } = this.#host;
    const message = `unable to keep up with ${name}; it sends more than it was given room for`;
    this.#host.failed(childError('child_flooded', message));
    return true;
  }

  /** A check of the host's that throws says no. */
  #believes(check: () => boolean): boolean {
    try {
      return check();
    } catch (thrown) {
      this.#listenerThrew('a check', thrown);
      return false;
    }
  }

  #nonsense(why: string): void {
    const { name } = this.#host;
    this.#host.failed(childError('child_nonsense', `unable to believe ${name}; ${why}`));
  }

  #listenerThrew(event: string, thrown: unknown): void {
    const { name, logger } = this.#host;
    logger.error('a listener of a child threw', {
      child: name,
      event,
      error: toError(thrown).message,
    });
  }

  #busy(): Error {
    const { name } = this.#host;
    const { maxPending } = this.#options;
    return childError(
      'child_busy',
      `unable to call ${name}; ${maxPending} calls wait for it already`,
      { details: { maxPending } },
    );
  }

  #timeout(method: string, timeoutMs: number): Error {
    const { name } = this.#host;
    return childError(
      'call_timeout',
      `unable to wait for ${method} of ${name}; it took more than ${timeoutMs} ms`,
      { details: { method, timeoutMs } },
    );
  }

  #unhealthy(cause: Error): Error {
    const { name } = this.#host;
    const message = `unable to rely on ${name}; it says that it is not well: ${cause.message}`;
    return childError('child_unhealthy', message, { cause });
  }
}
