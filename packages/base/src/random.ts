import type { Clock } from './clock.ts';

/** The port to chance. Everything that draws a number or mints an id takes one. */
export interface Random {
  /** An integer from 0 to 2^32 - 1, each as likely. */
  uint32(): number;
}

/** The random source of the machine, cryptographically strong. */
export const systemRandom: Random = {
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
};

/** A number from 0 (included) to 1 (excluded). */
export function randomFraction(random: Random): number {
  return random.uint32() / 2 ** 32;
}

/** An integer from 0 (included) to `below` (excluded). */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(randomFraction(random) * below);
}

/**
 * Full jitter: a delay drawn evenly from 0 to the smaller of `maximumMs` and
 * `baseMs * 2^attempt`. `attempt` counts from 0.
 */
export function fullJitterMs(
  random: Random,
  attempt: number,
  baseMs: number,
  maximumMs: number,
): number {
  return randomFraction(random) * Math.min(maximumMs, baseMs * 2 ** attempt);
}

/**
 * An id that nobody else has, as long as its source is strong: 128 random bits, as up to 28 of
 * `0-9 a-z`. For what need not sort by time, and is short-lived.
 */
export function randomId(random: Random): string {
  const part = (): string => random.uint32().toString(36);
  return part() + part() + part() + part();
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * A UUID version 7 (RFC 9562 section 5.7): 48 bits of wall clock in milliseconds, then 74 random
 * bits. Ids of one clock sort by the millisecond they were made in.
 */
export function uuidV7(clock: Pick<Clock, 'now'>, random: Random): string {
  const a = random.uint32();
  const version = hex(0x7000 | (a & 0x0fff), 4);
  const variant = hex(0x8000 | ((a >>> 12) & 0x3fff), 4);
  const tail = hex(random.uint32(), 8) + hex(random.uint32() >>> 16, 4);
  const time = hex(Math.floor(clock.now()), 12).replace(/.{8}/, '$&-');
  return [time, version, variant, tail].join('-');
}
