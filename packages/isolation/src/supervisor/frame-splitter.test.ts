import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameBytes, FrameSplitter, FrameTooLong } from './frame-splitter.ts';

test('payloads come out as they went in, however the stream is cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 50 })), (sent, cuts) => {
      const stream = Uint8Array.from(sent.flatMap((payload) => [...frameBytes(payload)]));
      const splitter = new FrameSplitter(40);
      const received: Uint8Array[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.byteLength + 1]) {
        splitter.push(stream.subarray(at, at + cut));
        at += cut;
        for (let next = splitter.next(); next !== undefined; next = splitter.next()) {
          received.push(next);
        }
      }
      expect(received.map((each) => [...each])).toEqual(sent.map((each) => [...each]));
    }),
  );
});

test('a frame that is too long is refused by its length alone', () => {
  const splitter = new FrameSplitter(10);
  splitter.push(frameBytes(new Uint8Array(10)));
  splitter.push(frameBytes(new Uint8Array(11)).subarray(0, 4));
  expect(splitter.next()?.byteLength).toBe(10);
  expect(() => splitter.next()).toThrow(FrameTooLong);
});
