import { FakeClock } from '@ringfence/base/testing';
import { expect, it, test } from 'vitest';
import { Secret } from '../provider/secrets.ts';
import { providerConformance } from '../testing/index.ts';
import { createTurnProvider } from './turn-provider.ts';

const options = {
  turnUrls: ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349'],
  stunServers: ['stun:turn.example.com:3478'],
  realm: 'example.com',
};
const secret = new Secret('north-of-the-wall');
const context = { signal: new AbortController().signal };
const request = { username: 'ada', ttlMs: 3_600_000, wantsToken: false };

const cases = providerConformance(async () => {
  const clock = new FakeClock();
  return {
    provider: createTurnProvider(options, { secret, clock }),
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    secrets: ['north-of-the-wall'],
    canRevoke: false,
    [Symbol.asyncDispose]: async () => {},
  };
});
for (const { name, run } of cases) it(name, run);

test('a shared secret gives a name that ends, and its HMAC', async () => {
  const clock = new FakeClock(1_700_000_000_123);
  const provider = createTurnProvider(options, { secret, clock });
  const credential = await provider.issueCredential(request, context);
  // printf 1700003600:ada | openssl dgst -sha1 -hmac north-of-the-wall -binary | base64
  const password = 'pNbLXMSY12lH+nasJoKGhW7V+us=';
  expect(credential).toEqual({
    id: '1700003600:ada',
    username: '1700003600:ada',
    password,
    expiresAt: 1_700_003_600_000,
    realm: 'example.com',
    sipUri: 'sip:1700003600%3Aada@example.com',
    stunServers: options.stunServers,
    turnServers: [{ urls: options.turnUrls, username: '1700003600:ada', credential: password }],
  });
});

test('a login that does not change is given as it is', async () => {
  const provider = createTurnProvider({ ...options, username: 'fixed' }, { secret });
  const credential = await provider.issueCredential(request, context);
  expect(credential).toMatchObject({ username: 'fixed', password: 'north-of-the-wall' });
});

test('it makes no tokens', async () => {
  const provider = createTurnProvider(options, { secret });
  const issued = provider.issueCredential({ ...request, wantsToken: true }, context);
  await expect(issued).rejects.toMatchObject({ code: 'not_supported', effect: 'none' });
});
