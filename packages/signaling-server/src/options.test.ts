import { expect, it } from 'vitest';
import { resolveServerOptions } from './options.ts';

it('has a default for everything', () => {
  expect(resolveServerOptions()).toEqual({
    deadlines: {
      ringMs: 45_000,
      forwardMs: 20_000,
      acknowledgeMs: 2_000,
      connectMs: 20_000,
      leaseMs: 10_000,
      graceMs: 30_000,
      maximumMs: 43_200_000,
    },
    beatMs: 2_000,
    silentMs: 6_000,
    helloMs: 5_000,
    sweepMs: 250,
    sweepCalls: 500,
    framesPerSecond: 100,
    frameBurst: 400,
    dialsPerSecond: 2,
    dialBurst: 80,
    bufferedBytes: 1_048_576,
    callsPerUser: 4,
    devicesPerUser: 100,
    maximumSessions: 50_000,
    reconnectSpreadMs: 500,
    tokenWarningMs: 60_000,
    historyMs: 86_400_000,
    answerMs: 86_400_000,
  });
});

it('names the field and the value of an option out of its range', () => {
  expect(() => resolveServerOptions({ silentMs: 1_000 })).toThrow(
    'unable to use option silentMs; 1000 is not a number from 2000 to 120000',
  );
  expect(() => resolveServerOptions({ deadlines: { ringMs: 1 } })).toThrow(
    'unable to use option ringMs; 1 is not a number from 1000 to 300000',
  );
});

it('waits three beats for a device when beats are slow', () => {
  expect(resolveServerOptions({ beatMs: 10_000 }).silentMs).toBe(30_000);
});
