import { numberOption } from '@ringfence/base';
import { resolveDeadlines } from '@ringfence/call-rules';
import type { Deadlines } from '@ringfence/call-rules';
import { LIMITS } from '@ringfence/protocol';

/** What tunes a signaling server. Every field has a default. */
export interface SignalingServerOptions {
  /** The lengths of a call's deadlines. */
  readonly deadlines?: Partial<Deadlines>;
  /** How often each session gets a beat. Default 2,000; 250 to 30,000. */
  readonly beatMs?: number;
  /**
   * A session that says nothing for so long is silent. Default 6,000, or three beats when
   * that is longer; `beatMs` to 120,000.
   */
  readonly silentMs?: number;
  /** How long a socket may stay without `hello`. Default 5,000; 100 to 60,000. */
  readonly helloMs?: number;
  /** How often deadlines are swept, and sessions looked after. Default 250; 10 to 5,000. */
  readonly sweepMs?: number;
  /** The most calls one sweep takes on. Default 500; 1 to 10,000. */
  readonly sweepCalls?: number;
  /** Frames a socket may send each second, in the long run. Default 100; 1 to 100,000. */
  readonly framesPerSecond?: number;
  /** Frames a socket may send at once. A large frame counts as several. Default 400; 10 to 100,000. */
  readonly frameBurst?: number;
  /**
   * Calls a user may make each second, in the long run; invitations and blind transfers count too.
   * Default 2, a fiftieth of
   * `framesPerSecond`; 0.01 to 100,000.
   */
  readonly dialsPerSecond?: number;
  /** Calls a user may make at once. Default 80, a fifth of `frameBurst`; 1 to 100,000. */
  readonly dialBurst?: number;
  /** Bytes that may wait for a slow reader. Default 1,048,576; 65,536 to 2^30. */
  readonly bufferedBytes?: number;
  /**
   * The most calls a user may ring or talk in at once. Whoever has no device that takes a call while
   * in another hears of one alone. Default 4; 1 to 100.
   */
  readonly callsPerUser?: number;
  /**
   * The most devices of one user; the `hello` of one more is answered with `rate_limited`. Default
   * 100; 1 to 1,000,000.
   */
  readonly devicesPerUser?: number;
  /** The most open sockets; one more is closed with 1013. Default 50,000; 1 to 1,000,000. */
  readonly maximumSessions?: number;
  /**
   * The least spread of reconnects after an unexplained close; each session adds a millisecond.
   * Default 500; 500 to 60,000.
   */
  readonly reconnectSpreadMs?: number;
  /** How long before its token expires a session is told. Default 60,000; 0 to 3,600,000. */
  readonly tokenWarningMs?: number;
  /** How long after its end a call can still be caught up with. Default 24 hours; 0 to 7 days. */
  readonly historyMs?: number;
  /** How long the answer to a command is kept. Default 24 hours; 1 minute to 30 days. */
  readonly answerMs?: number;
}

/** {@link SignalingServerOptions} with every default filled in. */
export interface ResolvedServerOptions extends Required<SignalingServerOptions> {
  readonly deadlines: Deadlines;
}

const hour = 3_600_000;
const day = 24 * hour;

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_option` for a value out of its range.
 */
export function resolveServerOptions(options: SignalingServerOptions = {}): ResolvedServerOptions {
  const number = (
    field: Exclude<keyof SignalingServerOptions, 'deadlines'>,
    fallback: number,
    least: number,
    most: number,
  ): number => numberOption(field, options[field] ?? fallback, least, most);
  const framesPerSecond = number('framesPerSecond', 100, 1, 100_000);
  const frameBurst = number('frameBurst', 400, 10, 100_000);
  const beatMs = number('beatMs', 2_000, 250, 30_000);
  return {
    deadlines: resolveDeadlines(options.deadlines),
    beatMs,
    silentMs: number('silentMs', Math.max(6_000, 3 * beatMs), beatMs, 120_000),
    helloMs: number('helloMs', LIMITS.helloMs, 100, 60_000),
    sweepMs: number('sweepMs', 250, 10, 5_000),
    sweepCalls: number('sweepCalls', 500, 1, 10_000),
    framesPerSecond,
    frameBurst,
    dialsPerSecond: number('dialsPerSecond', framesPerSecond / 50, 0.01, 100_000),
    dialBurst: number('dialBurst', frameBurst / 5, 1, 100_000),
    bufferedBytes: number('bufferedBytes', 1_048_576, 65_536, 2 ** 30),
    callsPerUser: number('callsPerUser', 4, 1, 100),
    devicesPerUser: number('devicesPerUser', 100, 1, 1_000_000),
    maximumSessions: number('maximumSessions', 50_000, 1, 1_000_000),
    reconnectSpreadMs: number('reconnectSpreadMs', 500, 500, 60_000),
    tokenWarningMs: number('tokenWarningMs', 60_000, 0, hour),
    historyMs: number('historyMs', day, 0, 7 * day),
    answerMs: number('answerMs', day, 60_000, 30 * day),
  };
}
