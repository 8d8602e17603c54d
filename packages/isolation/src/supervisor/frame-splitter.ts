/** Bytes of the length before each payload, little endian. */
const headerBytes = 4;

/** A payload with its length before it. */
export function frameBytes(payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(headerBytes + payload.byteLength);
  new DataView(framed.buffer).setUint32(0, payload.byteLength, true);
  framed.set(payload, headerBytes);
  return framed;
}

/** A payload is longer than it may be. */
export class FrameTooLong extends Error {
  override readonly name = 'FrameTooLong';
}

/** Cuts a stream of bytes into the payloads it carries, however the stream is cut itself. */
export class FrameSplitter {
  readonly #longestBytes: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #wanted = headerBytes;
  #isHeader = true;

  constructor(longestBytes: number) {
    this.#longestBytes = longestBytes;
  }

  /** Takes in bytes. The array is kept: do not write to it again. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
  }

  /** The next payload, or undefined until there are more bytes. @throws {@link FrameTooLong}. */
  next(): Uint8Array | undefined {
    while (this.#held >= this.#wanted) {
      const bytes = this.#take(this.#wanted);
      if (!this.#isHeader) {
        this.#isHeader = true;
        this.#wanted = headerBytes;
        return bytes;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
      this.#wanted = view.getUint32(0, true);
      this.#isHeader = false;
      if (this.#wanted > this.#longestBytes) {
        throw new FrameTooLong(
          `unable to read a frame; it has ${this.#wanted} bytes, more than ${this.#longestBytes}`,
        );
      }
    }
    return undefined;
  }

  #take(count: number): Uint8Array {
    const first = this.#chunks[0];
    this.#held -= count;
    if (first !== undefined && first.byteLength >= count) {
      this.#putBack(0, first.subarray(count));
      return first.subarray(0, count);
    }
    const taken = new Uint8Array(count);
    let filled = 0;
    let index = 0;
    while (filled < count) {
      const chunk = this.#chunks[index]!;
      const part = chunk.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.byteLength;
      if (part.byteLength < chunk.byteLength) {
        this.#putBack(index, chunk.subarray(part.byteLength));
        return taken;
      }
      index += 1;
    }
    this.#chunks = this.#chunks.slice(index);
    return taken;
  }

  /** Drops the chunks up to `index`; `rest` is what is left of that one. */
  #putBack(index: number, rest: Uint8Array): void {
    if (rest.byteLength > 0) this.#chunks[index] = rest;
    this.#chunks.splice(0, rest.byteLength > 0 ? index : index + 1);
  }
}
