import type { Words } from '../words.ts';
import { button } from './buttons.ts';

/** Offers the page in its other language, in that language. */
export function languageButton(
  { otherLanguage: { code, name } }: Words,
  onLanguage: (language: Words['language']) => void,
): HTMLButtonElement {
  const made = button(name, { kind: 'quiet', icon: 'language', onPress: () => onLanguage(code) });
  made.lang = code;
  return made;
}
