import { numberOptions, optionError } from '@ringfence/base';
import type { NumberRange } from '@ringfence/base';
import { tokenLength } from '@ringfence/protocol';

/** Where the token comes from. A function is asked again for each attempt to connect. */
export type TokenSource = string | (() => string | Promise<string>);

/** How the client waits and tries. All optional. */
export interface SignalingClientTuning {
  /** For one attempt: token, connection and hello. Default 10,000; 500 to 120,000. */
  readonly attemptMs: number;
  /** The first step of the backoff; it doubles. Default 500; 10 to 60,000. */
  readonly backoffMs: number;
  /** The longest backoff. Default 8,000; 10 to 300,000. */
  readonly backoffMaximumMs: number;
  /** How long a connection must stand for the backoff to start afresh. Default 10,000; 0 to 600,000. */
  readonly minimumUptimeMs: number;
  /**
   * How long a dial waits for its answer, and what else concerns others: invite, transfer, merge,
   * remove, request-mute. Default 10,000; 100 to 120,000.
   */
  readonly dialMs: number;
  /** How long a request that changes nothing waits for its answer. Default 10,000; 100 to 120,000. */
  readonly requestMs: number;
  /** The most requests that wait for answers. Default 256; 8 to 10,000. Hang-ups always fit. */
  readonly queueLimit: number;
  /** When a signal nobody acknowledged is sent again; it doubles up to eightfold. Default 1,000; 50 to 30,000. */
  readonly resendMs: number;
}

/** What a client needs to know. Times are milliseconds. */
export interface SignalingClientOptions extends Partial<SignalingClientTuning> {
  /** Where the server listens: `wss://host/v1/socket`, or `ws://` in development. */
  readonly url: string;
  readonly token: TokenSource;
  /** Names this device to the server, 1 to 64 of `A-Z a-z 0-9 _ -`. Default: minted anew. */
  readonly deviceId?: string | undefined;
  /** Takes further calls while in one. When false, they find this device busy. Default true. */
  readonly callWaiting?: boolean | undefined;
}

const tuning: Readonly<Record<keyof SignalingClientTuning, NumberRange>> = {
  attemptMs: [10_000, 500, 120_000],
  backoffMs: [500, 10, 60_000],
  backoffMaximumMs: [8_000, 10, 300_000],
  minimumUptimeMs: [10_000, 0, 600_000],
  dialMs: [10_000, 100, 120_000],
  requestMs: [10_000, 100, 120_000],
  queueLimit: [256, 8, 10_000],
  resendMs: [1_000, 50, 30_000],
};

/** The options with every default filled in. */
export type ResolvedOptions = SignalingClientOptions & SignalingClientTuning;

/**
 * Checks that a token is one the wire takes.
 *
 * @throws {RingfenceError} `invalid_option`, which quotes its type alone.
 */
export function checkToken(token: unknown): string {
  if (typeof token === 'string' && token && token.length <= tokenLength) return token;
  throw optionError('token', typeof token, `1 to ${tokenLength} characters, or a function`);
}

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option`, which names the field and the value received, except
 * for a token, which is never quoted.
 */
export function resolveOptions(options: SignalingClientOptions): ResolvedOptions {
  const { url, token, deviceId } = options;
  if (!/^wss?:\/\/./.test(url)) throw optionError('url', url, 'a ws: or wss: URL');
  if (typeof token !== 'function') checkToken(token);
  if (deviceId !== undefined && !/^[\w-]{1,64}$/.test(deviceId)) {
    throw optionError('deviceId', deviceId, '1 to 64 of A-Z a-z 0-9 _ -');
  }
  return { ...options, ...numberOptions(tuning, options) };
}
