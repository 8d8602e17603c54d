import { SignJWT } from 'jose';
import type { Clock, Random } from '@ringfence/base';
import type { JwtKey } from '@ringfence/signaling-server';
import type { DevTokenAnswer, DevTokenRequest } from './http-schemas.ts';

/** Hands out tokens for trying things out, and the key to check them with. */
export interface DevTokens {
  readonly key: JwtKey;
  mint(request: DevTokenRequest): Promise<DevTokenAnswer>;
}

const lifetimeMs = 12 * 3_600_000;
const secretBytes = 32;

/** Makes a key of its own, so that tokens of one run are worth nothing to the next. */
export function createDevTokens(
  claims: { readonly issuer: string | undefined; readonly audience: string | undefined },
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): DevTokens {
  const secret = Uint8Array.from({ length: secretBytes }, () => random.uint32() & 0xff);
  return {
    key: { algorithm: 'HS256', secret, keyId: 'dev' },
    async mint({ userId, orgId }) {
      const issuedAt = Math.floor(clock.now() / 1_000);
      const expiresAt = issuedAt + lifetimeMs / 1_000;
      const token = new SignJWT({ org: orgId })
        .setProtectedHeader({ alg: 'HS256', kid: 'dev' })
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt);
      if (claims.issuer !== undefined) token.setIssuer(claims.issuer);
      if (claims.audience !== undefined) token.setAudience(claims.audience);
      return { token: await token.sign(secret), expiresAt: expiresAt * 1_000 };
    },
  };
}
