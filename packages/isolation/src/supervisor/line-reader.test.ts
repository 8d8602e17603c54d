import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineReader } from './line-reader.ts';

test('lines come out whole, however the output is cut', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '€', '😀'), maxLength: 12 });
  const lines = fc.array(line, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 7 }), (printed, cut) => {
      const output = Buffer.from(printed.join('\n'));
      const expected = output.toString('utf8').split('\n');
      const reader = new LineReader();
      const read: string[] = [];
      for (let at = 0; at < output.length; at += cut) {
        read.push(...reader.push(output.subarray(at, at + cut)));
      }
      read.push(...reader.end());
      // An output that ends with its line's end has nothing after it.
      expect(read).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected);
    }),
  );
});

test('a line without an end is cut, and takes no more room however long it gets', () => {
  const reader = new LineReader();
  for (let chunk = 0; chunk < 100; chunk += 1) {
    expect(reader.push(Buffer.alloc(65_536, 'x'))).toEqual([]);
  }
  expect(reader.push(Buffer.from('\r\nnext\r\n'))).toEqual(['x'.repeat(16_384), 'next']);
});
