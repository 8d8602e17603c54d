import fc from 'fast-check';
import { RingfenceError } from '@ringfence/base';
import { expect, test } from 'vitest';
import { carryError, isCarriedError, reviveError } from './error-transfer.ts';

const fault = fc.constantFrom('caller', 'peer', 'network', 'device', 'server', 'internal');

const { error } = fc.letrec<{ error: Error; plain: Error; ours: Error }>((tie) => ({
  error: fc.oneof({ maxDepth: 4 }, tie('plain'), tie('ours')),
  plain: fc
    .record({ message: fc.string(), code: fc.option(fc.string()), cause: fc.option(tie('error')) })
    .map(({ message, code, cause }) => {
      const made = new TypeError(message, cause === null ? undefined : { cause });
      return code === null ? made : Object.assign(made, { code });
    }),
  ours: fc
    .record({
      code: fc.string(),
      message: fc.string(),
      fault,
      retryable: fc.boolean(),
      hint: fc.string(),
      details: fc.dictionary(fc.string(), fc.jsonValue()),
      cause: fc.option(tie('error')),
    })
    .map(({ code, message, cause, ...facts }) => {
      return new RingfenceError(code, message, cause === null ? facts : { ...facts, cause });
    }),
}));

/** What must survive of an error: eight levels of causes. */
function essence(thrown: unknown, depth = 1): unknown {
  const { name, message, stack, code, cause } = thrown as Error & { code?: unknown };
  const isLast = depth === 8 || cause === undefined;
  const common = { name, message, stack, code, cause: isLast ? null : essence(cause, depth + 1) };
  if (!(thrown instanceof RingfenceError)) return common;
  const { fault: whose, retryable, hint, details } = thrown;
  return { ...common, whose, retryable, hint, details: { ...details } };
}

test('every error arrives as it was', () => {
  fc.assert(
    fc.property(error, (original) => {
      const carried = structuredClone(carryError(original));
      expect(isCarriedError(carried)).toBe(true);
      expect(essence(reviveError(carried))).toEqual(essence(original));
    }),
  );
});

test('details keep a key that means something else to JavaScript', () => {
  const details = JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2 }');
  const facts = { fault: 'server', retryable: false, hint: '', details } as const;
  const carried = structuredClone(carryError(new RingfenceError('no', 'no', facts)));
  expect(Object.entries((reviveError(carried) as RingfenceError).details)).toEqual([
    ['__proto__', { a: 1 }],
    ['constructor', 2],
  ]);
});

test('whatever is thrown becomes something that can be carried', () => {
  const ring = new Error('ring');
  ring.cause = ring;
  const nasty = new Error('nasty');
  Object.defineProperty(nasty, 'message', {
    get() {
      throw new Error('unreadable');
    },
  });
  for (const thrown of [undefined, null, 5, 'text', Symbol('s'), () => {}, {}, ring, nasty]) {
    const carried = structuredClone(carryError(thrown));
    expect(isCarriedError(carried)).toBe(true);
    expect(reviveError(carried)).toBeInstanceOf(Error);
  }
  fc.assert(fc.property(fc.anything(), (thrown) => isCarriedError(carryError(thrown))));
});

test('a ring of causes ends, and a long text is cut', () => {
  const ring = new Error('x'.repeat(100_000));
  ring.cause = ring;
  expect(JSON.stringify(carryError(ring)).length).toBeLessThan(300_000);
});

/** Few objects that stand in very many places, as structured clone carries them. */
function crowd<Node>(leaf: Node, make: (parts: Node[]) => Node): Node {
  let node = leaf;
  for (let level = 0; level < 8; level += 1) node = make(Array.from({ length: 16 }, () => node));
  return node;
}

test('errors of errors are bounded as a whole, on both sides', () => {
  const thrown = crowd(new Error('leaf'), (errors) => new AggregateError(errors, 'crowd'));
  const carried = structuredClone(carryError(thrown));
  expect(isCarriedError(carried)).toBe(true);
  expect(JSON.stringify(carried).length).toBeLessThan(1_000_000);
  const leaf = { name: 'Error', message: 'leaf' };
  const hostile = crowd<object>(leaf, (errors) => ({ name: 'Error', message: '', errors }));
  expect(isCarriedError(structuredClone(hostile))).toBe(false);
});

test('an error with a name, message or stack that is no text arrives all the same', () => {
  for (const [key, value] of [
    ['name', 5],
    ['message', {}],
    ['stack', [() => {}]],
    ['name', Symbol('s')],
  ]) {
    const carried = structuredClone(
      carryError(Object.assign(new Error('no'), { [key as string]: value })),
    );
    expect(isCarriedError(carried)).toBe(true);
  }
});

test('what is not an error of ours is not taken for one', () => {
  const good = carryError(new Error('no'));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(good)), fc.anything(), (key, value) => {
      const isText = typeof value === 'string' || (value === undefined && key === 'stack');
      return isCarriedError({ ...good, [key]: value }) === isText;
    }),
  );
});
