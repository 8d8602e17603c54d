import { describe, expect, test, vi } from 'vitest';
import { numberOption, numberOptions, optionError, RingfenceError, toError } from './errors.ts';

const facts = { fault: 'caller', retryable: false, hint: 'Do otherwise.' } as const;

test('carries its code, facts, cause and details', () => {
  const cause = new Error('below');
  const error = new RingfenceError('no_luck', 'unable to win; no luck', {
    ...facts,
    cause,
    details: { tries: 3 },
  });
  expect(Object.assign({}, error)).toEqual({
    name: 'RingfenceError',
    code: 'no_luck',
    ...facts,
    details: { tries: 3 },
  });
  expect([error.message, error.cause, String(error)]).toEqual([
    'unable to win; no luck',
    cause,
    'RingfenceError: unable to win; no luck',
  ]);
  expect('cause' in new RingfenceError('no_luck', 'm', facts)).toBe(false);
});

describe('instanceof', () => {
  class DerivedError extends RingfenceError<'derived'> {
    constructor() {
      super('derived', 'unable to go on; derived', facts);
    }
  }

  test('holds across two copies of the package', async () => {
    vi.resetModules();
    const copy = await import('./errors.ts');
    expect(copy.RingfenceError).not.toBe(RingfenceError);
    const theirs = new copy.RingfenceError('no_luck', 'm', facts);
    const ours = new RingfenceError('no_luck', 'm', facts);
    expect([theirs instanceof RingfenceError, ours instanceof copy.RingfenceError]).toEqual([
      true,
      true,
    ]);
  });

  test('is false for what is no error of ours', () => {
    const others: unknown[] = [new Error('m'), { code: 'no_luck' }, null, undefined, 'no_luck'];
    expect(others.map((other) => other instanceof RingfenceError)).toEqual(others.map(() => false));
  });

  test('of a class of its own asks for that class', () => {
    expect([
      new DerivedError() instanceof RingfenceError,
      new DerivedError() instanceof DerivedError,
      new RingfenceError('no_luck', 'm', facts) instanceof DerivedError,
      new DerivedError() instanceof Error,
    ]).toEqual([true, true, false, true]);
  });
});

describe('toError', () => {
  test('lets errors through unchanged', () => {
    const error = new TypeError('m');
    expect(toError(error)).toBe(error);
  });

  test.each([undefined, null, 'text', 42, { message: 'm' }])(
    'wraps %j with its cause',
    (thrown) => {
      const error = toError(thrown);
      expect(error).toBeInstanceOf(RingfenceError);
      expect(error).toMatchObject({
        code: 'unknown',
        fault: 'internal',
        ...(thrown === undefined ? {} : { cause: thrown }),
      });
    },
  );
});

describe('options', () => {
  test('a value within its bounds passes, bounds included', () => {
    expect([
      numberOption('x', 1, 1, 3),
      numberOption('x', 2.5, 1, 3),
      numberOption('x', 3, 1, 3),
    ]).toEqual([1, 2.5, 3]);
  });

  test.each([0.999, 3.001, Number.NaN, Infinity, -Infinity])('%d is out of bounds', (value) => {
    expect(() => numberOption('ringMs', value, 1, 3)).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: `unable to use option ringMs; ${value} is not a number from 1 to 3`,
        hint: 'Set ringMs to a number from 1 to 3.',
        details: { field: 'ringMs' },
      }),
    );
  });

  test('a text where a number is due is refused by its value', () => {
    expect(() => numberOption('ringMs', '2' as unknown as number, 1, 3)).toThrow(
      'unable to use option ringMs; 2 is not a number from 1 to 3',
    );
  });

  test('any other option has its error too', () => {
    expect(optionError('url', '', 'a WebSocket URL')).toMatchObject({
      code: 'invalid_option',
      fault: 'caller',
      message: 'unable to use option url;  is not a WebSocket URL',
    });
  });
});

describe('numberOptions', () => {
  const ranges = { ringMs: [3, 1, 9], count: [0, 0, 5] } as const;

  test('fills in what is missing or undefined, and leaves out what it does not know', () => {
    const given = { ringMs: undefined, count: 5, other: 1 };
    expect(numberOptions(ranges, given)).toEqual({ ringMs: 3, count: 5 });
  });

  test('names the field that is out of its range, and where it stands', () => {
    expect(() => numberOptions(ranges, { ringMs: 10 }, 'limits.')).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: 'unable to use option limits.ringMs; 10 is not a number from 1 to 9',
      }),
    );
  });
});
