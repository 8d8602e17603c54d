import { childError } from '../child-errors.ts';
import type { CallContext, Handlers } from '../contract.ts';
import { carryError } from '../error-transfer.ts';
import { eventWindow, frameVersion, readHostFrame } from '../frames.ts';
import type { ChildFrame } from '../frames.ts';

/** What the responder needs of the one who owns the channel. */
export interface ResponderHost {
  /** Sends to the host. Throws when `frame` cannot be copied. */
  send(frame: ChildFrame): void;
  /** The host says that it is time to end. */
  stop(): void;
}

/** Answers a ping: throws or rejects when the child is not well. */
export type HealthCheck = () => unknown;

/** Events that may wait for room in the child. */
const mostWaiting = 1_024;
const done = Promise.resolve();

interface WaitingEvent {
  readonly frame: ChildFrame;
  resolve(): void;
  reject(thrown: unknown): void;
}

/** The child's side of the talk with its host. It knows no channel. */
export class Responder {
  readonly #handlers: Handlers;
  readonly #host: ResponderHost;
  readonly #health: HealthCheck;
  readonly #calls = new Map<number, AbortController>();
  readonly #waiting: WaitingEvent[] = [];
  readonly #stopping = new AbortController();
  #room = eventWindow;

  constructor(handlers: Handlers, host: ResponderHost, health: HealthCheck = () => {}) {
    this.#handlers = handlers;
    this.#host = host;
    this.#health = health;
  }

  /** Aborts when the host says that it is time to end, or is gone. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  ready(): void {
    this.#host.send(['ready', frameVersion]);
  }

  died(thrown: unknown): void {
    this.#host.send(['died', carryError(thrown)]);
  }

  exiting(exitCode: number): void {
    this.#host.send(['exiting', exitCode]);
  }

  /** Sends an event that belongs to no call. See {@link CallContext.emit}. */
  emit(name: string, payload: unknown): Promise<void> {
    return this.#emit(['event', name, payload]);
  }

  receive(value: unknown): void {
    const frame = readHostFrame(value);
    switch (frame?.[0]) {
      case 'call':
        void this.#run(frame[1], frame[2], frame[3]);
        return;
      case 'abort':
        this.#calls.get(frame[1])?.abort();
        return;
      case 'ping':
        void this.#pong(frame[1]);
        return;
      case 'ack':
        return this.#acknowledged(frame[1]);
      case 'stop':
        this.abort();
        return this.#host.stop();
      case undefined:
        return;
    }
  }

  /** Aborts every call and {@link signal}. */
  abort(): void {
    const error = childError('child_stopped', 'unable to go on; the child was told to end');
    this.#stopping.abort(error);
    for (const call of this.#calls.values()) call.abort(error);
  }

  async #run(id: number, method: string, input: unknown): Promise<void> {
    const abort = new AbortController();
    this.#calls.set(id, abort);
    let isOver = false;
    let lastEvent = done;
    const context: CallContext<unknown> = {
      signal: abort.signal,
      emit: (event) => {
        if (isOver || abort.signal.aborted) return done;
        return (lastEvent = this.#emit(['progress', id, event]));
      },
    };
    let answer: ChildFrame;
    try {
      answer = ['result', id, await this.#handle(method, input, context)];
    } catch (thrown) {
      answer = ['error', id, carryError(thrown)];
    }
    isOver = true;
    // The answer ends the call on the other side: its events go first, also those that wait.
    await lastEvent.catch(() => {});
    this.#calls.delete(id);
    this.#answer(method, answer);
  }

  #answer(method: string, answer: ChildFrame): void {
    try {
      this.#host.send(answer);
    } catch (cause) {
      const message = `unable to answer ${method}; its result cannot be copied`;
      const error = childError('not_cloneable', message, { cause });
      this.#host.send(['error', answer[1] as number, carryError(error)]);
    }
  }

  #handle(method: string, input: unknown, context: CallContext<unknown>): unknown {
    const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined;
    if (typeof handler !== 'function') {
      throw childError(
        'unknown_method',
        `unable to call ${method}; the child has no such function`,
      );
    }
    return handler.call(this.#handlers, input as never, context);
  }

  async #pong(id: number): Promise<void> {
    try {
      await this.#health();
      this.#host.send(['pong', id]);
    } catch (thrown) {
      this.#host.send(['sick', id, carryError(thrown)]);
    }
  }

  #emit(frame: ChildFrame): Promise<void> {
    if (this.#room > 0) {
      this.#sendEvent(frame);
      return done;
    }
    // Thrown and not rejected: a loop that does not wait has to end here.
    if (this.#waiting.length >= mostWaiting) {
      const message = `unable to emit; ${mostWaiting} events wait for the host already`;
      throw childError('emit_overflow', message);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ frame, resolve, reject }));
  }

  #sendEvent(frame: ChildFrame): void {
    try {
      this.#host.send(frame);
    } catch (cause) {
      throw childError('not_cloneable', 'unable to emit; the event cannot be copied', { cause });
    }
    this.#room -= 1;
  }

  #acknowledged(count: number): void {
    this.#room = Math.min(eventWindow, this.#room + count);
    while (this.#room > 0 && this.#waiting.length > 0) {
      const { frame, resolve, reject } = this.#waiting.shift()!;
      try {
        this.#sendEvent(frame);
        resolve();
      } catch (thrown) {
        reject(thrown);
      }
    }
  }
}
