const patienceMs = 15_000;

/**
 * Resolves with what `read` gives, at the first change at which it gives something. When that does
 * not come, it rejects with all that is `seen`.
 */
export function when<Value>(wait: {
  readonly what: string;
  readonly read: () => Value | null;
  readonly seen: () => unknown;
  readonly listeners: Set<() => void>;
}): Promise<Value> {
  const { what, read, seen, listeners } = wait;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listeners.delete(look);
      reject(new Error(`${what} not within ${patienceMs} ms; ${JSON.stringify(seen())}`));
    }, patienceMs);
    const look = (): void => {
      const value = read();
      if (value === null) return;
      clearTimeout(timer);
      listeners.delete(look);
      resolve(value);
    };
    listeners.add(look);
    look();
  });
}
