import { FakeClock, RecordingLogger } from '@ringfence/base/testing';
import { describe, expect, test } from 'vitest';
import { resolveMediaOptions } from '../options.ts';
import { estimateMos } from './mos.ts';
import { Monitor } from './monitor.ts';
import { compare, overLimits, worst } from './quality.ts';
import type { Quality } from './quality.ts';
import { readCounters } from './statistics.ts';
import { Warnings } from './warnings.ts';

const { limits } = resolveMediaOptions();

/** A report of a browser: its entries by id. */
const report = (at: number, entries: Record<string, Record<string, unknown>>): RTCStatsReport =>
  new Map(
    Object.entries(entries).map(([id, entry]) => [id, { id, timestamp: at, ...entry }]),
  ) as unknown as RTCStatsReport;

const transport = { type: 'transport', selectedCandidatePairId: 'P' };
const pair = { type: 'candidate-pair', currentRoundTripTime: 0.08 };
const otherPair = { type: 'candidate-pair', currentRoundTripTime: 9 };

describe('a sample', () => {
  test('is the difference of two readings', () => {
    const before = readCounters(
      report(10_000, {
        T: transport,
        P: pair,
        Q: otherPair,
        O: { type: 'outbound-rtp', kind: 'audio', bytesSent: 1_000 },
        A: {
          type: 'inbound-rtp',
          kind: 'audio',
          bytesReceived: 2_000,
          packetsReceived: 100,
          packetsLost: 5,
          jitter: 0.003,
          jitterBufferDelay: 100,
          jitterBufferEmittedCount: 1_000,
        },
        V: {
          type: 'inbound-rtp',
          kind: 'video',
          bytesReceived: 50_000,
          packetsReceived: 200,
          packetsLost: 0,
          framesDecoded: 60,
          totalFreezesDuration: 0.5,
        },
      }),
    );
    const after = readCounters(
      report(12_000, {
        T: transport,
        P: pair,
        O: { type: 'outbound-rtp', kind: 'audio', bytesSent: 9_000 },
        R: { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.02, roundTripTime: 7 },
        A: {
          type: 'inbound-rtp',
          kind: 'audio',
          bytesReceived: 10_000,
          packetsReceived: 195,
          packetsLost: 10,
          jitter: 0.004,
          jitterBufferDelay: 4_900,
          jitterBufferEmittedCount: 97_000,
        },
        V: {
          type: 'inbound-rtp',
          kind: 'video',
          bytesReceived: 250_000,
          packetsReceived: 300,
          packetsLost: 0,
          framesDecoded: 120,
          totalFreezesDuration: 0.75,
        },
      }),
    );
    expect(compare(before, after, 77)).toEqual({
      at: 77,
      roundTripMs: 80,
      lossPercent: (5 / 200) * 100,
      sendLossPercent: 2,
      jitterMs: 4,
      sendKbps: 32,
      receiveKbps: (208_000 * 8) / 2_000,
      framesPerSecond: 30,
      frozenMs: 250,
      // One way, the mean wait in the jitter buffer, and the packet itself; 5 of 100 lost.
      mos: estimateMos({ delayMs: 40 + 50 + 25, lossPercent: 5 }),
    });
  });

  test('of a silent line says what it does not know', () => {
    const empty = readCounters(report(1_000, {}));
    expect(compare(empty, readCounters(report(2_000, {})), 0)).toEqual({
      at: 0,
      roundTripMs: null,
      lossPercent: null,
      sendLossPercent: null,
      jitterMs: null,
      sendKbps: 0,
      receiveKbps: 0,
      framesPerSecond: null,
      frozenMs: null,
      mos: null,
    });
  });

  test('takes the round trip where Firefox says it, or from the peer', () => {
    const selected = { ...pair, selected: true };
    expect(readCounters(report(0, { Q: otherPair, P: selected })).roundTripMs).toBe(80);
    const remote = { type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: 0.05 };
    expect(readCounters(report(0, { Q: otherPair, R: remote })).roundTripMs).toBe(50);
  });

  test('of a stream that began anew is never negative', () => {
    const audio = { type: 'inbound-rtp', kind: 'audio' };
    const before = readCounters(
      report(0, { A: { ...audio, bytesReceived: 9_000, packetsReceived: 90, packetsLost: 9 } }),
    );
    const after = readCounters(
      report(1_000, { A: { ...audio, bytesReceived: 100, packetsReceived: 100, packetsLost: 1 } }),
    );
    expect(compare(before, after, 0)).toMatchObject({ receiveKbps: 0, lossPercent: 0 });
  });
});

describe('the worst of some samples', () => {
  const sample = (at: number, mos: number | null, warnings: Quality['warnings'] = []): Quality => ({
    ...compare(readCounters(report(0, {})), readCounters(report(1, {})), at),
    mos,
    warnings,
  });

  test('has the most warnings, then the lowest score', () => {
    const fine = sample(1, 4.4);
    const poor = sample(2, 2);
    const frozen = sample(3, 4.4, ['frozen-video']);
    const both = sample(4, 1, ['frozen-video', 'low-mos']);
    const silent = sample(5, null);
    expect(worst([fine, poor, silent])).toBe(poor);
    expect(worst([poor, frozen])).toBe(frozen);
    expect(worst([frozen, both, poor])).toBe(both);
    expect(worst([silent, fine])).toBe(fine);
    expect(worst([null, silent, null])).toBe(silent);
    expect(worst([null])).toBe(null);
  });
});

describe('the E-model', () => {
  test.each([
    [0, 0, 4.41],
    [50, 0, 4.38],
    [150, 0, 4.33],
    [300, 0, 3.71],
    [100, 1, 4.26],
    [100, 5, 3.82],
    [100, 20, 2.51],
    [60_000, 100, 1],
  ])('delay %i ms and loss %i percent give %f', (delayMs, lossPercent, mos) => {
    expect(Math.round(estimateMos({ delayMs, lossPercent }) * 100) / 100).toBe(mos);
  });

  test('never rises with more delay or loss', () => {
    for (let delayMs = 0; delayMs < 1_000; delayMs += 20) {
      for (let lossPercent = 0; lossPercent < 100; lossPercent += 2) {
        const mos = estimateMos({ delayMs, lossPercent });
        expect(mos).toBeGreaterThanOrEqual(estimateMos({ delayMs: delayMs + 20, lossPercent }));
        expect(mos).toBeGreaterThanOrEqual(estimateMos({ delayMs, lossPercent: lossPercent + 2 }));
      }
    }
  });
});

describe('warnings', () => {
  const good = overLimits(
    compare(readCounters(report(0, {})), readCounters(report(1, {})), 0),
    limits,
  );
  const bad = { ...good, 'high-loss': true };

  test('are raised at 3 of 5 and cleared at 0 of 5', () => {
    const warnings = new Warnings();
    const raised = Array.from('xx.x.....xx.').map(
      (each) => warnings.add(each === 'x' ? bad : good).length,
    );
    expect(raised).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test('are clear on what is not known', () => {
    expect(good).toEqual({
      'high-round-trip': false,
      'high-loss': false,
      'high-jitter': false,
      'frozen-video': false,
      'low-mos': false,
    });
  });
});

describe('the monitor', () => {
  const counters = (at: number, bytes: number) =>
    report(at, { O: { type: 'outbound-rtp', kind: 'audio', bytesSent: bytes } });

  function createMonitor(getStats: () => Promise<RTCStatsReport>) {
    const clock = new FakeClock(0);
    const logger = new RecordingLogger();
    const samples: Quality[] = [];
    const monitor = new Monitor(
      { sampleMs: 1_000, limits },
      { getStats, sampled: (quality) => samples.push(quality) },
      clock,
      logger,
    );
    return { clock, logger, samples, monitor };
  }

  test('samples each second, from the second reading on, until it is stopped', async () => {
    let reading = 0;
    const { clock, samples, monitor } = createMonitor(async () => {
      reading += 1;
      return counters(reading * 1_000, reading * 4_000);
    });
    monitor.start();
    monitor.start();
    await clock.advanceAsync(2_000);
    expect(samples.map(({ at, sendKbps }) => [at, sendKbps])).toEqual([
      [1_000, 32],
      [2_000, 32],
    ]);
    monitor.stop();
    await clock.advanceAsync(5_000);
    expect({ reading, pending: clock.pending }).toEqual({ reading: 3, pending: 0 });
  });

  test('goes on after a reading that failed, and does not start a second one meanwhile', async () => {
    let reading = 0;
    const { clock, logger, samples, monitor } = createMonitor(async () => {
      reading += 1;
      if (reading === 2) throw new DOMException('busy', 'OperationError');
      return counters(clock.now(), reading * 1_000);
    });
    monitor.start();
    await clock.advanceAsync(2_000);
    expect(samples.map(({ at }) => at)).toEqual([2_000]);
    expect(logger.lines).toEqual([
      { level: 'debug', message: 'statistics not read', fields: { error: 'OperationError' } },
    ]);
    monitor.stop();
  });
});
