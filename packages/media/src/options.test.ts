import { expect, test } from 'vitest';
import { resolveMediaOptions } from './options.ts';

test('every default stands in one place', () => {
  expect(resolveMediaOptions()).toEqual({
    capture: {
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    },
    playsAudio: true,
    iceTransportPolicy: 'all',
    iceServersTimeoutMs: 3_000,
    candidateBatchMs: 20,
    restartAfterMs: 3_000,
    restartTimeoutMs: 8_000,
    restartAttempts: 5,
    giveUpMs: 60_000,
    sampleMs: 1_000,
    limits: { roundTripMs: 400, lossPercent: 3, jitterMs: 30, frozenMs: 500, mos: 3.5 },
  });
});

test.each([
  [{ candidateBatchMs: -1 }, 'candidateBatchMs', -1],
  [{ sampleMs: 0 }, 'sampleMs', 0],
  [{ restartAttempts: 21 }, 'restartAttempts', 21],
  [{ limits: { mos: 5 } }, 'limits.mos', 5],
  [{ iceTransportPolicy: 'none' as 'all' }, 'iceTransportPolicy', 'none'],
])('%j is out of range', (options, field, received) => {
  expect(() => resolveMediaOptions(options)).toThrow(
    expect.objectContaining({
      code: 'invalid_option',
      details: { field },
      message: expect.stringContaining(`option ${field}; ${String(received)} is not`),
    }),
  );
});
