import { RingfenceError } from '@ringfence/base';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from './options.ts';
import type { SignalingClientOptions } from './options.ts';

const least = { url: 'wss://calls.example/v1/socket', token: 'secret' };

function refusal(options: Partial<SignalingClientOptions>): string {
  try {
    resolveOptions({ ...least, ...options });
  } catch (error) {
    if (error instanceof RingfenceError) return `${error.code}: ${error.message}`;
  }
  return 'accepted';
}

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveOptions(least)).toEqual({
      ...least,
      attemptMs: 10_000,
      backoffMs: 500,
      backoffMaximumMs: 8_000,
      minimumUptimeMs: 10_000,
      dialMs: 10_000,
      requestMs: 10_000,
      queueLimit: 256,
      resendMs: 1_000,
    });
  });

  it('keeps what is given', () => {
    const given = { ...least, deviceId: 'a_B-9', callWaiting: true, attemptMs: 500 };
    expect(resolveOptions(given)).toMatchObject(given);
  });

  it.each<[Partial<SignalingClientOptions>, string]>([
    [{ url: 'https://calls.example' }, 'url; https://calls.example is not a ws: or wss: URL'],
    [{ url: '' }, 'url;  is not a ws: or wss: URL'],
    [{ token: undefined as never }, 'token; undefined is not 1 to 8192 characters, or a function'],
    [{ token: '' }, 'token; string is not 1 to 8192 characters, or a function'],
    [{ token: 'x'.repeat(8_193) }, 'token; string is not 1 to 8192 characters, or a function'],
    [{ token: 7 as never }, 'token; number is not 1 to 8192 characters, or a function'],
    [{ deviceId: 'a b' }, 'deviceId; a b is not 1 to 64 of A-Z a-z 0-9 _ -'],
    [{ deviceId: 'x'.repeat(65) }, `deviceId; ${'x'.repeat(65)} is not 1 to 64 of A-Z a-z 0-9 _ -`],
    [{ attemptMs: 499 }, 'attemptMs; 499 is not a number from 500 to 120000'],
    [{ queueLimit: Number.NaN }, 'queueLimit; NaN is not a number from 8 to 10000'],
  ])('refuses %o', (options, rest) => {
    expect(refusal(options)).toBe(`invalid_option: unable to use option ${rest}`);
  });
});
