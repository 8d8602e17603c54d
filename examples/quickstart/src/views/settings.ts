import type { UserSettings } from '@ringfence/phone';
import type { Refusal } from '../app.ts';
import { element, setText } from '../element.ts';
import { nameOf, userIdOf } from '../format.ts';
import { refusalInWords } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { languageButton } from './language.ts';
import { createSheet, nameField } from './sheet.ts';
import type { Sheet } from './sheet.ts';

/** Do not disturb, and where calls go that are not taken. Of the user, on all of their devices. */
export function createSettingsSheet(
  words: Words,
  options: {
    readonly onSave: (settings: UserSettings) => Promise<Refusal | null>;
    readonly onLanguage: (language: Words['language']) => void;
    readonly onSignOut: () => void;
  },
): Sheet & { update(settings: UserSettings | null, isInCall: boolean): void } {
  let settings: UserSettings | null = null;
  const sheet = createSheet(words, {
    id: 'settings',
    title: words.settings.title,
    onOpen: () => show(),
  });
  const doNotDisturb = element('input', {
    type: 'checkbox',
    id: 'do-not-disturb',
    role: 'switch',
    class: 'switch',
    'aria-describedby': 'do-not-disturb-hint',
  });
  const onBusy = nameField('forward-busy');
  const onNoAnswer = nameField('forward-no-answer');
  onBusy.placeholder = onNoAnswer.placeholder = words.settings.nobody;
  const save = button(words.settings.save, { kind: 'primary', type: 'submit' });
  const said = element('p', { role: 'status' });
  const tell = (text: string, kind: 'problem' | 'hint'): void => {
    setText(said, text);
    said.className = kind;
    said.hidden = text === '';
  };

  /** Puts what the server knows into the form. */
  const show = (): void => {
    doNotDisturb.checked = settings?.doNotDisturb ?? false;
    onBusy.value = nameAt(settings?.forwardOnBusy);
    onNoAnswer.value = nameAt(settings?.forwardOnNoAnswer);
    tell('', 'hint');
  };
  const submit = async (): Promise<void> => {
    save.disabled = true;
    const refusal = await options.onSave({
      doNotDisturb: doNotDisturb.checked,
      forwardOnBusy: addressOf(onBusy.value),
      forwardOnNoAnswer: addressOf(onNoAnswer.value),
    });
    save.disabled = false;
    show();
    if (refusal === null) tell(words.settings.saved, 'hint');
    else tell(refusalInWords(words, refusal), 'problem');
  };
  const form = element(
    'form',
    { class: 'form', novalidate: true },
    element(
      'label',
      { class: 'check', for: 'do-not-disturb' },
      doNotDisturb,
      element('span', {}, words.settings.doNotDisturb),
    ),
    element('p', { class: 'hint', id: 'do-not-disturb-hint' }, words.settings.doNotDisturbHint),
    element('label', { class: 'label', for: 'forward-busy' }, words.settings.onBusy),
    onBusy,
    element('label', { class: 'label', for: 'forward-no-answer' }, words.settings.onNoAnswer),
    onNoAnswer,
    said,
    save,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  const signOut = button(words.shell.signOut, { kind: 'quiet', onPress: options.onSignOut });
  sheet.body.append(
    form,
    element('div', { class: 'sheet-foot' }, languageButton(words, options.onLanguage), signOut),
  );
  return Object.assign(sheet, {
    update(next: UserSettings | null, isInCall: boolean) {
      // Signing out ends every call: that is no small press beside others.
      signOut.hidden = isInCall;
      const isNew = next !== settings;
      settings = next;
      save.disabled = next === null;
      // What is being typed is left alone, unless another device changed the settings.
      if (isNew) show();
    },
  });
}

/** The name of the user at an address; empty for none. */
function nameAt(address: string | null | undefined): string {
  return nameOf((address ?? '').replace(/^user:/, ''));
}

/** The address of a typed name; null for none. */
function addressOf(name: string): UserSettings['forwardOnBusy'] {
  return name.trim() === '' ? null : `user:${userIdOf(name)}`;
}
