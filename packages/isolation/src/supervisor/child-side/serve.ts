import { Socket } from 'node:net';
import { isMainThread, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { delay, systemClock, toError } from '@ringfence/base';
import { ByteChannel } from '../byte-channel.ts';
import { processChannelVariable, threadChannelKey } from '../channel-key.ts';
import { childError } from '../child-errors.ts';
import type { Handlers } from '../contract.ts';
import type { ChildFrame } from '../frames.ts';
import { Responder } from './responder.ts';
import type { HealthCheck } from './responder.ts';

/** What a child does besides answering calls. */
export interface ServeOptions {
  /** Makes it ready for work. The host waits for it; what it throws is a failed start. */
  readonly ready?: () => unknown;
  /** Answers the heartbeat: throws or rejects when the child is not well, and is restarted then. */
  readonly health?: HealthCheck;
  /** Runs when the host ends it, and has the host's `stopMs` for it. */
  readonly stop?: () => unknown;
}

/** What {@link serve} gives a child. */
export interface Served<Events extends object> {
  /** What the host gave as `data`. Of a thread only. */
  readonly data: unknown;
  /** Aborts when the host ends the child, or is gone. */
  readonly signal: AbortSignal;
  /**
   * Sends an event that belongs to no call. Resolves when there is room for more; wait for it.
   *
   * @throws {RingfenceError} at once: `emit_overflow` when too many wait; `not_cloneable`.
   */
  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): Promise<void>;
}

/** The way to the host. */
interface HostChannel {
  readonly data: unknown;
  send(frame: ChildFrame): void;
  listen(receive: (frame: unknown) => void, ended: () => void): void;
}

/** How long a child whose host is gone has to end. */
const orphanMs = 5_000;
/** The longest frame a process takes in: as long as its host's memory allows. */
const longestBytes = 2 ** 32 - 1;

/**
 * Answers the calls of the host that started this module by `threadChild` or `processChild`. To be
 * called once, at the start. The child ends when the host ends it, and when the host is gone.
 *
 * @throws {RingfenceError} `not_supervised` when nobody started it so.
 * @example
 * const handlers = {
 *   add: ({ a, b }: { a: number; b: number }) => a + b,
 * };
 * export interface Adder { calls: typeof handlers; events: object }
 * serve(handlers);
 */
export function serve<Events extends object = Record<never, never>>(
  handlers: Handlers,
  options: ServeOptions = {},
): Served<Events> {
  const channel = findChannel();
  let ending: Promise<never> | undefined;
  const stop = (): void => void (ending ??= end(options));
  const send = (frame: ChildFrame): void => channel.send(frame);
  const responder = new Responder(handlers, { send, stop }, options.health);
  // Told before the process goes down, with code and causes: the host sees no more than a number.
  process.on('uncaughtExceptionMonitor', (thrown) => responder.died(thrown));
  // And before its last work: tearing a process down takes a while.
  process.on('exit', (exitCode) => responder.exiting(exitCode));
  channel.listen(
    (frame) => responder.receive(frame),
    () => {
      responder.abort();
      stop();
      // Nobody is left who would end it by force.
      void delay(systemClock, orphanMs).then(() => process.exit(1));
    },
  );
  void begin(responder, options);
  return {
    data: channel.data,
    signal: responder.signal,
    emit: (name, payload) => responder.emit(name, payload),
  };
}

async function begin(responder: Responder, { ready }: ServeOptions): Promise<void> {
  try {
    await ready?.();
    responder.ready();
  } catch (thrown) {
    responder.died(thrown);
    // Nobody uses it: the host ends it.
  }
}

/** In a thread this ends the thread alone. */
async function end({ stop }: ServeOptions): Promise<never> {
  let exitCode = 0;
  try {
    await stop?.();
  } catch (thrown) {
    process.emitWarning(toError(thrown));
    exitCode = 1;
  }
  process.exit(exitCode);
}

function findChannel(): HostChannel {
  if (!isMainThread) {
    const channel = (workerData as { [threadChannelKey]?: unknown } | null)?.[threadChannelKey];
    if (channel !== undefined) return threadChannel(channel as ThreadChannel);
  } else {
    const descriptor = process.env[processChannelVariable];
    // Not for the processes that this one starts.
    delete process.env[processChannelVariable];
    if (descriptor !== undefined) return processChannel(Number(descriptor));
  }
  throw childError('not_supervised', 'unable to serve; nobody supervises this module');
}

interface ThreadChannel {
  readonly port: MessagePort;
  readonly data: unknown;
}

function threadChannel({ port, data }: ThreadChannel): HostChannel {
  return {
    data,
    send: (frame) => port.postMessage(frame),
    listen(receive, ended) {
      port.on('message', receive);
      port.on('close', ended);
    },
  };
}

function processChannel(fd: number): HostChannel {
  // A terminal's Ctrl-C goes to the children as well. Their host decides when they end.
  process.on('SIGINT', () => {});
  const socket = new Socket({ fd, readable: true, writable: true });
  let channel: ByteChannel;
  return {
    data: undefined,
    send: (frame) => channel.send(frame),
    listen(receive, ended) {
      channel = new ByteChannel(socket, { longestBytes, receive, failed: ended, ended });
    },
  };
}
