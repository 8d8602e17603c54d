import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { button } from './buttons.ts';
import { createCards } from './cards.ts';
import type { IconName } from './icons.ts';

/** One button for each other line: what is to be done with it and the large one. */
export function createLineButtons(options: {
  readonly icon: IconName;
  readonly label: (other: Call) => string;
  readonly onPress: (other: Call) => void;
}): { readonly element: HTMLElement; update(others: readonly Call[]): void } {
  const cards = createCards((other: Call) => {
    const made = button(options.label(other), {
      icon: options.icon,
      onPress: () => options.onPress(other),
    });
    return {
      element: made,
      update: () => setText(made.lastElementChild as HTMLElement, options.label(other)),
    };
  });
  const list = element('div', { class: 'line-buttons' });
  return {
    element: list,
    update(others) {
      list.hidden = others.length === 0;
      cards.show(list, others, () => undefined);
    },
  };
}
