import { expect, test } from 'vitest';
import { validationPercent } from './validation-share.ts';

test('the share is that of the checks among all but idle time, after the warm-up', () => {
  const frame = (id: number, functionName: string, url = '') => ({
    id,
    callFrame: { functionName, url },
  });
  const nodes = [
    frame(1, '(idle)'),
    frame(2, 'fault', 'file:///r/packages/protocol/src/schema.ts'),
    frame(3, 'parseJson', 'file:///r/packages/protocol/src/codec.ts'),
    frame(4, 'readRequest', 'file:///r/packages/protocol/src/codec.ts'),
    frame(5, 'RegExp: ^l[1-9][0-9]{0,3}$'),
  ];
  // Four of ten samples are warm-up.
  expect(validationPercent({ nodes, samples: [2, 2, 2, 2, 1, 3, 3, 2, 4, 5] })).toBe(60);
  expect(validationPercent({ nodes, samples: [1] })).toBe(0);
});
