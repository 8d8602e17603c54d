import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { numberOption } from '@ringfence/base';
import type { TimerHandle } from '@ringfence/base';
import { recordOption } from '../legal-options.ts';
import { ByteChannel } from './byte-channel.ts';
import { ChannelChild } from './callable-child.ts';
import type { CallableChild, Channel, ChannelOwner } from './callable-child.ts';
import { processChannelVariable } from './channel-key.ts';
import { childError } from './child-errors.ts';
import { checkUrl, GiB, MiB, resolveChildOptions } from './child-options.ts';
import type {
  CallableChildOptions,
  ChildCollaborators,
  ResolvedChildOptions,
} from './child-options.ts';
import type { ServiceContract } from './contract.ts';
import type { HostFrame } from './frames.ts';
import type { Ending } from './life.ts';
import { inheritedArguments } from './node-arguments.ts';
import { MemoryWatch, residentBytes } from './resident-memory.ts';

/** What a process is tuned by. Every field has a default. */
export interface ProcessChildOptions extends CallableChildOptions {
  /** What follows the file on its command line. Default: nothing. */
  readonly args?: readonly string[];
  /** Default: the host's. */
  readonly cwd?: string;
  /** All the memory it may hold, native memory too. Default 1 GiB; 32 MiB to 1 TiB. */
  readonly memoryLimitBytes?: number;
  /** How often its memory is looked at, milliseconds. Default 1,000; 10 to an hour. */
  readonly memoryCheckMs?: number;
  /** The longest frame it may send, in bytes. Default 64 MiB; 1 KiB to 1 GiB. */
  readonly maxFrameBytes?: number;
}

type ProcessOptions = ResolvedChildOptions & {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly memoryLimitBytes: number;
  readonly memoryCheckMs: number;
  readonly maxFrameBytes: number;
};

/** The channel is the first descriptor after stdin, stdout and stderr. */
const channelDescriptor = 3;
/** A process that ended has closed its pipe: what is in it is there at once. */
const leftoverMs = 20;

function resolve(
  url: URL,
  options: ProcessChildOptions,
  collaborators: ChildCollaborators,
): ProcessOptions {
  checkUrl(url, ['file:']);
  recordOption('options', options);
  const { memoryLimitBytes = GiB, memoryCheckMs = 1_000, maxFrameBytes = 64 * MiB } = options;
  return {
    ...resolveChildOptions(url, options, collaborators),
    file: fileURLToPath(url),
    args: options.args ?? [],
    cwd: options.cwd,
    memoryLimitBytes: numberOption('memoryLimitBytes', memoryLimitBytes, 32 * MiB, 1_024 * GiB),
    memoryCheckMs: numberOption('memoryCheckMs', memoryCheckMs, 10, 3_600_000),
    maxFrameBytes: numberOption('maxFrameBytes', maxFrameBytes, 1_024, GiB),
  };
}

/**
 * A process of Node that runs the file at `url`, which calls `serve`. Whatever it does stays inside
 * it: native memory, crashes of native code, a full heap.
 *
 * It talks over a pipe of its own and not over Node's channel for forks, which the host cannot stop
 * reading: a child that floods it would fill the host's event loop.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const child = processChild<Adder>(new URL('./adder.ts', import.meta.url));
 * await child.start();
 * const sum = await child.call('add', { a: 1, b: 2 });
 */
export function processChild<Contract extends ServiceContract>(
  url: URL,
  options: ProcessChildOptions = {},
  collaborators: ChildCollaborators = {},
): CallableChild<Contract> {
  const resolved = resolve(url, options, collaborators);
  return new ChannelChild(resolved, (owner) => new NodeProcess(owner, resolved));
}

class NodeProcess implements Channel {
  readonly #owner: ChannelOwner;
  readonly #options: ProcessOptions;
  #process: ChildProcess | undefined;
  #pipe: ByteChannel | undefined;
  #memory: MemoryWatch | undefined;
  #ending: Ending | undefined;
  #isPipeOver = false;
  #timer: TimerHandle;

  constructor(owner: ChannelOwner, options: ProcessOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  launch(): void {
    const { file, args, cwd, env, output, execArgv, heapLimitBytes } = this.#options;
    const node = execArgv ?? inheritedArguments(process.execArgv);
    const heap = `--max-old-space-size=${Math.ceil(heapLimitBytes / MiB)}`;
    const child = spawn(process.execPath, [...node, heap, file, ...args], {
      cwd,
      stdio: ['ignore', output, output, 'pipe'],
      env: { ...(env ?? process.env), [processChannelVariable]: String(channelDescriptor) },
      windowsHide: true,
    });
    this.#process = child;
    child.on('error', (error) => this.#exited({ exitCode: null, error }));
    child.on('exit', (exitCode, signal) => this.#exited({ exitCode, signal }));
    this.#pipe = new ByteChannel(child.stdio[channelDescriptor] as Socket, {
      longestBytes: this.#options.maxFrameBytes,
      receive: (frame) => this.#owner.receive(frame),
      failed: (cause) => this.#unreadable(cause),
      ended: () => this.#pipeEnded(),
    });
    if (child.pid !== undefined) this.#watchMemory(child.pid);
  }

  send(frame: HostFrame): void {
    this.#pipe?.send(frame);
  }

  pause(): void {
    this.#pipe?.pause();
  }

  resume(): void {
    this.#pipe?.resume();
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  release(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#memory?.stop();
    this.#pipe?.close();
    this.#process?.removeAllListeners();
    // It may yet fail to be killed; unheard, that would end the host.
    this.#process?.on('error', () => {});
    this.#process = undefined;
    this.#pipe = undefined;
  }

  #watchMemory(pid: number): void {
    const { name, clock, memoryLimitBytes: limitBytes, memoryCheckMs: everyMs } = this.#options;
    const read = (): Promise<number | undefined> => residentBytes(pid);
    const onOver = this.#owner.fail;
    this.#memory = new MemoryWatch({ name, clock, limitBytes, everyMs, read, onOver });
  }

  #unreadable(cause: Error): void {
    const { name } = this.#options;
    const message = `unable to believe ${name}; what it sent cannot be read`;
    this.#owner.fail(childError('child_nonsense', message, { cause }));
  }

  /** A live child that closed its channel can never answer again. */
  #pipeEnded(): void {
    this.#isPipeOver = true;
    if (this.#ending !== undefined) return this.#owner.gone(this.#ending);
    const { clock, name } = this.#options;
    this.#timer = clock.setTimeout(() => {
      const message = `unable to hear ${name}; it closed its channel and goes on`;
      this.#owner.fail(childError('child_nonsense', message));
    }, this.#options.stopMs);
  }

  #exited(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    if (this.#isPipeOver) return this.#owner.gone(ending);
    // What it said last is still in the pipe: answers, and what it died of.
    this.#timer = clock.setTimeout(() => this.#owner.gone(ending), leftoverMs);
  }
}
