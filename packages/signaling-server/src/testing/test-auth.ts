import { RingfenceError } from '@ringfence/base';
import { errorTexts } from '@ringfence/protocol';
import type { Auth } from '../ports.ts';

export interface TestTokenClaims {
  readonly userId: string;
  /** Default `acme`. */
  readonly orgId?: string;
  /** Default null: it does not expire. */
  readonly expiresAt?: number | null;
}

/** A token for {@link createTestAuth}. */
export function testToken({ userId, orgId = 'acme', expiresAt = null }: TestTokenClaims): string {
  return JSON.stringify({ userId, orgId, expiresAt });
}

/**
 * Identity without signatures, for tests and the simulator, where WebCrypto's threads would break
 * the order of things. Whoever can write JSON gets in: never use it for more.
 */
export function createTestAuth(): Auth {
  return {
    async verify(token) {
      try {
        const { userId, orgId, expiresAt } = JSON.parse(token) as Required<TestTokenClaims>;
        return { userId, orgId, expiresAt };
      } catch {
        const { message, ...facts } = errorTexts.unauthorized;
        throw new RingfenceError('unauthorized', message, facts);
      }
    },
  };
}
