import { silentLogger, toError } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import type { Bus, BusMessage } from './ports.ts';

/**
 * A bus within one process: for a lone instance, and for several that share a process in tests and
 * in the simulator. Delivers after the publisher has returned, in order.
 */
export function createInProcessBus({ logger = silentLogger }: { logger?: Logger } = {}): Bus {
  const topics = new Map<string, Set<(message: BusMessage) => void>>();
  return {
    publish(message) {
      const listeners = topics.get(message.topic);
      if (listeners === undefined) return;
      for (const listener of listeners) {
        queueMicrotask(() => {
          if (!listeners.has(listener)) return;
          try {
            listener(message);
          } catch (thrown) {
            logger.error('a bus listener threw', { error: toError(thrown).message });
          }
        });
      }
    },
    subscribe(topic, listener) {
      const own = (message: BusMessage): void => listener(message);
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(own));
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic);
      };
    },
  };
}
