/* A page that holds the browser's own media engine to the promises of its port. */
import { delay, systemClock, systemRandom } from '@ringfence/base';
import { createMedia } from '@ringfence/media';
import { mediaConformance } from '@ringfence/media/testing';

declare global {
  /** Runs one check; resolves with what was not as promised, or null. */
  var runMediaCheck: (name: string) => Promise<string | null>;
}

const checks = mediaConformance(() => ({
  caller: createMedia(),
  callee: createMedia(),
  clock: systemClock,
  random: systemRandom,
  elapse: (ms) => delay(systemClock, ms),
}));

globalThis.runMediaCheck = async (name) => {
  const check = checks.find((each) => each.name === name);
  if (check === undefined) return `there is no check "${name}"`;
  try {
    await check.run();
    return null;
  } catch (thrown) {
    return String(thrown);
  }
};
