import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { numberOption, optionError, silentLogger, systemClock, toError } from '@ringfence/base';
import type { Clock, Logger, TimerHandle } from '@ringfence/base';
import type { Child, ChildExit, SignalOption, StopOptions } from './child.ts';
import { childError } from './child-errors.ts';
import type { ChildError } from './child-errors.ts';
import { GiB, MiB, resolveStopMs } from './child-options.ts';
import type { ChildCollaborators } from './child-options.ts';
import { contained } from '../contained.ts';
import { Life } from './life.ts';
import type { Ending } from './life.ts';
import { recordOption } from '../legal-options.ts';
import { LineReader } from './line-reader.ts';
import { MemoryWatch, residentBytes } from './resident-memory.ts';
import { TurnBudget } from './turn-budget.ts';
import { untilAborted } from './until-aborted.ts';

/** What it printed before it ended is read for so long. */
const leftoverMs = 20;

/** A line of a program's output. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** What readiness, pings and stopping of a foreign program can use. */
export interface ForeignProgram {
  readonly pid: number;
  readonly stdin: Writable;
  /** Aborts when the waiting is over, and when the program is gone. */
  readonly signal: AbortSignal;
  /** Resolves with the first line from now on that `accept` takes. Rejects when `signal` aborts. */
  line(accept: (line: OutputLine) => boolean): Promise<OutputLine>;
  kill(signal: NodeJS.Signals): void;
}

/** What a foreign program is tuned by. Every field has a default. */
export interface ForeignChildOptions {
  /** What it is called in errors and logs. Default: the command. */
  readonly name?: string;
  readonly args?: readonly string[];
  /** Default: the host's. */
  readonly cwd?: string;
  /** Its environment. Default: the host's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Resolves when it is ready for work. Default: as soon as it runs. */
  readonly ready?: (program: ForeignProgram) => Promise<unknown>;
  /** Rejects when it does not work. Default: it works as long as it runs. */
  readonly ping?: (program: ForeignProgram) => Promise<unknown>;
  /** Asks it to end. Default: sends SIGTERM. */
  readonly askToStop?: (program: ForeignProgram) => void;
  /** How long it then has, milliseconds. Default 5,000; 0 to an hour. */
  readonly stopMs?: number;
  /** Hears every line it prints. */
  readonly onLine?: (line: OutputLine) => void;
  /** All the memory it may hold. Default: as much as there is; 1 MiB to 1 TiB. */
  readonly memoryLimitBytes?: number;
  /** How often its memory is looked at, milliseconds. Default 1,000; 10 to an hour. */
  readonly memoryCheckMs?: number;
}

type ResolvedOptions = ForeignChildOptions & {
  readonly name: string;
  readonly command: string;
  readonly stopMs: number;
  readonly memoryCheckMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

function resolve(
  command: string,
  options: ForeignChildOptions,
  { clock = systemClock, logger = silentLogger }: ChildCollaborators,
): ResolvedOptions {
  if (typeof command !== 'string' || command === '') {
    throw optionError('command', command, 'the name of a program');
  }
  const { memoryLimitBytes, memoryCheckMs = 1_000 } = recordOption('options', options);
  if (memoryLimitBytes !== undefined) {
    numberOption('memoryLimitBytes', memoryLimitBytes, MiB, 1_024 * GiB);
  }
  return {
    ...options,
    name: options.name ?? command,
    command,
    stopMs: resolveStopMs(options.stopMs),
    memoryCheckMs: numberOption('memoryCheckMs', memoryCheckMs, 10, 3_600_000),
    clock,
    logger,
  };
}

/**
 * A program that knows nothing of us, such as ffmpeg. It has stdin, stdout and an end; what shows
 * that it is ready and well is for the host to say.
 *
 * @throws {RingfenceError} `invalid_option`.
 * @example
 * const child = foreignChild('ffmpeg', {
 *   args: ['-i', input, output],
 *   ready: ({ line }) => line(({ text }) => text.startsWith('Output #0')),
 *   askToStop: ({ stdin }) => stdin.write('q'),
 * });
 */
export function foreignChild(
  command: string,
  options: ForeignChildOptions = {},
  collaborators: ChildCollaborators = {},
): Child & AsyncDisposable {
  return new ForeignChild(resolve(command, options, collaborators));
}

class ForeignChild implements Child, AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #life: Life;
  readonly #listeners = new Set<(line: OutputLine) => void>();
  readonly #over = new AbortController();
  readonly #budgets: TurnBudget[] = [];
  #process: ChildProcess | undefined;
  #memory: MemoryWatch | undefined;
  #ending: Ending | undefined;
  #leftover: TimerHandle;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#life = new Life(options, {
      launch: () => this.#launch(),
      askToStop: () => this.#askToStop(),
      kill: () => this.#process?.kill('SIGKILL'),
      abandon: (error) => this.#over.abort(error),
      release: () => this.#release(),
    });
  }

  start(options?: SignalOption): Promise<void> {
    return this.#life.start(options);
  }

  async ping({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#over.signal.throwIfAborted();
    const { name, ping } = this.#options;
    const child = this.#process;
    if (!this.#life.isReady || child === undefined) {
      throw childError('child_unavailable', `unable to ping ${name}; it is not ready`);
    }
    const signals = [this.#over.signal, ...(signal === undefined ? [] : [signal])];
    const either = AbortSignal.any(signals);
    try {
      await untilAborted(either, () => ping?.(this.#program(child, either)));
    } catch (thrown) {
      either.throwIfAborted();
      const cause = toError(thrown);
      const message = `unable to rely on ${name}; it does not answer well: ${cause.message}`;
      throw childError('child_unhealthy', message, { cause });
    }
  }

  stop(options?: StopOptions): Promise<void> {
    return this.#life.stop(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  onExit(listener: (exit: ChildExit) => void): () => void {
    return this.#life.onExit(listener);
  }

  #launch(): void {
    const { command, args = [], cwd, env, onLine } = this.#options;
    const child = spawn(command, args, {
      cwd,
      env: env === undefined ? undefined : { ...env },
      stdio: 'pipe',
      windowsHide: true,
    });
    this.#process = child;
    if (onLine !== undefined) this.#listeners.add(onLine);
    this.#read('stdout', child.stdout);
    this.#read('stderr', child.stderr);
    // It broke because the program ended, which is told otherwise.
    child.stdin.on('error', () => {});
    child.on('error', (error) => this.#exited({ exitCode: null, error }));
    child.on('exit', (exitCode, signal) => this.#exited({ exitCode, signal }));
    child.on('close', () => this.#closed());
    child.on('spawn', () => void this.#waitUntilReady(child));
    if (child.pid !== undefined) this.#watchMemory(child.pid);
  }

  #exited(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    // What it said last is still to be read. A program that it started may hold the pipes open.
    this.#leftover = this.#options.clock.setTimeout(() => this.#closed(), leftoverMs);
  }

  #closed(): void {
    if (this.#ending !== undefined) this.#life.gone(this.#ending);
  }

  async #waitUntilReady(child: ChildProcess): Promise<void> {
    const { name, ready } = this.#options;
    const { signal } = this.#over;
    try {
      await untilAborted(signal, () => ready?.(this.#program(child, signal)));
      this.#life.ready();
    } catch (thrown) {
      const cause = toError(thrown);
      const message = `unable to start ${name}; it does not get ready: ${cause.message}`;
      this.#life.fail(childError('child_start_failed', message, { cause }));
    }
  }

  #program(child: ChildProcess, signal: AbortSignal): ForeignProgram {
    return {
      pid: child.pid!,
      stdin: child.stdin!,
      signal,
      line: (accept) => this.#line(accept, signal),
      kill: (name) => void child.kill(name),
    };
  }

  async #line(accept: (line: OutputLine) => boolean, signal: AbortSignal): Promise<OutputLine> {
    let look: (line: OutputLine) => void = () => {};
    try {
      return await untilAborted(
        signal,
        () =>
          new Promise<OutputLine>((resolve, reject) => {
            look = (line) => {
              try {
                if (accept(line)) resolve(line);
              } catch (thrown) {
                reject(toError(thrown));
              }
            };
            this.#listeners.add(look);
          }),
      );
    } finally {
      this.#listeners.delete(look);
    }
  }

  #askToStop(): void {
    const child = this.#process!;
    const { askToStop, logger, name } = this.#options;
    try {
      if (askToStop === undefined) child.kill('SIGTERM');
      else askToStop(this.#program(child, this.#over.signal));
    } catch (thrown) {
      logger.error('a child could not be asked to stop', {
        child: name,
        error: toError(thrown).message,
      });
      child.kill('SIGKILL');
    }
  }

  /** Reads on even when nobody listens: a program whose output is not read stands still. */
  #read(stream: OutputLine['stream'], source: Readable): void {
    const reader = new LineReader();
    const budget = new TurnBudget({
      clock: this.#options.clock,
      pause: () => source.pause(),
      resume: () => source.resume(),
      drained: () => {},
    });
    this.#budgets.push(budget);
    const tell = (lines: readonly string[]): void => {
      for (const text of lines) {
        budget.took();
        this.#tell({ stream, text });
      }
    };
    source.on('data', (chunk: Buffer) => tell(reader.push(chunk)));
    source.on('end', () => tell(reader.end()));
    source.on('error', () => {});
  }

  #tell(line: OutputLine): void {
    const { logger, name } = this.#options;
    for (const listener of this.#listeners) {
      contained(
        () => listener(line),
        (thrown) =>
          logger.error('a listener of a child threw', {
            child: name,
            error: toError(thrown).message,
          }),
      );
    }
  }

  #watchMemory(pid: number): void {
    const { name, clock, memoryLimitBytes: limitBytes, memoryCheckMs: everyMs } = this.#options;
    if (limitBytes === undefined) return;
    const read = (): Promise<number | undefined> => residentBytes(pid);
    const onOver = (error: ChildError): void => this.#life.fail(error);
    this.#memory = new MemoryWatch({ name, clock, limitBytes, everyMs, read, onOver });
  }

  #release(): void {
    this.#options.clock.clearTimeout(this.#leftover);
    this.#memory?.stop();
    for (const budget of this.#budgets) budget.stop();
    this.#process?.removeAllListeners();
    // It may yet fail to be killed; unheard, that would end the host.
    this.#process?.on('error', () => {});
    for (const stream of this.#process?.stdio ?? []) stream?.destroy();
    this.#listeners.clear();
  }
}
