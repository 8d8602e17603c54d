import { optionError } from '@ringfence/base';

/*
 * What types promise, for those who write JavaScript. Numbers are checked by `numberOption` of
 * `@ringfence/base`.
 */

/** Returns `value` when it is an object and nothing more special, else throws `invalid_option`. */
export function recordOption<Options extends object>(field: string, value: Options): Options {
  if (Object.prototype.toString.call(value) === '[object Object]') return value;
  throw optionError(field, value, 'a plain object');
}

/** Returns `value` when it is a function, else throws `invalid_option`. */
export function functionOption<Given>(field: string, value: Given): Given {
  if (typeof value === 'function') return value;
  throw optionError(field, value, 'a function');
}
