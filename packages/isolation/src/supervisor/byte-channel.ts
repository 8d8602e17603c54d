import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { frameBytes, FrameSplitter } from './frame-splitter.ts';

export interface ByteChannelOptions {
  /** Longer frames than this are an error. */
  readonly longestBytes: number;
  readonly receive: (frame: unknown) => void;
  /** What came cannot be read. Nothing is read after it. */
  readonly failed: (error: Error) => void;
  /** The other side closed it. */
  readonly ended: () => void;
}

/**
 * Frames over a pipe. Reading can be paused at any frame: what is not read stays in the pipe, so
 * the sender waits, and the memory it takes is the sender's.
 */
export class ByteChannel {
  readonly #socket: Socket;
  readonly #options: ByteChannelOptions;
  readonly #splitter: FrameSplitter;
  #isPaused = false;
  #hasFailed = false;
  #hasEnded = false;

  constructor(socket: Socket, options: ByteChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#splitter = new FrameSplitter(options.longestBytes);
    socket.on('data', (chunk: Uint8Array) => {
      this.#splitter.push(chunk);
      this.#read();
    });
    // A pipe breaks when the other side dies: that is what its end says as well.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#hasEnded = true;
      this.#read();
    });
  }

  /** Sends a frame. Throws when it cannot be copied. Dropped once the channel is closed. */
  send(frame: unknown): void {
    const bytes = frameBytes(serialize(frame));
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#read();
    if (!this.#isPaused) this.#socket.resume();
  }

  /** Sends what was written and closes it. */
  end(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  close(): void {
    this.#hasFailed = true;
    this.#socket.destroy();
  }

  #read(): void {
    try {
      while (!this.#isPaused && !this.#hasFailed) {
        const payload = this.#splitter.next();
        if (payload === undefined) break;
        this.#options.receive(deserialize(payload));
      }
    } catch (thrown) {
      this.#hasFailed = true;
      this.#socket.pause();
      this.#options.failed(thrown as Error);
    }
    if (this.#hasEnded && !this.#isPaused) this.#end();
  }

  #end(): void {
    this.#hasEnded = false;
    this.#options.ended();
  }
}
