import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { toError } from '@ringfence/base';
import type { ProviderConfig } from '../provider/provider-config.ts';
import { createTelephony } from '../isolated-telephony.ts';
import type { TelephonyOptions } from '../telephony.ts';

/** What the command prints to. */
export interface CommandOutput {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

export const usage = `Usage: ringfence-telephony clean-up [options]

Removes expired credentials at the providers. It touches only what this package made.

  --config FILE     a JSON file with the providers, as createTelephony() takes them; the
                    two options below are in it then.
                    Default: Telnyx, with the key in the variable TELNYX_API_KEY
  --connection ID   the Telnyx connection that credentials are made on
  --tag TAG         the mark of our credentials. Default ringfence
  --dry-run         only counts
  --help            prints this`;

/** Runs the command. Resolves with its exit code: 0 done, 1 failed, 2 asked for wrongly. */
export async function runCommand(
  args: readonly string[],
  { print, complain }: CommandOutput,
  isolation: TelephonyOptions['isolation'] = {},
): Promise<0 | 1 | 2> {
  let parsed: ReturnType<typeof parse>;
  let providers: readonly ProviderConfig[];
  try {
    parsed = parse(args);
    if (parsed.values.help === true) {
      print(usage);
      return 0;
    }
    checkCommand(parsed.positionals);
    providers = await readProviders(parsed.values);
  } catch (thrown) {
    complain(`${toError(thrown).message}\n\n${usage}`);
    return 2;
  }
  const known = ours(providers);
  if (known?.length === 0 && providers.length > 0) {
    complain('unable to clean up; none of the providers is one that this command knows');
    return 1;
  }
  // It answers once or not at all: nobody is there to wait for restarts.
  await using telephony = createTelephony({
    providers: known,
    isolation: { maxRestarts: 0, ...isolation },
  });
  const started = await telephony.start();
  const isDryRun = parsed.values['dry-run'] === true;
  const cleaned = started.ok ? await telephony.cleanUpCredentials({ isDryRun }) : started;
  if (!cleaned.ok) {
    complain(`${cleaned.error.message} (${cleaned.error.code})\n${cleaned.error.hint}`);
    return cleaned.error.code === 'invalid_option' ? 2 : 1;
  }
  for (const { provider, removed, kept } of cleaned.value) {
    print(`${provider}: ${isDryRun ? 'would remove' : 'removed'} ${removed}, kept ${kept}`);
  }
  return 0;
}

function checkCommand(words: readonly string[]): void {
  const command = words.join(' ').slice(0, 64);
  if (command === 'clean-up') return;
  const why = command === '' ? 'no command' : `unknown command ${command}`;
  throw new Error(`unable to go on; ${why}`);
}

/**
 * Those that our worker makes: others are of a worker of one's own. What is no list is let through:
 * createTelephony says so.
 */
function ours(providers: readonly ProviderConfig[]): readonly ProviderConfig[] {
  if (!Array.isArray(providers)) return providers;
  return (providers as readonly ProviderConfig[]).filter((each) => each?.kind !== 'custom');
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      connection: { type: 'string' },
      tag: { type: 'string' },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
}

async function readProviders({
  config,
  connection,
  tag,
}: ReturnType<typeof parse>['values']): Promise<readonly ProviderConfig[]> {
  if (config !== undefined) {
    if (connection !== undefined || tag !== undefined) {
      throw new Error('unable to go on; --config takes no --connection and no --tag beside it');
    }
    const read = parseConfig(await readFile(config, 'utf8')) as Partial<TelephonyOptions> | null;
    // createTelephony checks it.
    return (Array.isArray(read) ? read : read?.providers) as ProviderConfig[];
  }
  return [
    {
      kind: 'telnyx',
      apiKey: { env: 'TELNYX_API_KEY' },
      ...(connection === undefined ? {} : { connectionId: connection }),
      ...(tag === undefined ? {} : { tag }),
    },
  ];
}

/** Nothing of the file gets into the message: it may be that of the key, given by mistake. */
function parseConfig(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('unable to read the configuration; it is no JSON');
  }
}
