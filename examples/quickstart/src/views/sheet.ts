import { element, setText } from '../element.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';

/** A panel that a button opens over the page: at the side where there is room, else from below. */
export interface Sheet {
  readonly element: HTMLElement;
  readonly body: HTMLElement;
  readonly isOpen: boolean;
  setTitle(title: string): void;
  close(): void;
}

/**
 * The browser opens and closes it (HTML, the popover attribute): by its button, Escape, or a press
 * beside it. It is no modal dialog, so a call that comes in can be answered over it.
 */
export function createSheet(
  words: Words,
  options: { readonly id: string; readonly title: string; readonly onOpen?: () => void },
): Sheet {
  const titleId = `${options.id}-title`;
  const title = element('h2', { id: titleId, class: 'sheet-title' }, options.title);
  const close = button(words.shell.close, { kind: 'quiet', icon: 'close', isIconOnly: true });
  close.setAttribute('popovertarget', options.id);
  close.setAttribute('popovertargetaction', 'hide');
  const body = element('div', { class: 'sheet-body' });
  const root = element(
    'div',
    { id: options.id, class: 'sheet', popover: 'auto', role: 'dialog', 'aria-labelledby': titleId },
    element('div', { class: 'sheet-header' }, title, close),
    body,
  );
  root.addEventListener('toggle', () => {
    if (root.matches(':popover-open')) options.onOpen?.();
  });
  return {
    element: root,
    body,
    get isOpen() {
      return root.matches(':popover-open');
    },
    setTitle: (text) => setText(title, text),
    close() {
      if (root.matches(':popover-open')) root.hidePopover();
    },
  };
}

/** A field with its label, and a form around it that gives what was typed when it is sent. */
export function nameForm(options: {
  readonly id: string;
  readonly label: string;
  readonly buttons: readonly HTMLButtonElement[];
  readonly extra?: readonly HTMLElement[];
  readonly onSubmit: (name: string, by: HTMLElement | null) => void;
}): { readonly element: HTMLFormElement; readonly field: HTMLInputElement } {
  const field = nameField(options.id);
  const form = element(
    'form',
    { class: 'form', novalidate: true },
    element('label', { for: options.id, class: 'label' }, options.label),
    field,
    ...(options.extra ?? []),
    element('div', { class: 'row' }, ...options.buttons),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (field.value.trim() === '') return field.focus();
    options.onSubmit(field.value, event.submitter);
    field.value = '';
  });
  return { element: form, field };
}

/** A field for the name of a user. */
export function nameField(id: string): HTMLInputElement {
  return element('input', {
    id,
    class: 'field',
    autocomplete: 'off',
    autocapitalize: 'words',
    spellcheck: 'false',
    maxlength: '40',
  });
}
