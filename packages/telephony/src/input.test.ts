import { expect, test } from 'vitest';
import { isPhoneNumber, isUsername, makeId, readId, readNumber, readTtl } from './input.ts';

test('a phone number is E.164, and nothing else', () => {
  for (const number of ['+12025550123', '+4930123456', '+2901234', '+123456789012345']) {
    expect([number, isPhoneNumber(number)]).toEqual([number, true]);
  }
  const wrong = [
    '12025550123',
    '+02025550123',
    '+1234567890123456',
    '+12345',
    '+1 202 555 0123',
    '+1202555012a',
    '+12025550123\n',
    'sip:+12025550123@example.com',
    '+\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661', // Arabic-Indic digits
    '+\uff11\uff12\uff10\uff12\uff15\uff15\uff15', // full-width digits
    '\uff0b12025550123',
    '+1202555\u00000123',
    '+12025550123\u200b',
    `+1${'2'.repeat(100_000)}`,
    '',
    undefined,
    12025550123,
    ['+12025550123'],
    { toString: () => '+12025550123' },
  ];
  for (const value of wrong) expect([value, isPhoneNumber(value)]).toEqual([value, false]);
});

test('the error of a number does not repeat it', () => {
  const read = readNumber('to', '0171 2345678');
  expect(read).toMatchObject({ ok: false, error: { code: 'invalid_number', fault: 'caller' } });
  expect(JSON.stringify(read)).not.toContain('2345678');
});

test('a user name holds what a provider and a URL take', () => {
  for (const name of ['a', 'user@example.com', 'ada.l_o-v+e', 'x'.repeat(128)]) {
    expect([name, isUsername(name)]).toEqual([name, true]);
  }
  for (const name of [
    '',
    '@a',
    'a b',
    'a/b',
    'a:b',
    'ä',
    'x'.repeat(129),
    'a\n',
    null,
    7,
    'a\0',
    '\u0430da',
    'a\u0301',
    ['a'],
  ]) {
    expect([name, isUsername(name)]).toEqual([name, false]);
  }
});

test('a credential lives a day, and at least a minute', () => {
  expect(readTtl(undefined)).toEqual({ ok: true, value: 86_400_000 });
  expect(readTtl(60_000)).toEqual({ ok: true, value: 60_000 });
  expect(readTtl(3_600_000.7)).toEqual({ ok: true, value: 3_600_000 });
  for (const ttlMs of [59_999, 86_400_001, Number.NaN, Infinity, '60000', null]) {
    expect(readTtl(ttlMs)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  }
  expect(readTtl(5)).toMatchObject({ error: { message: expect.stringContaining('ttlMs 5 ') } });
});

test('an id holds its provider, whatever is in the id of the provider', () => {
  const ref = {
    provider: 'telnyx-2',
    id: 'v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg',
  };
  expect(readId('callId', makeId(ref))).toEqual({ ok: true, value: ref });
  for (const id of [
    '',
    'telnyx',
    'telnyx:',
    ':x',
    'Telnyx:x',
    'telnyx:a b',
    `a:${'x'.repeat(257)}`,
    'telnyx:.',
    'telnyx:..',
    'telnyx:\u00e4',
    'telnyx:a\0',
    `${'a'.repeat(33)}:x`,
    7,
  ]) {
    expect([id, readId('callId', id).ok]).toEqual([id, false]);
  }
});
