import { EventEmitter } from 'eventemitter3';

/** Called with what a listener threw, or what its promise rejected with. What it throws is dropped. */
export type ListenerErrorHandler = (thrown: unknown, event: string) => void;

/**
 * A typed emitter. One map type names the events and their payloads.
 *
 * A listener that throws or rejects breaks neither the emitter nor its neighbours: what it threw
 * goes to `onListenerError`. A listener hears nothing more once it is off, and one that is added
 * while an event goes round hears the next one first.
 *
 * @example
 * const emitter = new Emitter<{ 'call.ended': { reason: string } }>(report);
 * const off = emitter.on('call.ended', ({ reason }) => show(reason));
 */
export class Emitter<Events extends object> {
  readonly #inner = new EventEmitter();
  readonly #onListenerError: ListenerErrorHandler;
  /** Raised by {@link clear}: a listener of an earlier generation is off. */
  #generation = 0;

  constructor(onListenerError: ListenerErrorHandler) {
    this.#onListenerError = onListenerError;
  }

  /** Subscribes. Returns the function that unsubscribes; calling it twice is harmless. */
  on<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => unknown,
  ): () => void {
    const generation = this.#generation;
    let isOn = true;
    const contained = (payload: Events[Name]): void => {
      // The emitter inside goes on to call those that are taken off while an event goes round.
      if (!isOn || generation !== this.#generation) return;
      try {
        const result = listener(payload);
        if (isThenable(result)) result.then(undefined, (thrown) => this.#report(thrown, name));
      } catch (thrown) {
        this.#report(thrown, name);
      }
    };
    this.#inner.on(name, contained);
    return () => {
      isOn = false;
      this.#inner.off(name, contained);
    };
  }

  /** Like {@link on}, for the next event only. */
  once<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => unknown,
  ): () => void {
    const off = this.on(name, (payload) => {
      off();
      return listener(payload);
    });
    return off;
  }

  /** Calls every listener of `name`, in the order they came. Never throws. */
  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): void {
    this.#inner.emit(name, payload);
  }

  /** How many listeners of `name` are on. */
  listenerCount(name: keyof Events & string): number {
    return this.#inner.listenerCount(name);
  }

  /** Forgets every listener. */
  clear(): void {
    this.#generation += 1;
    this.#inner.removeAllListeners();
  }

  #report(thrown: unknown, name: string): void {
    try {
      this.#onListenerError(thrown, name);
    } catch {
      // The neighbours still have to hear the event.
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
