import { expect, test } from 'vitest';
import {
  formatBitrate,
  formatDuration,
  formatLength,
  formatLoss,
  formatNames,
  formatRoundTrip,
  initialsOf,
  nameOf,
  userIdOf,
} from './format.ts';
import { english } from './words/english.ts';
import { german } from './words/german.ts';

test('a clock shows hours only when there are some', () => {
  expect([0, 7_999, 760_000, 3_723_000].map(formatDuration)).toEqual([
    '0:00',
    '0:07',
    '12:40',
    '1:02:03',
  ]);
});

test('a length is said in at most two units', () => {
  const lengths = [0, 1_000, 65_000, 3_600_000, 3_725_000];
  expect(lengths.map((ms) => formatLength(ms, english))).toEqual([
    'less than a second',
    '1 second',
    '1 minute 5 seconds',
    '1 hour',
    '1 hour 2 minutes',
  ]);
  expect(lengths.map((ms) => formatLength(ms, german))).toEqual([
    'weniger als eine Sekunde',
    '1 Sekunde',
    '1 Minute 5 Sekunden',
    '1 Stunde',
    '1 Stunde 2 Minuten',
  ]);
});

test('figures are rounded to what matters, and a dash stands for none', () => {
  expect([null, 0.4, 23.4].map((ms) => formatRoundTrip(ms, english))).toEqual([
    '–',
    'under 1 ms',
    '23 ms',
  ]);
  expect([null, 0, 0.43, 12.6].map((percent) => formatLoss(percent, english))).toEqual([
    '–',
    '0 %',
    '0.4 %',
    '13 %',
  ]);
  expect([0, 48.2, 1_720].map((kbps) => formatBitrate(kbps, english))).toEqual([
    '0 kbit/s',
    '48 kbit/s',
    '1.7 Mbit/s',
  ]);
});

test('German writes a comma, and lists names its own way', () => {
  expect(formatLoss(0.43, german)).toBe('0,4 %');
  expect(formatBitrate(1_720, german)).toBe('1,7 Mbit/s');
  const names = ['Bob', 'Carol', 'Dave'];
  expect(formatNames(names, german)).toBe('Bob, Carol und Dave');
  expect(formatNames(names, english)).toBe('Bob, Carol, and Dave');
  expect(formatNames(names.slice(0, 1), english)).toBe('Bob');
});

test('a typed name becomes an id the server accepts, and an id becomes a name', () => {
  expect(['Alice', ' Anna María ', 'Jörg_7', '名', 'a'.repeat(80)].map(userIdOf)).toEqual([
    'alice',
    'anna-maria',
    'jorg_7',
    '',
    'a'.repeat(64),
  ]);
  expect(['alice', 'anna-maria', 'jorg_7'].map(nameOf)).toEqual(['Alice', 'Anna Maria', 'Jorg 7']);
  expect(['alice', 'anna-maria', '-'].map(initialsOf)).toEqual(['A', 'AM', '?']);
});
