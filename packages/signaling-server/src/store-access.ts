import { RingfenceError, toError } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { errorTexts } from '@ringfence/protocol';
import type { Store } from './ports.ts';

/** The store, with its troubles under one code, and seen at one place. */
export class StoreAccess {
  readonly store: Store;
  readonly #logger: Logger;
  #isFailing = false;

  constructor(store: Store, logger: Logger) {
    this.store = store;
    this.#logger = logger;
  }

  /** True from a failed round trip until the next good one. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  now(): number {
    return this.store.now();
  }

  /**
   * Makes one round trip.
   *
   * @throws {RingfenceError} `store_unavailable`, with what the store threw as its cause.
   */
  trip<T>(work: (store: Store) => Promise<T>): Promise<T> {
    let result: Promise<T>;
    try {
      result = work(this.store);
    } catch (thrown) {
      result = Promise.reject(toError(thrown));
    }
    // Two handlers on one promise: this is where every command passes.
    return result.then(this.#succeeded, this.#failed) as Promise<T>;
  }

  readonly #succeeded = (result: unknown): unknown => {
    if (this.#isFailing) {
      this.#isFailing = false;
      this.#logger.info('the store answers again');
    }
    return result;
  };

  readonly #failed = (cause: unknown): never => {
    if (!this.#isFailing) {
      this.#isFailing = true;
      this.#logger.error('the store does not answer', { error: toError(cause).message });
    }
    const { message, ...facts } = errorTexts.store_unavailable;
    throw new RingfenceError('store_unavailable', message, { ...facts, cause });
  };
}
