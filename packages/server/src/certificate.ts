import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import type { Clock } from '@ringfence/base';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const hour = 3_600_000;
// Browsers refuse a server certificate that is valid for longer than 398 days.
const validMs = 90 * 24 * hour;

/**
 * Makes a self-signed certificate (ECDSA P-256) for names and addresses, valid for 90 days. Browsers
 * warn of it, and give a page that was let through `mediaDevices`, which plain HTTP does not get.
 */
export async function generateCertificate(
  hosts: readonly string[],
  clock: Pick<Clock, 'now'>,
): Promise<Certificate> {
  const altNames = ['localhost', ...hosts.filter((host) => host !== 'localhost')].map((host) =>
    isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host },
  );
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Ringfence' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(clock.now() - hour),
    notAfterDate: new Date(clock.now() + validMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert, key };
}
