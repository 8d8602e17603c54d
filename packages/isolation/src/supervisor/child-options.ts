import { numberOption, optionError, silentLogger, systemClock } from '@ringfence/base';
import type { Clock, Logger } from '@ringfence/base';
import { recordOption } from '../legal-options.ts';
import type { ChannelChildOptions } from './callable-child.ts';

/** What a child that can be called is tuned by. Every field has a default. */
export interface CallableChildOptions {
  /** What it is called in errors and logs. Default: its file's name. */
  readonly name?: string;
  /** How long a call may take, milliseconds. Default 10,000; 1 to a day. */
  readonly callTimeoutMs?: number;
  /** Calls that may wait for their answer at once. Default 1,000; 1 to 1,000,000. */
  readonly maxPending?: number;
  /** How long it has to end when it is told to, milliseconds. Default 5,000; 0 to an hour. */
  readonly stopMs?: number;
  /** The most its JavaScript may keep on its heap. Default 512 MiB; 16 MiB to 64 GiB. */
  readonly heapLimitBytes?: number;
  /** What it writes to stdout and stderr. Default `inherit`: it goes where the host's goes. */
  readonly output?: 'inherit' | 'ignore';
  /** Options of Node, as `--conditions=...`. Default: those the host was started with. */
  readonly execArgv?: readonly string[];
  /** Its environment. Default: a copy of the host's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether a result is to be believed. One that is not ends the child. Default: all are. */
  readonly isResult?: (method: string, result: unknown) => boolean;
  /** Whether an event is to be believed. One that is not ends the child. Default: all are. */
  readonly isEvent?: (name: string, payload: unknown) => boolean;
}

/** What a child works with. Each has the real thing as its default. */
export interface ChildCollaborators {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface ResolvedChildOptions extends ChannelChildOptions {
  readonly heapLimitBytes: number;
  readonly output: 'inherit' | 'ignore';
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const yes = (): boolean => true;

/** Fills in the defaults and checks the ranges. @throws {RingfenceError} `invalid_option`. */
export function resolveChildOptions(
  url: URL,
  options: CallableChildOptions,
  collaborators: ChildCollaborators,
): ResolvedChildOptions {
  checkUrl(url, ['file:', 'data:']);
  const { output = 'inherit' } = recordOption('options', options);
  if (output !== 'inherit' && output !== 'ignore') {
    throw optionError('output', output, "'inherit' or 'ignore'");
  }
  return {
    name: options.name ?? fileName(url),
    callTimeoutMs: numberOption('callTimeoutMs', options.callTimeoutMs ?? 10_000, 1, dayMs),
    maxPending: numberOption('maxPending', options.maxPending ?? 1_000, 1, 1_000_000),
    stopMs: resolveStopMs(options.stopMs),
    heapLimitBytes: numberOption(
      'heapLimitBytes',
      options.heapLimitBytes ?? 512 * MiB,
      16 * MiB,
      64 * GiB,
    ),
    output,
    execArgv: options.execArgv,
    env: options.env,
    isResult: options.isResult ?? yes,
    isEvent: options.isEvent ?? yes,
    clock: collaborators.clock ?? systemClock,
    logger: collaborators.logger ?? silentLogger,
  };
}

/** Throws `invalid_option` for what is no URL, or one of another protocol. */
export function checkUrl(url: URL, protocols: readonly string[]): void {
  const { protocol } = (url ?? {}) as Partial<URL>;
  if (protocol !== undefined && protocols.includes(protocol)) return;
  throw optionError('url', protocol ?? url, `a ${protocols.join(' or ')} URL`);
}

export function resolveStopMs(stopMs = 5_000): number {
  return numberOption('stopMs', stopMs, 0, hourMs);
}

function fileName(url: URL): string {
  return url.protocol === 'data:' ? 'data: module' : url.pathname.replace(/^.*\//s, '');
}
