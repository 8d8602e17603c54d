import { FakeClock } from '@ringfence/base/testing';
import { CircuitBreaker } from '@ringfence/isolation';
import { beforeEach, expect, test } from 'vitest';
import { Recovery } from './recovery.ts';

const options = {
  restartAfterMs: 3_000,
  restartTimeoutMs: 8_000,
  restartAttempts: 3,
  giveUpMs: 60_000,
};
let clock: FakeClock;
let recovery: Recovery;
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  const tell = (what: string) => () => {
    told.push(`${clock.monotonic()} ${what}`);
  };
  recovery = new Recovery(
    options,
    {
      connected: tell('connected'),
      disconnected: tell('disconnected'),
      restart: tell('restart'),
      failed: tell('failed'),
    },
    // Always 0: the wait is the longest there is.
    { breaker: new CircuitBreaker('media', {}, { clock }), clock, random: { uint32: () => 0 } },
  );
});

test('a connection that returns by itself needs no restart', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('disconnected');
  clock.advance(2_999);
  recovery.connectionChanged('connected');
  expect(told).toEqual(['0 connected', '0 disconnected', '2999 connected']);
  expect(clock.pending).toBe(0);
});

test('waits, then restarts, and reports the return', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('disconnected');
  clock.advance(3_000);
  recovery.negotiated();
  clock.advance(500);
  recovery.connectionChanged('connected');
  expect(told).toEqual(['0 connected', '0 disconnected', '3000 restart', '3500 connected']);
  expect(clock.pending).toBe(0);
});

test('a random source at its top waits half as long', () => {
  const early: number[] = [];
  const half = new Recovery(
    options,
    {
      connected: () => {},
      disconnected: () => {},
      restart: () => early.push(clock.monotonic()),
      failed: () => {},
    },
    {
      breaker: new CircuitBreaker('media', {}, { clock }),
      clock,
      random: { uint32: () => 2 ** 32 - 1 },
    },
  );
  half.connectionChanged('connected');
  half.connectionChanged('disconnected');
  clock.advance(1_501);
  expect(early.map(Math.round)).toEqual([1_500]);
  half.stop();
});

test('a failure restarts at once, also before the first connection', () => {
  recovery.connectionChanged('failed');
  expect(told).toEqual(['0 restart']);
});

test('attempts the peer agreed to are counted, and the last one fails', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('failed');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    recovery.negotiated();
    clock.advance(8_000);
  }
  expect(told).toEqual([
    '0 connected',
    '0 disconnected',
    '0 restart',
    '8000 restart',
    '16000 restart',
    '24000 failed',
  ]);
  expect(clock.pending).toBe(0);
});

test('a new failure ends an agreed attempt before its time', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('failed');
  recovery.negotiated();
  clock.advance(1_000);
  recovery.connectionChanged('failed');
  expect(told).toEqual(['0 connected', '0 disconnected', '0 restart', '1000 restart']);
});

test('while the peer does not answer, no attempt is counted; the whole is bounded', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('disconnected');
  clock.advance(3_000);
  recovery.connectionChanged('failed');
  recovery.connectionChanged('failed');
  clock.advance(56_999);
  expect(told).toEqual(['0 connected', '0 disconnected', '3000 restart']);
  clock.advance(1);
  expect(told.at(-1)).toBe('60000 failed');
  expect(clock.pending).toBe(0);
});

test('a stopped ladder says nothing, whatever comes', () => {
  recovery.connectionChanged('connected');
  recovery.connectionChanged('disconnected');
  recovery.stop();
  recovery.connectionChanged('failed');
  recovery.negotiated();
  clock.advance(100_000);
  expect(told).toEqual(['0 connected', '0 disconnected']);
  expect(clock.pending).toBe(0);
});
