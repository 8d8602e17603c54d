import {
  array,
  check,
  literal,
  maxLength,
  maxValue,
  minLength,
  minValue,
  number,
  optional,
  pipe,
  regex,
  safeParse,
  strictObject,
  string,
  union,
  variant,
} from 'valibot';
import type { InferOutput } from 'valibot';
import type { Clock, Random } from '@ringfence/base';
import { isBaseUrl, legalBaseUrl } from '../telnyx/telnyx-api.ts';
import { createTelnyxProvider } from '../telnyx/telnyx-provider.ts';
import { createTurnProvider } from '../turn/turn-provider.ts';
import { illegalOption, legalSecret } from './legal-options.ts';
import type { Provider, TurnServer } from './provider.ts';
import { ProviderError } from './provider-error.ts';
import { readSecret, variablePattern } from './secrets.ts';

/*
 * How a host names its providers. Plain data, without secrets: it is copied into the worker, and
 * may be logged.
 */

const text = pipe(string(), minLength(1), maxLength(512));
const name = pipe(string(), regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'of a-z 0-9 -, 1 to 32 characters'));
const phoneNumber = pipe(string(), regex(/^\+[1-9]\d{6,14}$/, 'an E.164 phone number'));
const iceUrl = pipe(string(), regex(/^(?:stuns?|turns?):[^\s]{1,256}$/, 'a STUN or TURN URL'));
/** As POSIX has them. A key that was given in place of a name is none, and goes nowhere. */
const variableName = pipe(
  string(),
  regex(variablePattern, 'the name of a variable, of A-Z 0-9 and _, as TELNYX_API_KEY'),
);
const secret = union(
  [strictObject({ env: variableName }), strictObject({ file: text })],
  legalSecret,
);
const timeoutMs = optional(pipe(number(), minValue(100), maxValue(60_000)));

const turnServer = strictObject({ urls: array(iceUrl), username: text, credential: secret });

const telnyxConfig = strictObject({
  kind: literal('telnyx'),
  name: optional(name),
  /** Where the API key is. */
  apiKey: secret,
  apiUrl: optional(pipe(text, check(isBaseUrl, legalBaseUrl))),
  connectionId: optional(text),
  callControlAppId: optional(text),
  from: optional(phoneNumber),
  tag: optional(pipe(string(), regex(/^[a-z][a-z0-9]{2,31}$/, 'of a-z 0-9, 3 to 32 characters'))),
  realm: optional(text),
  stunServers: optional(array(iceUrl)),
  turnServers: optional(
    // Its password is a secret as well: what is given to a worker can be read on its command line.
    array(turnServer),
  ),
  /** The public key of its webhooks, base64: it is no secret. */
  webhookPublicKey: optional(pipe(string(), regex(/^[A-Za-z0-9+/]{43}=$/, '32 bytes in base64'))),
  /** How long one request may take, milliseconds. Default 10,000; 100 to 60,000. */
  timeoutMs,
});

const turnConfig = strictObject({
  kind: literal('turn'),
  name: optional(name),
  /** Where the secret shared with the TURN server is. */
  secret,
  turnUrls: pipe(array(iceUrl), minLength(1)),
  stunServers: optional(array(iceUrl)),
  realm: text,
  username: optional(text),
  timeoutMs,
});

/** A provider of a worker of your own: see `serveTelephony`. */
const customConfig = strictObject({ kind: literal('custom'), name, timeoutMs });

const providerConfig = variant('kind', [telnyxConfig, turnConfig, customConfig]);
const providerConfigs = pipe(array(providerConfig), minLength(1), maxLength(16));

/** One provider, as a host names it. The first in a row is asked first. */
export type ProviderConfig = InferOutput<typeof providerConfig>;

/** The name of a provider: its own, or that of its kind. */
export function nameOf(config: ProviderConfig): string {
  return config.name ?? config.kind;
}

/**
 * Checks what a host gave.
 *
 * @throws {ProviderError} `invalid_option`, which names the field and the value received, unless
 * that may be a secret.
 */
export function readProviderConfigs(value: unknown): readonly ProviderConfig[] {
  const parsed = safeParse(providerConfigs, value);
  if (!parsed.success) {
    throw invalid(illegalOption(parsed.issues[0], (path) => optionsAt(value, path)));
  }
  const names = parsed.output.map(nameOf);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice === undefined) return parsed.output;
  throw invalid(`unable to use option providers; the name ${twice} is there twice`);
}

/** The options that a provider, or what is in one, may have. */
function optionsAt(value: unknown, path: readonly unknown[]): readonly string[] {
  if (path.includes('turnServers')) return Object.keys(turnServer.entries);
  const [at] = path;
  const { kind } = (value as readonly { readonly kind?: unknown }[])[Number(at)] ?? {};
  const config = providerConfig.options.find(({ entries }) => entries.kind.literal === kind);
  return Object.keys(config?.entries ?? {});
}

function invalid(message: string): ProviderError {
  return new ProviderError('invalid_option', message, { effect: 'none' });
}

export interface ProviderMakerParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Makes the providers of Telnyx and TURN, in the worker: reads their secrets. Those of kind `custom`
 * are left out.
 *
 * @throws {ProviderError} `start_failed`; {@link RingfenceError} `invalid_option`.
 */
export async function createProviders(
  configs: readonly ProviderConfig[],
  { env, ...collaborators }: ProviderMakerParts,
): Promise<Provider[]> {
  const made = await Promise.all(
    configs.map(async (config): Promise<Provider | undefined> => {
      if (config.kind === 'custom') return undefined;
      if (config.kind === 'turn') {
        const key = await readSecret(config.secret, env);
        return createTurnProvider(config, { secret: key, ...collaborators });
      }
      const apiKey = await readSecret(config.apiKey, env);
      const turnServers = await readTurnServers(config.turnServers, env);
      return createTelnyxProvider({ ...config, turnServers }, { apiKey, ...collaborators });
    }),
  );
  return made.filter((provider) => provider !== undefined);
}

async function readTurnServers(
  servers: Extract<ProviderConfig, { kind: 'telnyx' }>['turnServers'],
  env: ProviderMakerParts['env'],
): Promise<readonly TurnServer[] | undefined> {
  if (servers === undefined) return undefined;
  return Promise.all(
    servers.map(async (server) => {
      const credential = await readSecret(server.credential, env);
      return { ...server, credential: credential.reveal() };
    }),
  );
}
