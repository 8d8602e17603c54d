import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort, WorkerOptions } from 'node:worker_threads';
import { ChannelChild } from './callable-child.ts';
import type { CallableChild, Channel, ChannelOwner } from './callable-child.ts';
import { threadChannelKey } from './channel-key.ts';
import { childError } from './child-errors.ts';
import { MiB, resolveChildOptions } from './child-options.ts';
import type {
  CallableChildOptions,
  ChildCollaborators,
  ResolvedChildOptions,
} from './child-options.ts';
import type { ServiceContract } from './contract.ts';
import type { HostFrame } from './frames.ts';

/** What a thread is tuned by. Every field has a default. */
export interface ThreadChildOptions extends CallableChildOptions {
  /** Copied into the thread, where `serve` gives it as `data`. */
  readonly data?: unknown;
}

/**
 * Runs before the child's own code, and is text so that it needs no file of its own in a bundle.
 * `parentPort` is closed: what is posted to it comes to the host unbounded, ahead of every check.
 */
const bootstrap = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.close();
const { url, path } = workerData.${threadChannelKey};
if (path !== undefined) process.argv[1] = path;
import(url);
`;

/** Frames that are still read of a thread that ended. */
const mostLeft = 4_096;

/**
 * A thread that runs the module at `url`, which calls `serve`. A crash, a loop and a full heap stay
 * inside it; native memory and a crash of native code do not: what may do that belongs in a
 * process (`processChild`).
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const child = threadChild<Adder>(new URL('./adder.ts', import.meta.url));
 * await child.start();
 * const sum = await child.call('add', { a: 1, b: 2 });
 */
export function threadChild<Contract extends ServiceContract>(
  url: URL,
  options: ThreadChildOptions = {},
  collaborators: ChildCollaborators = {},
): CallableChild<Contract> {
  const resolved = resolveChildOptions(url, options, collaborators);
  return new ChannelChild(resolved, (owner) => new Thread(owner, url, resolved, options.data));
}

class Thread implements Channel {
  readonly #owner: ChannelOwner;
  readonly #url: URL;
  readonly #options: ResolvedChildOptions;
  readonly #data: unknown;
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #thrown: unknown;

  constructor(owner: ChannelOwner, url: URL, options: ResolvedChildOptions, data: unknown) {
    this.#owner = owner;
    this.#url = url;
    this.#options = options;
    this.#data = data;
  }

  launch(): void {
    const { output } = this.#options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const worker = new Worker(bootstrap, this.#workerOptions(port2));
    this.#worker = worker;
    if (output === 'ignore') {
      worker.stdout.resume();
      worker.stderr.resume();
    }
    worker.on('error', (thrown) => (this.#thrown = thrown));
    worker.on('exit', (exitCode) => this.#exited(exitCode));
    port1.on('messageerror', (cause) => this.#unreadable(cause));
    this.resume();
  }

  send(frame: HostFrame): void {
    this.#port?.postMessage(frame);
  }

  pause(): void {
    this.#port?.off('message', this.#receive);
  }

  resume(): void {
    this.#port?.on('message', this.#receive);
  }

  kill(): void {
    // At once: until the thread is gone, it may go on to fill what nobody reads any more.
    this.#close();
    void this.#worker?.terminate();
  }

  release(): void {
    this.#close();
    this.#worker?.removeAllListeners();
    // It may yet throw while it is ended by force; unheard, that would end the host.
    this.#worker?.on('error', () => {});
    this.#worker = undefined;
  }

  #close(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  readonly #receive = (frame: unknown): void => this.#owner.receive(frame);

  #workerOptions(port: MessagePort): WorkerOptions {
    const { name, heapLimitBytes, output, execArgv, env } = this.#options;
    const { href, protocol } = this.#url;
    const path = protocol === 'file:' ? fileURLToPath(href) : undefined;
    return {
      eval: true,
      name,
      workerData: { [threadChannelKey]: { port, url: href, path, data: this.#data } },
      transferList: [port],
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / MiB) },
      stdout: output === 'ignore',
      stderr: output === 'ignore',
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(env === undefined ? {} : { env: { ...env } }),
    };
  }

  #unreadable(cause: Error): void {
    const message = `unable to believe ${this.#options.name}; what it sent cannot be read`;
    this.#owner.fail(childError('child_nonsense', message, { cause }));
  }

  #exited(exitCode: number): void {
    this.#readWhatIsLeft();
    if (isHeapError(this.#thrown)) {
      const { name, heapLimitBytes } = this.#options;
      const message = `unable to go on in ${name}; its heap grew over ${heapLimitBytes} bytes`;
      const more = { cause: this.#thrown, details: { heapLimitBytes } };
      this.#owner.fail(childError('child_out_of_memory', message, more));
    }
    this.#owner.gone({ exitCode, error: this.#thrown });
  }

  /** What it said before it died: answers, and what it died of. */
  #readWhatIsLeft(): void {
    for (let read = 0; read < mostLeft && this.#port !== undefined; read += 1) {
      const left = receiveMessageOnPort(this.#port);
      if (left === undefined) return;
      this.#owner.receive(left.message);
    }
  }
}

function isHeapError(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
