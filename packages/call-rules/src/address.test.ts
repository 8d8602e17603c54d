import { expect, test } from 'vitest';
import { isAddress, parseAddress, userAddress } from './address.ts';

test.each([
  ['user:alice', { kind: 'user', id: 'alice' }],
  ['user:a.b_c-d@e.org', { kind: 'user', id: 'a.b_c-d@e.org' }],
  [`user:${'x'.repeat(64)}`, { kind: 'user', id: 'x'.repeat(64) }],
  ['queue:sales', { kind: 'queue', id: 'sales' }],
  ['tel:+4930123456', { kind: 'tel', id: '+4930123456' }],
])('%s is an address', (text, parsed) => {
  expect(parseAddress(text)).toEqual(parsed);
  expect(isAddress(text)).toBe(true);
});

test.each([
  '',
  'alice',
  'user:',
  'user:a b',
  'user:a/b',
  'user:a\n',
  ' user:a',
  'USER:a',
  `user:${'x'.repeat(65)}`,
  'tel:030123',
  'tel:+0123',
  'tel:+1',
  `tel:+${'1'.repeat(16)}`,
  'sip:alice@example.org',
  'constructor:a',
])('%j is none', (text) => {
  expect(parseAddress(text)).toBeNull();
  expect(isAddress(text)).toBe(false);
});

test('a user has an address', () => {
  expect(userAddress('alice')).toBe('user:alice');
});
