import { contained } from '../contained.ts';

/** What the listeners of a breaker hear. */
export interface EventsOf<Breaker> {
  /** `errorType` is `isolated` when it was opened by hand. */
  'breaker.opened': { readonly breaker: Breaker; readonly errorType: string };
  'breaker.half-opened': { readonly breaker: Breaker };
  'breaker.closed': { readonly breaker: Breaker };
  'breaker.succeeded': { readonly breaker: Breaker };
  'breaker.failed': { readonly breaker: Breaker; readonly errorType: string };
  'breaker.refused': { readonly breaker: Breaker };
}

/** Hears what a listener threw or rejected with. What it throws is dropped. */
export type ErrorHearer = (thrown: unknown, event: string) => void;

interface Entry {
  readonly name: PropertyKey;
  readonly listener: (payload: never) => unknown;
  isOn: boolean;
}

/**
 * Who listens to a breaker: a list that is copied when it changes, so that telling an event costs
 * one loop, and a breaker without listeners nothing. (`Emitter` of base has three times the code
 * of this and its map of names; `createListeners` makes a promise for each listener and event.)
 */
export class Listeners<Events extends object> {
  #entries: readonly Entry[] = [];
  readonly #onError: ErrorHearer | undefined;

  constructor(onError: ErrorHearer | undefined) {
    this.#onError = onError;
  }

  /** Subscribes. Returns the function that unsubscribes; calling it twice is harmless. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (payload: Events[Name]) => unknown,
  ): () => void {
    const entry: Entry = { name, listener, isOn: true };
    this.#entries = [...this.#entries, entry];
    return () => {
      entry.isOn = false;
      this.#entries = this.#entries.filter((each) => each.isOn);
    };
  }

  /** Calls every listener of `name`, in the order they came. Never throws. */
  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): void {
    for (const entry of this.#entries) {
      if (entry.name !== name || !entry.isOn) continue;
      contained(
        () => entry.listener(payload as never),
        (thrown) => this.report(thrown, name),
      );
    }
  }

  report(thrown: unknown, event: string): void {
    tell(this.#onError, thrown, event);
  }
}

/** Tells what was thrown by something that must break nobody. */
export function tell(onError: ErrorHearer | undefined, thrown: unknown, event: string): void {
  try {
    onError?.(thrown, event);
  } catch {
    // Whoever hears of errors must not add to them.
  }
}
