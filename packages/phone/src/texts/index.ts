export { createTexts } from './create-texts.ts';

export type {
  DescribedCall,
  ErrorContext,
  OwnTexts,
  PersonText,
  Texts,
  TextsOptions,
} from './create-texts.ts';
export type { TextCode, TextKey } from './keys.ts';
