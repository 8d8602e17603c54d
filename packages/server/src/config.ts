import {
  array,
  boolean,
  getDotPath,
  integer,
  maxValue,
  minLength,
  minValue,
  number,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  strictObject,
  string,
} from 'valibot';
import type { InferInput, InferOutput } from 'valibot';
import { RingfenceError } from '@ringfence/base';

const text = pipe(string(), minLength(1));
const milliseconds = optional(number());

const configSchema = strictObject({
  /** Where to listen. Default `127.0.0.1`: this machine alone. */
  host: optional(text, '127.0.0.1'),
  /** Default 8080. 0 takes a free one. */
  port: optional(pipe(number(), integer(), minValue(0), maxValue(65_535)), 8_080),
  /** Hands out tokens to whoever asks. Never in production. */
  dev: optional(boolean(), false),
  /** Hands them out to other machines too. */
  devAllowRemote: optional(boolean(), false),
  /** HTTPS with a certificate generated at start, for the addresses of this machine. */
  tls: optional(boolean(), false),
  /** HTTPS with a certificate of one's own: PEM files. */
  tlsCertFile: optional(text),
  tlsKeyFile: optional(text),
  /** A folder with a built page to serve. */
  staticFolder: optional(text),
  /**
   * Origins whose pages may connect. `*` is any. Default: pages that came from the same host and
   * port.
   */
  origins: optional(array(text), []),
  /** The secret of HS256 tokens, at least 32 bytes. */
  hs256Secret: optional(text),
  /** The public key of ES256 tokens: PEM, or a JWK as JSON. */
  es256PublicKey: optional(text),
  issuer: optional(text),
  audience: optional(text),
  /** STUN servers for clients, such as `stun:stun.example.com:3478`. */
  stunUrls: optional(array(pipe(string(), regex(/^stuns?:[^\s]+$/))), []),
  /** See `Deadlines` of `@ringfence/call-rules` for ranges and defaults. */
  ringMs: milliseconds,
  forwardMs: milliseconds,
  acknowledgeMs: milliseconds,
  connectMs: milliseconds,
  leaseMs: milliseconds,
  graceMs: milliseconds,
  maximumMs: milliseconds,
  /** See `SignalingServerOptions` of `@ringfence/signaling-server`. */
  beatMs: milliseconds,
  silentMs: milliseconds,
  callsPerUser: optional(number()),
  /** How long a stop waits for writes in flight. Default 5,000; 0 to 300,000. */
  drainMs: optional(pipe(number(), minValue(0), maxValue(300_000)), 5_000),
  logLevel: optional(picklist(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
});

/** How a server is set up. Every field has a default. */
export type ServerConfig = InferInput<typeof configSchema>;

/** {@link ServerConfig} with every default filled in. */
export type ResolvedServerConfig = InferOutput<typeof configSchema>;

/** The error of a configuration that cannot be used. `message` never quotes a secret. */
export function configError(field: string, problem: string): RingfenceError<'invalid_config'> {
  return new RingfenceError('invalid_config', `unable to use the configuration; ${problem}`, {
    fault: 'caller',
    retryable: false,
    hint: 'See the settings in the README of @ringfence/server, or ringfence-server --help.',
    details: { field },
  });
}

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws {RingfenceError} `invalid_config`; `details.field` names the field.
 */
export function resolveServerConfig(config: ServerConfig = {}): ResolvedServerConfig {
  const result = safeParse(configSchema, config, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const field = getDotPath(issue) ?? '';
    if (issue.expected === 'never') {
      const meant = settingLike(field);
      throw configError(
        field,
        `${field} is no setting${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      );
    }
    // Names what was expected and not what came, which may be a secret.
    throw configError(field, `${field || 'it'} is not what it must be: ${issue.expected}`);
  }
  const resolved = result.output;
  if ((resolved.tlsCertFile === undefined) !== (resolved.tlsKeyFile === undefined)) {
    throw configError('tlsCertFile', 'tlsCertFile and tlsKeyFile go together');
  }
  if (resolved.tls && resolved.tlsCertFile !== undefined) {
    throw configError('tls', 'tls generates a certificate, and tlsCertFile names one: choose');
  }
  if (resolved.devAllowRemote && !resolved.dev) {
    throw configError('devAllowRemote', 'devAllowRemote means something only with dev');
  }
  return resolved;
}

/** The setting whose name begins like this one: flags leave off its end, as `--static` does. */
function settingLike(name: string): string | undefined {
  const start = name.replaceAll('-', '').toLowerCase();
  if (start === '') return undefined;
  return Object.keys(configSchema.entries).find((each) => each.toLowerCase().startsWith(start));
}
