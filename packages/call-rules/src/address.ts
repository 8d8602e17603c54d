/**
 * Whom a call is for: `user:ID`, `queue:ID`, or `tel:+E164`. An address never names an
 * organisation: it is read inside the organisation of who dials.
 */
export type Address = `user:${string}` | `queue:${string}` | `tel:+${string}`;

/** An {@link Address}, taken apart. */
export interface ParsedAddress {
  readonly kind: 'user' | 'queue' | 'tel';
  /** What stands behind the colon. */
  readonly id: string;
}

const pattern = /^(?:(user|queue):([A-Za-z0-9._@-]{1,64})|(tel):(\+[1-9][0-9]{1,14}))$/;

/** Reads an address, or returns null when it is none (RFC 3966 rules the `tel` form). */
export function parseAddress(text: string): ParsedAddress | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const kind = (match[1] ?? match[3]) as ParsedAddress['kind'];
  return { kind, id: (match[2] ?? match[4])! };
}

/** True for a text that {@link parseAddress} can read. */
export function isAddress(text: string): text is Address {
  return parseAddress(text) !== null;
}

/** The address of a user. */
export function userAddress(userId: string): Address {
  return `user:${userId}`;
}
