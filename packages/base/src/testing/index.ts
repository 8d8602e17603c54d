export { FakeClock, settle } from './fake-clock.ts';
export { RecordingLogger } from './recording-logger.ts';
export { seededRandom } from './seeded-random.ts';

export type { LogLine } from './recording-logger.ts';
