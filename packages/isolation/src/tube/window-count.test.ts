import { expect, test } from 'vitest';
import { seededRandom } from '@ringfence/base/testing';
import { randomInteger } from '@ringfence/base';
import { WindowCount } from './window-count.ts';

test('it counts as a list of all times would, to the minute', () => {
  const random = seededRandom(1);
  const count = new WindowCount();
  const minutes: number[] = [];
  let nowMs = 0;
  for (let step = 0; step < 5_000; step += 1) {
    const chance = randomInteger(random, 100);
    if (chance < 70) {
      count.add(nowMs);
      minutes.push(Math.floor(nowMs / 60_000));
    } else if (chance < 99) nowMs += randomInteger(random, 200_000);
    else nowMs += randomInteger(random, 8_000_000);
    const now = Math.floor(nowMs / 60_000);
    const within = (last: number): number => minutes.filter((at) => at > now - last).length;
    expect([count.inHour(nowMs), count.inMinutes(5, nowMs), count.inMinutes(1, nowMs)]).toEqual([
      within(60),
      within(5),
      within(1),
    ]);
  }
});
