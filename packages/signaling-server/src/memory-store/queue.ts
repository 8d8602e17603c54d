/** How many taken places are kept before the rest moves up. */
const slack = 1_024;

/**
 * First in, first out, each in constant time. A `Map` that is emptied from its front is no queue:
 * to find its first entry it walks over every gap the others left.
 */
export class Queue<Item> {
  #items: Item[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The item that came first; undefined when there is none. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Lets go of the first item. */
  shift(): void {
    if (this.size === 0) return;
    this.#head += 1;
    if (this.#head < slack || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
