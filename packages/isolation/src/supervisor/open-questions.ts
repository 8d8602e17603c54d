import type { Clock, TimerHandle } from '@ringfence/base';

/** What is asked, and how long its answer is waited for. */
export interface Question {
  /** What it is called in errors. */
  readonly method: string;
  /** Hears what comes before the answer. */
  readonly onEvent?: ((event: never) => void) | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** Gives it up after this time, with this error. */
  readonly limit?: { readonly ms: number; readonly error: () => Error };
  /** Sends it. What it throws is how it ends. */
  send(): void;
  /** Says that nobody waits for the answer any more. */
  giveUp?(): void;
}

interface Open {
  readonly question: Question;
  resolve(result: unknown): void;
  reject(thrown: unknown): void;
}

/**
 * Questions by their numbers, until they are answered. Each is settled once: by its answer, its
 * signal, its time, or with all others. One that was given up stays until its answer comes, so that
 * an answer to nothing is known as such.
 */
export class OpenQuestions {
  readonly #clock: Clock;
  readonly #open = new Map<number, Open | null>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that are owed an answer, also when nobody waits for it. */
  get size(): number {
    return this.#open.size;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  /** The question, while somebody waits for its answer. */
  waiting(id: number): Question | undefined {
    return this.#open.get(id)?.question;
  }

  /** Asks, and resolves or rejects with the answer. */
  ask(id: number, question: Question): Promise<unknown> {
    const { signal, limit } = question;
    return new Promise((resolve, reject) => {
      let timer: TimerHandle;
      const isOver = (): void => {
        if (limit !== undefined) this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const leave = (thrown: unknown): void => {
        isOver();
        this.#open.set(id, null);
        question.giveUp?.();
        reject(thrown);
      };
      const aborted = (): void => leave(signal?.reason);
      question.send();
      if (limit !== undefined) {
        timer = this.#clock.setTimeout(() => leave(limit.error()), limit.ms);
      }
      signal?.addEventListener('abort', aborted);
      this.#open.set(id, {
        question,
        resolve(result) {
          isOver();
          resolve(result);
        },
        reject(thrown) {
          isOver();
          reject(thrown);
        },
      });
    });
  }

  resolve(id: number, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  reject(id: number, thrown: unknown): void {
    this.#take(id)?.reject(thrown);
  }

  rejectAll(thrown: unknown): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const each of open) each?.reject(thrown);
  }

  #take(id: number): Open | null | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open;
  }
}
