import { expect, test } from 'vitest';
import { defaultSettings, refuseSettings } from './settings.ts';
import type { UserSettings } from './settings.ts';

test('who never set any is rung, and nowhere else', () => {
  expect(defaultSettings).toEqual({
    doNotDisturb: false,
    forwardOnBusy: null,
    forwardOnNoAnswer: null,
  });
  expect(refuseSettings('alice', defaultSettings)).toBeNull();
});

test.each(['forwardOnBusy', 'forwardOnNoAnswer'] as const)('%s is an address to dial', (field) => {
  const refused = (to: string) =>
    refuseSettings('alice', { ...defaultSettings, [field]: to } as UserSettings);
  expect(refused('user:bob')).toBeNull();
  expect(refused('bob')).toBe('invalid_address');
  expect(refused('queue:sales')).toBe('address_unsupported');
  expect(refused('tel:+4930123456')).toBe('address_unsupported');
  expect(refused('user:alice')).toBe('cannot_dial_self');
});
