import { CircuitBreaker } from '../breaker/breaker.ts';
import type { BreakerCollaborators, BreakerEvents } from '../breaker/breaker.ts';
import type { ExecuteOptions, Work } from '../breaker/execution.ts';
import type { BreakerPolicy } from '../breaker/policy.ts';
import type { BreakerSnapshot } from '../breaker/snapshot.ts';

type Told = { readonly breaker: CircuitBreaker } & (
  | { readonly type: 'breaker.failed' | 'breaker.opened'; readonly errorType: string }
  | { readonly type: 'breaker.closed' | 'breaker.imported' }
);

/** The part of a tube that its breakers need. */
interface BreakerOwner {
  readonly signal: AbortSignal;
  tell(event: Told): void;
  contain<Arguments extends readonly unknown[]>(
    source: string,
    callback: (...given: Arguments) => unknown,
  ): (...given: Arguments) => void;
}

/**
 * The breaker to one dependency of a tube: what it executes ends with the tube, its listeners are
 * contained, and it tells its tube how it is. It listens to itself from the first failure on: most
 * breakers never see one, and listeners would weigh more than they do.
 */
export class TubeBreaker extends CircuitBreaker {
  readonly #owner: BreakerOwner;
  #isTelling = false;

  constructor(
    name: string,
    policy: BreakerPolicy,
    collaborators: BreakerCollaborators,
    owner: BreakerOwner,
  ) {
    super(name, policy, collaborators);
    this.#owner = owner;
  }

  override get signal(): AbortSignal {
    return this.#owner.signal;
  }

  override failed(token: number, errorType?: string): void {
    this.#startTelling();
    super.failed(token, errorType);
  }

  override timedOut(token: number): void {
    this.#startTelling();
    super.timedOut(token);
  }

  override isolate(): void {
    this.#startTelling();
    super.isolate();
  }

  override import(snapshot: BreakerSnapshot): void {
    this.#startTelling();
    super.import(snapshot);
    this.#owner.tell({ type: 'breaker.imported', breaker: this });
  }

  override execute<Result>(work: Work<Result>, options?: ExecuteOptions): Promise<Result> {
    const { signal } = this.#owner;
    const own = options?.signal;
    return super.execute(work, {
      ...options,
      signal: own === undefined ? signal : AbortSignal.any([signal, own]),
    });
  }

  override on<Name extends keyof BreakerEvents>(
    name: Name,
    listener: (payload: BreakerEvents[Name]) => unknown,
  ): () => void {
    return super.on(name, this.#owner.contain(`listener:${name}`, listener));
  }

  #startTelling(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (const type of ['breaker.failed', 'breaker.opened', 'breaker.closed'] as const) {
      super.on(type, (event) => this.#owner.tell({ type, ...event } as Told));
    }
  }
}
