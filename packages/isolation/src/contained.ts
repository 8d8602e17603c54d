/**
 * Calls something of a host's. What it throws, or its promise rejects with, goes to `threw`. For
 * where an `Emitter` would be too much.
 */
export function contained(callback: () => unknown, threw: (thrown: unknown) => void): void {
  try {
    const result = callback() as Partial<PromiseLike<unknown>> | null | undefined;
    if (typeof result?.then === 'function') result.then(undefined, threw);
  } catch (thrown) {
    threw(thrown);
  }
}
