import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { optionError, RingfenceError, systemClock } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { parseAddress, userAddress } from '@ringfence/call-rules';
import { errorTexts } from '@ringfence/protocol';
import type { Auth, Identity } from './ports.ts';

/** A key that tokens are checked with. `keyId` is compared to the token's `kid` when both are set. */
export type JwtKey =
  | {
      readonly algorithm: 'HS256';
      /** At least 32 bytes (RFC 7518 section 3.2). A string is taken as UTF-8. */
      readonly secret: string | Uint8Array;
      readonly keyId?: string;
    }
  | {
      readonly algorithm: 'ES256';
      /** A P-256 public key: a JWK, or PEM (SPKI). */
      readonly publicKey: JsonWebKey | string;
      readonly keyId?: string;
    };

/** Which tokens are accepted. */
export interface JwtAuthOptions {
  /** Tried in order; at least one. Several let a key be changed without a break. */
  readonly keys: readonly JwtKey[];
  /** What `iss` must be. Not checked when left out. */
  readonly issuer?: string;
  /** What `aud` must hold. Not checked when left out. */
  readonly audience?: string;
}

interface Key {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly key: KeyObject;
}

function importKey(key: JwtKey, index: number): Key {
  const field = `keys[${index}]`;
  if (key.algorithm === 'HS256') {
    const bytes = Buffer.from(key.secret as string);
    // The received value is a secret, so its length is named instead.
    if (bytes.length < 32) {
      throw optionError(`${field}.secret`, `a secret of ${bytes.length} bytes`, '32 bytes or more');
    }
    return { algorithm: 'HS256', keyId: key.keyId, key: createSecretKey(bytes) };
  }
  let imported: KeyObject;
  try {
    imported =
      typeof key.publicKey === 'string'
        ? createPublicKey(key.publicKey)
        : createPublicKey({ key: key.publicKey, format: 'jwk' });
  } catch {
    throw optionError(`${field}.publicKey`, 'an unreadable key', 'a P-256 public key');
  }
  if (imported.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw optionError(`${field}.publicKey`, 'a key of another kind', 'a P-256 public key');
  }
  return { algorithm: 'ES256', keyId: key.keyId, key: imported };
}

/** `reason` is a code of jose: safe to log, and never sent. */
function unauthorized(reason: string): RingfenceError<'unauthorized'> {
  const { message, ...facts } = errorTexts.unauthorized;
  return new RingfenceError('unauthorized', message, { ...facts, details: { reason } });
}

/**
 * Identity from signed tokens (JWT, RFC 7519) with HS256 or ES256. Claims: `sub` the user's id,
 * `org` the organisation's id, `exp`; all three are required.
 *
 * @throws {RingfenceError} `invalid_option` at once for a key that cannot be used.
 * @example
 * const auth = createJwtAuth({ keys: [{ algorithm: 'HS256', secret }], audience: 'ringfence' });
 */
export function createJwtAuth(
  options: JwtAuthOptions,
  { clock = systemClock }: { clock?: Pick<Clock, 'now'> } = {},
): Auth {
  if (options.keys.length === 0) throw optionError('keys', 'an empty list', 'one key or more');
  const keys = options.keys.map(importKey);

  const verifyWith = async ({ key, algorithm }: Key, token: string): Promise<Identity> => {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      requiredClaims: ['sub', 'org', 'exp'],
      currentDate: new Date(clock.now()),
      ...(options.issuer !== undefined && { issuer: options.issuer }),
      ...(options.audience !== undefined && { audience: options.audience }),
    });
    const { sub, org, exp } = payload;
    const isUser = typeof sub === 'string' && parseAddress(userAddress(sub))?.kind === 'user';
    const isOrg = typeof org === 'string' && org.length > 0 && org.length <= 128;
    if (!isUser || !isOrg) throw unauthorized('claims');
    return { orgId: org, userId: sub, expiresAt: exp! * 1_000 };
  };

  return {
    async verify(token) {
      let reason = 'no_key';
      try {
        const { alg, kid } = decodeProtectedHeader(token);
        for (const key of keys) {
          if (key.algorithm !== alg) continue;
          if (kid !== undefined && key.keyId !== undefined && kid !== key.keyId) continue;
          try {
            return await verifyWith(key, token);
          } catch (thrown) {
            if (!(thrown instanceof errors.JWSSignatureVerificationFailed)) throw thrown;
            reason = thrown.code;
          }
        }
      } catch (thrown) {
        if (thrown instanceof RingfenceError) throw thrown;
        // jose's errors carry the claims, so only their code goes on.
        throw unauthorized(thrown instanceof errors.JOSEError ? thrown.code : 'unreadable');
      }
      throw unauthorized(reason);
    },
  };
}
