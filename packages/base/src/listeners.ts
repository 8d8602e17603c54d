import type { Logger } from './logger.ts';

/** Subscribes to one event of a map from names to payloads. Returns the function that unsubscribes. */
export type On<Events> = <Name extends keyof Events & string>(
  name: Name,
  listener: (payload: Events[Name]) => unknown,
) => () => void;

/** Who listens to what. */
export interface Listeners<Events> {
  readonly on: On<Events>;
  /** Calls every listener of `name`, in the order they came. Never throws. */
  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): void;
  /** True while somebody listens. */
  has(name: keyof Events & string): boolean;
  /** Forgets every listener. */
  clear(): void;
}

/**
 * What `Emitter` does, for what a browser loads: it weighs a quarter of it (decision 0010). A
 * listener that throws or rejects breaks neither its neighbours nor who emits; the logger hears of it. One that unsubscribed
 * hears nothing more, and one that is added while an event goes round hears the next one first.
 */
export function createListeners<Events>(logger: Pick<Logger, 'error'>): Listeners<Events> {
  const entries = new Set<{
    readonly name: keyof Events;
    readonly listener: (payload: never) => unknown;
  }>();
  return {
    on(name, listener) {
      const entry = { name, listener };
      entries.add(entry);
      return () => entries.delete(entry);
    },
    emit(name, payload) {
      for (const entry of [...entries]) {
        if (entry.name !== name || !entries.has(entry)) continue;
        (async () => entry.listener(payload as never))()
          .catch((thrown: unknown) => logger.error('a listener failed', { event: name, thrown }))
          // What the logger throws is dropped.
          .catch(() => {});
      }
    },
    has: (name) => [...entries].some((entry) => entry.name === name),
    clear: () => entries.clear(),
  };
}
