import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Clock, TimerHandle } from '@ringfence/base';
import { childError } from './child-errors.ts';
import type { ChildError } from './child-errors.ts';

const run = promisify(execFile);

/**
 * The memory a process holds (RSS), in bytes; undefined when that cannot be known, as when it is
 * gone. Read from `/proc` where there is one, else by `ps`. Windows has neither.
 */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return kilobytes(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  } catch {
    return residentBytesByPs(pid);
  }
}

async function residentBytesByPs(pid: number): Promise<number | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return kilobytes(stdout.trim());
  } catch {
    return undefined;
  }
}

function kilobytes(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? undefined : value * 1_024;
}

export interface MemoryWatchOptions {
  /** What the process is called in the error. */
  readonly name: string;
  readonly clock: Clock;
  readonly limitBytes: number;
  readonly everyMs: number;
  /** Reads what it holds now; undefined when that is not known. */
  readonly read: () => Promise<number | undefined>;
  /** Called once, when it is more than the limit. */
  readonly onOver: (error: ChildError) => void;
}

/** Looks at the memory of a process again and again until it is stopped, or over its limit. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: TimerHandle;
  #isStopped = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #wait(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.setTimeout(() => void this.#look(), everyMs);
  }

  async #look(): Promise<void> {
    const { name, read, limitBytes, onOver } = this.#options;
    const heldBytes = await read().catch(() => undefined);
    if (this.#isStopped) return;
    if (heldBytes === undefined || heldBytes <= limitBytes) return this.#wait();
    this.stop();
    const message = `unable to let ${name} go on; it holds ${heldBytes} bytes, more than ${limitBytes}`;
    onOver(childError('child_out_of_memory', message, { details: { heldBytes, limitBytes } }));
  }
}
