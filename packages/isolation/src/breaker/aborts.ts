/** Something that ends when a signal aborts. Knows its place, so that nothing is searched for. */
export interface Abortable {
  abortIndex: number;
  aborted(reason: unknown): void;
}

const groups = new WeakMap<AbortSignal, AbortGroup>();
/** The group that became empty last. */
let resting: AbortGroup | undefined;

/**
 * Those that end with one signal. One listener serves them all: to add and to remove one costs more
 * than all the rest of a call. A group that became empty keeps its listener until another one
 * becomes empty, for where calls of one signal follow one another; so at most one listener in the
 * process is there for nothing.
 */
export class AbortGroup {
  readonly #signal: AbortSignal;
  readonly #members: Abortable[] = [];

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#aborted, { once: true });
  }

  /** The group of a signal that has not aborted yet. */
  static of(signal: AbortSignal): AbortGroup {
    if (resting !== undefined && resting.#signal === signal) return resting;
    let group = groups.get(signal);
    if (group === undefined) groups.set(signal, (group = new AbortGroup(signal)));
    return group;
  }

  add(member: Abortable): void {
    member.abortIndex = this.#members.push(member) - 1;
  }

  remove(member: Abortable): void {
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[member.abortIndex] = last;
      last.abortIndex = member.abortIndex;
    }
    if (this.#members.length === 0) AbortGroup.#rest(this);
  }

  static #rest(group: AbortGroup): void {
    const before = resting;
    resting = group;
    if (before === undefined || before === group) return;
    if (before.#members.length === 0) before.#detach();
  }

  #detach(): void {
    groups.delete(this.#signal);
    this.#signal.removeEventListener('abort', this.#aborted);
  }

  readonly #aborted = (): void => {
    for (const member of [...this.#members]) member.aborted(this.#signal.reason);
  };
}
