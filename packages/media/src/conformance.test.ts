import { seededRandom } from '@ringfence/base/testing';
import { FakeClock } from '@ringfence/base/testing';
import { describe, expect, test } from 'vitest';
import { createFakeMedia, mediaConformance } from './testing/index.ts';

describe.each([0, 12])('the fake, operations taking up to %i ms', (operationMs) => {
  const made: { clock: FakeClock; left: () => number }[] = [];
  const checks = mediaConformance(() => {
    const clock = new FakeClock();
    const random = seededRandom(7);
    const caller = createFakeMedia({ clock, random, operationMs });
    const callee = createFakeMedia({ clock, random, operationMs });
    for (const { browser } of [caller, callee]) {
      browser.addDevice('audioinput', 'headset');
      browser.addDevice('audiooutput', 'headphones');
    }
    const left = () =>
      caller.size +
      callee.size +
      caller.browser.listeners +
      callee.browser.listeners +
      caller.browser.attachedAudios.length +
      callee.browser.attachedAudios.length +
      caller.browser.liveTracks +
      callee.browser.liveTracks +
      caller.browser.openConnections.length +
      callee.browser.openConnections.length;
    made.push({ clock, left });
    return { caller, callee, clock, random, elapse: (ms) => clock.advanceAsync(ms) };
  });

  test.each(checks)('$name', async ({ run }) => {
    await run();
    const { clock, left } = made.at(-1)!;
    // What is still under way in the channel is the channel's.
    await clock.advanceAsync(100);
    expect({ timers: clock.pending, left: left() }).toEqual({ timers: 0, left: 0 });
  });
});
