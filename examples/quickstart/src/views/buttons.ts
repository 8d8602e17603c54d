import { element } from '../element.ts';
import { icon } from './icons.ts';
import type { IconName } from './icons.ts';

export type ButtonKind = 'primary' | 'plain' | 'danger' | 'quiet';

/** A button with words and, when named, a picture before them. */
export function button(
  label: string,
  options: { kind?: ButtonKind; icon?: IconName; type?: 'button' | 'submit'; onPress?: () => void },
): HTMLButtonElement {
  const made = element('button', {
    type: options.type ?? 'button',
    class: `button button-${options.kind ?? 'plain'}`,
  });
  if (options.icon !== undefined) made.append(icon(options.icon));
  made.append(element('span', {}, label));
  if (options.onPress !== undefined) made.addEventListener('click', options.onPress);
  return made;
}

/** A round button of the call: a picture over its words. */
export interface ControlButton {
  readonly element: HTMLButtonElement;
  /** `isOn` is what a screen reader hears as pressed; leave it out for a plain action. */
  show(state: { label: string; icon: IconName; isOn?: boolean; isDisabled?: boolean }): void;
}

export function controlButton(
  kind: 'plain' | 'danger' | 'accept',
  onPress: () => void,
): ControlButton {
  const face = element('span', { class: 'control-face' });
  const words = element('span', { class: 'control-label' });
  const made = element('button', { type: 'button', class: `control control-${kind}` }, face, words);
  made.addEventListener('click', onPress);
  let shown: IconName | null = null;
  return {
    element: made,
    show({ label, icon: name, isOn, isDisabled = false }) {
      if (shown !== name) face.replaceChildren(icon(name));
      shown = name;
      words.textContent = label;
      if (isOn !== undefined) made.setAttribute('aria-pressed', String(isOn));
      made.disabled = isDisabled;
    },
  };
}
