import { numberOption, optionError } from '@ringfence/base';

/** Like `numberOption`, for whole numbers. */
export function wholeOption(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value)) return numberOption(field, value, least, most);
  throw optionError(field, value, `a whole number from ${least} to ${most}`);
}
