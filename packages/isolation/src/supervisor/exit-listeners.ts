import type { ChildExit } from './child.ts';
import { contained } from '../contained.ts';

/** Those who wait for the end of a life. Each hears it once. */
export class ExitListeners {
  readonly #listeners = new Set<(exit: ChildExit) => void>();
  #exit: ChildExit | undefined;

  /** How it ended; undefined before. */
  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  /** See `Child.onExit`. */
  on(listener: (exit: ChildExit) => void): () => void {
    let isOn = true;
    const hear = (exit: ChildExit): void => {
      if (!isOn) return;
      isOn = false;
      // The neighbours still have to hear it.
      contained(
        () => listener(exit),
        () => {},
      );
    };
    const exit = this.#exit;
    if (exit === undefined) this.#listeners.add(hear);
    else queueMicrotask(() => hear(exit));
    return () => {
      isOn = false;
      this.#listeners.delete(hear);
    };
  }

  tell(exit: ChildExit): void {
    this.#exit = exit;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const hear of listeners) hear(exit);
  }

  /** Another life begins. */
  begin(): void {
    this.#exit = undefined;
  }
}
