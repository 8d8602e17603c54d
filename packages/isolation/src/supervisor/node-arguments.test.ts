import { expect, test } from 'vitest';
import { inheritedArguments } from './node-arguments.ts';

test('a child takes over how sources are found and run, and not what is for one process', () => {
  expect(
    inheritedArguments([
      '--conditions=@ringfence/source',
      '-C',
      'other',
      '--import',
      './loader.mjs',
      '--experimental-strip-types',
      '--inspect-brk=9229',
      '--inspect',
      '--max_old_space_size=64',
      '--input-type',
      'module',
      '-e',
      'code',
      '--eval=code',
      '--no-warnings',
    ]),
  ).toEqual([
    '--conditions=@ringfence/source',
    '-C',
    'other',
    '--import',
    './loader.mjs',
    '--experimental-strip-types',
    '--no-warnings',
  ]);
});
