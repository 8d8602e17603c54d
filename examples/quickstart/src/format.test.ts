import { expect, test } from 'vitest';
import {
  formatBitrate,
  formatDuration,
  formatLength,
  formatLoss,
  formatRoundTrip,
  initialsOf,
  nameOf,
  userIdOf,
} from './format.ts';

test('a clock shows hours only when there are some', () => {
  expect([0, 7_999, 760_000, 3_723_000].map(formatDuration)).toEqual([
    '0:00',
    '0:07',
    '12:40',
    '1:02:03',
  ]);
});

test('a length is said in at most two units', () => {
  expect([0, 1_000, 65_000, 3_600_000, 3_725_000].map(formatLength)).toEqual([
    'less than a second',
    '1 second',
    '1 minute 5 seconds',
    '1 hour',
    '1 hour 2 minutes',
  ]);
});

test('figures are rounded to what matters, and a dash stands for none', () => {
  expect([null, 0.4, 23.4].map(formatRoundTrip)).toEqual(['–', 'under 1 ms', '23 ms']);
  expect([null, 0, 0.43, 12.6].map(formatLoss)).toEqual(['–', '0 %', '0.4 %', '13 %']);
  expect([0, 48.2, 1_720].map(formatBitrate)).toEqual(['0 kbit/s', '48 kbit/s', '1.7 Mbit/s']);
});

test('a typed name becomes an id the server accepts, and an id becomes a name', () => {
  expect(
    ['Alice', ' Anna María ', 'Jörg_7', '名', 'a'.repeat(80)].map((name) => userIdOf(name.trim())),
  ).toEqual(['alice', 'anna-maria', 'jorg_7', '', 'a'.repeat(64)]);
  expect(['alice', 'anna-maria', 'jorg_7'].map(nameOf)).toEqual(['Alice', 'Anna Maria', 'Jorg 7']);
  expect(['alice', 'anna-maria', '-'].map(initialsOf)).toEqual(['A', 'AM', '?']);
});
