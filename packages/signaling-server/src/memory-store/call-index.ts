const none: ReadonlySet<string> = new Set();

/** Ids of calls by a key. A key without a call takes no room. */
export class CallIndex {
  readonly #ids = new Map<string, Set<string>>();

  /** How many keys have a call. */
  get size(): number {
    return this.#ids.size;
  }

  /** The calls of a key, in the order they were added. */
  of(key: string): ReadonlySet<string> {
    return this.#ids.get(key) ?? none;
  }

  count(key: string): number {
    return this.#ids.get(key)?.size ?? 0;
  }

  add(key: string, callId: string): void {
    const ids = this.#ids.get(key);
    if (ids === undefined) this.#ids.set(key, new Set([callId]));
    else ids.add(callId);
  }

  remove(key: string, callId: string): void {
    const ids = this.#ids.get(key);
    if (ids?.delete(callId) && ids.size === 0) this.#ids.delete(key);
  }
}
