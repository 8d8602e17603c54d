import { optionError } from '@ringfence/base';
import { processChild, threadChild } from '@ringfence/isolation/supervisor';
import type {
  CallableChild,
  CallableChildOptions,
  ChildCollaborators,
  ServiceOptions,
} from '@ringfence/isolation/supervisor';
import type { ProviderConfig } from './provider/provider-config.ts';
import { isWorkerResult } from './worker/contract.ts';
import type { TelephonyWorker } from './worker/contract.ts';

/** Where and how the worker runs. Every field has a default. */
export interface IsolationOptions
  extends
    Omit<ServiceOptions, 'name'>,
    Pick<CallableChildOptions, 'execArgv' | 'env' | 'heapLimitBytes' | 'output'> {
  /**
   * `process` holds whatever happens in it. `thread` is lighter; a crash of native code or native
   * memory that grows gets out of it. Default `process`.
   */
  readonly kind?: 'process' | 'thread';
  /** The file of a worker of your own, or of ours where a bundler moved it. Default: ours. */
  readonly workerUrl?: URL;
  /** All the memory a process may hold. Default 1 GiB; 32 MiB to 1 TiB. */
  readonly memoryLimitBytes?: number;
  /**
   * How long a call to the worker may take, milliseconds; 1 to a day. Cleaning up has its own time.
   * Default: what the providers may take one after another and 5 s, at least 35,000.
   */
  readonly callTimeoutMs?: number;
}

/** The file of our worker: beside this one, built or not. */
function defaultWorkerUrl(): URL {
  const { url } = import.meta;
  return new URL(url.endsWith('.ts') ? './worker/main.ts' : './worker/main.js', url);
}

/** What of the options is the service's. */
export function serviceOptions(options: IsolationOptions): ServiceOptions {
  const { kind, workerUrl, memoryLimitBytes, callTimeoutMs, ...rest } = options;
  const { execArgv, env, heapLimitBytes, output, ...service } = rest;
  void [kind, workerUrl, memoryLimitBytes, callTimeoutMs, execArgv, env, heapLimitBytes, output];
  return { ...service, name: 'telephony' };
}

/**
 * What makes workers.
 *
 * @throws {RingfenceError} `invalid_option`.
 */
export function workerMaker(
  providers: readonly ProviderConfig[],
  options: IsolationOptions,
  collaborators: ChildCollaborators,
): () => CallableChild<TelephonyWorker> {
  const { kind = 'process', workerUrl = defaultWorkerUrl(), memoryLimitBytes } = options;
  const { execArgv, env, heapLimitBytes, output } = options;
  const child: CallableChildOptions = {
    name: 'telephony worker',
    callTimeoutMs: options.callTimeoutMs ?? callTimeoutOf(providers),
    isResult: isWorkerResult,
    ...(execArgv === undefined ? {} : { execArgv }),
    ...(env === undefined ? {} : { env }),
    ...(heapLimitBytes === undefined ? {} : { heapLimitBytes }),
    ...(output === undefined ? {} : { output }),
  };
  if (kind === 'thread')
    return () => threadChild(workerUrl, { ...child, data: providers }, collaborators);
  if (kind !== 'process') throw optionError('isolation.kind', kind, "'process' or 'thread'");
  const process = {
    ...child,
    args: [JSON.stringify(providers)],
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  };
  return () => processChild(workerUrl, process, collaborators);
}

/** Long enough that the last provider has its time when those before it took all of theirs. */
export function callTimeoutOf(providers: readonly ProviderConfig[]): number {
  const together = providers.reduce((sum, { timeoutMs = 10_000 }) => sum + timeoutMs, 5_000);
  return Math.max(35_000, together);
}
