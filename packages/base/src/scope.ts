import { toError } from './errors.ts';

/** Why what ran in a scope was aborted. One for all: an error of its own for each is most of what an end costs. */
let closedReason: unknown;

/** Something a scope can own: a function to run at the end, or a disposable. */
export type Owned = (() => unknown) | Disposable | AsyncDisposable;

/** What a {@link Scope} and those inside it go by. */
export interface ScopeOptions {
  /** Hears of each resource that failed to end. Default: it is dropped. */
  readonly onError?: (error: Error) => void;
  /** Waits for an end that takes time; rejects when it takes too long. Default: it is waited for. */
  readonly bound?: (ending: PromiseLike<unknown>) => PromiseLike<unknown>;
}

/** The part of `EventTarget` that {@link Scope.listen} needs. */
export interface Listenable {
  addEventListener(type: string, listener: (event: unknown) => void): void;
  removeEventListener(type: string, listener: (event: unknown) => void): void;
}

/**
 * Owns resources and ends them together, one after another: what is owned last ends first, and
 * has ended before the next one starts to end. One that throws or rejects does not keep the
 * others from ending. One whose promise never settles does, unless `bound` gives it a deadline.
 *
 * A scope that is closed ends at once what it is given afterwards, so that nothing slips through
 * a race between "made" and "owned".
 *
 * @example
 * await using scope = new Scope('call');
 * const timer = clock.setTimeout(ring, 1_000);
 * scope.own(() => clock.clearTimeout(timer));
 */
export class Scope implements AsyncDisposable {
  readonly name: string;
  readonly #owned = new Set<Owned>();
  /** Ends under way, so that closing waits for those it did not start. */
  #ending: Set<Promise<void>> | undefined;
  /** What was ended since the closing began: owned again, it is not ended again. */
  #ended: Set<Owned> | undefined;
  readonly #options: ScopeOptions;
  #abort: AbortController | undefined;
  #closing: Promise<void> | undefined;
  #leaveParent: (() => void) | undefined;

  constructor(name: string, options: ScopeOptions = {}) {
    this.name = name;
    this.#options = options;
  }

  /** Aborts when the scope starts to close, before anything it owns ends. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.closed) this.#abort.abort(closedReason);
    }
    return this.#abort.signal;
  }

  /** True from the first call of {@link close}. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** How many resources it owns now. Zero after {@link close}. */
  get size(): number {
    return this.#owned.size;
  }

  /** Takes `resource` and returns it. Owned twice, it ends once. */
  own<T extends Owned>(resource: T): T {
    if (!this.closed) this.#owned.add(resource);
    else if (!this.#owned.has(resource) && !this.#ended?.has(resource)) void this.#end(resource);
    return resource;
  }

  /**
   * Ends now what it does not own: what that throws goes where the errors of its own go, and keeps
   * nothing after it from ending.
   */
  finish(resource: Owned): void {
    void this.#end(resource);
  }

  /** Lets go of `resource` without ending it. True when it was owned. */
  disown(resource: Owned): boolean {
    return this.#owned.delete(resource);
  }

  /** Ends one resource now. Does nothing when it is not owned. Never rejects. */
  async end(resource: Owned): Promise<void> {
    if (this.#owned.delete(resource)) await this.#end(resource);
  }

  /** Listens until the scope closes, or until the returned function is called. */
  listen<Event>(target: Listenable, type: string, listener: (event: Event) => void): () => void {
    const typed = listener as (event: unknown) => void;
    target.addEventListener(type, typed);
    const stop = (): void => {
      this.#owned.delete(stop);
      target.removeEventListener(type, typed);
    };
    return this.own(stop);
  }

  /** A scope that closes with this one, or before it. Its errors go where this one's go. */
  child(name: string): Scope {
    const child = new Scope(`${this.name}/${name}`, this.#options);
    const close = (): Promise<void> => child.close();
    child.#leaveParent = () => this.#owned.delete(close);
    this.own(close);
    return child;
  }

  /**
   * Ends everything it owns. Idempotent: a second call joins the first. Resolves when all has
   * ended, also what is owned or was ended by itself meanwhile. Never rejects.
   */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      let finish!: () => void;
      // Set before anything ends: an owner that adds while we end is ended too.
      this.#closing = new Promise((resolve) => (finish = resolve));
      this.began();
      this.#abort?.abort((closedReason ??= AbortSignal.abort().reason));
      void this.#endAll().then(finish);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** It begins to close. For those that extend it. */
  protected began(): void {}

  /** It has closed: at once, when everything it owned ended at once. For those that extend it. */
  protected ended(): void {}

  async #endAll(): Promise<void> {
    const resources = [...this.#owned].reverse();
    for (const resource of resources) {
      // Gone when another resource's end disowned it, or ended it by itself.
      if (!this.#owned.delete(resource)) continue;
      const ending = this.#end(resource);
      if (ending !== undefined) await ending;
    }
    while (this.#ending?.size) await Promise.all(this.#ending);
    this.#leaveParent?.();
    this.ended();
  }

  /** Gives what is to be waited for, if it does not end at once. */
  #end(resource: Owned): Promise<void> | undefined {
    if (this.closed) (this.#ended ??= new Set()).add(resource);
    try {
      const ending = endOf(resource) as PromiseLike<unknown> | null | undefined;
      return typeof ending?.then === 'function' ? this.#wait(ending) : undefined;
    } catch (thrown) {
      this.#report(toError(thrown));
      return undefined;
    }
  }

  #wait(ending: PromiseLike<unknown>): Promise<void> {
    const { bound } = this.#options;
    const others = (this.#ending ??= new Set());
    const waiting = (async () => await (bound ? bound(ending) : ending))()
      .catch((thrown: unknown) => this.#report(toError(thrown)))
      .then(() => void others.delete(waiting));
    others.add(waiting);
    return waiting;
  }

  #report(error: Error): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // Whoever listens for errors must not break the closing of everything else.
    }
  }
}

function endOf(resource: Owned): unknown {
  if (typeof resource === 'function') return resource();
  if (Symbol.asyncDispose in resource) return resource[Symbol.asyncDispose]();
  return resource[Symbol.dispose]();
}
