import { networkInterfaces } from 'node:os';

const anywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The addresses of this machine, loopback first, without link-local ones. */
export function localAddresses(): readonly string[] {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address }) => !address.startsWith('fe80'))
    .sort((a, b) => Number(b.internal) - Number(a.internal))
    .map(({ address }) => address);
  return [...new Set(['127.0.0.1', ...found])];
}

/** The addresses at which a server that listens on `host` is reached. */
export function reachableAddresses(host: string): readonly string[] {
  return anywhere.has(host) ? localAddresses() : [host];
}

export function isLoopback(address: string): boolean {
  const bare = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return bare === '::1' || bare === 'localhost' || /^127(\.\d{1,3}){3}$/.test(bare);
}

/** The address as it stands in a URL (RFC 3986 section 3.2.2). */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
