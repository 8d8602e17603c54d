import { parseArgs } from 'node:util';
import { RingfenceError, toError } from '@ringfence/base';
import { configError } from './config.ts';
import type { ServerConfig } from './config.ts';

type Kind = 'text' | 'number' | 'switch' | 'list';

/** One setting as a command line knows it. */
export interface Setting {
  readonly field: keyof ServerConfig;
  readonly kind: Kind;
  /** Left out for a secret: a command line can be read by other users of the machine. */
  readonly flag?: string;
  readonly variable: string;
  readonly value?: string;
  readonly help: string;
}

/** Every setting, its flag and its environment variable. The flag wins. */
export const settings: readonly Setting[] = [
  setting('host', 'text', 'host', 'ADDRESS', 'where to listen (127.0.0.1)'),
  setting('port', 'number', 'port', 'PORT', 'where to listen; 0 takes a free one (8080)'),
  setting('dev', 'switch', 'dev', '', 'hand out tokens at POST /v1/dev/token, to this machine'),
  setting(
    'devAllowRemote',
    'switch',
    'dev-allow-remote',
    '',
    'hand them out to other machines too',
  ),
  setting('tls', 'switch', 'tls', '', 'HTTPS with a certificate generated now'),
  setting('tlsCertFile', 'text', 'tls-cert', 'FILE', 'HTTPS with your certificate (PEM)'),
  setting('tlsKeyFile', 'text', 'tls-key', 'FILE', 'its private key (PEM)'),
  setting('staticFolder', 'text', 'static', 'FOLDER', 'serve a built page'),
  setting('origins', 'list', 'origin', 'ORIGIN', 'a page that may connect; * is any (same host)'),
  setting('issuer', 'text', 'issuer', 'ISS', 'what the iss of a token must be'),
  setting('audience', 'text', 'audience', 'AUD', 'what the aud of a token must hold'),
  setting('stunUrls', 'list', 'stun', 'URL', 'a STUN server for clients'),
  setting('ringMs', 'number', 'ring-ms', 'MS', 'how long a call rings (45000)'),
  setting('forwardMs', 'number', 'forward-ms', 'MS', 'how long before it is forwarded (20000)'),
  setting('acknowledgeMs', 'number', 'acknowledge-ms', 'MS', 'for a device to say it rings (2000)'),
  setting('connectMs', 'number', 'connect-ms', 'MS', 'from answer to media (20000)'),
  setting('leaseMs', 'number', 'lease-ms', 'MS', 'for a silent device while it rings (10000)'),
  setting('graceMs', 'number', 'grace-ms', 'MS', 'for a silent device in a call (30000)'),
  setting('maximumMs', 'number', 'maximum-ms', 'MS', 'the longest call (43200000)'),
  setting('beatMs', 'number', 'beat-ms', 'MS', 'between beats (2000)'),
  setting('silentMs', 'number', 'silent-ms', 'MS', 'until a device counts as silent (6000)'),
  setting('callsPerUser', 'number', 'calls-per-user', 'COUNT', 'calls of a user at once (4)'),
  setting('drainMs', 'number', 'drain-ms', 'MS', 'for a stop to finish its work (5000)'),
  setting('logLevel', 'text', 'log-level', 'LEVEL', 'debug, info, warn, error or silent (info)'),
  secret('hs256Secret', 'RINGFENCE_HS256_SECRET', 'checks HS256 tokens; 32 bytes or more'),
  secret('es256PublicKey', 'RINGFENCE_ES256_PUBLIC_KEY', 'checks ES256 tokens; PEM or JWK'),
];

function setting(
  field: keyof ServerConfig,
  kind: Kind,
  flag: string,
  value: string,
  help: string,
): Setting {
  const variable = `RINGFENCE_${flag.toUpperCase().replaceAll('-', '_')}`;
  return { field, kind, flag, variable, value, help };
}

function secret(field: keyof ServerConfig, variable: string, help: string): Setting {
  return { field, kind: 'text', variable, help };
}

/** What the command line asks for. */
export type CommandLine =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'start'; readonly config: ServerConfig };

/**
 * Reads the flags and the environment into a configuration, which is not checked yet.
 *
 * @throws {RingfenceError} `invalid_config` for an unknown flag or a number that is none.
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  const flags = readFlags(args);
  if (flags['help'] === true) return { kind: 'help', text: helpText() };
  const config: Record<string, unknown> = {};
  for (const { field, kind, flag, variable } of settings) {
    const given = flag === undefined ? undefined : flags[flag];
    const raw = given ?? (environment[variable] === '' ? undefined : environment[variable]);
    // The name it was set by, so that an error is looked for where it is.
    const name = given === undefined ? variable : `--${flag}`;
    if (raw !== undefined) config[field] = convert(kind, name, raw);
  }
  return { kind: 'start', config };
}

/**
 * What to print for a failed start: what is wrong, where that is set on a command line, and what to
 * do.
 */
export function failureText(thrown: unknown): string {
  const { message } = toError(thrown);
  if (!(thrown instanceof RingfenceError)) return message;
  const named = typeof thrown.details?.['field'] === 'string' ? thrown.details['field'] : '';
  const field = named.replace(/\.\d+$/, '');
  const setting = settings.find((each) => each.field === field);
  const names = setting && [...(setting.flag ? [`--${setting.flag}`] : []), setting.variable];
  return [message, ...(names ? [`It is set by ${names.join(' or ')}.`] : []), thrown.hint].join(
    '\n',
  );
}

function readFlags(args: readonly string[]): Record<string, unknown> {
  const options: Record<
    string,
    { type: 'string' | 'boolean'; multiple?: boolean; short?: string }
  > = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const { flag, kind } of settings) {
    if (flag === undefined) continue;
    options[flag] = { type: kind === 'switch' ? 'boolean' : 'string', multiple: kind === 'list' };
  }
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (thrown) {
    throw configError('', toError(thrown).message);
  }
}

function convert(kind: Kind, name: string, raw: unknown): unknown {
  if (kind === 'list') return typeof raw === 'string' ? raw.split(',') : raw;
  if (kind === 'number') {
    const value = Number(raw);
    if (String(raw).trim() === '' || !Number.isFinite(value)) {
      throw configError(name, `${name} is not a number`);
    }
    return value;
  }
  if (kind === 'switch' && typeof raw === 'string') {
    if (raw === '1' || raw === 'true') return true;
    if (raw === '0' || raw === 'false') return false;
    throw configError(name, `${name} is neither true nor false`);
  }
  return raw;
}

function helpText(): string {
  const lines = settings
    .filter(({ flag }) => flag !== undefined)
    .map(({ flag, value, help }) => `  ${`--${flag} ${value}`.trimEnd().padEnd(26)}${help}`);
  const secrets = settings
    .filter(({ flag }) => flag === undefined)
    .map(({ variable, help }) => `  ${variable.padEnd(28)}${help}`);
  return [
    'ringfence-server: the reference server of Ringfence',
    '',
    'Usage: ringfence-server [flags]',
    '',
    ...lines,
    `  ${'--help'.padEnd(26)}this text`,
    '',
    'A flag may come from the environment: --ring-ms is RINGFENCE_RING_MS. --origin and --stun may',
    'be repeated; there they are lists with commas. Keys come from the environment alone:',
    '',
    ...secrets,
    '',
    'To try it on this machine: ringfence-server --dev',
    '',
  ].join('\n');
}
