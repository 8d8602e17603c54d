import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a server's process has used since it started. */
export interface Usage {
  /** User and system time. */
  readonly cpuMicros: number;
  /** Round trips to the store. */
  readonly trips: number;
}

/** A server in a process of its own, which tells over IPC what it has used. */
export class ChildServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `ws://127.0.0.1:${port}`;
  }

  /** Starts `file` of this folder and waits until it listens. */
  static async start(file: string, execArgv: readonly string[] = []): Promise<ChildServer> {
    const child = fork(join(import.meta.dirname, file), {
      execArgv: ['--conditions=@ringfence/source', ...execArgv],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ChildServer(child, port);
  }

  /** Sends `message` and waits for the usage that answers it. */
  async ask(message: object = { usage: true }): Promise<Usage> {
    this.#child.send(message);
    const [usage] = (await once(this.#child, 'message')) as [Usage];
    return usage;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }
}
