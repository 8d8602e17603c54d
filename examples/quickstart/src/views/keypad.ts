import type { Call } from '@ringfence/phone';
import { element, setText } from '../element.ts';
import type { Words } from '../words.ts';
import { createSheet } from './sheet.ts';
import type { Sheet } from './sheet.ts';

const keys = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
] as const;

/** The keys of a telephone: each press sends its tone (DTMF, RFC 4733). */
export function createKeypadSheet(
  words: Words,
  { attempt }: { readonly attempt: (asked: Promise<unknown>) => void },
): Sheet & { update(call: Call): void } {
  const names: Readonly<Record<string, string>> = {
    '*': words.keypad.star,
    '#': words.keypad.hash,
  };
  const sheet = createSheet(words, { id: 'keypad', title: words.keypad.title });
  let call: Call | null = null;
  let sent = '';
  const display = element('output', { class: 'keypad-sent', 'aria-label': words.keypad.sent });
  const press = (tone: string): void => {
    if (call === null) return;
    sent = (sent + tone).slice(-16);
    setText(display, sent);
    attempt(call.sendDtmf(tone));
  };
  const pad = element('div', { class: 'keypad' });
  for (const [tone, letters] of keys) {
    const key = element(
      'button',
      { type: 'button', class: 'key', 'aria-label': names[tone] },
      element('span', {}, tone),
      element('small', { 'aria-hidden': 'true' }, letters),
    );
    key.addEventListener('click', () => press(tone));
    pad.append(key);
  }
  sheet.body.append(display, pad);
  sheet.element.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
    if (!ctrlKey && !metaKey && !altKey && keys.some(([tone]) => tone === key)) press(key);
  });
  return Object.assign(sheet, {
    update(next: Call) {
      if (next === call) return;
      call = next;
      sent = '';
      setText(display, '');
    },
  });
}
