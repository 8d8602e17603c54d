import { expect, test } from 'vitest';
import { readDemoArguments } from './demo.ts';

test('the demo reads its arguments, and says which one it cannot', () => {
  expect(readDemoArguments([])).toEqual({ port: null, lan: false, check: false });
  expect(readDemoArguments(['--port', '9000', '--lan'])).toEqual({
    port: 9000,
    lan: true,
    check: false,
  });
  expect(readDemoArguments(['--check'])).toEqual({ port: null, lan: false, check: true });
  expect(readDemoArguments(['--port', 'x'])).toEqual({
    problem: '--port x is not a number from 0 to 65535',
  });
  expect(readDemoArguments(['--wan'])).toMatchObject({
    problem: expect.stringContaining("'--wan'"),
  });
});
