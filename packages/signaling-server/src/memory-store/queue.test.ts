import { expect, test } from 'vitest';
import { Queue } from './queue.ts';

test('items leave in the order they came, also over many thousands', () => {
  const queue = new Queue<number>();
  const left: number[] = [];
  for (let item = 0; item < 10_000; item += 1) {
    queue.push(item);
    if (item % 3 === 0) continue;
    left.push(queue.first!);
    queue.shift();
  }
  expect(queue.size).toBe(10_000 - left.length);
  while (queue.first !== undefined) {
    left.push(queue.first);
    queue.shift();
  }
  expect(left).toEqual(Array.from({ length: 10_000 }, (_, item) => item));
  queue.shift();
  expect(queue.size).toBe(0);
});
