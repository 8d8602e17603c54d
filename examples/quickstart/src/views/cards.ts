/** One element for each of some things, made once and kept while the thing is there. */
export interface Card<State> {
  readonly element: HTMLElement;
  update(state: State): void;
}

export interface Cards<Thing, State> {
  /** Shows the cards of these things, in this order, each in its state. */
  show(parent: HTMLElement, things: readonly Thing[], stateOf: (thing: Thing) => State): void;
}

/**
 * Keeps a list on the page without making it anew: what has the focus keeps it, and a press never
 * meets a button that has just been replaced.
 */
export function createCards<Thing, State>(
  make: (thing: Thing) => Card<State>,
): Cards<Thing, State> {
  const cards = new Map<Thing, Card<State>>();
  return {
    show(parent, things, stateOf) {
      for (const [thing, card] of cards) {
        if (things.includes(thing)) continue;
        card.element.remove();
        cards.delete(thing);
      }
      things.forEach((thing, index) => {
        let card = cards.get(thing);
        if (card === undefined) cards.set(thing, (card = make(thing)));
        if (parent.children[index] !== card.element) {
          parent.insertBefore(card.element, parent.children[index] ?? null);
        }
        card.update(stateOf(thing));
      });
    },
  };
}
