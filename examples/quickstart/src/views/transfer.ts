import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import { nameOf, userIdOf } from '../format.ts';
import type { Line } from '../lines.ts';
import { namesIn } from '../words.ts';
import type { Words } from '../words.ts';
import { button } from './buttons.ts';
import { createLineButtons } from './line-buttons.ts';
import { createSheet, nameForm } from './sheet.ts';
import type { Sheet } from './sheet.ts';

/** Passes the call on: to a name, or to the people of another line. */
export function createTransferSheet(
  words: Words,
  { attempt }: { readonly attempt: (asked: Promise<unknown>, name?: string) => void },
): Sheet & { update(call: Call, others: readonly Line[]): void } {
  const sheet = createSheet(words, { id: 'transfer', title: words.call.transfer });
  let call: Call | null = null;
  const hint = element('p', { class: 'hint' });
  const form = nameForm({
    id: 'transfer-name',
    label: words.transfer.to,
    buttons: [button(words.transfer.submit, { kind: 'primary', icon: 'transfer', type: 'submit' })],
    extra: [hint],
    onSubmit(name) {
      const id = userIdOf(name);
      sheet.close();
      if (call !== null) attempt(call.transfer(`user:${id}`), nameOf(id));
    },
  });
  const or = element('p', { class: 'hint' }, words.transfer.or);
  const connect = createLineButtons({
    icon: 'merge',
    label: (other) =>
      words.transfer.connect(call === null ? '' : namesIn(words, call), namesIn(words, other)),
    onPress(other) {
      sheet.close();
      if (call !== null) attempt(call.transfer(other));
    },
  });
  sheet.body.append(form.element, or, connect.element);
  return Object.assign(sheet, {
    update(next: Call, others: readonly Line[]) {
      call = next;
      const names = namesIn(words, next);
      sheet.setTitle(words.transfer.title(names));
      setText(hint, words.transfer.hint(names));
      or.hidden = others.length === 0;
      connect.update(others.map((line) => line.call));
    },
  });
}
