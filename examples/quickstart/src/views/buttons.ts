import { element, setText } from '../element.ts';
import { icon } from './icons.ts';
import type { IconName } from './icons.ts';

export type ButtonKind = 'primary' | 'plain' | 'danger' | 'quiet';

/** A button with words and, when named, a picture before them. */
export function button(
  label: string,
  options: {
    kind?: ButtonKind;
    icon?: IconName;
    type?: 'button' | 'submit';
    /** Shows the picture alone; the words stay for screen readers and as a hint. */
    isIconOnly?: boolean;
    onPress?: () => void;
  },
): HTMLButtonElement {
  const { kind = 'plain', type = 'button', isIconOnly = false, onPress } = options;
  const made = element('button', {
    type,
    class: `button button-${kind}${isIconOnly ? ' icon-only' : ''}`,
    title: isIconOnly && label,
  });
  if (options.icon !== undefined) made.append(icon(options.icon));
  made.append(element('span', {}, label));
  if (onPress !== undefined) made.addEventListener('click', onPress);
  return made;
}

/** A round button of the call: a picture over its words. */
export interface ControlButton {
  readonly element: HTMLButtonElement;
  /** `isOn` is what a screen reader hears as pressed; leave it out for a plain action. */
  show(state: { label: string; icon: IconName; isOn?: boolean; isDisabled?: boolean }): void;
}

/** `target` is an action, or the sheet that the button opens. */
export function controlButton(
  kind: 'plain' | 'danger' | 'accept',
  target: (() => void) | { readonly element: HTMLElement },
): ControlButton {
  const face = element('span', { class: 'control-face' });
  const words = element('span', { class: 'control-label' });
  const made = element('button', { type: 'button', class: `control control-${kind}` }, face, words);
  if (typeof target === 'function') made.addEventListener('click', target);
  else made.setAttribute('popovertarget', target.element.id);
  let shown: IconName | null = null;
  return {
    element: made,
    show({ label, icon: name, isOn, isDisabled = false }) {
      if (shown !== name) face.replaceChildren(icon(name));
      shown = name;
      setText(words, label);
      if (isOn !== undefined) made.setAttribute('aria-pressed', String(isOn));
      made.disabled = isDisabled;
    },
  };
}
